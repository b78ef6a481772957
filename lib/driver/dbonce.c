/* SPDX-License-Identifier: ISC */
#include "driver/dbonce.h"

#define TRIES 5

static int
run(struct db *db, int (*body)(struct db *, void *), void *arg)
{
	int r;

	if (db_begin(db) == -1)
		return -1;
	r = body(db, arg);
	db_done(db);
	if (r == 0)
		r = db_commit(db);
	if (r == 0)
		return 0;
	/* Of a connection in doubt nothing is known: it ends here. */
	if (db_rollback(db) == -1)
		db_close(db);
	return r;
}

int
db_once(struct db *db, int (*body)(struct db *, void *), void *arg)
{
	int r = -1;

	for (int n = 0; n < TRIES; n++) {
		r = run(db, body, arg);
		if (r != -1 || db_error(db) != DB_RETRY)
			break;
	}
	return r;
}
