/* SPDX-License-Identifier: ISC */
/*
 * A transaction for those whose own next round repeats it anyway: deadlocks
 * are tried again, an absent database is reported at once.
 */
#ifndef DRIVER_DBONCE_H
#define DRIVER_DBONCE_H

#include "driver/db.h"

/*
 * Runs body in a transaction, as db_transact does, on the connection there is
 * (a new one when there is none); after a lost connection it does not try
 * again. body returns -1 at the first call that fails. Returns what body
 * returned, or -1 (db_error, db_reason).
 */
int db_once(struct db *db, int (*body)(struct db *, void *), void *arg);

#endif
