/* SPDX-License-Identifier: ISC */
#include "store/takeover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int
takeover_read(struct db *db, const char *uuid, struct takeover *t)
{
	int r;

	memset(t, 0, sizeof(*t));
	if (db_query(db,
		"SELECT v.generation, v.vcpus, v.memory_mib, v.spec, p.labels,"
		" p.avoid, p.need FROM vm v LEFT JOIN vm_place p ON p.vm = "
		"v.uuid WHERE v.uuid = ? FOR UPDATE",
		"s", uuid) == -1)
		return -1;
	r = db_next(db);
	if (r == 1) {
		t->generation = db_int(db, 0);
		t->vcpus = db_int(db, 1);
		t->memory_mib = db_int(db, 2);
		t->spec = mem_strdup(db_str(db, 3));
		db_copy(db, 4, t->labels, sizeof(t->labels));
		db_copy(db, 5, t->avoid, sizeof(t->avoid));
		db_copy(db, 6, t->need, sizeof(t->need));
	}
	db_done(db);
	return r;
}

void
takeover_free(struct takeover *t)
{
	free(t->spec);
	t->spec = NULL;
}

int
takeover_drained(
    struct db *db, const char *host, const char *uuid, int64_t generation)
{
	int r;

	if (db_query(db,
		"SELECT 1 FROM inventory i JOIN inventory_refused f"
		" ON f.host = i.host AND f.vm = i.vm WHERE i.host = ?"
		" AND i.vm = ? AND i.state = 'off' AND f.generation >= ?"
		" LOCK IN SHARE MODE",
		"ssi", host, uuid, generation) == -1)
		return -1;
	r = db_next(db);
	db_done(db);
	return r;
}

int
takeover_signed(struct db *db, const char *host,
    bool (*check)(const char *hash, void *arg), void *arg)
{
	bool found = false;
	int r;

	if (db_query(db,
		"SELECT hash FROM token WHERE host = ? AND role = 'agent'"
		" AND (expires_at IS NULL OR expires_at > UTC_TIMESTAMP(3))",
		"s", host) == -1)
		return -1;
	while ((r = db_next(db)) == 1)
		found = found || check(db_str(db, 0), arg);
	db_done(db);
	return r == -1 ? -1 : found;
}

int
takeover_say_off(struct db *db, const char *host, const char *actor)
{
	return db_exec(db,
		   "INSERT INTO host_off(host, at, actor)"
		   " VALUES (?, UTC_TIMESTAMP(3), ?) ON DUPLICATE KEY UPDATE"
		   " at = VALUES(at), actor = VALUES(actor)",
		   "ss", host, actor) == -1
		   ? -1
		   : 0;
}

/* One row with one text: 1 with it in out, 0, -1. */
static int
one_text(struct db *db, const char *sql, const char *a, const char *b,
    char *out, size_t size)
{
	int r = db_query(db, sql, "ss", a, b);

	if (r == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		db_copy(db, 0, out, size);
	db_done(db);
	return r;
}

/* Who said that it is off, when nothing was heard of it since. */
#define WHO                                                                    \
	"SELECT o.actor FROM host_off o LEFT JOIN heartbeat b"                 \
	" ON b.host = o.host WHERE o.host = ? AND o.host = ?"                  \
	" AND (b.seen_at IS NULL OR b.seen_at < o.at) LOCK IN SHARE MODE"

/* A copy that another host reported. */
#define COPY                                                                   \
	"SELECT i.host FROM inventory i WHERE i.vm = ? AND i.host <> ?"        \
	" AND i.state <> 'off' LIMIT 1 LOCK IN SHARE MODE"

int
takeover_copy(struct db *db, const char *uuid, const char *host,
    char other[static TAKEOVER_HOST_SIZE])
{
	return one_text(db, COPY, uuid, host, other, TAKEOVER_HOST_SIZE);
}

int
takeover_arrived(struct db *db, const char *uuid, const char *from,
    const char *to, int64_t generation)
{
	int64_t n = db_exec(db,
	    "UPDATE vm SET host = ?, generation = generation + 1,"
	    " changed_at = UTC_TIMESTAMP(3)"
	    " WHERE uuid = ? AND host = ? AND generation = ?",
	    "sssi", to, uuid, from, generation);

	return n > 0 ? 1 : (int)n;
}

/*
 * Another host that could have the VM, having got it unnoticed: it has reported
 * at some time, not well since the word, and nobody says that it is off.
 */
#define WITNESS                                                                \
	"SELECT b.host FROM heartbeat b JOIN host_off o ON o.host = ?"         \
	" LEFT JOIN host_off p ON p.host = b.host WHERE b.host <> ?"           \
	" AND (b.seen_at <= o.at OR b.health <> 'ok')"                         \
	" AND (p.at IS NULL OR p.at <= b.seen_at)"                             \
	" ORDER BY b.host LIMIT 1 LOCK IN SHARE MODE"

int
takeover_off(struct db *db, const char *host, const char *uuid,
    char why[static TAKEOVER_WHY_SIZE])
{
	char text[TAKEOVER_HOST_SIZE];
	int r = one_text(db, WHO, host, host, why, TAKEOVER_WHY_SIZE);

	if (r == -1)
		return -1;
	if (r == 0) {
		snprintf(why, TAKEOVER_WHY_SIZE,
		    "nobody says that %s is off, or it reported since", host);
		return 1;
	}
	r = takeover_copy(db, uuid, host, text);
	if (r == 1)
		snprintf(why, TAKEOVER_WHY_SIZE, "host %s reports a copy of it",
		    text);
	if (r != 0)
		return r;
	r = one_text(db, WITNESS, host, host, text, sizeof(text));
	if (r == 1)
		snprintf(why, TAKEOVER_WHY_SIZE,
		    "it may have been moved to host %s, which has not reported "
		    "itself well since: wait for its next heartbeat, or confirm "
		    "that it is off, too",
		    text);
	return r == 1 ? 2 : r;
}

int
takeover_move(struct db *db, const char *uuid, const char *host)
{
	return db_exec(db,
		   "UPDATE vm SET host = ?, generation = generation + 1,"
		   " changed_at = UTC_TIMESTAMP(3) WHERE uuid = ?",
		   "ss", host, uuid) == -1
		   ? -1
		   : 0;
}
