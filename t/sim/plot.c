/* SPDX-License-Identifier: ISC */
/*
 * Draws a schedule before it begins: how large the world is, its clocks, its
 * times, and the faults, each of which can be left out to see whether the
 * violation stays. Most come in plots, a few faults whose order and distance
 * are known to be dangerous; the rest come anyhow.
 */
#include "sim.h"

const char *const fault_words[] = {"cut from servers", "cut from a server",
    "cut from a peer", "cut from new servers", "cut from all", "power cut",
    "reboot", "process stopped", "all processes stopped", "sleep",
    "libvirt hangs", "libvirtd killed", "reconcile killed", "qemu dies",
    "server down", "server stopped", "no database", "failover", "new disk",
    "wall clock stepped", "messages lost", "start", "stop", "delete", "create",
    "migrate", "cancel", "migrate offline", "mode", "release", "drain", "fence",
    "rebuild", "said to be off", "ledger confirmed"};

/* How often each is drawn; a schedule prefers a few of them. */
static const uint8_t weights[F_KINDS] = {6, 3, 4, 2, 5, 5, 3, 7, 2, 2, 3, 4, 3,
    3, 2, 3, 2, 6, 2, 1, 3, 3, 3, 2, 3, 8, 2, 6, 4, 4, 4, 6, 4, 3, 2};

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

/* One step of a plot: times are tenths of an interval. */
struct step {
	uint8_t kind;     /* F_KINDS: the end */
	uint8_t who;      /* ROLE_..., or 0 to 2: a host drawn for the plot */
	int16_t from, to; /* after the step before */
	int16_t least, most; /* how long; 0: anyhow */
	int16_t x;           /* at most so far behind; 0: anyhow */
	int8_t b;            /* -1: anyhow */
};

#define END                                                                    \
	{                                                                      \
		F_KINDS, 0, 0, 0, 0, 0, 0, 0                                   \
	}

