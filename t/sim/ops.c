/* SPDX-License-Identifier: ISC */
/*
 * Operators: what they wish for, what they do at a node, and what they carry
 * from one to the other. They never say what is not true.
 */
#include "sim.h"

#include <string.h>

/* One transaction of an operator, on some server that has a database. */
static bool
op(struct world *w, struct base **b, int *s, struct proof_case *c,
    struct proof_host *ph, int v)
{
	int i;

	*s = (int)rnd_in(w, 0, w->servers - 1);
	for (i = 0; i < w->servers; i++, *s = (*s + 1) % w->servers)
		if (w->s[*s].up && base_enter(w, *s, b)) {
			base_case(w, *s, *b, v, c, ph);
			return true;
		}
	return false;
}

static bool
lives(const struct base *b, int v)
{
	return b->vm[v].want == W_RUNNING || b->vm[v].want == W_STOPPED;
}

void
op_vm(struct world *w, int fi)
{
	struct fault *f = &w->fault[fi];
	struct proof_host ph[MAXH];
	struct proof_case c;
	struct base *b;
	int v = f->c, s, a = f->a;
	const char *why = NULL;
	enum ledger_mode m;

	if (!op(w, &b, &s, &c, ph, v))
		return;
	if (f->kind == O_CREATE) {
		if (b->vm[v].want != W_NONE)
			return;
		/* A UUID of the caller's: it may have been used before. */
		owner_create(&c, ph[a].name,
		    f->b & 1 ? LEDGER_AUTO : LEDGER_MANUAL, false);
		b->vm[v].want = W_RUNNING;
		b->vm[v].vm = c.vm;
		b->db = c.db;
		return;
	}
	if (!lives(b, v))
		return;
	switch ((int)f->kind) {
	case O_START:
		b->vm[v].want = W_RUNNING;
		break;
	case O_STOP:
		b->vm[v].want = W_STOPPED;
		break;
	case O_DELETE:
		b->vm[v].want = W_DELETED;
		break;
	case O_MIGRATE:
		why = owner_claim(&c, &ph[a]);
		if (!why && f->b & 1)
			push(w, w->now + f->x % (4 * w->t.interval), EV_UNDO,
			    fi, 0, 0);
		break;
	case O_CANCEL:
		why = owner_cancel(&c);
		break;
	case O_MODE:
		m = c.vm.mode == LEDGER_AUTO ? LEDGER_PENDING : LEDGER_AUTO;
		if (CORE_MUTANT(mode_in_one_step) && c.vm.mode == LEDGER_AUTO)
			m = LEDGER_MANUAL;
		why = owner_mode(&c, m, 0);
		break;
	case O_RELEASE:
		b->vm[v].release = true;
		break;
	default:
		break;
	}
	if (why)
		TRACE(w, "vm%d: %s", v, why);
	b->vm[v].vm = c.vm;
	b->db = c.db;
}

/* Marks the VMs of a host for a rebuild elsewhere. */
static void
rebuild(struct world *w, struct base *b, int h)
{
	int v, t = (int)rnd_in(w, 0, w->hosts - 1);

	if (t == h)
		t = (t + 1) % w->hosts;
	/* What was read off is read again, lest it was switched on since. */
	for (v = 0; v < w->hosts; v++)
		if (b->host[v].off.reads && w->h[v].up)
			memset(&b->host[v].off, 0, sizeof(b->host[v].off));
		else if (b->host[v].off.reads)
			b->host[v].off.last = ++b->db.tick;
	for (v = 0; v < w->vms; v++)
		if (lives(b, v) && b->vm[v].vm.owner == w->h[h].name)
			b->vm[v].target = (uint8_t)(t + 1);
}

/* A reading of a host's power; the world is what it is. */
static void
read_power(struct world *w, int h, bool person, bool build)
{
	struct proof_host ph[MAXH];
	struct proof_case c;
	struct base *b;
	struct proof_off *o;
	int s;

	if (!op(w, &b, &s, &c, ph, 0))
		return;
	o = &b->host[h].off;
	/* A reading may be wrong, but not twice in a row. */
	if (w->h[h].up && !person && o->reads == 0 && chance(w, 300)) {
		o->inc = b->db.inc;
		o->before = o->last = ++b->db.tick;
		o->settled = proof_settled(&c);
		o->reads = 1;
		if (build)
			rebuild(w, b, h);
		return;
	}
	if (w->h[h].up) {
		memset(o, 0, sizeof(*o));
		return;
	}
	if (!inc_same(o->inc, b->db.inc) || o->reads == 0 ||
	    b->host[h].beat > o->before) {
		o->inc = b->db.inc;
		o->before = ++b->db.tick;
		o->reads = 0;
		o->settled = proof_settled(&c);
	}
	o->last = ++b->db.tick;
	o->reads++;
	o->person = person;
	TRACE(w, "%s reads off", w->h[h].name);
	if ((o->reads >= 2 || person) && build)
		rebuild(w, b, h);
}

