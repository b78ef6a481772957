/* SPDX-License-Identifier: ISC */
/*
 * A server: it answers heartbeats, watches silence, proposes takeovers and
 * carries them out. Everything it decides is decided by lib/core, in one
 * transaction each; between proposing and doing, anything may happen.
 */
#include "sim.h"

#include <string.h>

static struct owner_wish
wish(const struct row *r)
{
	struct owner_wish o = {
	    r->want == W_RUNNING, r->release || r->want == W_DELETED};

	return o;
}

static bool
exists(const struct row *r)
{
	return r->want != W_NONE && r->want != W_GONE;
}

static void
save(struct base *b, int v, const struct proof_case *c)
{
	b->vm[v].vm = c->vm;
	b->db = c->db;
}

static void
said(struct world *w, int v, const struct proof_case *c, const char *what)
{
	static const char *const modes[] = {"manual", "pending", "auto"};
	char g[GEN_SIZE];

	if (!w->trace)
		return;
	gen_format(c->vm.gen, g);
	TRACE(w, "vm%d %s: %s %s %s%s%s%s", v, what, c->vm.owner, g,
	    modes[c->vm.mode], c->vm.fenced ? ", fenced" : "",
	    c->vm.dest ? ", claimed for " : "", c->vm.dest ? c->vm.dest : "");
}

/* What a beat's report does to one VM's row. */
static void
work_in(struct world *w, int s, struct base *b, int h, int v)
{
	static const char *const words[] = {
	    "", "fenced", "claim ended", "arrived", "adopted", "remembered"};
	struct proof_host ph[MAXH];
	struct proof_case c;
	enum owner_did did;
	enum proof p;
	bool was;

	base_case(w, s, b, v, &c, ph);
	did = owner_report(&c, &ph[h]);
	if (did != OWNER_NOTHING)
		said(w, v, &c, words[did]);
	was = proof_certified(&c);
	if (!owner_certify(&c) && !was)
		said(w, v, &c, "certified");
	/* It refused what it is wanted to run: a new right, after a proof. */
	if (c.vm.owner == ph[h].name && b->vm[v].want == W_RUNNING &&
	    !b->vm[v].release && !b->host[h].inv.drain &&
	    gen_cmp(ph[h].report->refused, c.vm.gen) >= 0 &&
	    !owner_take(&c, &ph[h], &p))
		said(w, v, &c, "granted again");
	save(b, v, &c);
	if (b->vm[v].want == W_DELETED &&
	    proof_takeover(&c, &(const char *){0}))
		b->vm[v].want = W_GONE;
}

/* The owners as the answer tells them. */
static void
fill(struct world *w, int s, struct base *b, int h, struct msg *a)
{
	struct proof_host ph[MAXH];
	struct proof_case c;
	struct owner_wish o;
	int v;

	for (v = 0; v < w->vms; v++) {
		if (!exists(&b->vm[v]))
			continue;
		base_case(w, s, b, v, &c, ph);
		o = wish(&b->vm[v]);
		a->named[v] = owner_grant(&c, &ph[h], &o, &a->grant[v]);
		a->run[v] = o.running && !o.release;
	}
}

/* Whether the database must be taken for another than it was. */
static bool
outlived(struct world *w, struct base *b, const struct msg *m)
{
	uint64_t high =
	    m->known.number > m->highest.inc ? m->known.number : m->highest.inc;

	if (!owner_outlived(&b->db, m->known, m->highest))
		return false;
	base_reborn(w, b, high);
	return true;
}

static void
write_beat(struct world *w, int s, struct base *b, struct msg *m)
{
	struct hostrow *r = &b->host[m->from];
	int v;

	r->known = m->disk == r->disk;
	if (base_beat(w, b, m))
		for (v = 0; v < w->vms; v++)
			if (exists(&b->vm[v]))
				work_in(w, s, b, m->from, v);
}

static void
reply(struct world *w, struct base *b, struct msg *m, uint32_t am)
{
	struct msg *a = &w->msgs[am];

	a->ans.inc = b->db.inc;
	a->ans.boot = sim_boots[m->boot];
	a->ans.beat = m->beat;
	a->ans.stamp = b->db.tick;
	a->from = m->to;
	a->disk = m->disk;
	a->confirmed = b->host[m->from].known;
	a->floor = (struct gen){b->db.inc.number, b->db.max_n, UINT32_MAX};
	send(w, EV_ANSWER, m->from, 0, am);
}

/* The beat is written, then the owners are read, then it is answered. */
static void
report(struct world *w, int s, uint32_t mi)
{
	struct base *b;
	uint32_t am, copy;

	if (w->mgmt[w->msgs[mi].from][s] || !w->s[s].up ||
	    !base_enter(w, s, &b))
		return;
	if (outlived(w, b, &w->msgs[mi]) && !base_enter(w, s, &b))
		return;
	am = msg_new(w);
	if (CORE_MUTANT(owners_before_beat)) {
		fill(w, s, b, w->msgs[mi].from, &w->msgs[am]);
		copy = msg_new(w);
		w->msgs[copy] = w->msgs[mi];
		w->msgs[copy].refs = 1;
		w->msgs[copy].next = am;
		push(w, w->now + rnd_in(w, 1, w->t.interval), EV_COMMIT, s, 0,
		    copy);
		return;
	}
	write_beat(w, s, b, &w->msgs[mi]);
	fill(w, s, b, w->msgs[mi].from, &w->msgs[am]);
	reply(w, b, &w->msgs[mi], am);
}