static const struct step plots[][8] = {
    /* A chain, while the power of its first host is being read. */
    {{F_CUT_MGMT, 1, 0, 0, 75, 115, 0, -1}, {O_OFFLINE, 1, 1, 5, 0, 0, 0, -1},
	{O_FENCE, ROLE_OWNER, 15, 35, 200, 400, 0, 0},
	{F_CUT_MGMT, 2, 15, 30, 200, 400, 0, -1},
	{O_OFFLINE, 2, 0, 3, 0, 0, 0, -1}, END},
    {{F_CUT_MGMT, 1, 0, 0, 75, 115, 0, -1}, {O_OFFLINE, 1, 1, 5, 0, 0, 0, -1},
	{O_FENCE, ROLE_OWNER, 15, 35, 200, 400, 0, 0},
	{F_CUT_MGMT, 2, 15, 30, 200, 400, 0, -1},
	{O_OFFLINE, 2, 0, 3, 0, 0, 0, -1}, {F_DISK, 1, 10, 40, 5, 20, 0, -1},
	{O_CONFIRM, 1, 10, 60, 0, 0, 0, -1}, END},
    {{F_CUT_MGMT, 1, 0, 0, 200, 300, 0, -1}, {O_OFFLINE, 1, 1, 5, 0, 0, 0, -1},
	{O_FENCE, ROLE_OWNER, 15, 35, 200, 400, 0, 0},
	{F_CUT_MGMT, 2, 15, 30, 200, 400, 0, -1},
	{O_OFFLINE, 2, 0, 3, 0, 0, 0, -1}, {O_FENCE, 1, 10, 40, 200, 400, 0, 0},
	{O_REBUILD, ROLE_OWNER, 10, 40, 0, 0, 0, -1}, END},
    {{F_CUT_MGMT, 1, 0, 0, 100, 300, 0, -1}, {O_OFFLINE, 1, 1, 5, 0, 0, 0, -1},
	{O_RELEASE, 0, 25, 60, 0, 0, 0, -1}, END},
    {{F_STOP, 1, 0, 0, 60, 300, 0, P_RECON | 8},
	{O_OFFLINE, 1, 1, 5, 0, 0, 0, -1},
	{O_FENCE, ROLE_OWNER, 10, 45, 30, 300, 0, 0}, END},
    /* A claim whose destination has the copy and has not said so. */
    {{F_STOP, 1, 0, 0, 100, 300, 0, P_RECON | 8},
	{O_MIGRATE, 1, 1, 5, 0, 0, 0, 0},
	{F_POWER, ROLE_OWNER, 15, 50, 100, 300, 0, -1},
	{O_CANCEL, 0, 0, 60, 0, 0, 0, -1}, END},
    /* Read off, switched on unnoticed, and given the copy of the next. */
    {{F_CUT_MGMT, 1, 0, 0, 300, 400, 0, -1}, {O_FENCE, 1, 1, 5, 25, 40, 0, 2},
	{O_OFFLINE, 1, 45, 60, 0, 0, 0, -1},
	{O_FENCE, ROLE_OWNER, 40, 60, 200, 400, 0, 0}, END},
    /* An old writer's servers, and a host that sees no others. */
    {{F_FAILOVER, 0, 0, 0, 0, 0, 20, 3},
	{F_CUT_NEW, ROLE_OWNER, 0, 3, 100, 300, 0, -1}, END},
    {{F_FAILOVER, 0, 0, 0, 0, 0, 20, 3},
	{F_POWER, ROLE_OWNER, 0, 10, 5, 10, 0, -1},
	{O_OFF, ROLE_OWNER, 1, 4, 0, 0, 0, -1},
	{F_CUT_NEW, ROLE_OWNER, 0, 2, 100, 300, 0, -1},
	{O_REBUILD, ROLE_OWNER, 5, 30, 0, 0, 0, -1}, END},
    {{F_FAILOVER, 0, 0, 0, 0, 0, 20, 3},
	{F_REBOOT, ROLE_OWNER, 15, 30, 0, 0, 0, -1},
	{F_CUT_NEW, ROLE_OWNER, 0, 2, 100, 300, 0, -1}, END},
    {{F_FAILOVER, 0, 0, 0, 0, 0, 20, 3}, {O_RELEASE, 0, 10, 25, 0, 0, 0, -1},
	{F_CUT_NEW, ROLE_OWNER, 0, 20, 50, 300, 0, -1}, END},
    /* Read off, on again, and the database forgets it. */
    {{O_FENCE, ROLE_OWNER, 0, 0, 15, 25, 0, 2},
	{F_FAILOVER, 0, 30, 60, 0, 0, 50, 0},
	{F_CUT_ALL, ROLE_OWNER, 0, 3, 100, 300, 0, -1},
	{O_REBUILD, ROLE_OWNER, 5, 60, 0, 0, 0, -1}, END},
    /* What arrived is passed on, and the middle one forgets it. */
    {{F_CUT_MGMT, 1, 0, 0, 80, 300, 0, -1},
	{F_CUT_MGMT, 2, 0, 0, 80, 300, 0, -1},
	{O_OFFLINE, 1, 1, 10, 0, 0, 0, -1}, {O_OFFLINE, 2, 15, 50, 0, 0, 0, -1},
	{F_REBOOT, 1, 10, 60, 0, 0, 0, -1},
	{F_REBOOT, ROLE_OWNER, 0, 20, 0, 0, 0, -1}, END},
    /* The owner goes, and what is decided then is lost. */
    {{F_CUT_ALL, ROLE_OWNER, 0, 0, 50, 300, 0, -1},
	{F_FAILOVER, 0, 60, 120, 0, 0, 40, -1},
	{F_CUT_ALL, ROLE_OWNER, 0, 30, 50, 300, 0, -1}, END},
    {{O_RELEASE, 0, 0, 0, 0, 0, 0, -1}, {F_FAILOVER, 0, 1, 60, 0, 0, 60, -1},
	{F_CUT_MGMT, ROLE_RUNS, 0, 20, 50, 300, 0, -1}, END},
    {{O_CREATE, 1, 0, 0, 0, 0, 0, -1},
	{F_CUT_MGMT, ROLE_RUNS, 15, 40, 50, 300, 0, -1},
	{F_FAILOVER, 0, 0, 40, 0, 0, 100, -1},
	{O_CREATE, 2, 1, 40, 0, 0, 0, -1}, END},
    {{O_MIGRATE, 1, 0, 0, 0, 0, 0, 0}, {F_FAILOVER, 0, 1, 60, 0, 0, 60, -1},
	{F_CUT_MGMT, ROLE_RUNS, 0, 20, 50, 300, 0, -1},
	{O_RELEASE, 0, 1, 60, 0, 0, 0, -1}, END},
    /* The window in which a source stays paused. */
    {{O_MIGRATE, 1, 0, 0, 0, 0, 0, 0},
	{F_LIBVIRT, ROLE_RUNS, 5, 45, 0, 0, 0, -1},
	{F_CUT_MGMT, 1, 0, 10, 60, 300, 0, -1},
	{F_CUT_MGMT, ROLE_OWNER, 0, 10, 60, 300, 0, -1},
	{F_CUT_PEER, 1, 0, 10, 5, 100, 0, -1}, END},
    {{O_OFFLINE, 1, 0, 0, 0, 0, 0, -1},
	{F_LIBVIRT, ROLE_RUNS, 5, 45, 0, 0, 0, -1},
	{F_POWER, 1, 0, 20, 10, 100, 0, -1}, END},
    {{O_MIGRATE, 1, 0, 0, 0, 0, 0, 0}, {F_STOP_ALL, 1, 1, 40, 10, 100, 0, -1},
	{F_LIBVIRT, ROLE_OWNER, 0, 30, 0, 0, 0, -1}, END},
    {{O_MIGRATE, 1, 0, 0, 0, 0, 0, 1},
	{F_CUT_MGMT, ROLE_OWNER, 0, 20, 10, 200, 0, -1},
	{F_CUT_MGMT, 1, 0, 20, 10, 200, 0, -1},
	{F_LOSS, 0, 0, 10, 20, 100, 0, -1}, END},
    /* Chains of migrations nobody hears of, then the first host goes. */
    {{F_CUT_MGMT, 1, 0, 0, 30, 300, 0, -1}, {O_OFFLINE, 1, 1, 10, 0, 0, 0, -1},
	{O_OFFLINE, 2, 15, 50, 0, 0, 0, -1},
	{O_FENCE, ROLE_OWNER, 0, 40, 30, 300, 0, -1},
	{O_REBUILD, ROLE_OWNER, 0, 30, 0, 0, 0, -1}, END},
    {{F_CUT_MGMT, ROLE_OWNER, 0, 0, 30, 300, 0, -1},
	{F_CUT_MGMT, 1, 0, 10, 20, 100, 0, -1},
	{O_OFFLINE, 1, 1, 10, 0, 0, 0, -1}, {O_OFFLINE, 2, 15, 50, 0, 0, 0, -1},
	{O_FENCE, 1, 10, 60, 30, 300, 0, -1},
	{O_FENCE, ROLE_OWNER, 0, 60, 30, 300, 0, -1}, END},
    {{O_OFFLINE, 1, 0, 0, 0, 0, 0, -1}, {F_STOP, 1, 3, 30, 60, 300, 0, P_RECON},
	{O_FENCE, ROLE_OWNER, 5, 40, 30, 300, 0, -1}, END},
    {{O_OFFLINE, 1, 0, 0, 0, 0, 0, -1}, {F_REBOOT, 1, 10, 50, 0, 0, 0, -1},
	{F_CUT_ALL, 1, 0, 10, 10, 200, 0, -1},
	{O_RELEASE, 0, 0, 30, 0, 0, 0, -1}, END},
    {{O_OFFLINE, 1, 0, 0, 0, 0, 0, -1}, {F_DISK, 1, 5, 60, 5, 60, 0, -1},
	{F_CUT_PEER, 1, 0, 10, 10, 200, 0, -1},
	{O_CONFIRM, 1, 10, 90, 0, 0, 0, -1}, END},
    /* A host is off, is read off, comes back, and then it is believed. */
    {{O_FENCE, ROLE_OWNER, 0, 0, 25, 60, 0, -1},
	{O_REBUILD, ROLE_OWNER, 20, 120, 0, 0, 0, -1}, END},
    {{F_POWER, ROLE_OWNER, 0, 0, 10, 40, 0, -1},
	{O_OFF, ROLE_OWNER, 1, 20, 0, 0, 0, -1},
	{O_REBUILD, ROLE_OWNER, 10, 120, 0, 0, 0, -1}, END},
    {{F_FAILOVER, 0, 0, 0, 0, 0, 20, 1},
	{O_FENCE, ROLE_OWNER, 0, 10, 5, 30, 0, -1},
	{O_REBUILD, ROLE_OWNER, 0, 60, 0, 0, 0, -1}, END},
    {{O_FENCE, ROLE_OWNER, 0, 0, 25, 60, 0, -1},
	{F_FAILOVER, 0, 0, 120, 0, 0, 100, -1},
	{O_REBUILD, ROLE_OWNER, 0, 60, 0, 0, 0, -1}, END},
    /* One process stops, and time passes without it. */
    {{F_STOP, ROLE_OWNER, 0, 10, 30, 75, 0, P_BEAT | 4},
	{F_CUT_MGMT, ROLE_OWNER, 2, 60, 60, 200, 0, -1}, END},
    {{F_CUT_MGMT, ROLE_OWNER, 0, 0, 60, 200, 0, -1},
	{F_STOP, ROLE_OWNER, 1, 60, 30, 200, 0, P_DEAD}, END},
    {{F_QEMU, 0, 0, 0, 0, 0, 0, -1},
	{F_STOP, ROLE_OWNER, 0, 5, 30, 200, 0, P_RECON},
	{F_CUT_MGMT, ROLE_OWNER, 0, 30, 60, 200, 0, -1}, END},
    {{O_STOP, 0, 0, 0, 0, 0, 0, -1}, {O_START, 0, 10, 30, 0, 0, 0, -1},
	{F_STOP, ROLE_OWNER, 5, 20, 30, 200, 0, P_RECON},
	{O_RELEASE, 0, 0, 20, 0, 0, 0, -1}, END},
    {{F_HANG, ROLE_OWNER, 0, 0, 60, 200, 0, -1},
	{F_CUT_MGMT, ROLE_OWNER, 0, 30, 60, 200, 0, -1}, END},
    {{F_SLEEP, ROLE_OWNER, 0, 0, 60, 200, 0, -1},
	{F_FAILOVER, 0, 0, 60, 0, 0, 20, -1}, END},
    /* Modes. */
    {{O_MODE, 0, 0, 0, 0, 0, 0, -1},
	{F_CUT_ALL, ROLE_OWNER, 0, 30, 100, 400, 0, -1}, END},
    {{O_MODE, 0, 0, 0, 0, 0, 0, -1}, {F_FAILOVER, 0, 1, 400, 0, 0, 150, -1},
	{F_CUT_ALL, ROLE_OWNER, 0, 30, 100, 400, 0, -1}, END},
    {{F_FAILOVER, 0, 0, 0, 0, 0, 20, 1}, {O_MODE, 0, 0, 20, 0, 0, 0, -1},
	{F_CUT_ALL, ROLE_OWNER, 0, 60, 100, 400, 0, -1}, END},
    /* Drained at the node, the paper carried, and used late. */
    {{O_DRAIN, ROLE_OWNER, 0, 0, 10, 60, 0, -1},
	{F_CUT_MGMT, ROLE_OWNER, 0, 20, 30, 100, 0, -1},
	{F_FAILOVER, 0, 0, 100, 0, 0, 100, -1},
	{O_REBUILD, ROLE_OWNER, 0, 100, 0, 0, 0, -1}, END},
    {{O_DRAIN, ROLE_OWNER, 0, 0, 10, 30, 0, -1},
	{F_DISK, ROLE_OWNER, 5, 40, 5, 30, 0, -1},
	{O_CONFIRM, ROLE_OWNER, 20, 90, 0, 0, 0, -1},
	{O_REBUILD, ROLE_OWNER, 0, 100, 0, 0, 0, -1}, END},
    /* Two databases for a while, and hosts that see one of them. */
    {{F_FAILOVER, 0, 0, 0, 0, 0, 20, 1},
	{F_CUT_ONE, ROLE_OWNER, 0, 10, 30, 150, 0, -1},
	{F_CUT_ONE, ROLE_OWNER, 0, 10, 30, 150, 0, -1},
	{O_RELEASE, 0, 0, 60, 0, 0, 0, -1}, END},
    {{F_FAILOVER, 0, 0, 0, 0, 0, 60, 1}, {F_FAILOVER, 0, 1, 80, 0, 0, 60, 1},
	{F_CUT_ONE, 1, 0, 10, 30, 150, 0, -1},
	{O_RELEASE, 0, 0, 60, 0, 0, 0, -1}, END},
};

