/* SPDX-License-Identifier: ISC */
/*
 * The database: one writer at a time, asynchronous replicas, and for a while
 * an old writer some servers are still connected to. A transaction is one
 * call here, since the row locks it takes leave nothing between.
 */
#include "sim.h"

#include <string.h>

/*
 * Begins a transaction of this server: connects if need be, compares the
 * writer's identity, and drops what the server counted under another
 * incarnation. False: no database.
 */
bool
base_enter(struct world *w, int s, struct base **b)
{
	struct server *x = &w->s[s];
	bool fresh = false;

	if (x->base < 0) {
		if (w->now < w->db_down)
			return false;
		x->base = w->cur;
		fresh = true;
	}
	*b = &w->db[x->base];
	if ((*b)->ident != (*b)->seen_ident) {
		if (!CORE_MUTANT(failover_unnoticed))
			base_reborn(w, *b, 0);
		(*b)->seen_ident = (*b)->ident;
	}
	if (CORE_MUTANT(silence_outlives) && x->inc.number) {
		x->inc = (*b)->db.inc;
		return true;
	}
	if (fresh || !inc_same(x->inc, (*b)->db.inc)) {
		if (!inc_same(x->inc, (*b)->db.inc))
			x->inc_at = serv_clock(w, x);
		x->inc = (*b)->db.inc;
		memset(x->watch, 0, sizeof(x->watch));
		memset(x->pend_tick, 0, sizeof(x->pend_tick));
	}
	return true;
}

void
base_reborn(struct world *w, struct base *b, uint64_t highest)
{
	owner_reborn(&b->db, highest, rnd(w) % (1u << 20) + 1, rnd(w));
	TRACE(w, "database %d: incarnation %llu", (int)(b - w->db),
	    (unsigned long long)b->db.inc.number);
}

/* The rows one transaction about a VM reads. */
void
base_case(struct world *w, int s, struct base *b, int v, struct proof_case *c,
    struct proof_host *ph)
{
	struct server *x = &w->s[s];
	int64_t now = serv_clock(w, x);
	int i;

	memset(c, 0, sizeof(*c));
	c->db = b->db;
	c->vm = b->vm[v].vm;
	c->host = ph;
	c->timers = &w->t;
	c->since = now - x->inc_at;
	c->hosts = (size_t)w->hosts;
	for (i = 0; i < w->hosts; i++) {
		struct hostrow *r = &b->host[i];
		struct watch *o = &x->watch[i];

		ph[i].name = w->h[i].name;
		ph[i].beat = r->beat;
		ph[i].known_at = r->known_at;
		ph[i].ledger_known = r->known && r->inv.disk == r->disk;
		ph[i].armed = r->armed;
		ph[i].off = r->off;
		ph[i].report = &r->inv.vm[v];
		ph[i].silent =
		    o->since && o->beat == r->beat ? now - o->since : -1;
	}
}

/*
 * A failover to what the replica has. With fork, servers stay connected to
 * the old writer; EV_UNDO of the fault cuts them off.
 */
void
base_failover(struct world *w, int snap, bool fork)
{
	int s, stay = (int)rnd_in(w, 0, w->servers - 1);

	if (w->dbs == MAXDB)
		return;
	w->db[w->dbs] = w->snap[snap];
	w->db[w->dbs].ident = (uint32_t)w->dbs + 1;
	w->cur = w->dbs++;
	TRACE(w, "failover to database %d%s", w->cur,
	    fork ? ", the old one still answers" : "");
	for (s = 0; s < w->servers; s++)
		if (!fork || (s != stay && chance(w, 700)))
			w->s[s].base = -1;
}

/* Takes over an inventory; where nothing changed, silence counts on. */
static void
quiet(const struct base *b, struct inventory *o, const struct inventory *n)
{
	uint64_t was[MAXV];
	int v;

	for (v = 0; v < MAXV; v++) {
		const struct proof_report *p = &o->vm[v], *q = &n->vm[v];

		was[v] = p->copy == COPY_NONE && q->copy == COPY_NONE &&
				 inc_same(p->inc, q->inc) &&
				 o->disk == n->disk &&
				 gen_cmp(p->refused, q->refused) == 0 &&
				 gen_cmp(p->to, q->to) == 0
			     ? p->quiet
			     : b->db.tick;
	}
	*o = *n;
	for (v = 0; v < MAXV; v++)
		o->vm[v].quiet = was[v];
}

/* Writes a beat and, unless it is older than what is there, its inventory. */
bool
base_beat(struct world *w, struct base *b, const struct msg *m)
{
	struct hostrow *r = &b->host[m->from];
	const struct inventory *n = &m->inv;
	struct inventory *o = &r->inv;
	bool newer;

	(void)w;
	r->beat = ++b->db.tick;
	r->armed = m->armed;
	if (!n->filled)
		return false;
	newer = !o->filled || !inc_same(o->inc, b->db.inc) ||
		(inc_same(n->inc, b->db.inc) &&
		    (n->tick > o->tick ||
			(n->tick == o->tick && n->serial > r->serial)));
	if (!newer)
		return false;
	quiet(b, o, n);
	r->serial = n->serial;
	r->boot = m->boot;
	return true;
}
