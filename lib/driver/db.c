/* SPDX-License-Identifier: ISC */
#include "driver/db.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clk.h"
#include "base/mem.h"
#include "driver/dbstmt.h"

#define TRIES      6
#define TRY_MS     8000
#define REFUSAL_MS 200

/* Of Galera and of MySQL 8: not in MariaDB's mysqld_error.h. */
#define ER_WSREP_NOT_PREPARED     1047
#define ER_MYSQL8_IDLE_DISCONNECT 4031

/*
 * One round trip each. The strict mode is named in full, so that a server's
 * own configuration cannot take it away.
 */
static const char *const session[] = {
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,"
    "NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',"
    " time_zone = '+00:00', innodb_lock_wait_timeout = 3, autocommit = 1",
};

struct db *
db_new(const struct db_conf *conf)
{
	struct db *db = mem_calloc(1, sizeof(*db));

	db->conf.socket = mem_strdup(conf->socket);
	db->conf.host = mem_strdup(conf->host);
	db->conf.user = mem_strdup(conf->user);
	db->conf.name = mem_strdup(conf->name);
	db->conf.password = mem_strdup(conf->password);
	db->conf.port = conf->port;
	db->conf.answer_s = conf->answer_s;
	return db;
}

static void
forget(const char *s)
{
	free((void *)(uintptr_t)s);
}

void
db_free(struct db *db)
{
	if (!db)
		return;
	db_close(db);
	forget(db->conf.socket);
	forget(db->conf.host);
	forget(db->conf.user);
	forget(db->conf.name);
	forget(db->conf.password);
	free(db);
}

static enum db_error
class_of(unsigned number)
{
	switch (number) {
	case ER_LOCK_DEADLOCK:
	case ER_LOCK_WAIT_TIMEOUT:
	case ER_CHECKREAD:
		return DB_RETRY;
	case ER_DUP_ENTRY:
		return DB_DUPLICATE;
	case CR_CONNECTION_ERROR:
	case CR_CONN_HOST_ERROR:
	case CR_IPSOCK_ERROR:
	case CR_UNKNOWN_HOST:
	case CR_SERVER_GONE_ERROR:
	case CR_SERVER_LOST:
	case CR_SERVER_LOST_EXTENDED:
	case ER_CON_COUNT_ERROR:
	case ER_SERVER_SHUTDOWN:
	case ER_CONNECTION_KILLED:
	case ER_NEW_ABORTING_CONNECTION:
	case ER_NORMAL_SHUTDOWN:
	case ER_NET_READ_ERROR:
	case ER_NET_READ_INTERRUPTED:
	case ER_NET_ERROR_ON_WRITE:
	case ER_NET_WRITE_INTERRUPTED:
	case ER_WSREP_NOT_PREPARED:
	case ER_MYSQL8_IDLE_DISCONNECT:
	/* Read-only: this was the writer until a failover; connect anew. */
	case ER_OPTION_PREVENTS_STATEMENT:
	case ER_READ_ONLY_MODE:
		return DB_LOST;
	default:
		return DB_FAILED;
	}
}

/* What to do about it, where the database's own words do not say. */
static const char *
advice(unsigned number)
{
	switch (number) {
	case ER_NO_SUCH_TABLE:
	case ER_BAD_FIELD_ERROR:
		return "; the tables are missing or of an older chime: "
		       "`chimeadm initserver mysql` brings them up to date";
	default:
		return "";
	}
}

int
db_fail(struct db *db, unsigned number, const char *text)
{
	db->error = class_of(number);
	snprintf(db->reason, sizeof(db->reason), "%.180s (error %u)%s",
	    text && *text ? text : "no reason given", number, advice(number));
	return -1;
}

static int
prepare_session(struct db *db)
{
	for (size_t i = 0; i < sizeof(session) / sizeof(session[0]); i++)
		if (mysql_real_query(
			db->my, session[i], (unsigned long)strlen(session[i])))
			return -1;
	return 0;
}

