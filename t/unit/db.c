/* SPDX-License-Identifier: ISC */
/*
 * The database driver. What needs a database runs only with CHIME_DB_SOCKET
 * set: t/db.bats starts one and runs this program.
 */
#include "driver/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "driver/dbconf.h"
#include "unit.h"

static struct db *
fresh(void)
{
	struct dbconf c;
	struct db *db;

	if (dbconf_env(&c) == -1)
		return NULL;
	db = db_new(&c.conf);
	dbconf_wipe(&c);
	return db;
}

static int runs;

static int
count_and_query(struct db *db, void *arg)
{
	(void)arg;
	runs++;
	return db_query(db, "SELECT 1", "");
}

/* Without a database. */
static void
away(void)
{
	struct db_conf conf = {.socket = "/nonexistent/db.sock",
	    .user = "u",
	    .name = "n",
	    .password = "s3cret"};
	struct db *db = db_new(&conf);
	int64_t start;

	CHECK("no failure yet", db_error(db) == DB_OK && !*db_reason(db));
	CHECK("a socket that is not there", db_open(db) == -1);
	CHECK("is a lost connection", db_error(db) == DB_LOST);
	CHECK("with a reason", strstr(db_reason(db), "/nonexistent"));
	CHECK("without the password", !strstr(db_reason(db), "s3cret"));
	start = clk_mono_ms();
	CHECK("a transaction fails",
	    db_transact(db, count_and_query, NULL) == -1);
	CHECK("its body never ran", runs == 0);
	CHECK("it was tried for a while and not for ever",
	    clk_mono_ms() - start < 10000);
	CHECK("and still it is a lost connection", db_error(db) == DB_LOST);
	db_free(db);
	db_free(NULL);
}

static void
types(struct db *db)
{
	char ts[DB_TS_SIZE], *big = malloc(300001);

	memset(big, 'x', 300000);
	big[300000] = '\0';
	CHECK("a table",
	    db_exec(db,
		"CREATE TABLE t (k INT PRIMARY KEY, "
		"i BIGINT NULL, s MEDIUMTEXT NULL, d DATETIME(3) NULL)",
		"") == 0);
	CHECK("a row", db_exec(db, "INSERT INTO t VALUES (?, ?, ?, ?)", "iiss",
			   (int64_t)1, INT64_MIN, "'; DROP TABLE t; --",
			   "2026-01-02 03:04:05.678") == 1);
	CHECK(
	    "a row of nothing", db_exec(db, "INSERT INTO t VALUES (?, ?, ?, ?)",
				    "isss", (int64_t)2, NULL, NULL, NULL) == 1);
	CHECK("a long one", db_exec(db, "INSERT INTO t VALUES (?, ?, ?, ?)",
				"iiss", (int64_t)3, INT64_MAX, big, NULL) == 1);
	CHECK("all of them", db_query(db,
				 "SELECT i, s, d, k FROM t "
				 "ORDER BY k",
				 "") == 0 &&
				 db_next(db) == 1);
	CHECK("the least integer", db_int(db, 0) == INT64_MIN);
	CHECK("as text too", unit_same(db_str(db, 0), "-9223372036854775808"));
	CHECK("text is only text",
	    unit_same(db_str(db, 1), "'; DROP TABLE t; --"));
	CHECK("its length", db_len(db, 1) == 19);
	CHECK("a time",
	    db_ts(db, 2, ts) && unit_same(ts, "2026-01-02T03:04:05.678Z"));
	CHECK("no such column", !db_str(db, 9) && db_int(db, 9) == 0);
	CHECK("NULL is NULL", db_next(db) == 1 && !db_str(db, 0) &&
				  !db_str(db, 1) && db_int(db, 0) == 0 &&
				  !db_ts(db, 2, ts));
	CHECK("long text is whole", db_next(db) == 1 &&
					db_len(db, 1) == 300000 &&
					unit_same(db_str(db, 1), big));
	CHECK("the end", db_next(db) == 0 && db_next(db) == 0);
	CHECK("rows that were found count, changed or not",
	    db_exec(db, "UPDATE t SET i = i WHERE k < ?", "i", (int64_t)3) ==
		2);
	CHECK("a key that is taken",
	    db_exec(db, "INSERT INTO t(k) VALUES (1)", "") == -1 &&
		db_error(db) == DB_DUPLICATE);
	CHECK("a value out of range is refused, not bent",
	    db_exec(db, "INSERT INTO t(k) VALUES (?)", "i", (int64_t)1 << 40) ==
		    -1 &&
		db_error(db) == DB_FAILED);
	CHECK("a wrong statement",
	    db_query(db, "SELEKT 1", "") == -1 && db_error(db) == DB_FAILED);
	CHECK("too few values", db_query(db, "SELECT ?", "") == -1);
	CHECK("a type that is none", db_query(db, "SELECT ?", "x", "y") == -1);
	free(big);
}

