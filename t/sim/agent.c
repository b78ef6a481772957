/* SPDX-License-Identifier: ISC */
/*
 * A node's agent: the heartbeat, reconcile and the deadman, three processes
 * that share files and the start lock and stop one without the other.
 */
#include "sim.h"

#include <string.h>

static const struct gen no_gen;

/* What libvirt and the agent's own notes say about the VM. */
enum ledger_copy
agent_copy(const struct host *h, int v)
{
	if (h->hung && (h->dom[v].st != COPY_NONE || h->starting[v]))
		return COPY_UNKNOWN;
	if (h->dom[v].st == COPY_NONE && h->starting[v])
		return COPY_STARTING;
	return h->dom[v].st;
}

void
agent_record(struct world *w, int h, int v, enum ledger_kind k, struct gen gen,
    struct gen other, const char *peer)
{
	static const char *const words[] = {
	    "start", "refuse", "depart", "return", "expect", "arrive"};
	struct host *x = &w->h[h];
	const char *boot = sim_boots[x->boot];
	struct ledger_rec r = {k, gen, other, peer, boot, x->dom[v].mode};
	char g[GEN_SIZE], o[GEN_SIZE];

	if (w->trace) {
		gen_format(gen, g);
		gen_format(other, o);
		TRACE(w, "%s vm%d ledger: %s %s %s %s", x->name, v, words[k], g,
		    gen_none(other) ? "" : o, peer ? peer : "");
	}
	if (CORE_MUTANT(departure_unrecorded) && k == LEDGER_DEPART)
		return;
	ledger_fold(&x->led[v], &r, boot);
	if ((CORE_MUTANT(arrival_unledgered) && k == LEDGER_ARRIVE) ||
	    (CORE_MUTANT(departure_unfsynced) && k == LEDGER_DEPART) ||
	    (CORE_MUTANT(return_unledgered) && k == LEDGER_RETURN) ||
	    (CORE_MUTANT(start_unledgered) && k == LEDGER_START) ||
	    (CORE_MUTANT(expectation_unledgered) && k == LEDGER_EXPECT) ||
	    (CORE_MUTANT(refusal_unledgered) && k == LEDGER_REFUSE))
		return;
	ledger_fold(&x->disk_led[v], &r, boot);
}

void
agent_wake(struct world *w, int h)
{
	struct host *x = &w->h[h];
	int64_t at = w->now + rnd_in(w, 1, w->t.interval / 20 + 1);

	if (!x->up || (x->pass_at > w->now && x->pass_at <= at))
		return;
	x->pass_at = at;
	push(w, at, EV_PASS, h, 0, 0);
}

void
deadman_at(struct world *w, int h, int64_t at)
{
	struct host *x = &w->h[h];

	if (at == NEVER || (x->dm_at >= w->now && x->dm_at <= at))
		return;
	x->dm_at = at;
	push(w, at, EV_DEADMAN, h, 0, 0);
}

void
agent_boot(struct world *w, int h)
{
	struct host *x = &w->h[h];
	int v;

	memset(&x->lh, 0, sizeof(x->lh));
	memset(x->lv, 0, sizeof(x->lv));
	memset(x->told, 0, sizeof(x->told));
	memset(x->starting, 0, sizeof(x->starting));
	memset(x->locked, 0, sizeof(x->locked));
	memset(x->want, 0, sizeof(x->want));
	memset(x->offline, 0, sizeof(x->offline));
	memset(&x->inv, 0, sizeof(x->inv));
	x->serial = 0;
	x->drain = x->given_up = false;
	x->dm_at = x->pass_at = 0;
	x->lh.known = x->known;
	if (CORE_MUTANT(incarnation_forgotten))
		x->lh.known = (struct inc){0, 0};
	x->lh.armed = x->can_arm;
	for (v = 0; v < w->vms; v++) {
		x->led[v] = x->disk_led[v];
		x->led[v].here = false;
	}
	push(w, w->now + rnd_in(w, 1, w->t.interval), EV_BEAT, h, 0, 0);
	agent_wake(w, h);
}

