/* SPDX-License-Identifier: ISC */
#include "store/vm.h"

#include <stdio.h>
#include <string.h>

#include "core/name.h"
#include "line/row.h"
#include "store/adopt.h"
#include "store/label.h"

const char *const vm_want_words[] = {"running", "stopped", "deleted", NULL};
const char *const vm_restart_words[] = {"on-failure", "always", "never", NULL};

/* A VM by what people call it; both keys are unique. */
#define BY_UUID "v.uuid = ?"
#define BY_NAME "v.live_name = ?"

/* Whether the row with v's UUID says the same: 1, 0, 2 there is none, -1. */
static int
same(struct db *db, const struct vm_new *v, bool fixed_host)
{
	int r;

	if (db_query(db,
		"SELECT name = ? AND vcpus = ? AND memory_mib = ?"
		" AND restart = ? AND grace_config_ms = ? AND spec = ?"
		" AND (host = ? OR ? = 0) AND want <> 'deleted'"
		" AND COALESCE(p.labels, '') = ? AND COALESCE(p.avoid, '') = ?"
		" AND COALESCE(p.need, '') = ?"
		" FROM vm LEFT JOIN vm_place p ON p.vm = uuid"
		" WHERE uuid = ? FOR UPDATE",
		"siisississs"
		"s",
		v->name, v->vcpus, v->memory_mib, vm_restart_words[v->restart],
		v->grace_ms, v->spec, v->host, (int64_t)fixed_host, v->labels,
		v->avoid, v->need, v->uuid) == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		r = db_int(db, 0) == 1;
	else if (r == 0)
		r = 2;
	db_done(db);
	return r;
}

static int
name_taken(struct db *db, const char *name)
{
	int r;

	if (db_query(
		db, "SELECT uuid FROM vm WHERE live_name = ?", "s", name) == -1)
		return -1;
	r = db_next(db);
	db_done(db);
	return r;
}

static int
find_clash(struct db *db, const struct vm_new *v, bool fixed_host,
    enum vm_clash *clash)
{
	int r = same(db, v, fixed_host);

	if (r == -1)
		return -1;
	if (r != 2) {
		*clash = r ? VM_CLASH_SAME : VM_CLASH_UUID;
		return 0;
	}
	r = name_taken(db, v->name);
	if (r == -1)
		return -1;
	*clash = r ? VM_CLASH_NAME : VM_CLASH_LOST;
	return 0;
}

/* What only some VMs have, in tables of its own. */
static int
add_more(struct db *db, const struct vm_new *v)
{
	if (label_add(db, v->uuid, v->labels, v->avoid, v->need) == -1)
		return -1;
	return v->adopt ? adopt_add(db, v->uuid) : 0;
}

int
vm_add(struct db *db, const struct vm_new *v, bool fixed_host,
    enum vm_clash *clash)
{
	int64_t n = db_exec(db,
	    "INSERT INTO vm(uuid, name, host, want, wish, generation, restart,"
	    " failover, vcpus, memory_mib, grace_ms, grace_config_ms, spec,"
	    " created_at, changed_at) VALUES (?, ?, ?, ?, 1, 1, ?, 'manual',"
	    " ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))",
	    "sssssiiiis", v->uuid, v->name, v->host, vm_want_words[v->want],
	    vm_restart_words[v->restart], v->vcpus, v->memory_mib, v->grace_ms,
	    v->grace_ms, v->spec);

	*clash = VM_CLASH_NONE;
	if (n != -1)
		return add_more(db, v);
	if (db_error(db) != DB_DUPLICATE)
		return -1;
	return find_clash(db, v, fixed_host, clash);
}

#define LOCK                                                                   \
	"SELECT uuid, name, host, want, wish, grace_ms, grace_config_ms"       \
	" FROM vm v WHERE "

int
vm_lock(struct db *db, const char *id, struct vm *out)
{
	const char *want;
	int r;

	memset(out, 0, sizeof(*out));
	if (db_query(db,
		name_uuid(id) ? LOCK BY_UUID " FOR UPDATE"
			      : LOCK BY_NAME " FOR UPDATE",
		"s", id) == -1)
		return -1;
	r = db_next(db);
	if (r == 1) {
		snprintf(out->uuid, sizeof(out->uuid), "%s", db_str(db, 0));
		snprintf(out->name, sizeof(out->name), "%s", db_str(db, 1));
		snprintf(out->host, sizeof(out->host), "%s", db_str(db, 2));
		want = db_str(db, 3);
		for (int i = 0; vm_want_words[i]; i++)
			if (strcmp(vm_want_words[i], want) == 0)
				out->want = (enum vm_want)i;
		out->wish = db_int(db, 4);
		out->grace_ms = db_int(db, 5);
		out->grace_config_ms = db_int(db, 6);
	}
	db_done(db);
	return r;
}

int
vm_is_off(struct db *db, const struct vm *v)
{
	int r;

	if (db_query(db,
		"SELECT 1 FROM inventory WHERE host = ? AND vm = ?"
		" AND state = 'off' AND wish = ?",
		"ssi", v->host, v->uuid, v->wish) == -1)
		return -1;
	r = db_next(db);
	db_done(db);
	return r;
}

int
vm_renew(struct db *db, const char *uuid)
{
	return db_exec(db,
		   "UPDATE vm SET generation = generation + 1 WHERE uuid = ?",
		   "s", uuid) == -1
		   ? -1
		   : 0;
}

int
vm_wish(struct db *db, const char *uuid, enum vm_want want, int64_t grace_ms)
{
	return db_exec(db,
		   "UPDATE vm SET want = ?, wish = wish + 1, grace_ms = ?,"
		   " changed_at = UTC_TIMESTAMP(3) WHERE uuid = ?",
		   "sis", vm_want_words[want], grace_ms, uuid) == -1
		   ? -1
		   : 0;
}

/*
 * STRAIGHT_JOIN: the page's order is that of vm's key; starting from the few
 * hosts instead would sort all VMs for every page.
 */
#define LIST(spec)                                                             \
	"SELECT v.uuid, v.host, v.name, v.want, v.wish, v.generation,"         \
	" v.restart, v.failover, v.vcpus, v.memory_mib, v.grace_config_ms,"    \
	" v.created_at, h.health, i.state, i.reason, i.restarts, i.since,"     \
	" p.labels, p.avoid, p.need, a.vm, a.reason" spec                      \
	" FROM vm v STRAIGHT_JOIN host h ON h.name = v.host"                   \
	" LEFT JOIN vm_place p ON p.vm = v.uuid"                               \
	" LEFT JOIN vm_adopt a ON a.vm = v.uuid"                               \
	" LEFT JOIN inventory i ON i.host = v.host AND i.vm = v.uuid WHERE "

int
vm_list(struct db *db, const struct vm_filter *f)
{
	if (f->id)
		return db_query(db,
		    name_uuid(f->id) ? LIST(", v.spec") BY_UUID
				     : LIST(", v.spec") BY_NAME,
		    "s", f->id);
	if (f->host)
		return db_query(db,
		    LIST("") "v.host = ? AND v.uuid > ?"
			     " ORDER BY v.uuid LIMIT ?",
		    "ssi", f->host, f->after, f->limit);
	return db_query(db, LIST("") "v.uuid > ? ORDER BY v.uuid LIMIT ?", "si",
	    f->after, f->limit);
}

/*
 * What is known of its state now, NULL for nothing: a host that does not
 * report may have any state, whatever it said last.
 */
static const char *
state_of(struct db *db)
{
	const char *health = db_str(db, 12);

	if (strcmp(health, "unreachable") == 0 || strcmp(health, "silent") == 0)
		return NULL;
	return db_str(db, 13);
}

static void
add_unknown(struct db *db, struct buf *out)
{
	const char *last = db_str(db, 13);
	char reason[192];

	if (!last)
		snprintf(reason, sizeof(reason),
		    "host %s has not reported it yet", db_str(db, 1));
	else
		snprintf(reason, sizeof(reason),
		    "host %s is %s; it last reported %s", db_str(db, 1),
		    db_str(db, 12), last);
	row_str(out, "state", "unknown");
	row_str(out, "reason", reason);
}

int
vm_row(struct db *db, const struct vm_filter *f, const char *ts,
    struct buf *out, char key[static VM_UUID_SIZE])
{
	char created[DB_TS_SIZE];
	const char *state;
	int r = db_next(db);

	if (r != 1)
		return r;
	state = state_of(db);
	snprintf(key, VM_UUID_SIZE, "%s", db_str(db, 0));
	row_open(out, "vm");
	row_str(out, "ts", ts);
	row_str(out, "vm", key);
	row_str(out, "host", db_str(db, 1));
	row_str(out, "name", db_str(db, 2));
	row_str(out, "status", state ? state : "unknown");
	row_str(out, "want", db_str(db, 3));
	row_int(out, "wish", db_int(db, 4));
	if (state) {
		row_str(out, "state", state);
		/* The server's own reason, if it cannot take it over. */
		row_str(out, "reason", db_str(db, db_str(db, 21) ? 21 : 14));
	} else {
		add_unknown(db, out);
	}
	row_str(out, "observed_ts", db_str(db, 16));
	row_int(out, "generation", db_int(db, 5));
	row_str(out, "restart", db_str(db, 6));
	row_str(out, "failover", db_str(db, 7));
	row_int(out, "vcpus", db_int(db, 8));
	row_int(out, "memory_mib", db_int(db, 9));
	row_int(out, "grace_ms", db_int(db, 10));
	if (db_str(db, 15))
		row_int(out, "restarts", db_int(db, 15));
	row_list(out, "labels", db_str(db, 17));
	row_list(out, "avoid", db_str(db, 18));
	row_list(out, "need", db_str(db, 19));
	if (db_str(db, 20))
		row_bool(out, "adopt", true);
	if (db_ts(db, 11, created))
		row_str(out, "created_ts", created);
	if (f->id && f->spec)
		row_raw(out, "spec", db_str(db, 22));
	row_close(out);
	return 1;
}
