/* SPDX-License-Identifier: ISC */
/*
 * What the handlers of the routes share: one request, who makes it, the
 * database, and the answer's lines. A handler
 *
 * - returns 0 when the answer is written (rows, or a result),
 * - returns 1 after api_fail, which is the answer,
 * - returns -1 when the database failed (db_error), and is then answered for.
 *
 * The bodies it gives to db_transact return the same, so that a refusal rolls
 * back. A body begins with api_again: it may be run more than once.
 */
#ifndef API_API_H
#define API_API_H

#include <stdbool.h>

#include "api/req.h"
#include "base/buf.h"
#include "driver/db.h"
#include "store/event.h"
#include "store/host.h"
#include "store/token.h"

#define API_OUT_MAX      (32 * 1024 * 1024)
#define API_PAGE_BYTES   (2 * 1024 * 1024) /* a page of a list ends here */
#define API_LIMIT        1000              /* rows a page */
#define API_MESSAGE_SIZE 768
#define API_ACTOR_SIZE   64
#define API_KEY_SIZE     64

struct api {
	struct db *db;
	int64_t cpu_ratio;
	struct req req;
	struct token who;
	/* "user:NAME", or "admin:ID" of a token of nobody's: for events */
	char actor[API_ACTOR_SIZE];
	struct buf *out;         /* complete lines, and this answer's */
	size_t mark;             /* where this answer begins in out */
	bool has_result;         /* its last line is begun: "result" is in */
	size_t result_at;        /* and where in out its value begins */
	struct buf details;      /* an error's, a JSON array; or empty */
	char next[API_KEY_SIZE]; /* where the next page begins, or "" */
	int status;
	const char *code;
	char message[API_MESSAGE_SIZE];
	int64_t retry_s;             /* with 429: when to try again */
	char nudge_ip[HOST_IP_SIZE]; /* whom to nudge after the commit, or "" */
	int64_t nudge_port;
	char nudge_host[HOST_NAME_SIZE];
	char nudge_hash[TOKEN_SIZE]; /* of its token; or "" */
};

/* Begins the answer anew. */
void api_again(struct api *a);

/* Makes the answer an error; returns 1. */
int api_fail(struct api *a, int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with 400, bad_request. */
int api_bad(struct api *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A row is written to a->out between these two: api_row, then the object.
 * api_row_end returns false when the page is full.
 */
void api_row(struct api *a);
bool api_row_end(struct api *a);

/* Begins the single result, which is then written to a->out as an object. */
void api_result(struct api *a);

/* The query's limit and after: 0, or 1 after api_bad. */
int api_page(struct api *a, int64_t *limit, const char **after);

/* The body as an object: 0, or 1 after api_bad. */
int api_body(struct api *a, json_t **body);

/* Adds an event by this caller: 0, -1. host and vm may be NULL. */
int api_event(struct api *a, const char *kind, const char *host, const char *vm,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/*
 * Remembers whom to nudge once the change is committed; in its transaction. A
 * nudge may be lost, so may its key.
 */
void api_nudge(struct api *a, const struct host *h);

/*
 * Answers one request line: appends its answer's lines to out. 0; 1 when the
 * answer is that the database failed (db_reason); -1 when the line has no id
 * to answer to (why is set).
 */
int api_call(struct db *db, int64_t cpu_ratio, const char *line, size_t len,
    struct buf *out, struct json_reason *why);

#endif