/* The inventory, stamped with what was known before anything was looked at. */
static void
take_inventory(struct world *w, int h)
{
	struct host *x = &w->h[h];
	struct inventory *i = &x->inv;
	struct proof_report *r;
	const struct ledger_vm *l;
	int v;

	i->filled = true;
	i->serial = ++x->serial;
	i->disk = x->disk;
	i->drain = x->drain;
	i->inc = x->lh.known;
	i->tick = x->lh.stamp;
	for (v = 0; v < w->vms; v++) {
		r = &i->vm[v];
		l = &x->led[v];
		r->inc = i->inc;
		r->tick = i->tick;
		r->copy = agent_copy(x, v);
		if (CORE_MUTANT(inflight_unreported))
			r->copy = x->dom[v].st;
		r->gen = r->copy == COPY_NONE        ? no_gen
			 : x->dom[v].st == COPY_NONE ? x->start_gen[v]
						     : x->dom[v].gen;
		r->fenced = x->lv[v].fence && x->lh.armed;
		r->ran = l->ran;
		r->refused = l->refused;
		r->to = l->to;
		r->returned = l->returned;
		r->from = l->from;
		r->from_gen = l->from_gen;
	}
}

static struct gen
highest(const struct world *w, const struct host *x)
{
	struct gen g = no_gen;
	int v;

	for (v = 0; v < w->vms; v++) {
		g = gen_max(g, x->led[v].ran);
		g = gen_max(g, x->led[v].refused);
		g = gen_max(g, x->led[v].to);
		g = gen_max(g, x->led[v].expected);
	}
	return g;
}

void
agent_beat(struct world *w, int h)
{
	struct host *x = &w->h[h];
	uint32_t m;
	int s = (int)rnd_in(w, 0, w->servers - 1), i;

	x->lh.beat++;
	x->lh.sent = host_clock(w, x);
	for (i = 0; i < w->servers; i++, s = (s + 1) % w->servers)
		if (!w->mgmt[h][s] && w->s[s].up)
			break;
	if (i == w->servers)
		return;
	m = msg_new(w);
	w->msgs[m].from = (uint8_t)h;
	w->msgs[m].to = (uint8_t)s;
	w->msgs[m].boot = x->boot;
	w->msgs[m].beat = x->lh.beat;
	w->msgs[m].known = x->lh.known;
	w->msgs[m].highest = highest(w, x);
	w->msgs[m].disk = x->disk;
	w->msgs[m].armed = x->lh.armed;
	w->msgs[m].inv = x->inv;
	if (CORE_MUTANT(stamped_when_sent)) {
		for (i = 0; i < w->vms; i++) {
			w->msgs[m].inv.vm[i].inc = x->lh.known;
			w->msgs[m].inv.vm[i].tick = x->lh.stamp;
		}
	}
	send(w, EV_REPORT, s, 0, m);
}

static void
answer(struct world *w, int h, uint32_t m)
{
	struct host *x = &w->h[h];
	struct msg *a = &w->msgs[m];
	const char *why;
	int v;

	if (w->mgmt[h][a->from])
		return;
	why = lease_take(&x->lh, sim_boots[x->boot], &a->ans);
	if (why) {
		TRACE(w, "%s answer not taken: %s", x->name, why);
		return;
	}
	if (CORE_MUTANT(lease_from_receipt))
		x->lh.sent = host_clock(w, x);
	if (CORE_MUTANT(lease_on_wall_clock))
		x->lh.sent += x->wall;
	x->known = x->lh.known;
	/* A new ledger was confirmed: it knows nothing from before. */
	if (!x->confirmed && a->confirmed && a->disk == x->disk) {
		x->confirmed = true;
		for (v = 0; v < w->vms; v++)
			x->led[v].floor = x->disk_led[v].floor = a->floor;
	}
	for (v = 0; v < w->vms; v++) {
		if (a->named[v])
			lease_grant(
			    &x->lv[v], &x->lh, &x->led[v], &a->grant[v], &w->t);
		else
			lease_unnamed(&x->lv[v]);
		x->want[v] = a->named[v] && a->run[v];
	}
	deadman_at(w, h, w->now);
	agent_wake(w, h);
}

/* Check, ledger, and a little later create: one start lock over all. */
static void
start(struct world *w, int h, int v)
{
	struct host *x = &w->h[h];
	struct gen g;
	const char *why = lease_may_start(&x->lh, &x->lv[v], &x->led[v],
	    agent_copy(x, v), host_clock(w, x), &g);

	if (why) {
		TRACE(w, "%s vm%d not started: %s", x->name, v, why);
		return;
	}
	agent_record(w, h, v, LEDGER_START, g, no_gen, NULL);
	x->starting[v] = x->locked[v] = true;
	x->start_gen[v] = g;
	push(w, w->now + rnd_in(w, 0, w->t.interval / 10), EV_CREATE, h, v, 0);
	deadman_at(w, h, w->now);
}

