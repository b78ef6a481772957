/* SPDX-License-Identifier: ISC */
#include "store/beat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define SQL_MAX     (1024 * 1024)
#define INVENTORY_N 200 /* rows a statement */

/* "head(item,item,...)tail" with n items. */
static void
repeat(struct buf *sql, const char *head, const char *item, size_t n,
    const char *tail)
{
	buf_init(sql, SQL_MAX);
	buf_puts(sql, head);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add(sql, ",", 1);
		buf_puts(sql, item);
	}
	buf_puts(sql, tail);
}

static struct db_val
text(const char *s)
{
	return (struct db_val){.s = s};
}

/* A number; -1 is NULL. */
static struct db_val
number(int64_t i)
{
	return (struct db_val){.i = i, .is_int = i != -1};
}

int
beat_lock(struct db *db, const char *const *hosts, size_t n,
    void (*row)(const struct beat_row *, void *arg), void *arg)
{
	size_t all = db_round(n);
	struct db_val *v = mem_calloc(all, sizeof(*v));
	struct beat_row b;
	struct buf sql;
	int r;

	for (size_t i = 0; i < all; i++)
		v[i] = text(hosts[i < n ? i : n - 1]);
	repeat(&sql,
	    "SELECT host, boot, beat, observed_rev FROM heartbeat"
	    " WHERE host IN (",
	    "?", all, ") ORDER BY host FOR UPDATE");
	r = db_query_v(db, sql.data, v, all);
	while (r == 0 && (r = db_next(db)) == 1) {
		db_copy(db, 0, b.host, sizeof(b.host));
		db_copy(db, 1, b.boot, sizeof(b.boot));
		b.beat = db_int(db, 2);
		db_copy(db, 3, b.observed_rev, sizeof(b.observed_rev));
		row(&b, arg);
		r = 0;
	}
	db_done(db);
	buf_free(&sql);
	free(v);
	return r;
}

/*
 * MySQL assigns from left to right and each assignment sees the ones before:
 * the columns the condition reads come last.
 */
#define NEWER(column)                                                          \
	column " = IF(boot <> VALUES(boot) OR beat < VALUES(beat), "           \
	       "VALUES(" column "), " column "), "

static const char beat_tail[] = " ON DUPLICATE KEY UPDATE " NEWER(
    "desired_rev") "observed_rev = IF(boot <> VALUES(boot) OR beat < VALUES(beat),"
		   " COALESCE(VALUES(observed_rev), observed_rev), observed_rev), " NEWER(
		       "health") NEWER("reason") NEWER("seen_at")
		       NEWER("beat") "boot = VALUES(boot)";

/* A beat that is written twice is no newer the second time. */
int
beat_write(struct db *db, const struct beat *b, size_t n)
{
	size_t all = db_round(n);
	struct db_val *v = mem_calloc(all * 7, sizeof(*v)), *p = v;
	struct buf sql;
	int64_t r;

	for (size_t i = 0; i < all; i++) {
		*p++ = text(b->host);
		*p++ = text(b->boot);
		*p++ = number(b->beat);
		*p++ = text(b->desired_rev);
		*p++ = text(b->observed_rev);
		*p++ = text(b->error ? "error" : "ok");
		*p++ = text(b->reason);
		if (i + 1 < n)
			b++;
	}
	repeat(&sql,
	    "INSERT INTO heartbeat(host, boot, beat, desired_rev,"
	    " observed_rev, health, reason, seen_at) VALUES ",
	    "(?,?,?,?,?,?,?,UTC_TIMESTAMP(3))", all, beat_tail);
	r = db_exec_v(db, sql.data, v, all * 7);
	buf_free(&sql);
	free(v);
	return r == -1 ? -1 : 0;
}

static int
insert_some(
    struct db *db, const char *host, const struct upload_vm *vm, size_t n)
{
	struct db_val *v = mem_calloc(n * 11, sizeof(*v)), *p = v;
	struct buf sql;
	int64_t r;

	for (size_t i = 0; i < n; i++) {
		*p++ = text(host);
		*p++ = text(vm[i].vm);
		*p++ = text(vm[i].state);
		*p++ = text(*vm[i].reason ? vm[i].reason : NULL);
		*p++ = text(vm[i].want);
		*p++ = number(vm[i].wish);
		*p++ = number(vm[i].generation);
		*p++ = number(vm[i].final);
		*p++ = number(vm[i].restarts);
		*p++ = number(vm[i].stray);
		*p++ = text(vm[i].since);
	}
	repeat(&sql,
	    "INSERT INTO inventory(host, vm, state, reason, want, wish,"
	    " generation, final, restarts, stray, since) VALUES ",
	    "(?,?,?,?,?,?,?,?,?,?,?)", n, "");
	r = db_exec_v(db, sql.data, v, n * 11);
	buf_free(&sql);
	free(v);
	return r == -1 ? -1 : 0;
}