static void
draw_fault(struct world *w, struct fault *f, int kind, const int host[3])
{
	f->kind = (uint8_t)kind;
	f->len = span(w);
	f->x = rnd_in(w, 0, chance(w, 500) ? w->t.lose : 2 * w->t.interval);
	f->a = (uint8_t)(chance(w, 300)   ? ROLE_OWNER
			 : chance(w, 500) ? host[0]
					  : rnd_in(w, 0, w->hosts - 1));
	f->b = (uint8_t)(rnd(w) & 0xff);
}

static int64_t
tenths(struct world *w, int from, int to)
{
	return rnd_in(w, from, to) * w->t.interval / 10;
}

/* A whole plot, its hosts and its VM drawn once; where it ends. */
static int64_t
draw_plot(struct world *w, const struct step *p, int64_t at, int vm)
{
	int host[3], i;

	for (i = 0; i < 3; i++)
		host[i] = (int)rnd_in(w, 0, w->hosts - 1);
	for (; p->kind != F_KINDS && w->faults < MAXF; p++) {
		struct fault *f = &w->fault[w->faults++];

		draw_fault(w, f, p->kind, host);
		at += tenths(w, p->from, p->to);
		f->at = at;
		f->c = (uint8_t)vm;
		f->a = p->who < 3 ? (uint8_t)host[p->who] : p->who;
		if (p->most)
			f->len = tenths(w, p->least, p->most);
		if (p->x)
			f->x = tenths(w, 0, p->x);
		if (f->x > w->t.lose)
			f->x = w->t.lose;
		if (p->b >= 0)
			f->b = (uint8_t)p->b;
	}
	return at;
}

