/* SPDX-License-Identifier: ISC */
/* Lists that page by a key, and single records, from a store's open and row. */
#ifndef API_PAGE_H
#define API_PAGE_H

#include "api/api.h"

struct page_of {
	/* Opens one record, or with NULL those behind after: 0, -1. */
	int (*open)(
	    struct db *db, const char *one, const char *after, int64_t limit);
	/* Appends the next record and sets its key: 1, 0 at the end, -1. */
	int (*row)(struct db *db, const char *ts, struct buf *out, char *key);
};

/* Answers a list with the query's limit and after: a handler's return. */
int page_list(struct api *a, const struct page_of *of);

/*
 * In a transaction: the record of that key becomes the result. 1 when it is
 * there, 0, -1 (db_error).
 */
int page_one(struct api *a, const struct page_of *of, const char *key);

#endif
