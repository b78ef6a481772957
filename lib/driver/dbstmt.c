/* SPDX-License-Identifier: ISC */
#include "driver/dbstmt.h"

#include <errmsg.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define ARGS_MAX   64
#define TEXT_FIRST 512 /* a text column's buffer grows from here */

static void
close_one(struct dbstmt *s)
{
	if (!s->sql)
		return;
	mysql_stmt_close(s->stmt);
	for (unsigned i = 0; i < s->cols; i++)
		free(s->col[i].text);
	free(s->col);
	free(s->bind);
	free(s->sql);
	*s = (struct dbstmt){0};
}

void
dbstmt_close_all(struct db *db)
{
	db->rows = NULL;
	for (size_t i = 0; i < DBSTMT_CACHE; i++)
		close_one(&db->cache[i]);
}

/* The statement's failure; a lost connection ends every statement with it. */
static int
fail(struct db *db, MYSQL_STMT *stmt)
{
	db_fail(db, mysql_stmt_errno(stmt), mysql_stmt_error(stmt));
	if (db->error == DB_LOST)
		db_close(db);
	return -1;
}

static void
bind_col(struct dbstmt *s, unsigned i)
{
	struct dbstmt_col *c = &s->col[i];
	MYSQL_BIND *b = &s->bind[i];

	*b = (MYSQL_BIND){.is_null = &c->null, .length = &c->len};
	if (c->type == MYSQL_TYPE_LONGLONG) {
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		b->buffer = &c->num;
	} else {
		b->buffer_type = MYSQL_TYPE_STRING;
		b->buffer = c->text;
		b->buffer_length = c->cap;
	}
}

/* Learns the columns of a statement that has rows. */
static int
describe(struct db *db, struct dbstmt *s)
{
	MYSQL_RES *meta;
	const MYSQL_FIELD *f;
	unsigned n = mysql_stmt_field_count(s->stmt);

	if (n == 0)
		return 0;
	meta = mysql_stmt_result_metadata(s->stmt);
	if (!meta)
		return fail(db, s->stmt);
	f = mysql_fetch_fields(meta);
	s->col = mem_calloc(n, sizeof(*s->col));
	s->bind = mem_calloc(n, sizeof(*s->bind));
	s->cols = n;
	for (unsigned i = 0; i < n; i++) {
		struct dbstmt_col *c = &s->col[i];

		c->type = IS_NUM(f[i].type) &&
				  f[i].type != MYSQL_TYPE_DECIMAL &&
				  f[i].type != MYSQL_TYPE_NEWDECIMAL &&
				  f[i].type != MYSQL_TYPE_FLOAT &&
				  f[i].type != MYSQL_TYPE_DOUBLE
			      ? MYSQL_TYPE_LONGLONG
			      : MYSQL_TYPE_STRING;
		if (c->type == MYSQL_TYPE_STRING) {
			c->cap = f[i].length < TEXT_FIRST ? f[i].length + 1
							  : TEXT_FIRST;
			c->text = mem_calloc(c->cap + 1, 1);
		}
		bind_col(s, i);
	}
	mysql_free_result(meta);
	return 0;
}

/* The prepared statement of a text, from the cache or new; NULL on failure. */
static struct dbstmt *
lookup(struct db *db, const char *sql)
{
	struct dbstmt *s = &db->cache[0];
	MYSQL_STMT *stmt;

	for (size_t i = 0; i < DBSTMT_CACHE; i++) {
		struct dbstmt *c = &db->cache[i];

		if (c->sql && strcmp(c->sql, sql) == 0) {
			c->used = ++db->clock;
			return c;
		}
		if (c->used < s->used)
			s = c;
	}
	stmt = mysql_stmt_init(db->my);
	if (!stmt) {
		db_fail(db, CR_OUT_OF_MEMORY, "out of memory");
		return NULL;
	}
	if (mysql_stmt_prepare(stmt, sql, (unsigned long)strlen(sql))) {
		db_fail(db, mysql_stmt_errno(stmt), mysql_stmt_error(stmt));
		mysql_stmt_close(stmt);
		if (db->error == DB_LOST)
			db_close(db);
		return NULL;
	}
	close_one(s);
	s->sql = mem_strdup(sql);
	s->stmt = stmt;
	s->used = ++db->clock;
	if (describe(db, s) == -1) {
		if (db->my)
			close_one(s);
		return NULL;
	}
	return s;
}

