/* SPDX-License-Identifier: ISC */
/*
 * What goes wrong and what operators do. A schedule's faults are drawn before
 * it begins, so that each can be left out to see whether the violation
 * stays; in the end everything is put right and every wanted VM must run.
 */
#include "sim.h"

#include <string.h>

enum fault_kind {
	F_CUT_MGMT,  /* host a from all servers */
	F_CUT_ONE,   /* host a from server b */
	F_CUT_PEER,  /* host a from host b */
	F_CUT_ALL,   /* host a from everybody */
	F_POWER,     /* host a */
	F_REBOOT,    /* host a, at once */
	F_STOP,      /* process b of host a */
	F_STOP_ALL,  /* all processes of host a */
	F_SLEEP,     /* host a is suspended */
	F_HANG,      /* libvirt of host a does not answer */
	F_LIBVIRT,   /* libvirtd of host a is killed */
	F_RECON,     /* reconcile of host a is killed */
	F_QEMU,      /* vm c dies */
	F_SERVER,    /* server b */
	F_STALL,     /* server b is stopped and goes on */
	F_BASE,      /* no database */
	F_FAILOVER,  /* to a replica that is x behind; b: forked */
	F_DISK,      /* host a comes back with another disk */
	F_WALL,      /* host a's wall clock is stepped by x */
	F_LOSS,      /* messages are lost and repeated */
	O_START,     /* operators: vm c */
	O_STOP,
	O_DELETE,
	O_CREATE,
	O_MIGRATE,   /* vm c to host a; b: cancelled after x */
	O_OFFLINE,   /* vm c to host a, at its node */
	O_MODE,      /* vm c to the other mode */
	O_RELEASE,   /* vm c away from its host */
	O_DRAIN,     /* host a, at the node; then rebuilt by receipt */
	O_FENCE,     /* host a: off, read off twice, on again after len */
	O_OFF,       /* host a: a person says it is off, if it is */
	F_KINDS
};

static const char *const fault_words[] = {"cut from servers",
    "cut from a server", "cut from a peer", "cut from all", "power cut",
    "reboot", "process stopped", "all processes stopped", "sleep",
    "libvirt hangs", "libvirtd killed", "reconcile killed", "qemu dies",
    "server down", "server stopped", "no database", "failover", "new disk",
    "wall clock stepped", "messages lost", "start", "stop", "delete", "create",
    "migrate", "migrate offline", "mode", "release", "drain", "fence",
    "said to be off"};

/* How often each is drawn; a schedule prefers a few of them. */
static const uint8_t weights[F_KINDS] = {6, 3, 4, 5, 5, 3, 7, 2, 2, 3, 4, 3,
    3, 2, 3, 2, 6, 2, 1, 3, 3, 3, 2, 3, 8, 6, 4, 4, 4, 6, 3};

static int
draw(struct world *w, const int *like)
{
	int sum = 0, i, r;

	if (chance(w, 500))
		return like[rnd(w) % 3];
	for (i = 0; i < F_KINDS; i++)
		sum += weights[i];
	r = (int)(rnd(w) % (uint64_t)sum);
	for (i = 0; r >= weights[i]; i++)
		r -= weights[i];
	return i;
}

static int64_t
span(struct world *w)
{
	int64_t i = w->t.interval;

	if (chance(w, 300))
		return rnd_in(w, 1, i);
	if (chance(w, 500))
		return rnd_in(w, i, w->t.sum);
	return rnd_in(w, w->t.lease, 4 * w->t.sum);
}

