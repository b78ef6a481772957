/* SPDX-License-Identifier: ISC */
/*
 * The statements of a connection, private to lib/driver/db*.c: prepared once,
 * kept by their text, the least recently used one closed for a new one.
 */
#ifndef DRIVER_DBSTMT_H
#define DRIVER_DBSTMT_H

#include <mysql.h>

#include "driver/db.h"

#define DBSTMT_CACHE   128
#define DB_REASON_SIZE 320

struct dbstmt_col {
	enum enum_field_types type;
	int64_t num; /* of integer columns */
	char *text;  /* of the rest; owned, cap bytes and a NUL */
	unsigned long cap;
	unsigned long len;
	my_bool null;
	char shown[24]; /* an integer as text */
};

struct dbstmt {
	char *sql; /* owned; NULL: a free place */
	MYSQL_STMT *stmt;
	uint64_t used; /* when last, in statements */
	MYSQL_BIND *bind;
	struct dbstmt_col *col;
	unsigned cols;
};

struct db {
	struct db_conf conf; /* its strings are owned */
	MYSQL *my;           /* NULL: not connected */
	enum db_error error;
	char reason[DB_REASON_SIZE];
	struct dbstmt cache[DBSTMT_CACHE];
	uint64_t clock;
	struct dbstmt *rows; /* whose result is open, or NULL */
	int64_t insert_id;
	bool in_transact;
	int64_t down_since; /* clk_mono_ms; 0: the last connect worked */
	int64_t last_refusal;
};

/* Sets error and reason from a client or server error number; returns -1. */
int db_fail(struct db *db, unsigned number, const char *text);

/* Closes every statement of db. */
void dbstmt_close_all(struct db *db);

#endif