static void
many(struct db *db)
{
	struct db_val v[200];
	char sql[2048] = "SELECT CONCAT(''";
	int64_t sum = 0;

	for (int i = 0; i < 200; i++) {
		v[i] = (struct db_val){.i = i % 10, .is_int = true};
		memcpy(sql + strlen(sql), ", ?", 4);
	}
	memcpy(sql + strlen(sql), ")", 2);
	CHECK("two hundred values", db_query_v(db, sql, v, 200) == 0 &&
					db_next(db) == 1 &&
					db_len(db, 0) == 200);
	/* More texts than are kept, each twice. */
	for (int i = 0; i < 300; i++) {
		snprintf(sql, sizeof(sql), "SELECT %d", i % 150);
		if (db_query(db, sql, "") == 0 && db_next(db) == 1)
			sum += db_int(db, 0);
	}
	CHECK("many statements", sum == 150 * 149);
	CHECK("a result that is dropped half read",
	    db_query(db, "SELECT k FROM t", "") == 0 && db_next(db) == 1 &&
		db_query(db, "SELECT COUNT(*) FROM t", "") == 0 &&
		db_next(db) == 1 && db_int(db, 0) == 3);
	db_done(db);
}

struct steps {
	struct db *other;
	int runs;
};

/* The first run collides with `other`, the second one does not. */
static int
collide(struct db *db, void *arg)
{
	struct steps *s = arg;

	s->runs++;
	if (db_exec(db, "UPDATE t SET i = 7 WHERE k = 1", "") == -1)
		return -1;
	if (s->runs == 1 &&
	    db_exec(db, "SET SESSION innodb_lock_wait_timeout = 1", "") == -1)
		return -1;
	if (db_exec(db, "UPDATE t SET i = 7 WHERE k = 2", "") == -1) {
		db_rollback(s->other);
		return -1;
	}
	return 0;
}

/* The first run loses its connection half way. */
static int
lose(struct db *db, void *arg)
{
	struct steps *s = arg;

	s->runs++;
	if (db_exec(db, "INSERT INTO t(k) VALUES (10)", "") == -1)
		return -1;
	if (s->runs == 1) {
		char sql[64];
		int64_t id = 0;

		if (db_query(db, "SELECT CONNECTION_ID()", "") == 0 &&
		    db_next(db) == 1)
			id = db_int(db, 0);
		db_done(db);
		snprintf(sql, sizeof(sql), "KILL %lld", (long long)id);
		db_exec(s->other, sql, "");
	}
	/* After a kill this must fail, not run on a new connection. */
	return db_exec(db, "INSERT INTO t(k) VALUES (11)", "") == -1 ? -1 : 0;
}

static int
refuse(struct db *db, void *arg)
{
	(void)arg;
	return db_exec(db, "INSERT INTO t(k) VALUES (20)", "") == -1 ? -1 : 1;
}

static int64_t
count(struct db *db, const char *sql)
{
	int64_t n = -1;

	if (db_query(db, sql, "") == 0 && db_next(db) == 1)
		n = db_int(db, 0);
	db_done(db);
	return n;
}

static void
transactions(struct db *db)
{
	struct steps s = {.other = fresh()};

	CHECK("another one holds a row",
	    db_begin(s.other) == 0 &&
		db_exec(s.other, "UPDATE t SET i = 9 WHERE k = 2", "") == 1);
	CHECK("a lock that times out is waited for again",
	    db_transact(db, collide, &s) == 0 && s.runs == 2);
	CHECK("and all of it is there",
	    count(db, "SELECT COUNT(*) FROM t WHERE i = 7") == 2);
	s.runs = 0;
	CHECK("a lost connection begins anew",
	    db_transact(db, lose, &s) == 0 && s.runs == 2);
	CHECK("and everything is there once",
	    count(db, "SELECT COUNT(*) FROM t WHERE k >= 10") == 2);
	CHECK("a refusal", db_transact(db, refuse, NULL) == 1);
	CHECK("leaves nothing",
	    count(db, "SELECT COUNT(*) FROM t WHERE k = 20") == 0);
	CHECK("the session is as it is promised",
	    db_query(db,
		"SELECT @@time_zone, @@character_set_client,"
		" @@autocommit, @@sql_mode",
		"") == 0 &&
		db_next(db) == 1 && unit_same(db_str(db, 0), "+00:00") &&
		unit_same(db_str(db, 1), "utf8mb4") && db_int(db, 2) == 1 &&
		strstr(db_str(db, 3), "STRICT_ALL_TABLES"));
	db_close(db);
	CHECK("a closed connection is opened by the next statement",
	    count(db, "SELECT COUNT(*) FROM t") == 5);
	db_free(s.other);
}

/* READ COMMITTED: what another one commits is seen by the next read. */
static void
isolation(struct db *db)
{
	struct db *other = fresh();

	db_begin(db);
	count(db, "SELECT COUNT(*) FROM t");
	db_exec(other, "INSERT INTO t(k) VALUES (30)", "");
	CHECK("a read is of now",
	    count(db, "SELECT COUNT(*) FROM t WHERE k = 30") == 1);
	db_rollback(db);
	db_free(other);
}

int
main(void)
{
	struct db *db;

	if (!getenv("CHIME_DB_SOCKET")) {
		away();
		return unit_done();
	}
	db = fresh();
	CHECK("it connects", db_open(db) == 0 && db_open(db) == 0);
	types(db);
	many(db);
	transactions(db);
	isolation(db);
	db_free(db);
	return unit_done();
}