static void
draw_faults(struct world *w, int64_t from, int64_t to)
{
	int like[3], host[3], i, k, n;
	int64_t at = from;
	int vm = (int)rnd_in(w, 0, w->vms - 1);
	const size_t all = sizeof(plots) / sizeof(plots[0]);

	for (i = 0; i < 3; i++) {
		like[i] = (int)rnd_in(w, 0, F_KINDS - 1);
		host[i] = (int)rnd_in(w, 0, w->hosts - 1);
	}
	k = (int)rnd_in(w, 0, 4);
	for (i = 0; i < k && at < to; i++) {
		at = draw_plot(w, plots[rnd(w) % all], at, vm);
		at += tenths(w, 0, chance(w, 500) ? 40 : 200);
		if (chance(w, 400))
			vm = (int)rnd_in(w, 0, w->vms - 1);
	}
	n = w->faults + (int)rnd_in(w, k == 0 ? 4 : 0, k == 0 ? 20 : 8);
	while (w->faults < n && w->faults < MAXF) {
		struct fault *f = &w->fault[w->faults++];

		draw_fault(w, f, draw(w, like), host);
		f->at = rnd_in(w, from, to);
		if (chance(w, 400))
			f->at = w->fault[w->faults / 2].at +
				rnd_in(w, 0, w->t.lease);
		f->c =
		    (uint8_t)(chance(w, 600) ? vm : rnd_in(w, 0, w->vms - 1));
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
		*t =
		    (struct lease_timers){1000, 3000, 1000, 2000, 800, 0, 0, 0};
		t->old = rnd_in(w, 500, chance(w, 700) ? 3000 : 12000);
		t->lose = 15000;
	} else {
		*t = (struct lease_timers){
		    10000, 40000, 12000, 10000, 3000, 0, 0, 0};
		t->old = rnd_in(w, 5000, chance(w, 700) ? 22000 : 60000);
		t->lose = 100000;
	}
	t->sum = lease_sum(t);
}

void
plot_make(struct world *w)
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
	for (i = 0; i < w->faults; i++)
		if (w->fault[i].at > to)
			to = w->fault[i].at;
	push(w, to + tenths(w, 10, 300), EV_HEAL, 0, 0, 0);
}