static void
draw_faults(struct world *w, int64_t from, int64_t to)
{
	int like[3], i, k;
	/* Half of a schedule's faults fall on few hosts and few VMs. */
	int host = (int)rnd_in(w, 0, w->hosts - 1);
	int vm = (int)rnd_in(w, 0, w->vms - 1);

	for (i = 0; i < 3; i++)
		for (k = F_KINDS; k >= F_KINDS || weights[k] == 0;)
			k = like[i] = (int)rnd_in(w, 0, F_KINDS - 1);
	w->faults = (int)rnd_in(w, 2, 20);
	for (i = 0; i < w->faults; i++) {
		struct fault *f = &w->fault[i];

		f->kind = (uint8_t)draw(w, like);
		f->at = rnd_in(w, from, to);
		if (i && chance(w, 400))
			f->at = w->fault[i - 1].at + rnd_in(w, 0, w->t.lease);
		f->len = span(w);
		f->x = rnd_in(w, 0, w->t.lose);
		if (chance(w, 500))
			f->x = rnd_in(w, 0, 2 * w->t.interval);
		f->a = (uint8_t)(chance(w, 500) ? host
		                                : rnd_in(w, 0, w->hosts - 1));
		f->c = (uint8_t)(chance(w, 600) ? vm
		                                : rnd_in(w, 0, w->vms - 1));
		f->b = (uint8_t)(rnd(w) & 0xff);
	}
}

static void
make_base(struct world *w)
{
	struct base *b = &w->db[0];
	struct proof_host ph[MAXH];
	struct proof_case c;
	int i, v;
	int autos = (int)rnd_in(w, 0, 2);

	w->dbs = 1;
	b->ident = b->seen_ident = 1;
	b->db.inc.number = 1;
	b->db.inc.nonce = rnd(w);
	for (i = 0; i < w->hosts; i++) {
		w->h[i].disk = ++w->disks;
		w->h[i].confirmed = true;
		b->host[i].disk = w->h[i].disk;
	}
	for (v = 0; v < w->vms; v++) {
		if (chance(w, 100))
			continue;
		base_case(w, 0, b, v, &c, ph);
		owner_create(&c, w->h[rnd_in(w, 0, w->hosts - 1)].name,
		    autos == 1 || (autos && chance(w, 500)) ? LEDGER_AUTO
		                                            : LEDGER_MANUAL,
		    true);
		b->vm[v].vm = c.vm;
		b->db = c.db;
		b->vm[v].want = chance(w, 900) ? W_RUNNING : W_STOPPED;
	}
}

static void
make_timers(struct world *w)
{
	struct lease_timers *t = &w->t;

	if (chance(w, 800)) {
		*t = (struct lease_timers){1000, 3000, 1000, 2000, 800, 0, 0, 0};
		t->old = rnd_in(w, 500, 12000);
		t->lose = 15000;
	} else {
		*t = (struct lease_timers){
		    10000, 40000, 12000, 10000, 3000, 0, 0, 0};
		t->old = rnd_in(w, 5000, 60000);
		t->lose = 100000;
	}
	t->sum = lease_sum(t);
}

void
chaos_make(struct world *w)
{
	int64_t from, to;
	int i;

	make_timers(w);
	w->hosts = chance(w, 20) ? (int)rnd_in(w, 9, MAXH)
	                         : (int)rnd_in(w, 3, chance(w, 700) ? 4 : 8);
	w->vms = (int)rnd_in(w, 1, chance(w, 700) ? 2 : MAXV);
	w->servers = (int)rnd_in(w, 1, MAXS);
	for (i = 0; i < w->hosts; i++) {
		w->h[i].name = sim_hosts[i];
		w->h[i].ppm = (int32_t)rnd_in(w, -10000, 10000);
		w->h[i].can_arm = chance(w, 900);
	}
	for (i = 0; i < w->servers; i++)
		w->s[i].ppm = (int32_t)rnd_in(w, -10000, 10000);
	make_base(w);
	for (i = 0; i < w->hosts; i++)
		host_boot(w, i);
	for (i = 0; i < w->servers; i++)
		server_boot(w, i);
	from = 5 * w->t.interval;
	to = from + rnd_in(w, 10, 80) * w->t.interval;
	draw_faults(w, from, to);
	for (i = 0; i < w->faults; i++) {
		struct fault *f = &w->fault[i];

		if (w->drop & (uint64_t)1 << i)
			continue;
		if (f->kind == F_FAILOVER)
			push(w, f->at > f->x ? f->at - f->x : 0, EV_SNAP, i, 0,
			    0);
		push(w, f->at, EV_FAULT, i, 0, 0);
	}
	push(w, to + 10 * w->t.interval, EV_HEAL, 0, 0, 0);
}

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

