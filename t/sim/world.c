/* SPDX-License-Identifier: ISC */
/*
 * The physical world: power, libvirt and its domains, live migration as
 * libvirt does it, the watchdog. The oracle lives in dom_set and host_freeze:
 * it counts the copies whose vCPUs run after every change of one.
 */
#include "sim.h"

#include <string.h>

void
violate(struct world *w, const char *what, int vm)
{
	if (!w->violation) {
		w->violation = what;
		w->bad_vm = vm;
	}
	TRACE(w, "VIOLATION: %s, vm%d", what, vm);
}

static const char *
st_word(enum ledger_copy st)
{
	static const char *const words[] = {
	    "none", "starting", "RUNNING", "paused", "incoming", "unknown"};

	return words[st];
}

static void
count(struct world *w, int h, int v, int d)
{
	w->run[v] += d;
	if (w->run[v] > 1)
		violate(w, "two copies run", v);
	(void)h;
}

void
dom_set(struct world *w, int h, int v, enum ledger_copy st)
{
	struct host *x = &w->h[h];
	struct dom *d = &x->dom[v];
	bool was = d->st == COPY_RUNNING && !x->frozen;
	bool is = st == COPY_RUNNING && !x->frozen;
	char g[GEN_SIZE];

	if (w->trace) {
		gen_format(d->gen, g);
		TRACE(w, "%s vm%d %s at %s", x->name, v, st_word(st), g);
	}
	if (d->st == COPY_PAUSED && st == COPY_RUNNING &&
	    w->ran_at[v] >= d->mig && d->mig)
		violate(w, "stale memory continued", v);
	d->st = st;
	if (st == COPY_NONE)
		memset(d, 0, sizeof(*d));
	if (is != was)
		count(w, h, v, is ? 1 : -1);
	agent_wake(w, h);
}

/* Takes as long as it takes; the copy goes on meanwhile. */
void
dom_destroy(struct world *w, int h, int v)
{
	struct host *x = &w->h[h];
	struct dom *d = &x->dom[v];
	int64_t d1;

	if (d->st == COPY_NONE || d->dying || x->hung)
		return;
	d->dying = true;
	d1 = rnd_in(w, 1, w->t.kill / 4);
	if (!w->calm && chance(w, 30))
		d1 = rnd_in(w, w->t.kill / 2, 4 * w->t.kill);
	push(w, w->now + d1, EV_KILLED, h, v, d->tag);
}

/* The armed watchdog was petted for the last time at `from`. */
void
watchdog_left(struct world *w, int h, int64_t from)
{
	struct host *x = &w->h[h];
	int64_t after = w->t.watchdog * 1000000 / (1000000 + x->ppm);

	if (!x->lh.armed || x->wd)
		return;
	x->wd = ++w->tags;
	push(w, from + after, EV_PETLESS, h, 0, x->wd);
}

void
host_freeze(struct world *w, int h, bool on)
{
	struct host *x = &w->h[h];
	int v;

	if (x->frozen == on || !x->up)
		return;
	x->frozen = on;
	TRACE(w, "%s %s", x->name, on ? "sleeps" : "wakes");
	for (v = 0; v < w->vms; v++)
		if (x->dom[v].st == COPY_RUNNING)
			count(w, h, v, on ? -1 : 1);
}

/* Incoming copies whose source went: their libvirt ends them some day. */
static void
orphans(struct world *w, int h)
{
	int v;

	for (v = 0; v < w->vms; v++) {
		struct job *j = &w->h[h].job[v];
		struct dom *d = &w->h[j->dest].dom[v];

		if (j->on && d->st == COPY_INCOMING && d->mig == j->tag)
			push(w, w->now + rnd_in(w, 1, 4 * w->t.interval),
			    EV_DROPPED, j->dest, v, d->tag);
	}
}

