/* SPDX-License-Identifier: ISC */
/*
 * The lines between chime-apiserver and its workers (chime-apiserver(8),
 * WORKERS). The server's side: requests are written and answers
 * are taken apart without building a tree; rows pass through as they are.
 *
 *	{"id":7,"method":"GET","path":"/v1/host","query":"limit=5",...}
 *	{"id":7,"row":{...}}
 *	{"id":7,"end":{"status":200,"result":{...},"next":"KEY"}}
 *	{"id":7,"end":{"status":404,"error":{"code":"...","message":"..."}}}
 */
#ifndef LINE_WIRE_H
#define LINE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "line/scan.h"

#define WIRE_MAX (4 * 1024 * 1024) /* bytes of a line, either way */

/* All but id, method and path may be absent; every text is valid UTF-8. */
struct wire_request {
	uint64_t id;
	const char *method;
	struct scan_text path; /* as received, not decoded */
	struct scan_text query;
	const char *token;
	const char *key;
	const char *request;
	const char *peer;
	struct scan_text body;
};

/* What a worker for one route needs of a request; raw JSON inside the line. */
struct wire_raw {
	int64_t id;
	struct scan_text method, path, token, body; /* strings, or absent */
};

/* One line of an answer; the texts are raw JSON inside the line. */
struct wire_answer {
	uint64_t id;
	struct scan_text row; /* an object; absent in the last line */
	int status;           /* of the last line, 0 in a row */
	int retry_s;          /* with 429: when to try again; 0: not told */
	struct scan_text result;
	struct scan_text next; /* a string */
	struct scan_text code; /* strings, both there from status 400 on */
	struct scan_text message;
	struct scan_text details; /* an array; absent when there is none */
};

/* Appends a request as one line; 0, or -1 when b is full. */
int wire_request(struct buf *b, const struct wire_request *r);

/* Appends s as a JSON string; 0, or -1 when b is full. */
int wire_string(struct buf *b, const char *s, size_t n);

/* Takes a request apart; 0, or -1 when it is none that can be answered. */
int wire_take(const char *line, size_t len, struct wire_raw *r);

/* Takes one line of an answer apart; 0, or -1 when it is none. */
int wire_answer(const char *line, size_t len, struct wire_answer *a);

#endif