static MYSQL *
new_handle(const struct db *db)
{
	unsigned connect_s = 5, none = 0;
	unsigned answer_s = db->conf.answer_s ? db->conf.answer_s : 10;
	unsigned protocol =
	    db->conf.socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
	MYSQL *my = mysql_init(NULL);

	if (!my)
		return NULL;
	mysql_options(my, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(my, MYSQL_OPT_READ_TIMEOUT, &answer_s);
	mysql_options(my, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
	mysql_options(my, MYSQL_OPT_LOCAL_INFILE, &none);
	mysql_options(my, MYSQL_OPT_PROTOCOL, &protocol);
	mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	return my;
}

int
db_open(struct db *db)
{
	const struct db_conf *c = &db->conf;
	int64_t now;

	if (db->my)
		return 0;
	now = clk_mono_ms();
	if (db->down_since && now - db->last_refusal < REFUSAL_MS)
		return -1;
	db->my = new_handle(db);
	if (!db->my)
		return db_fail(db, CR_OUT_OF_MEMORY, "out of memory");
	if (mysql_real_connect(db->my, c->socket ? NULL : c->host, c->user,
		c->password, c->name, c->port, c->socket, CLIENT_FOUND_ROWS) &&
	    prepare_session(db) == 0) {
		db->down_since = 0;
		return 0;
	}
	db_fail(db, mysql_errno(db->my), mysql_error(db->my));
	db_close(db);
	db->last_refusal = clk_mono_ms();
	if (!db->down_since)
		db->down_since = now;
	return -1;
}

void
db_close(struct db *db)
{
	if (!db->my)
		return;
	dbstmt_close_all(db);
	mysql_close(db->my);
	db->my = NULL;
}

enum db_error
db_error(const struct db *db)
{
	return db->error;
}

const char *
db_reason(const struct db *db)
{
	return db->reason;
}

/* A power of two, or one and a half. */
size_t
db_round(size_t n)
{
	size_t step = 1;

	while (step < n)
		step *= 2;
	return step >= 4 && n <= step / 4 * 3 ? step / 4 * 3 : step;
}

static int
simple(struct db *db, const char *sql)
{
	if (db_open(db) == -1)
		return -1;
	db_done(db);
	if (mysql_real_query(db->my, sql, (unsigned long)strlen(sql)) == 0)
		return 0;
	db_fail(db, mysql_errno(db->my), mysql_error(db->my));
	if (db->error == DB_LOST)
		db_close(db);
	return -1;
}

int
db_begin(struct db *db)
{
	return simple(db, "START TRANSACTION");
}

int
db_commit(struct db *db)
{
	return simple(db, "COMMIT");
}

int
db_rollback(struct db *db)
{
	/* A connection that is gone has rolled back by itself. */
	return db->my ? simple(db, "ROLLBACK") : 0;
}

static void
pause_ms(int64_t ms)
{
	struct timespec t = {
	    .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

/*
 * How long to wait before try number n: the lost connection long enough for
 * a server to restart, the deadlock briefly and never the same for two.
 */
static int64_t
backoff_ms(const struct db *db, int n)
{
	struct timespec t;

	if (db->error == DB_LOST)
		return (int64_t)REFUSAL_MS << n;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (t.tv_nsec / 1000 % 10 + 2) << n;
}

/* One try of body, in a transaction or without; what body returned, or -1. */
static int
run_once(
    struct db *db, bool transact, int (*body)(struct db *, void *), void *arg)
{
	int r;

	if (db_open(db) == -1 || (transact && db_begin(db) == -1))
		return -1;
	/* Within a transaction a lost connection must not be replaced. */
	db->in_transact = transact;
	r = body(db, arg);
	db->in_transact = false;
	db_done(db);
	if (r == 0 && transact)
		r = db_commit(db);
	else if (transact && r == 1)
		/* The answer is made; a failure here undoes all the same. */
		db_rollback(db);
	return r;
}

static int
repeat(
    struct db *db, bool transact, int (*body)(struct db *, void *), void *arg)
{
	int64_t start = clk_mono_ms();
	int r;

	for (int n = 0;; n++) {
		enum db_error error;
		char reason[DB_REASON_SIZE];
		int64_t wait, now;

		r = run_once(db, transact, body, arg);
		if (r != -1)
			return r;
		error = db->error;
		memcpy(reason, db->reason, sizeof(reason));
		if (error == DB_LOST)
			db_close(db);
		else if (transact && db_rollback(db) == -1)
			db_close(db);
		db->error = error;
		memcpy(db->reason, reason, sizeof(reason));
		if (error != DB_LOST && error != DB_RETRY)
			return -1;
		wait = backoff_ms(db, n);
		now = clk_mono_ms();
		if (n + 1 >= TRIES || now + wait > start + TRY_MS ||
		    (db->down_since && now + wait > db->down_since + TRY_MS))
			return -1;
		pause_ms(wait);
	}
}

int
db_transact(struct db *db, int (*body)(struct db *, void *), void *arg)
{
	return repeat(db, true, body, arg);
}

int
db_read(struct db *db, int (*body)(struct db *, void *), void *arg)
{
	return repeat(db, false, body, arg);
}

void
db_copy(struct db *db, unsigned col, char *out, size_t size)
{
	const char *s = db_str(db, col);

	snprintf(out, size, "%s", s ? s : "");
}
