/* SPDX-License-Identifier: ISC */
/*
 * One connection to MariaDB or MySQL 8: prepared statements only, cached by
 * their text, and whole transactions that are tried again.
 *
 * A session is READ COMMITTED, strict, utf8mb4 and UTC; a row lock is waited
 * for at most 3 s, an answer 10 s, a connection 5 s. Calls return -1 on
 * failure, with db_error and db_reason set; nothing here prints.
 *
 * Parameters are given as a string of types, one character each: 's' for a
 * const char * (NULL is SQL's NULL), 'i' for an int64_t. An int literal must
 * be cast: it is no int64_t.
 */
#ifndef DRIVER_DB_H
#define DRIVER_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DB_TS_SIZE 25 /* "2026-01-02T03:04:05.678Z" and its NUL */

struct db;

struct db_conf {
	const char *socket;   /* path of the unix socket; wins over host */
	const char *host;     /* name or address, always over TCP */
	const char *user;     /* the database's user */
	const char *name;     /* the database */
	const char *password; /* NULL for none */
	unsigned port;
	unsigned answer_s; /* how long an answer is waited for; 0: 10 s */
};

struct db_val {
	const char *s; /* NULL is SQL's NULL, unless is_int */
	int64_t i;
	bool is_int;
};

enum db_error {
	DB_OK,
	DB_LOST,  /* no connection, or lost: trying again may help */
	DB_RETRY, /* deadlock or lock wait timeout: repeat the transaction */
	DB_DUPLICATE, /* a unique key is taken */
	DB_FAILED /* the rest: statement, rights, wrong password, no database */
};

/* A connection to be, with copies of conf's strings; connects nothing yet. */
struct db *db_new(const struct db_conf *conf);

/* Closes and frees; NULL is fine. */
void db_free(struct db *db);

/*
 * Connects, if not connected. 0 or -1. After a failure a second try within
 * 200 ms fails at once with the same reason, so that a crowd of requests does
 * not queue up behind a database that is away.
 */
int db_open(struct db *db);

/* Disconnects; the next db_open connects anew. */
void db_close(struct db *db);

/* What the last call that failed failed of; DB_OK when none did yet. */
enum db_error db_error(const struct db *db);

/* The same in words, without secrets; "" when none failed yet. */
const char *db_reason(const struct db *db);

/*
 * Runs a statement without rows. The number of rows it found (an UPDATE that
 * changes nothing in a row it matches counts it), or -1.
 */
int64_t db_exec(struct db *db, const char *sql, const char *types, ...);
int64_t db_exec_v(
    struct db *db, const char *sql, const struct db_val *v, size_t n);

/* The AUTO_INCREMENT number the last db_exec made. */
int64_t db_insert_id(struct db *db);

/*
 * Runs a statement with rows, which are read from the server as db_next asks
 * for them: 0 or -1. A result that is still open when the next statement runs
 * is dropped.
 */
int db_query(struct db *db, const char *sql, const char *types, ...);
int db_query_v(
    struct db *db, const char *sql, const struct db_val *v, size_t n);

/* Moves to the next row: 1, 0 at the end (the result is done then), or -1. */
int db_next(struct db *db);

/*
 * n or a little more: how many values a list in a statement should have, so
 * that lists of any length need few texts, each of which is prepared once.
 * The last value is repeated for the rest.
 */
size_t db_round(size_t n);

/*
 * Column col (from 0) of the row: its text, valid until the next db_ call on
 * rows; NULL for SQL's NULL.
 */
const char *db_str(struct db *db, unsigned col);

/* Copies db_str into out, as much as fits; NULL becomes "". */
void db_copy(struct db *db, unsigned col, char *out, size_t size);

/* The length of db_str in bytes; 0 for NULL. */
size_t db_len(struct db *db, unsigned col);

/* Column col as an integer; 0 for NULL and for text that is no number. */
int64_t db_int(struct db *db, unsigned col);

/* Column col, a DATETIME(3), as RFC 3339 in ts; false (and "") for NULL. */
bool db_ts(struct db *db, unsigned col, char ts[static DB_TS_SIZE]);

/* Drops what is left of the result. */
void db_done(struct db *db);

/* A transaction by hand; prefer db_transact. 0 or -1. */
int db_begin(struct db *db);
int db_commit(struct db *db);
int db_rollback(struct db *db);

/*
 * Runs body in a transaction: 0 commits, 1 rolls back and keeps the answer
 * body made, -1 is a database error. The whole is repeated, with growing
 * pauses, on deadlocks, lock timeouts and lost connections, at most 6 times
 * and for 8 s together; when the database has been away for 8 s already, only
 * once. body may therefore run more than once, and (a connection lost during
 * COMMIT) after its first run was committed: it starts its answer afresh, and
 * takes random numbers and identities from outside.
 * Returns what body returned, or -1 when the last try failed.
 */
int db_transact(struct db *db, int (*body)(struct db *, void *), void *arg);

/* The same without a transaction, for one statement that only reads. */
int db_read(struct db *db, int (*body)(struct db *, void *), void *arg);

#endif