static void
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
	for (v = 0; v < w->vms; v++)
		if (lives(b, v) && b->vm[v].vm.owner == w->h[h].name)
			b->vm[v].target = (uint8_t)(t + 1);
}

/* A reading of a host's power; the world is what it is. */
static void
read_power(struct world *w, int h, bool person)
{
	struct proof_host ph[MAXH];
	struct proof_case c;
	struct base *b;
	struct proof_off *o;
	int s;

	if (!op(w, &b, &s, &c, ph, 0))
		return;
	o = &b->host[h].off;
	if (w->h[h].up) {
		memset(o, 0, sizeof(*o));
		return;
	}
	if (!inc_same(o->inc, b->db.inc) || o->reads == 0 ||
	    b->host[h].beat > o->before) {
		o->inc = b->db.inc;
		o->before = b->db.tick;
		o->reads = 0;
	}
	o->reads++;
	o->person = person;
	TRACE(w, "%s reads off", w->h[h].name);
	if (o->reads >= 2 || person)
		rebuild(w, b, h);
}

static void
op_host(struct world *w, int fi)
{
	struct fault *f = &w->fault[fi];
	struct host *x = &w->h[f->a];

	switch ((int)f->kind) {
	case O_DRAIN:
		if (!x->up || !x->confirmed)
			return;
		x->drain = true;
		agent_wake(w, f->a);
		push(w, w->now + f->len, EV_UNDO, fi, 0, 0);
		break;
	case O_FENCE:
		host_cut(w, f->a);
		read_power(w, f->a, false);
		push(w, w->now + rnd_in(w, 1, 2 * w->t.interval), EV_UNDO, fi,
		    0, 0);
		push(w, w->now + f->len, EV_BOOT, f->a, 0, 0);
		break;
	case O_OFF:
		read_power(w, f->a, true);
		break;
	default:
		break;
	}
}

static void
cut(struct world *w, const struct fault *f, bool on)
{
	int i, b = f->b % w->hosts;

	for (i = 0; i < w->servers; i++)
		if (f->kind == F_CUT_MGMT || f->kind == F_CUT_ALL ||
		    (f->kind == F_CUT_ONE && i == f->b % w->servers))
			w->mgmt[f->a][i] = on;
	for (i = 0; i < w->hosts; i++)
		if (f->kind == F_CUT_ALL || (f->kind == F_CUT_PEER && i == b))
			w->peer[f->a][i] = w->peer[i][f->a] = on;
}

/* A process goes on at `until`; a stopped deadman pets no longer. */
static void
stop_proc(struct world *w, int h, enum proc p, int64_t until)
{
	struct host *x = &w->h[h];

	if (x->resume[p] < until)
		x->resume[p] = until;
	if (p == P_DEAD)
		watchdog_left(w, h, w->now);
	if (p == P_LIBVIRT)
		x->hung = true;
}

static void
go_on(struct world *w, int h)
{
	struct host *x = &w->h[h];

	if (!x->up)
		return;
	if (x->resume[P_LIBVIRT] <= w->now)
		x->hung = false;
	if (x->resume[P_DEAD] <= w->now && !x->given_up)
		x->wd = 0;
	deadman_at(w, h, w->now);
	agent_wake(w, h);
}

static void
kill_recon(struct world *w, int h)
{
	struct host *x = &w->h[h];
	int v;

	for (v = 0; v < w->vms; v++)
		x->locked[v] = false;
	agent_wake(w, h);
}

