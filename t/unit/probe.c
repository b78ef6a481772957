/* SPDX-License-Identifier: ISC */
/* lib/core/probe: when a network is down, and when it is up again. */
#include "core/probe.h"

#include "unit.h"

static const struct probe_rule rule = {
    .fails = 3, .hold_ms = 1000, .gap_ms = 600};

static struct probe_net net;
static int64_t now;
static char why[PROBE_WHY_SIZE];

/* One round, 500 ms after the last, of two peers. */
static enum probe_state
step(enum probe_link link, size_t answered, size_t unable)
{
	struct probe_round r = {.now_ms = now += 500,
	    .link = link,
	    .peers = 2,
	    .answered = answered,
	    .unable = unable};

	net = probe_judge(net, &rule, &r);
	probe_why(&net, &rule, &r, why);
	return net.state;
}

static enum probe_state
good(void)
{
	return step(PROBE_CARRIER, 1, 0);
}

static enum probe_state
silent(void)
{
	return step(PROBE_CARRIER, 0, 0);
}

static enum probe_state
blind(void)
{
	return step(PROBE_CARRIER, 0, 1);
}

static void
anew(void)
{
	net = (struct probe_net){0};
	now = 5000;
}

static void
going_down(void)
{
	anew();
	CHECK("nothing is known at first", net.state == PROBE_UNKNOWN);
	CHECK("one failed round says nothing", silent() == PROBE_UNKNOWN);
	CHECK("and says so", unit_same(why, "no peer answers, round 1 of 3"));
	CHECK("one answer is up at once", good() == PROBE_UP);
	CHECK("one dead peer of two needs no reason", unit_same(why, ""));
	CHECK("two failed rounds are not down",
	    silent() == PROBE_UP && silent() == PROBE_UP);
	CHECK("an answer ends the row",
	    good() == PROBE_UP && silent() == PROBE_UP && silent() == PROBE_UP);
	CHECK("the third in a row is down", silent() == PROBE_DOWN);
	CHECK("for a reason", unit_same(why, "no peer answers"));
	anew();
	CHECK("down from the start needs as many",
	    silent() == PROBE_UNKNOWN && silent() == PROBE_UNKNOWN &&
		silent() == PROBE_DOWN);
	for (int i = 0; i < 10; i++)
		silent();
	CHECK("the count stops at its bound", net.run == rule.fails);
}

static void
links(void)
{
	anew();
	good();
	CHECK("no carrier is a failed round, whoever answered",
	    step(PROBE_NO_CARRIER, 2, 0) == PROBE_UP &&
		unit_same(why, "no carrier, round 1 of 3"));
	CHECK("even with peers that could not be asked",
	    step(PROBE_NO_LINK, 0, 2) == PROBE_UP &&
		unit_same(why, "no such interface, round 2 of 3"));
	CHECK("and adds up with silence", silent() == PROBE_DOWN);
	step(PROBE_NO_ADDRESS, 0, 0);
	CHECK("an address nobody has is a failed round",
	    net.state == PROBE_DOWN &&
		unit_same(why, "no interface has its address"));
}

static void
coming_up(void)
{
	anew();
	silent();
	silent();
	silent();
	CHECK("the first answer does not end down", good() == PROBE_DOWN);
	CHECK("and says how long it is held",
	    unit_same(why, "answers for 0 ms, held down until 1000"));
	CHECK("nor the second, before its time", good() == PROBE_DOWN);
	CHECK("one failed round begins the hold anew",
	    silent() == PROBE_DOWN && good() == PROBE_DOWN &&
		good() == PROBE_DOWN);
	CHECK("the hold over, it is up", good() == PROBE_UP);
	CHECK("without a reason", unit_same(why, ""));
	anew();
	silent();
	silent();
	silent();
	good();
	now += 3600000;
	CHECK("time in which nobody looked is no hold",
	    good() == PROBE_DOWN && net.good_ms == rule.gap_ms);
	CHECK("what is seen after it is", good() == PROBE_UP);
}

static void
blindness(void)
{
	struct probe_round none = {.now_ms = 1, .link = PROBE_CARRIER};

	anew();
	good();
	CHECK("blind rounds are not down", blind() == PROBE_UP &&
					       blind() == PROBE_UP &&
					       blind() == PROBE_UNKNOWN);
	CHECK("and say why",
	    unit_same(
		why, "1 of 2 peers could not be asked, no other answers"));
	CHECK("an answer is up again", good() == PROBE_UP);
	CHECK("a blind round breaks a row of failed ones",
	    silent() == PROBE_UP && silent() == PROBE_UP &&
		blind() == PROBE_UP && silent() == PROBE_UP);
	CHECK("who answers beside one that cannot be asked is an answer",
	    step(PROBE_CARRIER, 1, 1) == PROBE_UP);
	silent();
	silent();
	silent();
	CHECK("down stays down while blind", blind() == PROBE_DOWN &&
						 blind() == PROBE_DOWN &&
						 blind() == PROBE_DOWN);
	CHECK("and has its hold before it", good() == PROBE_DOWN);
	net = probe_judge((struct probe_net){0}, &rule, &none);
	CHECK("without peers nothing is known", net.state == PROBE_UNKNOWN);
	probe_why(&net, &rule, &none, why);
	CHECK("and why", unit_same(why, "there is no peer to ask"));
	anew();
	silent();
	silent();
	silent();
	for (int i = 0; i < rule.fails; i++) {
		CHECK("down lasts while it may be a gap in the list",
		    net.state == PROBE_DOWN);
		net = probe_judge(net, &rule, &none);
	}
	CHECK("but not without anybody to ask", net.state == PROBE_UNKNOWN);
}

static void
once(void)
{
	struct probe_rule r = {.fails = 1};
	struct probe_round bad = {.link = PROBE_CARRIER, .peers = 1};

	net = probe_judge((struct probe_net){0}, &r, &bad);
	CHECK("with one round to decide, it does", net.state == PROBE_DOWN);
	bad.answered = 1;
	net = probe_judge(net, &r, &bad);
	CHECK("and without a hold, an answer is up", net.state == PROBE_UP);
}

int
main(void)
{
	going_down();
	links();
	coming_up();
	blindness();
	once();
	return unit_done();
}
