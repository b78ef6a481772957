/* SPDX-License-Identifier: ISC */
/*
 * An HTTP client over libcurl: several servers tried in turn, answers that
 * are known to be whole or refused, connections kept. One request at a time,
 * one thread.
 */
#ifndef DRIVER_HTTP_H
#define DRIVER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "driver/servers.h"

#define HTTP_BASES       8
#define HTTP_REASON_SIZE 320

struct http;

struct http_conf {
	const char *bases; /* "http://a:8801,http://b:8801", tried in turn */
	const char *token_file; /* NULL: requests carry no token */
	const char *ca_file;    /* NULL: https by the system's authorities */
	bool plaintext;    /* the token may go over plain HTTP off loopback */
	size_t answer_max; /* bytes of an answer's body */
	int stop_fd;       /* readable: give up at once; -1 for none */
};

struct http_request {
	const char *method, *path; /* path with its query */
	const char *accept;        /* NULL: application/json */
	const char *key;           /* Idempotency-Key, or NULL */
	const char *body;
	size_t len;
	int64_t deadline; /* clk_mono_ms */
};

struct http_answer {
	int status;
	char next[1024]; /* Chime-Next, empty for none */
	struct buf body; /* text; valid until the next request */
};

enum http_error {
	HTTP_OK,
	HTTP_CONNECTION, /* not reached, or it broke; perhaps it was done */
	HTTP_TIMEOUT,
	HTTP_STOPPED
};

/*
 * NULL with a reason (of HTTP_REASON_SIZE) when the configuration is wrong,
 * see servers_read. With ca_file, only what it has signed is trusted.
 */
struct http *http_new(const struct http_conf *conf, char *reason);

void http_free(struct http *h);

/*
 * The number of servers, and one request to server i (modulo the number).
 * HTTP_OK with any status, or why there is no answer, see http_reason.
 */
unsigned http_servers(const struct http *h);
enum http_error http_try(struct http *h, unsigned i,
    const struct http_request *r, const struct http_answer **a);

/*
 * One request, to each server in turn until one answers with something else
 * than 502, 503 or 504, the last good one first. Each is given an equal part
 * of the time that is left. With all having failed: the last answer, or
 * error. For requests that may be done twice.
 */
enum http_error http_do(
    struct http *h, const struct http_request *r, const struct http_answer **a);

/* Why the last request failed, with the server's name; or the last answer's
 * server.
 */
const char *http_reason(const struct http *h);
const char *http_server(const struct http *h);

#endif
