/* SPDX-License-Identifier: ISC */
#include "store/join.h"

#include <stdio.h>

int
join_machine(struct db *db, const char *host, char machine[static TOKEN_SIZE])
{
	int r;

	machine[0] = '\0';
	if (db_query(db,
		"SELECT machine FROM host_machine WHERE host = ? FOR UPDATE",
		"s", host) == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		snprintf(machine, TOKEN_SIZE, "%s", db_str(db, 0));
	db_done(db);
	return r == -1 ? -1 : 0;
}

int
join_set_machine(struct db *db, const char *host, const char *machine)
{
	int64_t n;

	if (!machine)
		n = db_exec(
		    db, "DELETE FROM host_machine WHERE host = ?", "s", host);
	else
		n = db_exec(db,
		    "INSERT INTO host_machine(host, machine) VALUES (?, ?)"
		    " ON DUPLICATE KEY UPDATE machine = VALUES(machine)",
		    "ss", host, machine);
	return n == -1 ? -1 : 0;
}

int
join_use(struct db *db, const char *token, const char *host,
    char used[static TOKEN_HOST_SIZE])
{
	int r;

	if (db_query(db,
		"SELECT host FROM token_joined WHERE token = ? FOR UPDATE", "s",
		token) == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		snprintf(used, TOKEN_HOST_SIZE, "%s", db_str(db, 0));
	db_done(db);
	if (r != 0)
		return r == -1 ? -1 : 0;
	if (db_exec(db, "INSERT INTO token_joined(token, host) VALUES (?, ?)",
		"ss", token, host) != -1)
		return 1;
	if (db_error(db) != DB_DUPLICATE)
		return -1;
	/* Another one was first, for the same host or not. */
	snprintf(used, TOKEN_HOST_SIZE, "another one");
	return 0;
}

static int
due(struct db *db, const char *sql, const char *key)
{
	int64_t n = db_exec(db, sql, "s", key);

	return n == -1 ? -1 : n > 0;
}

#define DUE                                                                    \
	" (refused_at IS NULL OR"                                              \
	" refused_at < UTC_TIMESTAMP(3) - INTERVAL 60 SECOND)"

int
join_tell_host(struct db *db, const char *host)
{
	return due(db,
	    "UPDATE host_machine SET refused_at = UTC_TIMESTAMP(3)"
	    " WHERE host = ? AND" DUE,
	    host);
}

int
join_tell_token(struct db *db, const char *token)
{
	return due(db,
	    "UPDATE token_joined SET refused_at = UTC_TIMESTAMP(3)"
	    " WHERE token = ? AND" DUE,
	    token);
}
