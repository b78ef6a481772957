/* SPDX-License-Identifier: ISC */
/* lib/line/tick: when a standing pipe is known to hang. */
#include "line/tick.h"

#include "unit.h"

int
main(void)
{
	struct tick t;

	CHECK("a round is half an interval", tick_round_ms(10000) == 5000);
	CHECK("but at least 100 ms", tick_round_ms(100) == 100);
	tick_init(&t, 1000);
	CHECK("without ticks nothing is missing", !tick_missing(&t, 1000000));
	CHECK("and poll waits for ever", tick_wait_ms(&t, 1000000) == -1);
	tick_came(&t, 50);
	CHECK("with one it is a standing pipe", t.standing);
	CHECK("poll waits five rounds", tick_wait_ms(&t, 50) == 2500);
	CHECK("less what has passed", tick_wait_ms(&t, 2500) == 50);
	CHECK("never less than nothing", tick_wait_ms(&t, 99999) == 0);
	CHECK("1 ms before it is not missing", !tick_missing(&t, 2549));
	CHECK("after five rounds it is", tick_missing(&t, 2550));
	tick_came(&t, 2600);
	CHECK("the next one makes all good", !tick_missing(&t, 5000));
	return unit_done();
}
