/* SPDX-License-Identifier: ISC */
#include "store/settle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/adopt.h"
#include "store/event.h"
#include "store/host.h"
#include "store/takeover.h"
#include "store/vm.h"

#define SQL_MAX (64 * 1024)

/* A line of an inventory that may change its VM. */
struct end {
	struct settle *s;
	const struct upload_vm *line;
};

static int
by_vm(const void *a, const void *b)
{
	return strcmp(((const struct end *)a)->line->vm,
	    ((const struct end *)b)->line->vm);
}

static bool
is_end(const struct upload_vm *v)
{
	if (v->stray || strcmp(v->state, "off") != 0 || !v->want)
		return false;
	return v->final || strcmp(v->want, "deleted") == 0;
}

static bool
is_adoption(const struct upload_vm *v)
{
	return v->adopted || v->xml;
}

/* A copy that nobody ordered here. */
static bool
is_arrival(const struct upload_vm *v)
{
	return v->stray && strcmp(v->state, "running") == 0 &&
	       v->generation > 0;
}

static int
tell_vm(struct db *db, const struct end *e, const struct vm *vm,
    const char *kind, const char *text)
{
	struct event ev = {.level = EVENT_INFO,
	    .kind = kind,
	    .host = e->s->host,
	    .vm = vm->uuid,
	    .text = text};

	return event_add(db, &ev);
}

/* It stays off by its own doing: so it is from now on also wanted. */
static int
stay_off(struct db *db, const struct end *e, const struct vm *vm)
{
	const char *why = e->line->reason;
	char text[VM_NAME_SIZE + UPLOAD_REASON_MAX + 64];

	snprintf(text, sizeof(text), "VM %s stays off until it is started: %s",
	    vm->name, *why ? why : "it ended by itself");
	if (vm_wish(db, vm->uuid, VM_STOPPED, vm->grace_config_ms) == -1)
		return -1;
	return tell_vm(db, e, vm, "vm.off", text);
}

static int
remove_vm(struct db *db, const struct end *e, const struct vm *vm)
{
	char text[VM_NAME_SIZE + 64];

	snprintf(text, sizeof(text), "VM %s is deleted", vm->name);
	if (db_exec(db, "DELETE FROM vm WHERE uuid = ?", "s", vm->uuid) == -1 ||
	    beat_inventory_drop(db, e->s->host, vm->uuid) == -1)
		return -1;
	return tell_vm(db, e, vm, "vm.deleted", text);
}

static int
tell_adoption(struct db *db, const struct end *e, const struct vm *vm,
    const char *refused)
{
	struct event ev = {.level = refused ? EVENT_WARNING : EVENT_INFO,
	    .kind = refused ? "vm.refused" : "vm.adopted",
	    .host = e->s->host,
	    .vm = vm->uuid};
	char text[VM_NAME_SIZE + ADOPT_WHY_SIZE + 64];

	snprintf(text, sizeof(text), "VM %s on %s %s%s", vm->name, e->s->host,
	    refused ? "cannot be adopted: " : "is adopted",
	    refused ? refused : "");
	ev.text = text;
	return event_add(db, &ev);
}

/* A domain that is being taken over: its description, or that it is done. */
static int
settle_adoption(struct db *db, const struct end *e, const struct vm *vm)
{
	char why[ADOPT_WHY_SIZE];
	int r;

	if (e->line->xml) {
		r = adopt_describe(db, vm, e->line->xml, why);
		if (r == 2)
			return tell_adoption(db, e, vm, why);
	} else {
		r = adopt_done(db, vm);
		if (r == 1 && tell_adoption(db, e, vm, NULL) == -1)
			return -1;
	}
	if (r == 1)
		e->s->touched = true;
	return r == -1 ? -1 : 0;
}

