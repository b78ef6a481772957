/* SPDX-License-Identifier: ISC */
/*
 * Reconcile's part in migrations: departures wanted by a claim or by somebody
 * at the node, and how source and destination find out how one ended.
 */
#include "sim.h"

#include <string.h>

static const struct gen no_gen;

/* The source's next step about a departure; true: nothing else to do. */
bool
agent_end_migration(struct world *w, int h, int v)
{
	struct host *x = &w->h[h];
	struct ledger_vm *l = &x->led[v];
	enum ledger_end e =
	    ledger_end(l, agent_copy(x, v), x->job[v].on, &x->told[v]);
	uint32_t m;
	int to;

	switch (e) {
	case END_ASK:
		for (to = 0; to < w->hosts; to++)
			if (l->dest && w->h[to].name == l->dest)
				break;
		if (to == w->hosts || w->peer[h][to])
			return x->dom[v].st != COPY_NONE;
		m = msg_new(w);
		w->msgs[m].from = (uint8_t)h;
		w->msgs[m].gen = l->to;
		send(w, EV_ASK, to, v, m);
		return x->dom[v].st != COPY_NONE;
	case END_RETURN:
		agent_record(
		    w, h, v, LEDGER_RETURN, l->departed, l->to, l->dest);
		memset(&x->told[v], 0, sizeof(x->told[v]));
		agent_wake(w, h);
		return true;
	case END_RESUME:
		dom_set(w, h, v, COPY_RUNNING);
		return true;
	case END_DESTROY:
		dom_destroy(w, h, v);
		return true;
	case END_WAIT:
		return true;
	case END_NONE:
	default:
		return false;
	}
}

/* A migration wanted by the server's claim or by an operator at the node. */
bool
agent_depart(struct world *w, int h, int v)
{
	struct host *x = &w->h[h];
	struct lease_vm *lv = &x->lv[v];
	struct ledger_vm *l = &x->led[v];
	struct gen to = lv->grant.own ? lv->grant.to : no_gen;
	int dest;

	if (lv->grant.own && lv->grant.cancel && !ledger_departed(l) &&
	    gen_cmp(l->returned, to) < 0) {
		/* It will never depart for this claim. */
		agent_record(
		    w, h, v, LEDGER_RETURN, x->dom[v].gen, to, lv->grant.peer);
		return false;
	}
	for (dest = 0; dest < w->hosts; dest++)
		if (!gen_none(to) && w->h[dest].name == lv->grant.peer)
			break;
	if (x->offline[v]) {
		dest = x->offline[v] - 1;
		x->offline[v] = 0;
		to = gen_hop(l->ran, l->returned);
	}
	if (gen_none(to) || dest == w->hosts || dest == h ||
	    lease_may_depart(
		&x->lh, lv, l, agent_copy(x, v), to, host_clock(w, x)))
		return false;
	agent_record(
	    w, h, v, LEDGER_DEPART, x->dom[v].gen, to, w->h[dest].name);
	mig_start(w, h, v, dest, to);
	return true;
}

/* An abort reaches libvirt only before the source was paused. */
void
agent_abort(struct world *w, int h, int v)
{
	struct job *j = &w->h[h].job[v];
	struct dom *d = &w->h[j->dest].dom[v];

	if (!j->on || j->phase > 1)
		return;
	j->on = false;
	if (d->st == COPY_INCOMING && d->mig == j->tag)
		push(w, w->now + rnd_in(w, 1, w->t.interval), EV_DROPPED,
		    j->dest, v, d->tag);
}

/* A peer that has no migration job to us asks what became of its VM. */
void
agent_asked(struct world *w, int h, int v, uint32_t q)
{
	struct host *x = &w->h[h];
	struct dom *d = &x->dom[v];
	struct ledger_vm *l = &x->led[v];
	struct gen to = w->msgs[q].gen;
	int from = w->msgs[q].from;
	uint32_t m;

	if (x->hung || w->peer[h][from] || x->locked[v] || !x->confirmed)
		return;
	if (d->st == COPY_INCOMING && gen_cmp(d->gen, to) == 0)
		dom_destroy(w, h, v);
	if (d->st == COPY_RUNNING && gen_cmp(d->gen, l->ran) > 0)
		agent_record(w, h, v, LEDGER_ARRIVE, d->gen, d->from_gen,
		    w->h[d->src].name);
	if (!ledger_may_refuse(l, agent_copy(x, v), to) &&
	    gen_cmp(l->refused, to) < 0)
		agent_record(w, h, v, LEDGER_REFUSE, to, no_gen, NULL);
	m = msg_new(w);
	w->msgs[m].from = (uint8_t)h;
	w->msgs[m].peer = ledger_answer(l, agent_copy(x, v), to);
	send(w, EV_TOLD, from, v, m);
}