/* What the host's ledger refuses, of its VMs. */
static int
insert_refused(
    struct db *db, const char *host, const struct upload_vm *vm, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (vm[i].refused &&
		    db_exec(db,
			"INSERT INTO inventory_refused(host, vm, generation)"
			" VALUES (?, ?, ?)",
			"ssi", host, vm[i].vm, vm[i].refused) == -1)
			return -1;
	return 0;
}

/* All inventory rows of the host. */
static int
drop_inventory(struct db *db, const char *host)
{
	if (db_exec(db, "DELETE FROM inventory WHERE host = ?", "s", host) ==
		-1 ||
	    db_exec(db, "DELETE FROM inventory_refused WHERE host = ?", "s",
		host) == -1)
		return -1;
	return 0;
}

int
beat_inventory(
    struct db *db, const char *host, const struct upload_vm *vm, size_t n)
{
	if (drop_inventory(db, host) == -1)
		return -1;
	for (size_t i = 0; i < n; i += INVENTORY_N) {
		size_t some = n - i < INVENTORY_N ? n - i : INVENTORY_N;

		if (insert_some(db, host, vm + i, some) == -1)
			return -1;
	}
	return insert_refused(db, host, vm, n);
}

int
beat_inventory_drop(struct db *db, const char *host, const char *vm)
{
	if (db_exec(db, "DELETE FROM inventory WHERE host = ? AND vm = ?", "ss",
		host, vm) == -1 ||
	    db_exec(db,
		"DELETE FROM inventory_refused WHERE host = ? AND vm = ?", "ss",
		host, vm) == -1)
		return -1;
	return 0;
}

int
beat_forget(struct db *db, const char *host)
{
	if (db_exec(db, "DELETE FROM heartbeat WHERE host = ?", "s", host) ==
	    -1)
		return -1;
	return drop_inventory(db, host);
}

int
beat_watch(struct db *db, void (*host)(const struct beat_watch *, void *arg),
    void *arg)
{
	struct beat_watch w;
	int r;

	r = db_query(db,
	    "SELECT h.name, b.boot, b.beat, h.manage_ip, h.pong_port"
	    " FROM heartbeat b JOIN host h ON h.name = b.host"
	    " ORDER BY h.name",
	    "");
	while (r == 0 && (r = db_next(db)) == 1) {
		w.host = db_str(db, 0);
		w.boot = db_str(db, 1);
		w.beat = db_int(db, 2);
		w.address = db_str(db, 3);
		w.port = db_int(db, 4);
		host(&w, arg);
		r = 0;
	}
	db_done(db);
	return r;
}

/* Whether the host is still as it was seen; locks its heartbeat row. */
static int
still(struct db *db, const struct beat_row *seen, enum beat_marked *out)
{
	int r;

	*out = BEAT_UNKNOWN;
	if (db_query(db,
		"SELECT boot, beat FROM heartbeat WHERE host = ? FOR UPDATE",
		"s", seen->host) == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		*out = strcmp(db_str(db, 0), seen->boot) == 0 &&
			       db_int(db, 1) == seen->beat
			   ? BEAT_SAME
			   : BEAT_REPORTING;
	db_done(db);
	return r == -1 ? -1 : 0;
}

int
beat_mark(struct db *db, const struct beat_row *seen, enum judge_health health,
    const char *reason, enum beat_marked *out, enum judge_admin *admin)
{
	int r, a, h;

	if (still(db, seen, out) == -1)
		return -1;
	if (*out != BEAT_SAME)
		return 0;
	if (db_query(db,
		"SELECT admin, health FROM host WHERE name = ? FOR UPDATE", "s",
		seen->host) == -1)
		return -1;
	r = db_next(db);
	a = r == 1 ? judge_word(judge_admin_words, db_str(db, 0)) : -1;
	h = r == 1 ? judge_word(judge_health_words, db_str(db, 1)) : -1;
	db_done(db);
	if (r == -1)
		return -1;
	*admin = a == -1 ? ADMIN_RUN : (enum judge_admin)a;
	if (r == 0)
		*out = BEAT_UNKNOWN;
	if (r == 0 || h == (int)health)
		return 0;
	*out = BEAT_MARKED;
	return db_exec(db,
		   "UPDATE host SET health = ?, health_reason = ?,"
		   " health_since = UTC_TIMESTAMP(3) WHERE name = ?",
		   "sss", judge_health_words[health], reason, seen->host) == -1
		   ? -1
		   : 0;
}
