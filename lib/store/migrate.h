/* SPDX-License-Identifier: ISC */
/* The table `schema_version`, and how the tables come to the newest shape. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <stddef.h>
#include <stdint.h>

#include "driver/db.h"

/* The database's version; 0 when it has no tables yet. 0, or -1 (db_error). */
int migrate_version(struct db *db, int64_t *version);

/* Whether the tables are there and can be read, in one try: 0, or -1. */
int migrate_ready(struct db *db);

/*
 * Lets one at a time change tables, until the connection ends: 1, 0 when
 * another one is at it (after waiting for it for 8 s), or -1 (db_error).
 */
int migrate_lock(struct db *db);

/*
 * The next statement of a migration file's text: moves *at behind it and
 * returns it NUL-terminated in place, without its semicolon; NULL at the end.
 * A statement ends with a semicolon at the end of a line; lines that begin
 * with "--" and blank lines between statements are skipped.
 */
char *migrate_statement(char **at);

/*
 * Runs every statement of text (which is cut up), then records the version
 * with an event of it. 0, or -1 (db_error).
 */
int migrate_apply(struct db *db, int64_t version, char *text);

#endif
