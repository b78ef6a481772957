/* SPDX-License-Identifier: ISC */
/*
 * The table `request`: changes that were made, by the Idempotency-Key they
 * came with, so that one that is repeated is answered and not done again. A
 * row belongs to the transaction of its change. Functions return -1 when the
 * database failed (db_error).
 */
#ifndef STORE_REQUEST_H
#define STORE_REQUEST_H

#include "driver/db.h"

#define REQUEST_KEY_MAX 64

struct request {
	const char *actor;  /* whose keys these are */
	const char *key;    /* printable ASCII, 1 to REQUEST_KEY_MAX */
	const char *digest; /* 64 hex digits: what was asked */
};

enum request_found {
	REQUEST_NEW,   /* it is this transaction's to do */
	REQUEST_DONE,  /* done before: the answer is there */
	REQUEST_OTHER, /* the key was used for something else */
	REQUEST_LOST   /* it was there and is gone: try again */
};

/*
 * First in the transaction: waits for another one with the same key to end.
 * 0 with *found, and with *answer (to be freed; NULL if none was kept) for
 * REQUEST_DONE; -1.
 */
int request_begin(struct db *db, const struct request *r,
    enum request_found *found, char **answer);

/* Last in it: keeps the answer, or NULL. 0, -1. */
int request_end(struct db *db, const struct request *r, const char *answer);

/* Removes some of those older than a day: how many, or -1. */
int64_t request_purge(struct db *db);

#endif