static void
begin_host(struct world *w, int fi)
{
	struct fault *f = &w->fault[fi];
	struct host *x = &w->h[f->a];
	int64_t until = w->now + f->len;
	int p;

	switch ((int)f->kind) {
	case F_POWER:
	case F_DISK:
	case F_REBOOT:
		host_cut(w, f->a);
		if (f->kind == F_DISK) {
			memset(x->led, 0, sizeof(x->led));
			x->known = (struct inc){0, 0};
			x->disk = ++w->disks;
			x->confirmed = false;
		}
		if (f->kind == F_REBOOT)
			until = w->now + w->t.interval;
		push(w, until, EV_BOOT, f->a, 0, 0);
		return;
	case F_STOP:
		p = f->b % (P_DEAD + 1);
		TRACE(w, "%s process %d", x->name, p);
		stop_proc(w, f->a, (enum proc)p, until);
		break;
	case F_STOP_ALL:
		for (p = 0; p <= P_DEAD; p++)
			stop_proc(w, f->a, (enum proc)p, until);
		break;
	case F_SLEEP:
		host_freeze(w, f->a, true);
		x->thaw = until;
		if (!CORE_MUTANT(watchdog_sleeps))
			watchdog_left(w, f->a, w->now);
		break;
	case F_HANG:
		stop_proc(w, f->a, P_LIBVIRT, until);
		break;
	case F_LIBVIRT:
		libvirt_kill(w, f->a);
		return;
	case F_RECON:
		kill_recon(w, f->a);
		return;
	case F_WALL:
		x->wall += f->x * (f->b & 1 ? 1 : -1);
		return;
	default:
		break;
	}
	push(w, until, EV_UNDO, fi, 0, 0);
}

static void
begin(struct world *w, int fi)
{
	struct fault *f = &w->fault[fi];
	int s = f->b % w->servers, i;

	TRACE(w, "-- fault %d: %s, host %s, vm%d, for %.3f", fi,
	    fault_words[f->kind], w->h[f->a].name, f->c,
	    (double)f->len / 1000);
	switch ((int)f->kind) {
	case F_CUT_MGMT:
	case F_CUT_ONE:
	case F_CUT_PEER:
	case F_CUT_ALL:
		cut(w, f, true);
		break;
	case F_SERVER:
		w->s[s].up = false;
		w->s[s].base = -1;
		break;
	case F_STALL:
		w->s[s].resume = w->now + f->len;
		return;
	case F_BASE:
		w->db_down = w->now + f->len;
		for (i = 0; i < w->servers; i++)
			w->s[i].base = -1;
		return;
	case F_FAILOVER:
		f->x = w->cur;
		base_failover(w, f->c % MAXDB, f->b & 1);
		push(w, w->now + rnd_in(w, 0, w->t.old), EV_UNDO, fi, 0, 0);
		return;
	case F_LOSS:
		w->loss = f->b;
		break;
	case F_QEMU:
		for (i = 0; i < w->hosts; i++)
			if (w->h[i].up)
				push(w, w->now, EV_DIED, i, f->c, 0);
		return;
	case O_OFFLINE:
		for (i = 0; i < w->hosts; i++)
			if (w->h[i].dom[f->c].st == COPY_RUNNING) {
				w->h[i].offline[f->c] = (uint8_t)(f->a + 1);
				agent_wake(w, i);
			}
		return;
	default:
		if (f->kind >= O_START && f->kind <= O_RELEASE)
			op_vm(w, fi);
		else if (f->kind >= O_DRAIN)
			op_host(w, fi);
		else
			begin_host(w, fi);
		return;
	}
	push(w, w->now + f->len, EV_UNDO, fi, 0, 0);
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
		    w->h[h].dom[v].st == COPY_NONE &&
		    !w->h[h].starting[v] &&
		    gen_cmp(w->h[h].led[v].refused,
			w->h[h].receipt[v].refused) >= 0;
	rebuild(w, b, h);
}

