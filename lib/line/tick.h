/* SPDX-License-Identifier: ISC */
/*
 * Ticks, the pulse of a standing pipe. Its producer sends a `tick` record
 * each round and every stage passes it on at once, so that a stage whose
 * input has none for five rounds knows that something before it hangs.
 * A stream with ticks never ends: its end means that the producer died. A
 * stream without any is a list made by hand, and its end is its end.
 */
#ifndef LINE_TICK_H
#define LINE_TICK_H

#include <stdbool.h>
#include <stdint.h>

#define TICK_ROUNDS 5

struct tick {
	int64_t limit_ms; /* so long without a tick is too long */
	int64_t last_ms;  /* when the last one came; standing only */
	bool standing;    /* there was one */
};

/* A round's length: half a heartbeat interval, at least 100 ms. */
int64_t tick_round_ms(int64_t interval_ms);

/* A watch over a stream of that heartbeat interval. */
void tick_init(struct tick *t, int64_t interval_ms);

/* A tick came. */
void tick_came(struct tick *t, int64_t now_ms);

/*
 * How long poll may wait for the next one: at least 0 ms; -1, without end,
 * for a stream that has none.
 */
int64_t tick_wait_ms(const struct tick *t, int64_t now_ms);

/*
 * Whether the pipe hangs. To be asked only when poll found nothing to read:
 * what waits unread in the pipe may be a tick.
 */
bool tick_missing(const struct tick *t, int64_t now_ms);

#endif