/* It came here by a migration the server was not asked about. */
static int
settle_arrival(struct db *db, const struct end *e, const struct vm *vm)
{
	char text[VM_NAME_SIZE + 256];
	int r = adopt_pending(db, vm->uuid);

	if (r != 0)
		return r == -1 ? -1 : 0;
	r = takeover_arrived(
	    db, vm->uuid, vm->host, e->s->host, e->line->generation);
	if (r != 1)
		return r;
	if (host_touch(db, vm->host) == -1)
		return -1;
	e->s->touched = true;
	snprintf(text, sizeof(text),
	    "VM %s was migrated by hand from host %s to %s, generation %" PRId64
	    " to %" PRId64,
	    vm->name, vm->host, e->s->host, e->line->generation,
	    e->line->generation + 1);
	return tell_vm(db, e, vm, "vm.migrated", text);
}

/*
 * The wish says whether the agent's word is about what is wanted now: a
 * start that was asked for meanwhile must not be undone.
 */
static int
settle_end(struct db *db, const struct end *e)
{
	const struct upload_vm *line = e->line;
	struct vm vm;
	int r = vm_lock(db, line->vm, &vm);

	if (r != 1)
		return r;
	if (strcmp(vm.host, e->s->host) != 0 && is_arrival(line))
		return settle_arrival(db, e, &vm);
	if (strcmp(vm.host, e->s->host) == 0 && is_adoption(line))
		return settle_adoption(db, e, &vm);
	if (strcmp(vm.host, e->s->host) != 0 || vm.wish != line->wish ||
	    strcmp(vm_want_words[vm.want], line->want) != 0)
		return 0;
	if (vm.want == VM_DELETED)
		r = remove_vm(db, e, &vm);
	else if (vm.want == VM_RUNNING && line->final)
		r = stay_off(db, e, &vm);
	else
		return 0;
	e->s->touched = true;
	return r;
}

int
settle_vms(struct db *db, struct settle *s, size_t n)
{
	struct end *ends = NULL;
	size_t count = 0, cap = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		const struct upload *u = s[i].inventory;

		for (size_t j = 0; u && j < u->n; j++) {
			if (!is_end(&u->vm[j]) && !is_adoption(&u->vm[j]) &&
			    !is_arrival(&u->vm[j]))
				continue;
			if (count == cap) {
				cap = cap ? cap * 2 : 16;
				ends = mem_realloc(ends, cap, sizeof(*ends));
			}
			ends[count++] =
			    (struct end){.s = &s[i], .line = &u->vm[j]};
		}
	}
	if (count)
		qsort(ends, count, sizeof(*ends), by_vm);
	for (size_t i = 0; i < count && r == 0; i++)
		r = settle_end(db, &ends[i]);
	free(ends);
	return r;
}

/* The row's number, or -1 for NULL. */
static int64_t
number(struct db *db, unsigned col)
{
	return db_str(db, col) ? db_int(db, col) : -1;
}

static void
take_host(struct db *db, struct settle *s)
{
	const char *rev = db_str(db, 7);
	int a = judge_word(judge_admin_words, db_str(db, 1));
	int h = judge_word(judge_health_words, db_str(db, 2));

	s->known = true;
	s->admin = a == -1 ? ADMIN_RUN : (enum judge_admin)a;
	s->health = h == -1 ? HEALTH_UNREACHABLE : (enum judge_health)h;
	db_copy(db, 3, s->reason, sizeof(s->reason));
	s->vcpus = number(db, 4);
	s->memory_mib = number(db, 5);
	s->pong_port = db_int(db, 6);
	snprintf(s->desired_rev, sizeof(s->desired_rev), "%s", rev);
	db_copy(db, 8, s->node_ip, sizeof(s->node_ip));
	db_copy(db, 9, s->storage_ip, sizeof(s->storage_ip));
}

static int
read_hosts(struct db *db, struct settle *s, size_t n)
{
	size_t i = 0, all = db_round(n);
	struct db_val *v = mem_calloc(all, sizeof(*v));
	struct buf sql;
	int r;

	buf_init(&sql, SQL_MAX);
	buf_puts(&sql,
	    "SELECT name, admin, health, health_reason, vcpus, memory_mib,"
	    " pong_port, desired_rev, node_ip, storage_ip FROM host"
	    " WHERE name IN (");
	for (size_t j = 0; j < all; j++) {
		v[j].s = s[j < n ? j : n - 1].host;
		buf_puts(&sql, j ? ",?" : "?");
	}
	for (size_t j = 0; j < n; j++)
		s[j].known = false;
	buf_puts(&sql, ") ORDER BY name");
	r = db_query_v(db, sql.data, v, all);
	while (r == 0 && (r = db_next(db)) == 1) {
		while (i < n && strcmp(s[i].host, db_str(db, 0)) != 0)
			i++;
		if (i < n)
			take_host(db, &s[i++]);
		r = 0;
	}
	db_done(db);
	buf_free(&sql);
	free(v);
	return r;
}

