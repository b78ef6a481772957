/* SPDX-License-Identifier: ISC */
#include "store/user.h"

#include <stdio.h>
#include <string.h>

#include "line/row.h"

static bool
is_edge(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
user_name(const char *s)
{
	size_t n = strlen(s);

	return n >= 1 && n < TOKEN_USER_SIZE &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n &&
	       is_edge(s[0]) && is_edge(s[n - 1]) && strcmp(s, "self") != 0;
}

int
user_find(struct db *db, const char *name, bool lock, struct user *out)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (db_query(db,
		lock ? "SELECT name, role, password FROM user WHERE name = ?"
		       " FOR UPDATE"
		     : "SELECT name, role, password FROM user WHERE name = ?",
		"s", name) == -1)
		return -1;
	r = db_next(db);
	if (r == 1) {
		snprintf(out->name, sizeof(out->name), "%s", db_str(db, 0));
		out->role = token_role(db_str(db, 1));
		snprintf(out->hash, sizeof(out->hash), "%s", db_str(db, 2));
	}
	db_done(db);
	return r;
}

int
user_add(
    struct db *db, const char *name, enum token_role role, const char *hash)
{
	if (db_exec(db,
		"INSERT INTO user(name, role, password, created_at)"
		" VALUES (?, ?, ?, UTC_TIMESTAMP(3))",
		"sss", name, token_role_words[role], hash) != -1)
		return 0;
	return db_error(db) == DB_DUPLICATE ? 1 : -1;
}

int
user_password(
    struct db *db, const char *name, const char *hash, const char *keep)
{
	if (db_exec(db, "UPDATE user SET password = ? WHERE name = ?", "ss",
		hash, name) == -1)
		return -1;
	return token_revoke_user(db, name, keep) == -1 ? -1 : 0;
}

int
user_remove(struct db *db, const char *name)
{
	if (token_revoke_user(db, name, NULL) == -1)
		return -1;
	return db_exec(db, "DELETE FROM user WHERE name = ?", "s", name) == -1
		   ? -1
		   : 0;
}

/* How many rows the query has. */
static int64_t
count(struct db *db, const char *sql)
{
	int64_t n = 0;
	int r;

	if (db_query(db, sql, "") == -1)
		return -1;
	while ((r = db_next(db)) == 1)
		n++;
	db_done(db);
	return r == -1 ? -1 : n;
}

int64_t
user_admins(struct db *db)
{
	int64_t users, tokens;

	users =
	    count(db, "SELECT name FROM user WHERE role = 'admin' FOR UPDATE");
	if (users == -1)
		return -1;
	tokens = count(db, "SELECT id FROM token WHERE role = 'admin'"
			   " AND expires_at IS NULL FOR UPDATE");
	return tokens == -1 ? -1 : users + tokens;
}

/* Of the tries by one column: how many, and for how long still. */
static int
tries(struct db *db, const char *sql, const char *word, int64_t most,
    int64_t *wait_s)
{
	int64_t n = 0, age_ms = 0;
	int r;

	if (db_query(db, sql, "si", word, (int64_t)USER_TRY_SPAN_S) == -1)
		return -1;
	/* The newest first: the last one that matters is number `most`. */
	while ((r = db_next(db)) == 1 && n < most) {
		n++;
		age_ms = db_int(db, 0) / 1000;
	}
	db_done(db);
	if (r == -1)
		return -1;
	if (n < most)
		return 1;
	*wait_s = USER_TRY_SPAN_S - age_ms / 1000;
	if (*wait_s < 1)
		*wait_s = 1;
	return 0;
}

#define TRIES(column)                                                          \
	"SELECT TIMESTAMPDIFF(MICROSECOND, at, UTC_TIMESTAMP(3)) FROM"         \
	" login_try WHERE " column " = ? AND"                                  \
	" at > UTC_TIMESTAMP(3) - INTERVAL ? SECOND ORDER BY at DESC"          \
	" LIMIT 64"

int
user_try(struct db *db, const char *who, const char *peer, int64_t *id,
    int64_t *wait_s)
{
	int r = tries(db, TRIES("who"), who, USER_TRIES, wait_s);

	if (r != 1)
		return r;
	r = tries(db, TRIES("peer"), peer, USER_PEER_TRIES, wait_s);
	if (r != 1)
		return r;
	if (db_exec(db,
		"DELETE FROM login_try WHERE"
		" at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND LIMIT 100",
		"i", (int64_t)USER_TRY_SPAN_S) == -1 ||
	    db_exec(db,
		"INSERT INTO login_try(who, peer, at)"
		" VALUES (?, ?, UTC_TIMESTAMP(3))",
		"ss", who, peer) == -1)
		return -1;
	*id = db_insert_id(db);
	return 1;
}

int
user_try_good(struct db *db, int64_t id)
{
	return db_exec(db, "DELETE FROM login_try WHERE id = ?", "i", id) == -1
		   ? -1
		   : 0;
}

int
user_list(struct db *db, const char *name, const char *after, int64_t limit)
{
	if (name)
		return db_query(db,
		    "SELECT name, role, created_at FROM user WHERE name = ?",
		    "s", name);
	return db_query(db,
	    "SELECT name, role, created_at FROM user WHERE name > ?"
	    " ORDER BY name LIMIT ?",
	    "si", after, limit);
}

int
user_row(struct db *db, const char *ts, struct buf *out,
    char key[static TOKEN_USER_SIZE])
{
	char created[DB_TS_SIZE];
	int r = db_next(db);

	if (r != 1)
		return r;
	snprintf(key, TOKEN_USER_SIZE, "%s", db_str(db, 0));
	row_open(out, "user");
	row_str(out, "ts", ts);
	row_str(out, "user", db_str(db, 0));
	row_str(out, "role", db_str(db, 1));
	if (db_ts(db, 2, created))
		row_str(out, "created_ts", created);
	row_close(out);
	return 1;
}
