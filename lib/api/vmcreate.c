/* SPDX-License-Identifier: ISC */
/* POST /v1/vm: a new VM, on the host asked for or on the best one. */
#include <stdio.h>
#include <string.h>

#include "api/once.h"
#include "api/route.h"
#include "api/vmorder.h"
#include "api/vmplace.h"
#include "api/vmresult.h"

#define CHOICES 16 /* hosts that filled up while one was chosen */

struct create {
	struct api *a;
	struct vmorder order;
	struct vmplace place;
	bool placed; /* nobody asked for a host: the server chooses */
	bool full;   /* the chosen one filled up: choose again */
};

static int
answer_clash(struct create *c, enum vm_clash clash)
{
	switch (clash) {
	case VM_CLASH_SAME:
		return vm_result(c->a, c->order.uuid);
	case VM_CLASH_UUID:
		return api_fail(c->a, 409, "exists",
		    "VM %s is there already, with other settings or being "
		    "deleted: `chimecli vm show %s` shows it",
		    c->order.uuid, c->order.uuid);
	case VM_CLASH_NAME:
		return api_fail(c->a, 409, "name_taken",
		    "the name %s is taken by another VM: choose another one, "
		    "or delete that VM first",
		    c->order.vm.name);
	case VM_CLASH_LOST:
	case VM_CLASH_NONE:
		break;
	}
	return api_fail(c->a, 409, "conflict",
	    "VM %s was changed at the same moment: try again",
	    c->order.vm.name);
}

static int
tell(struct create *c, const struct host *h)
{
	const struct vm_new *v = &c->order.vm;

	if (v->adopt)
		return api_event(c->a, "vm.adopt", h->name, v->uuid,
		    "the domain %s on %s is to be adopted", v->uuid, h->name);
	return api_event(c->a, "vm.created", h->name, v->uuid,
	    "VM %s was created on %s, %s", v->name, h->name,
	    v->want == VM_RUNNING ? "to run" : "stopped");
}

static int
add_locked(struct db *db, void *arg)
{
	struct create *c = arg;
	enum vm_clash clash;
	struct host h;
	int r;

	api_again(c->a);
	c->full = false;
	if (c->placed && (r = vmplace_choose(&c->place)) != 0)
		return r;
	if (c->placed)
		c->order.vm.host = c->place.host;
	if (vm_add(db, &c->order.vm, !c->placed, &clash) == -1)
		return -1;
	if (clash != VM_CLASH_NONE)
		return answer_clash(c, clash);
	r = host_lock(db, c->order.vm.host, &h);
	if (r == -1)
		return -1;
	if (r == 0) {
		c->full = c->placed;
		return api_fail(c->a, 404, "not_found",
		    "host %s is not known: `chimecli host list` shows those "
		    "that are",
		    c->order.vm.host);
	}
	r = vmplace_room(&c->place, &h, c->order.vm.adopt);
	c->full = r == 1 && c->placed;
	if (r != 0)
		return r;
	if (host_touch(db, h.name) == -1 || tell(c, &h) == -1)
		return -1;
	api_nudge(c->a, &h);
	return vm_result(c->a, c->order.uuid);
}

int
route_vm_create(struct api *a)
{
	struct create c = {.a = a};
	int r = vmorder_read(a, &c.order);

	c.place = (struct vmplace){.a = a,
	    .uuid = c.order.vm.uuid,
	    .name = c.order.vm.name,
	    .labels = c.order.vm.labels,
	    .avoid = c.order.vm.avoid,
	    .need = c.order.need};
	c.placed = !c.order.vm.host;
	for (int i = 0; r == 0 && i < CHOICES; i++) {
		r = api_change(a, add_locked, &c);
		if (r != 1 || !c.full)
			break;
		/* What was not the last word is not the answer either. */
		if (i + 1 < CHOICES)
			r = 0;
	}
	vmorder_free(&c.order);
	return r;
}
