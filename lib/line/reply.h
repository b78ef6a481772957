/* SPDX-License-Identifier: ISC */
/*
 * The body of an HTTP answer, made from a worker's rows and their end:
 *
 *	{"requestId":"...","result":[ROW,...],"next":"KEY"}
 *	{"requestId":"...","result":OBJECT}
 *	{"requestId":"...","error":{"code":...,"message":...,"status":N}}
 *
 * or, for whoever accepts application/x-ndjson, one row or object a line
 * (an error is the same envelope there).
 */
#ifndef LINE_REPLY_H
#define LINE_REPLY_H

#include <stdbool.h>

#include "base/buf.h"
#include "line/wire.h"

#define REPLY_ID_SIZE   33
#define REPLY_NEXT_SIZE 1024

struct reply {
	struct buf body;
	char request[REPLY_ID_SIZE];
	char next[REPLY_NEXT_SIZE]; /* percent-encoded; empty for none */
	bool ndjson;
	bool rows;      /* at least one was given */
	int status;     /* set by reply_end */
	char retry[12]; /* the same: Retry-After; empty for none */
};

/* An empty answer of at most max bytes. */
void reply_init(
    struct reply *r, const char *request_id, bool ndjson, size_t max);
void reply_free(struct reply *r);

/* Forgets the rows: another worker begins anew. */
void reply_restart(struct reply *r);

/* Adds one row, an object's text. */
void reply_row(struct reply *r, struct scan_text row);

/*
 * Ends the answer and sets status. What did not fit becomes an error 500,
 * too_large.
 */
void reply_end(struct reply *r, const struct wire_answer *end);

/* Ends the answer with an error of the server's own. */
void reply_error(
    struct reply *r, int status, const char *code, const char *message);

#endif
