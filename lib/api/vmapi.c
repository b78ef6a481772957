/* SPDX-License-Identifier: ISC */
/* The routes below /v1/vm, but for creation (vmcreate.c). */
#include <stdio.h>
#include <string.h>

#include "api/once.h"
#include "api/route.h"
#include "api/vmresult.h"
#include "base/clk.h"
#include "base/utf8.h"
#include "core/name.h"
#include "store/adopt.h"
#include "store/takeover.h"

struct command {
	struct api *a;
	const char *id;
	enum vm_want want;
	int64_t grace_ms; /* of a stop; -1: the VM's own */
};

int
vm_unknown(struct api *a, const char *id)
{
	return api_fail(a, 404, "not_found",
	    "VM %.252s is not known: `chimecli vm list` shows those that are",
	    id);
}

int
vm_result(struct api *a, const char *id)
{
	struct vm_filter f = {.id = id, .spec = a->who.role != TOKEN_VIEWER};
	char ts[CLK_TS_SIZE], key[VM_UUID_SIZE];
	int r;

	clk_ts(ts);
	if (vm_list(a->db, &f) == -1)
		return -1;
	api_result(a);
	r = vm_row(a->db, &f, ts, a->out, key);
	db_done(a->db);
	if (r == -1)
		return -1;
	return r == 1 ? 0 : vm_unknown(a, id);
}

/* What cannot be any VM's id is not looked up. */
static bool
is_id(const char *id)
{
	return name_uuid(id) || name_vm(id);
}

static int
read_list(struct db *db, void *arg)
{
	struct api *a = arg;
	struct vm_filter f = {.host = req_query(&a->req, "host")};
	char ts[CLK_TS_SIZE], key[VM_UUID_SIZE];
	int64_t limit, n = 0;
	bool room = true;
	int r;

	api_again(a);
	if (api_page(a, &limit, &f.after))
		return 1;
	if (*f.after && !name_uuid(f.after))
		return api_bad(a,
		    "after: expected a UUID in lower case, found %.80s",
		    f.after);
	if (f.host && !name_host(f.host))
		return api_bad(
		    a, "host: expected a host's name, found %.80s", f.host);
	f.limit = limit + 1;
	clk_ts(ts);
	if (vm_list(db, &f) == -1)
		return -1;
	while (n < limit && room) {
		size_t before = a->out->len;

		api_row(a);
		r = vm_row(db, &f, ts, a->out, key);
		if (r == -1)
			return -1;
		if (r == 0) {
			a->out->len = before;
			break;
		}
		room = api_row_end(a);
		n++;
	}
	if ((r = n < limit && room ? 0 : db_next(db)) == -1)
		return -1;
	if (r == 1)
		snprintf(a->next, sizeof(a->next), "%s", key);
	db_done(db);
	return 0;
}

int
route_vm_list(struct api *a)
{
	return db_read(a->db, read_list, a);
}

static int
read_one(struct db *db, void *arg)
{
	struct api *a = arg;

	(void)db;
	api_again(a);
	return vm_result(a, a->req.part[2]);
}

int
route_vm_get(struct api *a)
{
	if (!is_id(a->req.part[2]))
		return vm_unknown(a, a->req.part[2]);
	return db_read(a->db, read_one, a);
}

/* Commands go only to hosts that can be expected to hear them. */
static int
check_host(struct api *a, const struct vm *v, const struct host *h)
{
	if (h->admin == ADMIN_DOWN)
		return api_fail(a, 409, "host_down",
		    "VM %s belongs to host %s, which is down (out of the "
		    "cluster): `chimecli host enable %s` brings the host back",
		    v->name, h->name, h->name);
	if (h->health == HEALTH_UNREACHABLE)
		return api_fail(a, 409, "host_unreachable",
		    "VM %s belongs to host %s, which is unreachable: nobody "
		    "knows what it does now, and nothing was changed; bring "
		    "the host or its network back (`chimecli host show %s` "
		    "says since when), then repeat this",
		    v->name, h->name, h->name);
	return 0;
}

/*
 * Whether the command changes anything: 1, 0, -1. A VM that is wanted running
 * and reported off under this very wish gets a new one: that is a person who
 * wants another try now.
 */
static int
is_change(struct db *db, const struct command *c, const struct vm *v)
{
	if (v->want != c->want)
		return 1;
	switch (c->want) {
	case VM_RUNNING:
		return vm_is_off(db, v);
	case VM_STOPPED:
		return v->grace_ms != c->grace_ms;
	case VM_DELETED:
		break;
	}
	return 0;
}

