/* SPDX-License-Identifier: ISC */
/* Whether a database is fit for chime: asked of it, not of its settings. */
#ifndef STORE_DBCHECK_H
#define STORE_DBCHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/db.h"

#define DBCHECK_REASON_SIZE 320

/* What was found, in words; reason is empty when the database failed. */
struct dbcheck {
	bool good;
	char reason[DBCHECK_REASON_SIZE];
};

/*
 * Whether the server takes writes of users without special rights. Needs no
 * rights itself, not even a database: it looks at what makes a server read
 * only, so a full disk goes unnoticed. 0, or -1 as of db_error.
 */
int dbcheck_writable(struct db *db, struct dbcheck *c);

/*
 * Writes a row of the schema's, reads it back and rolls back; good when it
 * was there and is gone. 0, or -1.
 */
int dbcheck_write(struct db *db, struct dbcheck *c);

/* Whether what is committed outlives a power cut. 0, or -1. */
int dbcheck_durable(struct db *db, struct dbcheck *c);

/*
 * How far the database's clock is from this one: good within a second beyond
 * what the question itself took. 0, or -1.
 */
int dbcheck_clock(struct db *db, struct dbcheck *c);

#endif