static void
create(struct world *w, int h, int v)
{
	struct host *x = &w->h[h];
	struct dom *d = &x->dom[v];
	int64_t d1 = rnd_in(w, 1, w->t.interval);

	if (!x->locked[v])
		return;
	x->locked[v] = false;
	if (d->st != COPY_NONE) {
		x->starting[v] = false;
		return;
	}
	if (!w->calm && chance(w, 50))
		d1 = rnd_in(w, 1, 2 * w->t.sum);
	d->gen = x->start_gen[v];
	d->mode = x->lv[v].fence ? LEDGER_AUTO : LEDGER_MANUAL;
	d->tag = ++w->tags;
	d->src = (uint8_t)h;
	dom_set(w, h, v, COPY_STARTING);
	push(w, w->now + d1, EV_STARTED, h, v, d->tag);
}

static void
look(struct world *w, int h, int v)
{
	struct host *x = &w->h[h];
	struct dom *d = &x->dom[v];
	struct lease_vm *lv = &x->lv[v];
	struct gen r;

	if (x->locked[v])
		return;
	if (x->starting[v] && d->st == COPY_NONE && w->now >= x->settle[v])
		x->starting[v] = false;
	r = lease_must_refuse(lv, &x->led[v], agent_copy(x, v), d->gen);
	if (x->drain)
		r = gen_max(x->led[v].ran, lv->grant.gen);
	if (gen_cmp(r, x->led[v].refused) > 0)
		agent_record(w, h, v, LEDGER_REFUSE, r, no_gen, NULL);
	if (lease_must_destroy(&x->led[v], agent_copy(x, v), d->gen)) {
		dom_destroy(w, h, v);
		return;
	}
	if (d->st == COPY_RUNNING && gen_cmp(d->gen, x->led[v].ran) > 0)
		agent_record(w, h, v, LEDGER_ARRIVE, d->gen, d->from_gen,
		    w->h[d->src].name);
	if (lv->grant.own && lv->grant.cancel)
		agent_abort(w, h, v);
	if (agent_end_migration(w, h, v) || agent_depart(w, h, v))
		return;
	if (x->want[v] && d->st == COPY_NONE)
		start(w, h, v);
	else if (lv->grant.own && !x->want[v] && d->st == COPY_RUNNING)
		dom_destroy(w, h, v);
}

static void
pass(struct world *w, int h)
{
	struct host *x = &w->h[h];
	int v;

	x->pass_at = w->now + 3 * w->t.interval;
	push(w, x->pass_at, EV_PASS, h, 0, 0);
	if (x->hung)
		return;
	for (v = 0; v < w->vms; v++)
		look(w, h, v);
	if (x->drain)
		op_receipts(w, h);
	take_inventory(w, h);
}

static void
deadman(struct world *w, int h)
{
	struct host *x = &w->h[h];
	int64_t now = host_clock(w, x), next, soon = NEVER;
	int v;

	for (v = 0; v < w->vms; v++) {
		switch (lease_deadman(
		    &x->lv[v], agent_copy(x, v), now, &w->t, &next)) {
		case LEASE_DESTROY:
			dom_destroy(w, h, v);
			if (next <= now || next > now + w->t.kill / 4)
				next = now + w->t.kill / 4;
			break;
		case LEASE_RESET:
			if (!x->given_up)
				TRACE(w, "%s deadman gives up", x->name);
			x->given_up = true;
			watchdog_left(w, h, w->now);
			next = NEVER;
			break;
		case LEASE_REST:
		default:
			break;
		}
		if (next < soon)
			soon = next;
	}
	x->dm_at = 0;
	deadman_at(w, h, host_when(w, x, soon));
}

void
agent_event(struct world *w, const struct ev *e)
{
	switch ((int)e->kind) {
	case EV_BEAT:
		push(w, w->now + w->t.interval, EV_BEAT, e->who, 0, 0);
		agent_beat(w, e->who);
		break;
	case EV_ANSWER:
		answer(w, e->who, e->arg);
		break;
	case EV_PASS:
		if (w->h[e->who].pass_at == e->at)
			pass(w, e->who);
		break;
	case EV_CREATE:
		create(w, e->who, e->vm);
		break;
	case EV_ASK:
		agent_asked(w, e->who, e->vm, e->arg);
		break;
	case EV_TOLD:
		if (!w->peer[e->who][w->msgs[e->arg].from])
			w->h[e->who].told[e->vm] = w->msgs[e->arg].peer;
		agent_wake(w, e->who);
		break;
	case EV_DEADMAN:
		if (w->h[e->who].dm_at == e->at)
			deadman(w, e->who);
		break;
	default:
		break;
	}
}