/* Connects if that is allowed here: a transaction dies with its connection. */
static int
connected(struct db *db)
{
	if (db->my)
		return 0;
	if (db->in_transact)
		return -1;
	return db_open(db);
}

/* Prepares and executes; the statement, or NULL. */
static struct dbstmt *
run(struct db *db, const char *sql, const struct db_val *v, size_t n)
{
	MYSQL_BIND few[ARGS_MAX], *b = few;
	struct dbstmt *s;
	bool bad;

	if (connected(db) == -1)
		return NULL;
	db_done(db);
	s = lookup(db, sql);
	if (!s)
		return NULL;
	if (mysql_stmt_param_count(s->stmt) != n) {
		db_fail(db, CR_INVALID_PARAMETER_NO,
		    "a statement got the wrong number of parameters");
		return NULL;
	}
	if (n > ARGS_MAX)
		b = mem_calloc(n, sizeof(*b));
	for (size_t i = 0; i < n; i++) {
		b[i] = (MYSQL_BIND){0};
		if (v[i].is_int) {
			b[i].buffer_type = MYSQL_TYPE_LONGLONG;
			b[i].buffer = (void *)(uintptr_t)&v[i].i;
		} else if (v[i].s) {
			b[i].buffer_type = MYSQL_TYPE_STRING;
			b[i].buffer = (void *)(uintptr_t)v[i].s;
			b[i].buffer_length = (unsigned long)strlen(v[i].s);
		} else {
			b[i].buffer_type = MYSQL_TYPE_NULL;
		}
	}
	bad = (n > 0 && mysql_stmt_bind_param(s->stmt, b)) ||
	      mysql_stmt_execute(s->stmt) ||
	      (s->cols > 0 && mysql_stmt_bind_result(s->stmt, s->bind));
	if (b != few)
		free(b);
	if (bad) {
		fail(db, s->stmt);
		return NULL;
	}
	return s;
}

int64_t
db_exec_v(struct db *db, const char *sql, const struct db_val *v, size_t n)
{
	struct dbstmt *s = run(db, sql, v, n);

	if (!s)
		return -1;
	if (s->cols > 0) {
		mysql_stmt_free_result(s->stmt);
		return 0;
	}
	db->insert_id = (int64_t)mysql_stmt_insert_id(s->stmt);
	return (int64_t)mysql_stmt_affected_rows(s->stmt);
}

int
db_query_v(struct db *db, const char *sql, const struct db_val *v, size_t n)
{
	struct dbstmt *s = run(db, sql, v, n);

	if (!s)
		return -1;
	if (s->cols > 0)
		db->rows = s;
	return 0;
}

/* The variadic arguments as values; how many, or -1 for a bad type string. */
static ssize_t
gather(struct db *db, struct db_val *v, const char *types, va_list ap)
{
	size_t n = 0;

	for (const char *t = types; t && *t; t++, n++) {
		if (n == ARGS_MAX || (*t != 's' && *t != 'i'))
			return db_fail(db, CR_INVALID_PARAMETER_NO,
			    "a statement got a wrong list of types");
		v[n] = (struct db_val){0};
		if (*t == 'i') {
			v[n].is_int = true;
			v[n].i = va_arg(ap, int64_t);
		} else {
			v[n].s = va_arg(ap, const char *);
		}
	}
	return (ssize_t)n;
}