static void
undo(struct world *w, int fi)
{
	struct fault *f = &w->fault[fi];
	struct proof_host ph[MAXH];
	struct proof_case c;
	struct base *b;
	int s = f->b % w->servers, i;

	switch ((int)f->kind) {
	case F_CUT_MGMT:
	case F_CUT_ONE:
	case F_CUT_PEER:
	case F_CUT_ALL:
		cut(w, f, false);
		break;
	case F_SERVER:
		if (!w->s[s].up)
			server_boot(w, s);
		break;
	case F_FAILOVER:
		for (i = 0; i < w->servers; i++)
			if (w->s[i].base >= 0 && w->s[i].base != w->cur)
				w->s[i].base = -1;
		break;
	case F_LOSS:
		w->loss = 0;
		break;
	case F_SLEEP:
		if (w->h[f->a].thaw <= w->now)
			host_freeze(w, f->a, false);
		go_on(w, f->a);
		break;
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
		read_power(w, f->a, false);
		break;
	default:
		go_on(w, f->a);
		break;
	}
}

/* Everything is put right, and stays so. */
static void
heal(struct world *w)
{
	int i;

	TRACE(w, "-- healed");
	w->calm = w->healed = true;
	w->healed_at = w->now;
	w->loss = 0;
	w->db_down = 0;
	memset(w->mgmt, 0, sizeof(w->mgmt));
	memset(w->peer, 0, sizeof(w->peer));
	for (i = 0; i < w->servers; i++) {
		w->s[i].resume = 0;
		if (!w->s[i].up)
			server_boot(w, i);
		if (w->s[i].base != w->cur)
			w->s[i].base = -1;
	}
	for (i = 0; i < w->hosts; i++) {
		memset(w->h[i].resume, 0, sizeof(w->h[i].resume));
		w->h[i].can_arm = true;
		w->h[i].thaw = 0;
		host_freeze(w, i, false);
		if (!w->h[i].up)
			host_boot(w, i);
		else
			go_on(w, i);
		w->h[i].lh.armed = true;
	}
	push(w, w->now + w->t.interval, EV_CHECK, 0, 0, 0);
}

/* What an attentive operator does while the cluster recovers. */
static void
attend(struct world *w, struct base *b, bool late)
{
	int i, v;

	for (i = 0; i < w->hosts; i++)
		if (b->host[i].disk != w->h[i].disk) {
			struct proof_case c;
			struct proof_host ph[MAXH];

			TRACE(w, "%s ledger confirmed", w->h[i].name);
			b->host[i].disk = w->h[i].disk;
			b->host[i].known_at = b->db.tick;
			for (v = 0; v < w->vms; v++) {
				base_case(w, 0, b, v, &c, ph);
				owner_doubt(&c);
				b->vm[v].vm = c.vm;
			}
		}
	for (v = 0; v < w->vms; v++)
		if (late && b->vm[v].want == W_RUNNING && w->run[v] == 0)
			b->vm[v].release = true;
}

static void
check(struct world *w)
{
	struct base *b = &w->db[w->cur];
	int64_t age = w->now - w->healed_at, i = w->t.interval;
	int64_t bound = 100 * i + 4 * w->t.sum + w->t.old;
	int v, missing = -1;

	for (v = 0; v < w->vms; v++)
		if (b->vm[v].want == W_RUNNING && w->run[v] != 1)
			missing = v;
	if (missing < 0 && age > 5 * i) {
		w->heaped = 0;
		return;
	}
	attend(w, b, age > bound / 2 && age < bound / 2 + 2 * i);
	if (age > bound) {
		violate(w, "a wanted VM does not run", missing);
		return;
	}
	push(w, w->now + i, EV_CHECK, 0, 0, 0);
}

void
chaos_event(struct world *w, const struct ev *e)
{
	switch ((int)e->kind) {
	case EV_SNAP:
		w->snap[w->fault[e->who].c % MAXDB] = w->db[w->cur];
		break;
	case EV_FAULT:
		if (!w->healed)
			begin(w, e->who);
		break;
	case EV_UNDO:
		undo(w, e->who);
		break;
	case EV_HEAL:
		heal(w);
		break;
	case EV_CHECK:
		check(w);
		break;
	default:
		break;
	}
}