/* The host's size and port, when its agent tells another one. */
static int
set_facts(struct db *db, const struct settle *s)
{
	const struct upload *u = s->beat;
	int64_t vcpus = u->vcpus == -1 ? s->vcpus : u->vcpus;
	int64_t mem = u->memory_mib == -1 ? s->memory_mib : u->memory_mib;
	int64_t port = u->pong_port == -1 ? s->pong_port : u->pong_port;
	struct db_val v[4] = {{.i = vcpus, .is_int = vcpus != -1},
	    {.i = mem, .is_int = mem != -1}, {.i = port, .is_int = true},
	    {.s = s->host}};

	if (vcpus == s->vcpus && mem == s->memory_mib && port == s->pong_port)
		return 0;
	return db_exec_v(db,
		   "UPDATE host SET vcpus = ?, memory_mib = ?, pong_port = ?"
		   " WHERE name = ?",
		   v, 4) == -1
		   ? -1
		   : 0;
}

static int
tell_health(struct db *db, const struct settle *s, enum judge_health health)
{
	struct event e = {
	    .level = EVENT_INFO, .kind = "host.run", .host = s->host};
	char text[UPLOAD_REASON_MAX + 160];

	e.text = text;
	if (health == HEALTH_ERROR) {
		e.level = EVENT_ALERT;
		e.kind = "host.error";
		snprintf(text, sizeof(text), "host %s reports an error: %s",
		    s->host, *s->beat->reason ? s->beat->reason : "no reason");
	} else if (s->first) {
		snprintf(text, sizeof(text),
		    "host %s reports for the first time", s->host);
	} else {
		snprintf(text, sizeof(text), "host %s is well again: it was %s",
		    s->host, judge_health_words[s->health]);
	}
	return event_add(db, &e);
}

static int
set_health(struct db *db, const struct settle *s)
{
	enum judge_health health = judge_reporting(s->beat->error);
	const char *reason = s->beat->error ? s->beat->reason : NULL;
	int64_t n;

	if (health == s->health && strcmp(s->reason, reason ? reason : "") == 0)
		return 0;
	if (health == s->health)
		return db_exec(db,
			   "UPDATE host SET health_reason = ? WHERE name = ?",
			   "ss", reason, s->host) == -1
			   ? -1
			   : 0;
	n = db_exec(db,
	    "UPDATE host SET health = ?, health_reason = ?,"
	    " health_since = UTC_TIMESTAMP(3) WHERE name = ? AND health <> ?",
	    "ssss", judge_health_words[health], reason, s->host,
	    judge_health_words[health]);
	if (n < 1)
		return n == -1 ? -1 : 0;
	return tell_health(db, s, health);
}

/* The desired_rev that host_touch gave. */
static int
read_rev(struct db *db, struct settle *s)
{
	int r = db_query(
	    db, "SELECT desired_rev FROM host WHERE name = ?", "s", s->host);

	if (r == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		snprintf(s->desired_rev, sizeof(s->desired_rev), "%s",
		    db_str(db, 0));
	db_done(db);
	return r == -1 ? -1 : 0;
}

int
settle_hosts(struct db *db, struct settle *s, size_t n)
{
	if (read_hosts(db, s, n) == -1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!s[i].known) {
			if (beat_forget(db, s[i].host) == -1)
				return -1;
			continue;
		}
		if (s[i].touched && (host_touch(db, s[i].host) == -1 ||
					read_rev(db, &s[i]) == -1))
			return -1;
		if (s[i].beat &&
		    (set_facts(db, &s[i]) == -1 || set_health(db, &s[i]) == -1))
			return -1;
	}
	return 0;
}
