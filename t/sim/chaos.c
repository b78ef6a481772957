/* SPDX-License-Identifier: ISC */
/*
 * What goes wrong, when its time has come. In the end everything is put
 * right, and within a bound every wanted VM must run.
 */
#include "sim.h"

#include <string.h>

static void
cut(struct world *w, const struct fault *f, bool on)
{
	int i, b = f->b % w->hosts;

	for (i = 0; i < w->servers; i++)
		if (f->kind == F_CUT_MGMT || f->kind == F_CUT_ALL ||
		    (f->kind == F_CUT_NEW &&
			(!on || w->s[i].base < 0 || w->s[i].base == w->cur)) ||
		    (f->kind == F_CUT_ONE && i == f->b % w->servers))
			w->mgmt[f->a][i] = on;
	for (i = 0; i < w->hosts; i++)
		if (f->kind == F_CUT_ALL || (f->kind == F_CUT_PEER && i == b))
			w->peer[f->a][i] = w->peer[i][f->a] = on;
}

/* The owner of vm c sees the old writer's servers, all others the new ones. */
static void
part(struct world *w, const struct fault *f, bool on)
{
	const char *owner = w->db[w->cur].vm[f->c].vm.owner;
	int i, s;

	for (i = 0; i < w->hosts; i++)
		for (s = 0; s < w->servers; s++)
			w->mgmt[i][s] = on && (w->s[s].base >= 0) !=
						  (w->h[i].name == owner);
}

/* A process goes on at `until`; a stopped deadman pets no longer. */
void
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
	if (x->resume[P_DEAD] <= w->now && !x->given_up && !x->frozen)
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

/* One process alone stops, at the worst moment if the fault says so. */
static void
stop_one(struct world *w, const struct fault *f)
{
	struct host *x = &w->h[f->a];
	enum proc p = (enum proc)((f->b & 3) % (P_DEAD + 1));

	TRACE(w, "%s process %d", x->name, (int)p);
	/* Its answer will wait for it. */
	if (p == P_BEAT && f->b & 4 && x->resume[P_BEAT] <= w->now)
		agent_beat(w, f->a);
	/* It will not see what comes in. */
	if (p == P_RECON && f->b & 8)
		x->trap = f->len;
	else
		stop_proc(w, f->a, p, w->now + f->len);
}

static void
begin_host(struct world *w, int fi)
{
	struct fault *f = &w->fault[fi];
	struct host *x = &w->h[f->a];
	int64_t until = w->now + f->len;
	int p;

	if (!x->up)
		return;
	switch ((int)f->kind) {
	case F_POWER:
	case F_DISK:
	case F_REBOOT:
		host_cut(w, f->a);
		if (f->kind == F_DISK) {
			memset(x->led, 0, sizeof(x->led));
			memset(x->disk_led, 0, sizeof(x->disk_led));
			x->known = (struct inc){0, 0};
			x->disk = ++w->disks;
			x->confirmed = false;
		}
		if (f->kind == F_REBOOT)
			until = w->now + w->t.interval;
		push(w, until, EV_BOOT, f->a, 0, 0);
		return;
	case F_STOP:
		stop_one(w, f);
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

/* The host a role stands for at this moment. */
static uint8_t
resolve(const struct world *w, const struct fault *f)
{
	const struct row *r = &w->db[w->cur].vm[f->c];
	int owner = r->vm.owner ? index_of(w, r->vm.owner) : 0, i;

	if (f->a < ROLE_OWNER)
		return f->a;
	for (i = 0; i < w->hosts; i++) {
		if (f->a == ROLE_RUNS && w->h[i].dom[f->c].st == COPY_RUNNING)
			return (uint8_t)i;
		if (f->a == ROLE_DEST && w->h[i].job[f->c].on)
			return w->h[i].job[f->c].dest;
	}
	if (f->a == ROLE_DEST && r->vm.dest)
		owner = index_of(w, r->vm.dest);
	return (uint8_t)owner;
}

/* A VM's qemu dies, or somebody at its node migrates it. */
static void
where_it_runs(struct world *w, const struct fault *f)
{
	int i;

	for (i = 0; i < w->hosts; i++) {
		if (w->h[i].dom[f->c].st != COPY_RUNNING)
			continue;
		if (f->kind == F_QEMU) {
			push(w, w->now, EV_DIED, i, f->c, 0);
			continue;
		}
		w->h[i].offline[f->c] = (uint8_t)(f->a + 1);
		agent_wake(w, i);
	}
}

static void
begin(struct world *w, int fi)
{
	struct fault *f = &w->fault[fi];
	int s = f->b % w->servers, i;

	f->a = resolve(w, f);

	TRACE(w, "-- fault %d: %s, host %s, vm%d, for %.3f", fi,
	    fault_words[f->kind], w->h[f->a].name, f->c, (double)f->len / 1000);
	switch ((int)f->kind) {
	case F_CUT_MGMT:
	case F_CUT_ONE:
	case F_CUT_PEER:
	case F_CUT_NEW:
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
		if ((f->b & 3) == 3)
			part(w, f, true);
		push(w,
		    w->now +
			(chance(w, 500) ? w->t.old : rnd_in(w, 0, w->t.old)),
		    EV_UNDO, fi, 0, 0);
		return;
	case F_LOSS:
		w->loss = f->b;
		break;
	case F_QEMU:
	case O_OFFLINE:
		where_it_runs(w, f);
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

static void
undo(struct world *w, int fi)
{
	struct fault *f = &w->fault[fi];
	int s = f->b % w->servers, i;

	switch ((int)f->kind) {
	case F_CUT_MGMT:
	case F_CUT_ONE:
	case F_CUT_PEER:
	case F_CUT_NEW:
	case F_CUT_ALL:
		cut(w, f, false);
		break;
	case F_SERVER:
		if (!w->s[s].up)
			server_boot(w, s);
		break;
	case F_FAILOVER:
		if ((f->b & 3) == 3)
			part(w, f, false);
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
	default:
		if (f->kind >= O_START)
			op_undo(w, fi);
		else
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
	op_attend(w, b, age > bound / 2 && age < bound / 2 + 2 * i);
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
