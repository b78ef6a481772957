/* SPDX-License-Identifier: ISC */
/*
 * When the next heartbeat is sent. Beats come at a fixed rate, so that they
 * neither drift nor bunch after a stall; besides, at once when woken, and
 * after a failure again and again within the interval. Pure: times are
 * milliseconds of one monotonic clock, given by the caller.
 */
#ifndef CORE_PULSE_H
#define CORE_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#define PULSE_GAP_MS 100 /* between the starts of two beats, at least */

struct pulse {
	int64_t interval;
	int64_t due;   /* the next regular beat */
	int64_t began; /* when the last beat did */
	int64_t retry; /* INT64_MAX: none */
	unsigned failures;
	bool woken;
};

/* The first beat is due now. */
void pulse_init(struct pulse *p, int64_t interval, int64_t now);

/* When the next beat is to begin. */
int64_t pulse_next(const struct pulse *p);

/* A beat begins. */
void pulse_begin(struct pulse *p, int64_t now);

/* It was answered, with the interval to keep from now on. */
void pulse_answered(struct pulse *p, int64_t interval);

/*
 * It was not. random is any number: many agents that lost one server do not
 * come back at the same moment.
 */
void pulse_failed(struct pulse *p, int64_t now, uint32_t random);

/* Something happened that the server should know, or told us to ask. */
void pulse_wake(struct pulse *p);

/* How long one attempt may take: a second one fits into the interval. */
int64_t pulse_patience(const struct pulse *p);

#endif
