/* SPDX-License-Identifier: ISC */
/*
 * chime-apiserver without HTTP: requests as lines on one descriptor, answers
 * as lines on another, in the form its workers speak (line/wire.h). A line
 * that is no request is answered with an error record; its number counts
 * from 1.
 */
#ifndef DRIVER_RELAY_H
#define DRIVER_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "line/wire.h"

struct relay;
struct relay_request;

struct relay_conf {
	int loop;      /* os/loop.h */
	int in, out;   /* out blocks */
	unsigned most; /* requests at once; reading pauses at so many */
	/* A request, to be answered at once or later; r as in front.h. */
	void (*request)(
	    void *arg, struct relay_request *q, const struct wire_request *r);
	void *arg;
};

struct relay *relay_new(const struct relay_conf *conf);

enum { RELAY_DONE = -2, RELAY_FAILED = -3 };

/*
 * Reads what is there, unless too many wait. The milliseconds until it must
 * be called again, -1 for any time; RELAY_DONE when the input has ended and
 * all was answered; RELAY_FAILED with errno when reading or writing failed.
 */
int64_t relay_run(struct relay *y);

/* The answer, as in front.h. */
void relay_row(struct relay_request *q, struct scan_text row);
void relay_restart(struct relay_request *q);
void relay_end(struct relay_request *q, const struct wire_answer *end);
void relay_error(
    struct relay_request *q, int status, const char *code, const char *message);

void relay_free(struct relay *y);

#endif
