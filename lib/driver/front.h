/* SPDX-License-Identifier: ISC */
/*
 * The HTTP side of chime-apiserver: libmicrohttpd in one thread with an
 * event loop of the caller's. It reads a request whole, hands it over, keeps
 * the connection suspended until its answer is complete, and sends that. A
 * slow client holds its own connection and bounded memory, nothing else:
 *
 * - handshake, head and body must be there within read_ms of the connection's
 *   beginning or its last answer, an answer be taken within send_ms, or the
 *   connection is closed;
 * - when almost all connections are taken, the one that has been without a
 *   whole request for longest is closed for the next.
 */
#ifndef DRIVER_FRONT_H
#define DRIVER_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "line/wire.h"

#define FRONT_BODY_MAX (1024 * 1024) /* of a request */
#define FRONT_ID_SIZE  25            /* of a request's id, with its NUL */

struct front;
struct front_request;
struct www;

struct front_conf {
	int fd;   /* listening; front_new takes it */
	bool tls; /* by what tls_retrieve has; else plain HTTP */
	unsigned connections;
	int64_t read_ms, send_ms;
	/*
	 * A whole request; r and what it points to live until this returns.
	 * It is to be answered by front_row and front_end or front_error, at
	 * once or later.
	 */
	void (*request)(
	    void *arg, struct front_request *q, const struct wire_request *r);
	void *arg;
	struct www *www; /* files to serve beside the API, or NULL */
	/* Messages about clients: say_debug. */
	void (*debug)(const char *fmt, ...);
};

/* NULL when libmicrohttpd does not start. */
struct front *front_new(const struct front_conf *conf);

/* The descriptor to wait for; front_run is due when it is readable. */
int front_fd(const struct front *f);

/*
 * Does what is to be done now. The milliseconds until it must be called
 * again at the latest.
 */
int64_t front_run(struct front *f, int64_t now);

/* The answer: rows, then an end; or an error of the server's own. */
void front_row(struct front_request *q, struct scan_text row);
void front_restart(struct front_request *q);
void front_end(struct front_request *q, const struct wire_answer *end);
void front_error(
    struct front_request *q, int status, const char *code, const char *message);

/* Accepts no more connections and closes each with its answer. */
void front_quiesce(struct front *f);

/* Requests that are being answered or whose answer is being sent. */
unsigned front_busy(const struct front *f);

/* Closes everything; every request must have been answered. */
void front_free(struct front *f);

#endif