/* A VM that was moved by hand may run elsewhere: 0; 1 it does; -1. */
static int
check_copy(struct db *db, const struct command *c, const struct vm *v)
{
	char other[TAKEOVER_HOST_SIZE];
	int r = c->want == VM_RUNNING
		    ? takeover_copy(db, v->uuid, v->host, other)
		    : 0;

	if (r != 1)
		return r;
	return api_fail(c->a, 409, "copy_elsewhere",
	    "VM %s belongs to host %s, but host %s reports a copy of it: "
	    "nothing was changed; end that copy there first, unless its "
	    "migration is just coming to its end",
	    v->name, v->host, other);
}

static int
apply(
    struct db *db, struct command *c, const struct vm *v, const struct host *h)
{
	static const char *const kind[] = {"vm.start", "vm.stop", "vm.delete"};
	static const char *const text[] = {
	    "is to run", "is to stop", "is to be deleted"};

	int off = c->want == VM_RUNNING ? vm_is_off(db, v) : 0;

	if (off == -1 || (off == 1 && vm_renew(db, v->uuid) == -1) ||
	    vm_wish(db, v->uuid, c->want, c->grace_ms) == -1 ||
	    host_touch(db, h->name) == -1 ||
	    api_event(c->a, kind[c->want], h->name, v->uuid, "VM %s on %s %s",
		v->name, h->name, text[c->want]) == -1)
		return -1;
	api_nudge(c->a, h);
	return 0;
}

/* Taken back, the domain goes on as it was: nothing is asked of its host. */
static int
in_adoption(struct db *db, const struct command *c, const struct vm *v)
{
	if (c->want != VM_DELETED)
		return api_fail(c->a, 409, "conflict",
		    "VM %s is being adopted: `chimecli vm show %s` says how "
		    "far it is; delete takes it back, and leaves the domain "
		    "alone",
		    v->name, v->uuid);
	if (vm_result(c->a, v->uuid) != 0 || adopt_cancel(db, v) == -1 ||
	    host_touch(db, v->host) == -1)
		return -1;
	return api_event(c->a, "vm.deleted", v->host, v->uuid,
	    "VM %s is not adopted, its domain on %s is left alone", v->name,
	    v->host);
}

static int
command(struct db *db, void *arg)
{
	struct command *c = arg;
	struct host h;
	struct vm v;
	int64_t asked = c->grace_ms;
	int r;

	api_again(c->a);
	r = vm_lock(db, c->id, &v);
	if (r != 1)
		return r == -1 ? -1 : vm_unknown(c->a, c->id);
	r = host_lock(db, v.host, &h);
	if (r == -1)
		return -1;
	if (v.want == VM_DELETED && c->want != VM_DELETED)
		return api_fail(c->a, 409, "conflict",
		    "VM %s is being deleted: create a new one", v.name);
	if (r == 0)
		return api_fail(c->a, 409, "conflict",
		    "VM %s belongs to host %s, which is not known any more",
		    v.name, v.host);
	r = adopt_pending(db, v.uuid);
	if (r != 0)
		return r == -1 ? -1 : in_adoption(db, c, &v);
	if (check_host(c->a, &v, &h))
		return 1;
	c->grace_ms = asked == -1 ? v.grace_config_ms : asked;
	r = is_change(db, c, &v);
	if (r == 1 && (r = check_copy(db, c, &v)) == 0)
		r = apply(db, c, &v, &h);
	/* A repeated body must find what was asked for. */
	c->grace_ms = asked;
	return r != 0 ? r : vm_result(c->a, v.uuid);
}

static int
run_command(struct api *a, enum vm_want want, bool with_grace)
{
	struct command c = {
	    .a = a, .id = a->req.part[2], .want = want, .grace_ms = -1};
	struct json_reason why;
	json_t *body;

	if (!is_id(c.id))
		return vm_unknown(a, c.id);
	if (with_grace) {
		if (api_body(a, &body))
			return 1;
		if (json_get_int(body, "grace_ms", 0, VM_GRACE_MAX_MS,
			&c.grace_ms, &why) == -1)
			return api_bad(a, "%s", why.text);
	}
	return api_change(a, command, &c);
}

int
route_vm_start(struct api *a)
{
	return run_command(a, VM_RUNNING, false);
}

int
route_vm_stop(struct api *a)
{
	return run_command(a, VM_STOPPED, true);
}

int
route_vm_delete(struct api *a)
{
	return run_command(a, VM_DELETED, false);
}