static void
commit(struct world *w, int s, uint32_t mi)
{
	struct base *b;
	uint32_t am = w->msgs[mi].next;

	if (!base_enter(w, s, &b)) {
		msg_drop(w, am);
		return;
	}
	write_beat(w, s, b, &w->msgs[mi]);
	reply(w, b, &w->msgs[mi], am);
}

/* How long each beat has not changed, on this server's clock. */
static size_t
look_at(struct world *w, struct server *x, const struct base *b)
{
	int64_t now = serv_clock(w, x);
	size_t silent = 0;
	int i;

	for (i = 0; i < w->hosts; i++) {
		struct watch *o = &x->watch[i];

		if (o->since == 0 || o->beat != b->host[i].beat) {
			o->beat = b->host[i].beat;
			o->since = now;
		}
		if (now - o->since > 3 * w->t.interval)
			silent++;
	}
	return silent;
}

/* A host in use, other than the owner if it can be. */
static int
choose(struct world *w, const struct base *b, const struct server *x, int owner,
    bool armed)
{
	int i, t = (int)rnd_in(w, 0, w->hosts - 1);
	int64_t now = serv_clock(w, x);

	for (i = 0; i < w->hosts; i++, t = (t + 1) % w->hosts)
		if (t != owner && b->host[t].known &&
		    (b->host[t].armed || !armed) &&
		    now - x->watch[t].since < 3 * w->t.interval)
			return t;
	return owner;
}

int
index_of(const struct world *w, const char *name)
{
	int i;

	for (i = 0; i < w->hosts; i++)
		if (w->h[i].name == name)
			return i;
	return 0;
}

/* Pending becomes manual when no failover can undo it any more. */
static void
pending(struct world *w, int s, struct base *b, int v)
{
	struct server *x = &w->s[s];
	struct proof_host ph[MAXH];
	struct proof_case c;
	int64_t now = serv_clock(w, x);

	if (b->vm[v].vm.mode != LEDGER_PENDING)
		return;
	if (x->pend_tick[v] != b->vm[v].vm.mode_at + 1) {
		x->pend_tick[v] = b->vm[v].vm.mode_at + 1;
		x->pend_at[v] = now;
	}
	base_case(w, s, b, v, &c, ph);
	if (owner_mode(&c, LEDGER_MANUAL, now - x->pend_at[v]))
		return;
	said(w, v, &c, "manual");
	save(b, v, &c);
}

/* One round of the monitor: propose a takeover for whatever seems to need
 * one; EV_TAKE derives the proof again. */
static void
monitor(struct world *w, int s)
{
	struct server *x = &w->s[s];
	struct base *b;
	size_t silent;
	int v;

	push(w, w->now + w->t.interval / 2, EV_WATCH, s, 0, 0);
	if (!x->up || !base_enter(w, s, &b))
		return;
	silent = look_at(w, x, b);
	for (v = 0; v < w->vms; v++) {
		struct row *r = &b->vm[v];
		int o, t;

		if (!exists(r) || r->want == W_DELETED)
			continue;
		o = index_of(w, r->vm.owner);
		pending(w, s, b, v);
		if (r->target)
			t = r->target - 1;
		else if (r->release ||
			 (r->vm.mode == LEDGER_AUTO &&
			     serv_clock(w, x) - x->watch[o].since >
				 3 * w->t.interval &&
			     !owner_brake(silent, (size_t)w->hosts)))
			t = choose(w, b, x, o, r->vm.mode != LEDGER_MANUAL);
		else
			continue;
		push(w, w->now + rnd_in(w, 1, w->t.interval / 4), EV_TAKE, s, v,
		    (uint32_t)t);
	}
}

static void
take(struct world *w, int s, int v, int target)
{
	struct proof_host ph[MAXH];
	struct proof_case c;
	struct base *b;
	const char *why;
	enum proof p;
	bool was;
	int o;

	if (!w->s[s].up || !base_enter(w, s, &b) || !exists(&b->vm[v]))
		return;
	base_case(w, s, b, v, &c, ph);
	was = proof_certified(&c);
	if (!owner_certify(&c) && !was)
		said(w, v, &c, "certified");
	o = index_of(w, c.vm.owner);
	/* A receipt is carried along by whoever asks for a rebuild. */
	if (b->vm[v].target && w->h[o].receipt[v].host)
		c.receipt = &w->h[o].receipt[v];
	w->h[o].receipt[v].ledger = w->h[o].receipt_disk == b->host[o].disk;
	why = owner_take(&c, &ph[target], &p);
	if (why) {
		TRACE(w, "s%d vm%d not taken: %s", s, v, why);
		save(b, v, &c);
		return;
	}
	said(w, v, &c, proof_words[p]);
	save(b, v, &c);
	b->vm[v].release = false;
	b->vm[v].target = 0;
}

void
server_boot(struct world *w, int s)
{
	struct server *x = &w->s[s];

	x->up = true;
	x->life = ++w->lives;
	x->base = -1;
	x->inc = (struct inc){0, 0};
	push(w, w->now + rnd_in(w, 1, w->t.interval), EV_WATCH, s, 0, 0);
}

void
server_event(struct world *w, const struct ev *e)
{
	switch ((int)e->kind) {
	case EV_REPORT:
		report(w, e->who, e->arg);
		break;
	case EV_COMMIT:
		commit(w, e->who, e->arg);
		break;
	case EV_WATCH:
		monitor(w, e->who);
		break;
	case EV_TAKE:
		take(w, e->who, e->vm, (int)e->arg);
		break;
	default:
		break;
	}
}