void
host_cut(struct world *w, int h)
{
	struct host *x = &w->h[h];
	int v;

	if (!x->up)
		return;
	TRACE(w, "%s loses power", x->name);
	orphans(w, h);
	for (v = 0; v < w->vms; v++)
		if (x->dom[v].st != COPY_NONE)
			dom_set(w, h, v, COPY_NONE);
	x->up = x->frozen = x->hung = false;
	x->life = ++w->lives;
	memset(x->dom, 0, sizeof(x->dom));
	memset(x->job, 0, sizeof(x->job));
	memset(x->resume, 0, sizeof(x->resume));
	x->wd = 0;
}

void
host_boot(struct world *w, int h)
{
	struct host *x = &w->h[h];

	if (x->up)
		return;
	x->up = true;
	x->life = ++w->lives;
	x->boot = w->boots++ % MAXBOOT;
	TRACE(w, "%s boots", x->name);
	agent_boot(w, h);
}

/* libvirtd is killed and comes back: its jobs end, domains stay. */
void
libvirt_kill(struct world *w, int h)
{
	struct host *x = &w->h[h];
	int v;

	if (!x->up)
		return;
	TRACE(w, "%s libvirtd dies", x->name);
	orphans(w, h);
	for (v = 0; v < w->vms; v++) {
		struct job *j = &x->job[v];

		if (j->on && x->dom[v].st != COPY_PAUSED)
			x->dom[v].mig = 0;
		j->on = false;
		if (x->dom[v].st == COPY_INCOMING)
			dom_set(w, h, v, COPY_NONE);
	}
	agent_wake(w, h);
}

void
mig_start(struct world *w, int h, int v, int dest, struct gen to)
{
	struct host *x = &w->h[h];
	struct job *j = &x->job[v];

	memset(j, 0, sizeof(*j));
	j->on = true;
	j->dest = (uint8_t)dest;
	j->to = to;
	j->tag = ++w->migs;
	TRACE(w, "%s vm%d migration to %s begins", x->name, v, w->h[dest].name);
	push(w, w->now + rnd_in(w, 1, w->t.interval / 4), EV_MIGRATE, h, v,
	    j->tag);
}

/* libvirt asks the destination's hook, then makes the domain. */
static bool
prepare(struct world *w, int h, int v)
{
	struct job *j = &w->h[h].job[v];
	struct host *y = &w->h[j->dest];
	struct dom *src = &w->h[h].dom[v], *d = &y->dom[v];
	const char *why;

	if (y->resume[P_RECON] > w->now || y->resume[P_LIBVIRT] > w->now)
		return false;
	why = lease_may_receive(&y->lh, &y->lv[v], &y->led[v], agent_copy(y, v),
	    j->to, src->mode, host_clock(w, y));
	if (why) {
		TRACE(w, "%s vm%d not received: %s", y->name, v, why);
		return false;
	}
	agent_record(
	    w, j->dest, v, LEDGER_EXPECT, j->to, src->gen, w->h[h].name);
	d->gen = j->to;
	d->mode = src->mode;
	d->tag = ++w->tags;
	d->src = (uint8_t)h;
	d->from_gen = src->gen;
	d->mig = j->tag;
	if (src->mode != LEDGER_MANUAL)
		y->lv[v].fence = true;
	dom_set(w, j->dest, v, COPY_INCOMING);
	deadman_at(w, j->dest, w->now);
	if (y->trap && !w->calm) {
		stop_proc(w, j->dest, P_RECON, w->now + y->trap);
		y->trap = 0;
	}
	return true;
}

static bool
ours(const struct world *w, int h, int v)
{
	const struct job *j = &w->h[h].job[v];
	const struct dom *d = &w->h[j->dest].dom[v];

	return w->h[j->dest].up && d->mig == j->tag && d->src == h;
}

static void
fail(struct world *w, int h, int v)
{
	struct job *j = &w->h[h].job[v];

	TRACE(w, "%s vm%d migration fails", w->h[h].name, v);
	j->on = false;
	w->h[h].dom[v].mig = 0;
	if (ours(w, h, v) && w->h[j->dest].dom[v].st == COPY_INCOMING)
		push(w, w->now + rnd_in(w, 1, w->t.interval), EV_DROPPED,
		    j->dest, v, w->h[j->dest].dom[v].tag);
	agent_wake(w, h);
}

