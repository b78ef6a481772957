/* SPDX-License-Identifier: ISC */
/* lib/core/pulse: beats neither drift, nor bunch, nor hammer. */
#include "core/pulse.h"

#include "unit.h"

#define T0 1000000

/* A beat that takes ms and is answered. */
static int64_t
beat(struct pulse *p, int64_t ms)
{
	int64_t now = pulse_next(p);

	pulse_begin(p, now);
	pulse_answered(p, p->interval);
	(void)ms;
	return now;
}

static void
regular(void)
{
	struct pulse p;

	pulse_init(&p, 10000, T0);
	CHECK("the first at once", beat(&p, 5) == T0);
	CHECK("the second an interval later", beat(&p, 500) == T0 + 10000);
	CHECK("however long the first took", beat(&p, 0) == T0 + 20000);
	pulse_begin(&p, T0 + 30007);
	pulse_answered(&p, 10000);
	CHECK("one that begins late shifts nothing",
	    pulse_next(&p) == T0 + 40000);
	pulse_begin(&p, T0 + 95000);
	pulse_answered(&p, 10000);
	CHECK("what a stall missed is not made up for",
	    pulse_next(&p) == T0 + 100000);
	pulse_begin(&p, T0 + 100000);
	pulse_answered(&p, 1000);
	CHECK("a new interval counts from the beat that brought it",
	    pulse_next(&p) == T0 + 101000);
}

static void
woken(void)
{
	struct pulse p;

	pulse_init(&p, 10000, T0);
	beat(&p, 0);
	pulse_wake(&p);
	CHECK("woken: soon, but not at once again",
	    pulse_next(&p) == T0 + PULSE_GAP_MS);
	pulse_begin(&p, T0 + 3000);
	pulse_answered(&p, 10000);
	CHECK("and then as before", pulse_next(&p) == T0 + 10000);
	pulse_wake(&p);
	pulse_begin(&p, T0 + 9999);
	CHECK("a regular one right behind it keeps the gap",
	    pulse_next(&p) == T0 + 9999 + PULSE_GAP_MS);
}

static void
failing(void)
{
	struct pulse p;
	int64_t last = T0, now = T0;
	int n = 0;

	pulse_init(&p, 10000, T0);
	/* All the randomness there is makes no wait longer than 6 s. */
	for (unsigned r = 0; r < 4000000000u; r += 1000000007u) {
		now = pulse_next(&p);
		n += now - last > 6000;
		pulse_begin(&p, now);
		pulse_failed(&p, now + 1, r);
		last = now;
	}
	CHECK("failing: again within the interval", n == 0);
	pulse_init(&p, 10000, T0);
	pulse_begin(&p, T0);
	pulse_failed(&p, T0 + 100, 0);
	CHECK("the least wait", pulse_next(&p) == T0 + 100 + 250);
	pulse_failed(&p, T0 + 100, 1023);
	CHECK("twice as long the second time, differently for each",
	    pulse_next(&p) >= T0 + 100 + 1499 &&
		pulse_next(&p) <= T0 + 100 + 1500);
	pulse_begin(&p, T0 + 2000);
	pulse_answered(&p, 10000);
	CHECK("once answered there is no retry", pulse_next(&p) == T0 + 10000);
	CHECK("two attempts fit into an interval",
	    2 * pulse_patience(&p) < p.interval);
}

int
main(void)
{
	regular();
	woken();
	failing();
	return unit_done();
}
