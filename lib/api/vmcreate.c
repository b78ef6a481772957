/* SPDX-License-Identifier: ISC */
/* POST /v1/vm: a new VM, on the host asked for or on the best one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/once.h"
#include "api/route.h"
#include "api/vmorder.h"
#include "api/vmresult.h"
#include "base/mem.h"
#include "line/row.h"
#include "line/wire.h"
#include "store/label.h"

#define CHOICES 16 /* hosts that filled up while one was chosen */
#define REASONS 3

struct create {
	struct api *a;
	struct vmorder order;
	char host[HOST_NAME_SIZE]; /* the chosen one */
	bool placed; /* nobody asked for a host: the server chooses */
	bool full;   /* the chosen one filled up: choose again */
};

/* The hosts that may be, while one is chosen. */
struct choice {
	struct place_host *hosts;
	size_t n;
	char **clash; /* their clash, owned */
};

/* A host that the VM does not go to, as a member of the error's details. */
static void
add_why_not(struct api *a, const char *host, const char *why)
{
	struct buf *b = &a->details;

	/* The array is open but for its last byte. */
	if (b->len)
		b->len--;
	buf_puts(b, b->len ? "," : "[");
	buf_puts(b, "{\"host\":");
	wire_string(b, host, strlen(host));
	row_str(b, "why_not", why);
	buf_puts(b, "}]");
}

/* "No host fits", with the reasons of the first few, and all in details. */
static int
no_room(struct create *c, const struct choice *h)
{
	char why[PLACE_WHY_SIZE];
	struct buf b;
	int r;

	if (h->n == 0)
		return api_fail(c->a, 409, "no_capacity",
		    "there is no host yet: `chimeadm initagent` adds one");
	buf_init(&b, API_MESSAGE_SIZE);
	for (size_t i = 0; i < h->n && i < REASONS; i++) {
		place_reason(&h->hosts[i], &c->order.need, why, sizeof(why));
		buf_printf(&b, "%s%s", i ? "; " : "", why);
	}
	if (h->n > REASONS)
		buf_printf(&b, "; and %zu hosts more", h->n - REASONS);
	r = api_fail(c->a, 409, "no_capacity",
	    "no host can take VM %s: %s; free something, or add a host",
	    c->order.vm.name, b.data);
	buf_free(&b);
	for (size_t i = 0; i < h->n; i++) {
		place_reason(&h->hosts[i], &c->order.need, why, sizeof(why));
		add_why_not(c->a, h->hosts[i].name, why);
	}
	return r;
}

static void
take_clash(const char *host, const char *label, bool back, void *arg)
{
	struct choice *c = arg;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->hosts[i].name, host) == 0 && !c->clash[i]) {
			c->clash[i] = mem_strdup(label);
			c->hosts[i].clash = c->clash[i];
			c->hosts[i].clash_back = back;
		}
}

static int
find_clashes(struct create *c, struct choice *h, const char *host)
{
	const struct vm_new *v = &c->order.vm;

	return label_clashes(
	    c->a->db, host, v->uuid, v->labels, v->avoid, take_clash, h);
}

/* Chooses a host without locks; add_locked looks again. 0, 1, -1. */
static int
choose_host(struct create *c)
{
	struct choice h = {0};
	ssize_t best;
	int r;

	if (host_places(c->a->db, &h.hosts, &h.n) == -1)
		return -1;
	h.clash = mem_calloc(h.n + 1, sizeof(*h.clash));
	for (size_t i = 0; i < h.n; i++)
		if (!h.hosts[i].cpu_ratio)
			h.hosts[i].cpu_ratio = c->a->cpu_ratio;
	r = find_clashes(c, &h, NULL);
	if (r == 0) {
		best = place_choose(h.hosts, h.n, &c->order.need);
		if (best == -1)
			r = no_room(c, &h);
		else
			snprintf(
			    c->host, sizeof(c->host), "%s", h.hosts[best].name);
	}
	for (size_t i = 0; i < h.n; i++)
		free(h.clash[i]);
	free(h.clash);
	host_places_free(h.hosts, h.n);
	c->order.vm.host = c->host;
	return r;
}

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

/* The chosen host does not take it; another one may. Returns 1. */
static int
refuse_host(struct create *c, const struct place_host *p, const char *why)
{
	c->full = c->placed;
	if (p->status != STATUS_RUN)
		api_fail(c->a, 409, "host_not_run",
		    "host %s is %s, not run: choose another host, or see "
		    "`chimecli host show %s`",
		    p->name, judge_status_words[p->status], p->name);
	else
		api_fail(c->a, 409, "no_capacity",
		    "VM %s does not fit: %s; choose another host, or free "
		    "something",
		    c->order.vm.name, why);
	add_why_not(c->a, p->name, why);
	return 1;
}

/*
 * The host's row is locked and the new VM is in the sums already: does it
 * all fit? 0, 1 when not (c->full: another host may do), -1.
 */
static int
check_room(struct create *c, struct host *h)
{
	const struct place_need *need = &c->order.need;
	struct choice one = {.hosts = &h->place, .n = 1};
	char why[PLACE_WHY_SIZE], *clash = NULL;
	int r;

	one.clash = &clash;
	if (host_sums(c->a->db, &h->place) == -1 ||
	    find_clashes(c, &one, h->name) == -1) {
		free(clash);
		return -1;
	}
	if (!h->place.cpu_ratio)
		h->place.cpu_ratio = c->a->cpu_ratio;
	/* Looked at without the VM itself, which nobody else sees yet. */
	h->place.memory_used_mib -= need->memory_mib;
	h->place.vcpus_used -= need->vcpus;
	place_reason(&h->place, need, why, sizeof(why));
	/* What runs there already, has its room. */
	if (c->order.vm.adopt)
		r = h->place.status != STATUS_RUN;
	else
		r = place_check(&h->place, need) != PLACE_FITS;
	if (r)
		refuse_host(c, &h->place, why);
	free(clash);
	return r;
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
	if (c->placed && (r = choose_host(c)) != 0)
		return r;
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
	r = check_room(c, &h);
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
