/* SPDX-License-Identifier: ISC */
#include "core/probe.h"

#include <inttypes.h>
#include <stdio.h>

const char *const probe_state_words[] = {"unknown", "up", "down", NULL};

static enum probe_verdict
verdict(const struct probe_round *r)
{
	if (r->link != PROBE_CARRIER)
		return PROBE_FAILED;
	if (r->answered)
		return PROBE_GOOD;
	return r->unable || !r->peers ? PROBE_BLIND : PROBE_FAILED;
}

struct probe_net
probe_judge(struct probe_net n, const struct probe_rule *rule,
    const struct probe_round *round)
{
	enum probe_verdict v = verdict(round);
	bool same = n.run > 0 && n.last == v;
	int64_t step = round->now_ms - n.last_ms;

	if (step > rule->gap_ms)
		step = rule->gap_ms;
	n.good_ms = v == PROBE_GOOD && same ? n.good_ms + step : 0;
	n.run = !same ? 1 : n.run + (n.run < rule->fails);
	n.last = v;
	n.last_ms = round->now_ms;
	if (v == PROBE_GOOD &&
	    (n.state != PROBE_DOWN || n.good_ms >= rule->hold_ms))
		n.state = PROBE_UP;
	else if (v == PROBE_FAILED && n.run >= rule->fails)
		n.state = PROBE_DOWN;
	else if (v == PROBE_BLIND && n.run >= rule->fails &&
		 (n.state == PROBE_UP || !round->peers))
		n.state = PROBE_UNKNOWN;
	return n;
}

void
probe_why(const struct probe_net *n, const struct probe_rule *rule,
    const struct probe_round *round, char why[static PROBE_WHY_SIZE])
{
	static const char *const whats[] = {[PROBE_CARRIER] = "no peer answers",
	    [PROBE_NO_CARRIER] = "no carrier",
	    [PROBE_NO_LINK] = "no such interface",
	    [PROBE_NO_ADDRESS] = "no interface has its address"};
	const char *what = whats[round->link];

	why[0] = '\0';
	if (n->last == PROBE_BLIND && !round->peers)
		snprintf(why, PROBE_WHY_SIZE, "there is no peer to ask");
	else if (n->last == PROBE_BLIND)
		snprintf(why, PROBE_WHY_SIZE,
		    "%zu of %zu peers could not be asked, no other answers",
		    round->unable, round->peers);
	else if (n->last == PROBE_GOOD && n->state == PROBE_DOWN)
		snprintf(why, PROBE_WHY_SIZE,
		    "answers for %" PRId64 " ms, held down until %" PRId64,
		    n->good_ms, rule->hold_ms);
	else if (n->last == PROBE_FAILED && n->run < rule->fails)
		snprintf(why, PROBE_WHY_SIZE, "%s, round %d of %d", what,
		    n->run, rule->fails);
	else if (n->last == PROBE_FAILED)
		snprintf(why, PROBE_WHY_SIZE, "%s", what);
}