int64_t
db_exec(struct db *db, const char *sql, const char *types, ...)
{
	struct db_val v[ARGS_MAX];
	va_list ap;
	ssize_t n;

	va_start(ap, types);
	n = gather(db, v, types, ap);
	va_end(ap);
	return n == -1 ? -1 : db_exec_v(db, sql, v, (size_t)n);
}

int
db_query(struct db *db, const char *sql, const char *types, ...)
{
	struct db_val v[ARGS_MAX];
	va_list ap;
	ssize_t n;

	va_start(ap, types);
	n = gather(db, v, types, ap);
	va_end(ap);
	return n == -1 ? -1 : db_query_v(db, sql, v, (size_t)n);
}

int64_t
db_insert_id(struct db *db)
{
	return db->insert_id;
}

/* Reads again what a text column's buffer was too small for. */
static int
fetch_long(struct db *db, struct dbstmt *s)
{
	for (unsigned i = 0; i < s->cols; i++) {
		struct dbstmt_col *c = &s->col[i];

		if (c->type == MYSQL_TYPE_LONGLONG || c->null ||
		    c->len <= c->cap)
			continue;
		c->cap = c->len + c->len / 2;
		c->text = mem_realloc(c->text, c->cap + 1, 1);
		bind_col(s, i);
		if (mysql_stmt_fetch_column(s->stmt, &s->bind[i], i, 0) ||
		    mysql_stmt_bind_result(s->stmt, s->bind))
			return fail(db, s->stmt);
	}
	return 0;
}

int
db_next(struct db *db)
{
	struct dbstmt *s = db->rows;
	int r;

	if (!s)
		return 0;
	r = mysql_stmt_fetch(s->stmt);
	if (r == MYSQL_NO_DATA) {
		db_done(db);
		return 0;
	}
	if (r != 0 && r != MYSQL_DATA_TRUNCATED) {
		db->rows = NULL;
		fail(db, s->stmt);
		if (db->my)
			mysql_stmt_free_result(s->stmt);
		return -1;
	}
	if (fetch_long(db, s) == -1) {
		db_done(db);
		return -1;
	}
	for (unsigned i = 0; i < s->cols; i++)
		if (s->col[i].text)
			s->col[i].text[s->col[i].null ? 0 : s->col[i].len] =
			    '\0';
	return 1;
}

void
db_done(struct db *db)
{
	if (db->rows)
		mysql_stmt_free_result(db->rows->stmt);
	db->rows = NULL;
}

const char *
db_str(struct db *db, unsigned col)
{
	struct dbstmt_col *c;

	if (!db->rows || col >= db->rows->cols)
		return NULL;
	c = &db->rows->col[col];
	if (c->null)
		return NULL;
	if (c->type != MYSQL_TYPE_LONGLONG)
		return c->text;
	snprintf(c->shown, sizeof(c->shown), "%" PRId64, c->num);
	return c->shown;
}

size_t
db_len(struct db *db, unsigned col)
{
	const char *s = db_str(db, col);

	if (!s)
		return 0;
	return db->rows->col[col].type == MYSQL_TYPE_LONGLONG
		   ? strlen(s)
		   : db->rows->col[col].len;
}

int64_t
db_int(struct db *db, unsigned col)
{
	const struct dbstmt_col *c;
	int64_t n = 0;

	if (!db->rows || col >= db->rows->cols)
		return 0;
	c = &db->rows->col[col];
	if (c->null)
		return 0;
	if (c->type == MYSQL_TYPE_LONGLONG)
		return c->num;
	if (num_int(c->text, INT64_MIN, INT64_MAX, &n) == -1)
		return 0;
	return n;
}

bool
db_ts(struct db *db, unsigned col, char ts[static DB_TS_SIZE])
{
	const char *s = db_str(db, col);

	ts[0] = '\0';
	if (!s || strlen(s) != DB_TS_SIZE - 2)
		return false;
	snprintf(ts, DB_TS_SIZE, "%.10sT%.12sZ", s, s + 11);
	return true;
}
