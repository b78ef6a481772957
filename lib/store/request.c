/* SPDX-License-Identifier: ISC */
#include "store/request.h"

#include <string.h>

#include "base/mem.h"

int
request_begin(struct db *db, const struct request *r, enum request_found *found,
    char **answer)
{
	int n;

	*answer = NULL;
	*found = REQUEST_NEW;
	if (db_exec(db,
		"INSERT INTO request(actor, request_key, digest, created_at)"
		" VALUES (?, ?, ?, UTC_TIMESTAMP(3))",
		"sss", r->actor, r->key, r->digest) != -1)
		return 0;
	if (db_error(db) != DB_DUPLICATE)
		return -1;
	if (db_query(db,
		"SELECT digest, answer FROM request"
		" WHERE actor = ? AND request_key = ?",
		"ss", r->actor, r->key) == -1)
		return -1;
	n = db_next(db);
	*found = REQUEST_LOST;
	if (n == 1) {
		*found = strcmp(db_str(db, 0), r->digest) == 0 ? REQUEST_DONE
							       : REQUEST_OTHER;
		*answer = mem_strdup(db_str(db, 1));
	}
	db_done(db);
	return n == -1 ? -1 : 0;
}

int
request_end(struct db *db, const struct request *r, const char *answer)
{
	return db_exec(db,
		   "UPDATE request SET status = 200, answer = ?"
		   " WHERE actor = ? AND request_key = ?",
		   "sss", answer, r->actor, r->key) == -1
		   ? -1
		   : 0;
}

/* In small batches, so that nobody who makes a change waits for it. */
int64_t
request_purge(struct db *db)
{
	return db_exec(db,
	    "DELETE FROM request WHERE created_at <"
	    " UTC_TIMESTAMP(3) - INTERVAL 1 DAY"
	    " ORDER BY created_at LIMIT 200",
	    "");
}
