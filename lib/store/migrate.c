/* SPDX-License-Identifier: ISC */
#include "store/migrate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/event.h"

/* The single integer a query answers: 1, 0 without a row, or -1. */
static int
one_int(struct db *db, const char *sql, int64_t *n)
{
	int r;

	if (db_query(db, sql, "") == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		*n = db_int(db, 0);
	db_done(db);
	return r;
}

static int
read_version(struct db *db, void *arg)
{
	int64_t *version = arg, n = 0;

	*version = 0;
	if (one_int(db,
		"SELECT COUNT(*) FROM information_schema.tables"
		" WHERE table_schema = DATABASE()"
		" AND table_name = 'schema_version'",
		&n) == -1)
		return -1;
	if (n == 0)
		return 0;
	return one_int(db,
		   "SELECT COALESCE(MAX(version), 0) FROM"
		   " schema_version",
		   version) == -1
		   ? -1
		   : 0;
}

int
migrate_version(struct db *db, int64_t *version)
{
	return db_read(db, read_version, version);
}

int
migrate_ready(struct db *db)
{
	int64_t n;

	return one_int(db, "SELECT COUNT(*) FROM schema_version", &n) == 1 ? 0
									   : -1;
}

int
migrate_lock(struct db *db)
{
	int64_t got = 0;

	if (one_int(db,
		"SELECT GET_LOCK(CONCAT('chime.schema.', DATABASE()), 8)",
		&got) == -1)
		return -1;
	return got == 1;
}

char *
migrate_statement(char **at)
{
	char *start = NULL, *line = *at, *end;

	while (*line) {
		size_t len = strcspn(line, "\n");
		size_t last = len;

		end = line + len;
		while (last > 0 && strchr(" \t\r", line[last - 1]))
			last--;
		if (strncmp(line, "--", 2) == 0 || last == 0) {
			/* Within a statement the server skips it itself. */
		} else {
			if (!start)
				start = line;
			if (line[last - 1] == ';') {
				line[last - 1] = '\0';
				*at = *end ? end + 1 : end;
				return start;
			}
		}
		line = *end ? end + 1 : end;
	}
	*at = line;
	return start;
}

static int
record(struct db *db, void *arg)
{
	const int64_t *version = arg;
	char text[64];

	snprintf(text, sizeof(text),
	    "the database's schema is now version %" PRId64, *version);
	if (db_exec(db,
		"INSERT INTO schema_version(version, applied_at)"
		" VALUES (?, UTC_TIMESTAMP(3))"
		" ON DUPLICATE KEY UPDATE version = version",
		"i", *version) == -1)
		return -1;
	return event_add(db,
	    &(struct event){
		.level = EVENT_INFO, .kind = "server.schema", .text = text});
}

int
migrate_apply(struct db *db, int64_t version, char *text)
{
	const char *sql;

	while ((sql = migrate_statement(&text)))
		if (db_exec(db, sql, "") == -1)
			return -1;
	return db_transact(db, record, &version);
}