/*
 * The phases: prepare, copy, pause the source, let the destination run,
 * destroy the source. Whatever cuts the two apart after the source was paused
 * leaves it paused, as libvirt does when its daemon dies there.
 */
static void
migrate(struct world *w, int h, int v)
{
	struct host *x = &w->h[h];
	struct job *j = &x->job[v];
	struct dom *d = &x->dom[v];
	bool link =
	    !w->peer[h][j->dest] && w->h[j->dest].up && !w->h[j->dest].frozen;
	int64_t next = rnd_in(w, 1, w->t.interval / 4);

	switch (j->phase) {
	case 0:
		if (d->st != COPY_RUNNING || d->dying || !link ||
		    !prepare(w, h, v)) {
			fail(w, h, v);
			return;
		}
		next = rnd_in(w, 1, 3 * w->t.interval);
		break;
	case 1:
		if (d->st != COPY_RUNNING || d->dying || !link ||
		    !ours(w, h, v)) {
			fail(w, h, v);
			return;
		}
		d->mig = j->tag;
		dom_set(w, h, v, COPY_PAUSED);
		break;
	case 2:
		if (d->st != COPY_PAUSED || !link) {
			orphans(w, h);
			j->on = false;
			agent_wake(w, h);
			return;
		}
		if (!ours(w, h, v) ||
		    w->h[j->dest].dom[v].st != COPY_INCOMING) {
			d->mig = 0;
			dom_set(w, h, v, COPY_RUNNING);
			fail(w, h, v);
			return;
		}
		w->ran_at[v] = j->tag;
		dom_set(w, j->dest, v, COPY_RUNNING);
		if (!w->calm && chance(w, 60)) {
			libvirt_kill(w, h);
			return;
		}
		break;
	default:
		j->on = false;
		if (d->st == COPY_PAUSED && link)
			dom_set(w, h, v, COPY_NONE);
		agent_wake(w, h);
		return;
	}
	j->phase++;
	push(w, w->now + next, EV_MIGRATE, h, v, j->tag);
}

/* A create ends: now and then with a failure. */
static void
started(struct world *w, int h, int v)
{
	struct host *x = &w->h[h];

	if (!w->calm && chance(w, 50))
		dom_set(w, h, v, COPY_NONE);
	else
		dom_set(w, h, v, COPY_RUNNING);
	x->starting[v] = false;
	agent_wake(w, h);
}

void
world_event(struct world *w, const struct ev *e)
{
	struct host *x = &w->h[e->who];
	struct dom *d = &x->dom[e->vm];

	switch ((int)e->kind) {
	case EV_PETLESS:
		if (x->wd != e->arg || CORE_MUTANT(watchdog_never_fires))
			return;
		TRACE(w, "%s watchdog fires", x->name);
		host_cut(w, e->who);
		push(w, w->now + rnd_in(w, w->t.interval, 6 * w->t.interval),
		    EV_BOOT, e->who, 0, 0);
		break;
	case EV_BOOT:
		host_boot(w, e->who);
		break;
	case EV_STARTED:
		if (d->st == COPY_STARTING && d->tag == e->arg)
			started(w, e->who, e->vm);
		break;
	case EV_DIED:
		if (d->st == COPY_RUNNING && !x->job[e->vm].on)
			dom_set(w, e->who, e->vm, COPY_NONE);
		break;
	case EV_KILLED:
		if (d->st == COPY_NONE || d->tag != e->arg)
			return;
		if (d->st == COPY_STARTING)
			x->starting[e->vm] = false;
		dom_set(w, e->who, e->vm, COPY_NONE);
		break;
	case EV_DROPPED:
		if (d->st == COPY_INCOMING && d->tag == e->arg)
			dom_set(w, e->who, e->vm, COPY_NONE);
		break;
	case EV_MIGRATE:
		if (x->job[e->vm].on && x->job[e->vm].tag == e->arg)
			migrate(w, e->who, e->vm);
		break;
	default:
		break;
	}
}