/* A machine with a new disk is let in again: its VMs are in doubt. */
static void
confirm(struct world *w, struct base *b, int h)
{
	struct proof_case c;
	struct proof_host ph[MAXH];
	int v;

	if (b->host[h].disk == w->h[h].disk)
		return;
	TRACE(w, "%s ledger confirmed", w->h[h].name);
	b->host[h].disk = w->h[h].disk;
	b->host[h].known_at = b->db.tick;
	for (v = 0; v < w->vms; v++) {
		base_case(w, 0, b, v, &c, ph);
		owner_doubt(&c);
		b->vm[v].vm = c.vm;
	}
}

void
op_host(struct world *w, int fi)
{
	struct fault *f = &w->fault[fi];
	struct host *x = &w->h[f->a];
	struct proof_host ph[MAXH];
	struct proof_case c;
	struct base *b;
	int s;

	switch ((int)f->kind) {
	case O_DRAIN:
		if (!x->up || !x->confirmed)
			return;
		x->drain = true;
		agent_wake(w, f->a);
		push(w, w->now + f->len, EV_UNDO, fi, 0, 0);
		break;
	case O_FENCE:
		/* Now and then the command fails, and nobody notices. */
		if ((f->b & 0xe0) != 0xe0)
			host_cut(w, f->a);
		read_power(w, f->a, false, !(f->b & 2));
		push(w, w->now + rnd_in(w, 1, 2 * w->t.interval), EV_UNDO, fi,
		    0, 0);
		push(w, w->now + f->len, EV_BOOT, f->a, 0, 0);
		break;
	case O_REBUILD:
		if (op(w, &b, &s, &c, ph, 0))
			rebuild(w, b, f->a);
		break;
	case O_CONFIRM:
		if (op(w, &b, &s, &c, ph, 0))
			confirm(w, b, f->a);
		break;
	case O_OFF:
		read_power(w, f->a, true, true);
		break;
	default:
		break;
	}
}

/* chime-drain: refuse all, stop all, then print the receipt. */
void
op_receipts(struct world *w, int h)
{
	struct host *x = &w->h[h];
	int v;

	for (v = 0; v < w->vms; v++) {
		struct proof_receipt *r = &x->receipt[v];

		r->host = x->name;
		x->receipt_disk = x->disk;
		r->inc = x->lh.known;
		r->refused = x->led[v].refused;
		r->clean = agent_copy(x, v) == COPY_NONE &&
			   !ledger_departed(&x->led[v]);
	}
}

/* The receipts of a drained host, carried to a server. */
static void
carry(struct world *w, int h)
{
	struct proof_host ph[MAXH];
	struct proof_case c;
	struct base *b;
	int s, v;

	w->h[h].drain = false;
	if (!op(w, &b, &s, &c, ph, 0))
		return;
	/* He confirms another incarnation only where it is true. */
	for (v = 0; v < w->vms; v++)
		w->h[h].receipt[v].confirmed =
		    w->h[h].dom[v].st == COPY_NONE && !w->h[h].starting[v] &&
		    gen_cmp(w->h[h].led[v].refused,
			w->h[h].receipt[v].refused) >= 0;
	rebuild(w, b, h);
}

/* The second half of what an operator began. */
void
op_undo(struct world *w, int fi)
{
	struct fault *f = &w->fault[fi];
	struct proof_host ph[MAXH];
	struct proof_case c;
	struct base *b;
	int s;

	switch ((int)f->kind) {
	case O_MIGRATE:
		if (!op(w, &b, &s, &c, ph, f->c) || !lives(b, f->c))
			return;
		owner_cancel(&c);
		b->vm[f->c].vm = c.vm;
		break;
	case O_DRAIN:
		carry(w, f->a);
		break;
	case O_FENCE:
		read_power(w, f->a, false, !(f->b & 2));
		break;
	default:
		break;
	}
}

/* What an attentive operator does while the cluster recovers. */
void
op_attend(struct world *w, struct base *b, bool late)
{
	int i, v;

	for (i = 0; i < w->hosts; i++)
		confirm(w, b, i);
	for (v = 0; v < w->vms; v++)
		if (late && b->vm[v].want == W_RUNNING && w->run[v] == 0)
			b->vm[v].release = true;
}
