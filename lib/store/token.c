/* SPDX-License-Identifier: ISC */
#include "store/token.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/rc.h"
#include "driver/digest.h"
#include "line/row.h"
#include "os/proc.h"

#define VALID  " AND (t.expires_at IS NULL OR t.expires_at > UTC_TIMESTAMP(3))"
#define KEEP_S (7 * 24 * 3600) /* expired ones, for those who look */

const char *const token_role_words[] = {
    "admin", "agent", "operator", "viewer", "join", NULL};

/* What is known of a token; its user and its host's machine may be missing. */
#define COLUMNS "t.role, t.id, t.host, u.user, t.expires_at, m.machine"
#define TABLES                                                                 \
	" FROM token t LEFT JOIN token_user u ON u.token = t.id"               \
	" LEFT JOIN host_machine m ON m.host = t.host "

void
token_new(char text[static TOKEN_SIZE], char id[static TOKEN_ID_SIZE])
{
	proc_random_hex((TOKEN_SIZE - 1) / 2, text);
	proc_random_hex((TOKEN_ID_SIZE - 1) / 2, id);
}

void
token_hash(const char *text, char hash[static TOKEN_SIZE])
{
	digest(text, strlen(text), hash);
}

int
token_of_host(struct db *db, const char *host, char hash[static TOKEN_SIZE])
{
	int r;

	if (db_query(db,
		"SELECT t.hash FROM token t WHERE t.host = ?"
		" AND t.role = 'agent'" VALID
		" ORDER BY t.created_at DESC, t.id LIMIT 1",
		"s", host) == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		snprintf(hash, TOKEN_SIZE, "%s", db_str(db, 0));
	db_done(db);
	return r;
}

enum token_role
token_role(const char *word)
{
	for (int i = 0; token_role_words[i]; i++)
		if (strcmp(token_role_words[i], word) == 0)
			return (enum token_role)i;
	/* A newer server's: it may do nothing here. */
	return TOKEN_JOIN;
}

/* The columns COLUMNS from the first one on. */
static void
take_row(struct db *db, unsigned first, struct token *out)
{
	memset(out, 0, sizeof(*out));
	out->role = token_role(db_str(db, first));
	db_copy(db, first + 1, out->id, sizeof(out->id));
	db_copy(db, first + 2, out->host, sizeof(out->host));
	db_copy(db, first + 3, out->user, sizeof(out->user));
	db_ts(db, first + 4, out->expires);
	db_copy(db, first + 5, out->machine, sizeof(out->machine));
}

int
token_find(struct db *db, const char *text, struct token *out)
{
	char hash[TOKEN_SIZE];
	int r;

	token_hash(text, hash);
	if (db_query(db, "SELECT " COLUMNS TABLES "WHERE t.hash = ?" VALID, "s",
		hash) == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		take_row(db, 0, out);
	db_done(db);
	return r;
}

int
token_find_all(struct db *db, const char *const *hashes, size_t n,
    void (*found)(const char *hash, const struct token *t, void *arg),
    void *arg)
{
	size_t all = db_round(n);
	struct db_val *v = mem_calloc(all, sizeof(*v));
	struct token t;
	struct buf sql;
	int r;

	buf_init(&sql, SIZE_MAX / 2);
	buf_puts(&sql, "SELECT t.hash, " COLUMNS TABLES "WHERE t.hash IN (");
	for (size_t i = 0; i < all; i++) {
		v[i].s = hashes[i < n ? i : n - 1];
		buf_puts(&sql, i ? ",?" : "?");
	}
	buf_puts(&sql, ")" VALID);
	r = db_query_v(db, sql.data, v, all);
	while (r == 0 && (r = db_next(db)) == 1) {
		take_row(db, 1, &t);
		found(db_str(db, 0), &t, arg);
		r = 0;
	}
	db_done(db);
	buf_free(&sql);
	free(v);
	return r;
}

static int
purge(struct db *db)
{
	return db_exec(db,
		   "DELETE FROM token WHERE"
		   " expires_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND"
		   " LIMIT 100",
		   "i", (int64_t)KEEP_S) == -1
		   ? -1
		   : 0;
}

int
token_add(struct db *db, const struct token_new *t)
{
	const struct db_val span = {.i = t->span_s, .is_int = t->span_s != 0};
	char hash[TOKEN_SIZE];
	struct db_val v[6] = {{.s = hash}, {.s = t->id},
	    {.s = token_role_words[t->role]}, {.s = t->host}, {.s = t->note},
	    span};

	token_hash(t->text, hash);
	if (purge(db) == -1 ||
	    db_exec_v(db,
		"INSERT INTO token(hash, id, role, host, note, created_at,"
		" expires_at) VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3),"
		" UTC_TIMESTAMP(3) + INTERVAL ? SECOND)"
		" ON DUPLICATE KEY UPDATE hash = hash",
		v, 6) == -1)
		return -1;
	if (!t->user)
		return 0;
	return db_exec(db,
		   "INSERT INTO token_user(token, user) VALUES (?, ?)"
		   " ON DUPLICATE KEY UPDATE token = token",
		   "ss", t->id, t->user) == -1
		   ? -1
		   : 0;
}

int64_t
token_revoke_host(struct db *db, const char *host)
{
	return db_exec(db,
	    "DELETE FROM token WHERE host = ? AND role = 'agent'", "s", host);
}

int64_t
token_revoke_user(struct db *db, const char *user, const char *keep)
{
	return db_exec(db,
	    "DELETE FROM token WHERE id IN (SELECT token FROM token_user"
	    " WHERE user = ?) AND id <> ?",
	    "ss", user, keep ? keep : "");
}

int
token_lock(struct db *db, const char *id, struct token *out)
{
	int r;

	if (db_query(db, "SELECT " COLUMNS TABLES "WHERE t.id = ? FOR UPDATE",
		"s", id) == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		take_row(db, 0, out);
	db_done(db);
	return r;
}

int
token_revoke(struct db *db, const char *id)
{
	return db_exec(db, "DELETE FROM token WHERE id = ?", "s", id) == -1 ? -1
									    : 0;
}

#define LIST                                                                   \
	"SELECT t.id, t.role, t.host, u.user, t.note, j.host, t.created_at,"   \
	" t.expires_at FROM token t LEFT JOIN token_user u ON u.token = t.id"  \
	" LEFT JOIN token_joined j ON j.token = t.id "

int
token_list(struct db *db, const char *id, const char *after, int64_t limit)
{
	if (id)
		return db_query(db, LIST "WHERE t.id = ?", "s", id);
	return db_query(db, LIST "WHERE t.id > ? ORDER BY t.id LIMIT ?", "si",
	    after, limit);
}

int
token_row(struct db *db, const char *ts, struct buf *out,
    char key[static TOKEN_ID_SIZE])
{
	static const char *const field[] = {
	    "id", "role", "host", "user", "note", "joined"};
	char when[DB_TS_SIZE];
	int r = db_next(db);

	if (r != 1)
		return r;
	snprintf(key, TOKEN_ID_SIZE, "%s", db_str(db, 0));
	row_open(out, "token");
	row_str(out, "ts", ts);
	for (unsigned i = 0; i < 6; i++)
		row_str(out, field[i], db_str(db, i));
	if (db_ts(db, 6, when))
		row_str(out, "created_ts", when);
	if (db_ts(db, 7, when))
		row_str(out, "expires_ts", when);
	row_close(out);
	return 1;
}
