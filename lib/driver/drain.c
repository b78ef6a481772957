/* SPDX-License-Identifier: ISC */
#include "driver/drain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/rc.h"
#include "driver/desired.h"

#define AGAIN_MS 200 /* between two tries to lock a VM */
#define CONFIRM  2   /* one listing may have been under way already */

static void
fail(struct drain_vm *v, const char *why)
{
	v->state = DRAIN_FAILED;
	snprintf(v->why, sizeof(v->why), "%s", why);
}

void
drain_add(
    struct drain *d, const char *uuid, int64_t generation, int64_t grace_ms)
{
	size_t at = 0;

	while (at < d->n && strcmp(d->vm[at].uuid, uuid) < 0)
		at++;
	if (at == d->n || strcmp(d->vm[at].uuid, uuid) != 0) {
		if (d->n == d->cap) {
			d->cap = d->cap ? d->cap * 2 : 64;
			d->vm = mem_realloc(d->vm, d->cap, sizeof(*d->vm));
		}
		memmove(
		    &d->vm[at + 1], &d->vm[at], (d->n - at) * sizeof(*d->vm));
		d->n++;
		memset(&d->vm[at], 0, sizeof(d->vm[at]));
		snprintf(d->vm[at].uuid, sizeof(d->vm[at].uuid), "%s", uuid);
		d->vm[at].grace_ms = grace_ms;
	}
	if (generation > d->vm[at].named)
		d->vm[at].named = generation;
}

void
drain_add_listed(struct drain *d, int64_t grace_ms)
{
	for (size_t i = 0; i < d->roster.n; i++) {
		const struct member *m = d->roster.m[i];

		if (m->up && m->chime)
			drain_add(d, m->uuid, m->generation, grace_ms);
	}
}

static void
look(const struct drain *d, struct drain_vm *v)
{
	const struct member *m = roster_find(&d->roster, v->uuid);
	const struct ledger_vm *l = ledgerfile_vm(d->ledger, v->uuid);

	v->there = m && m->up && m->chime;
	v->gen = gen_max(gen_counted(v->named), l->ran);
	if (v->there)
		v->gen = gen_max(v->gen, gen_counted(m->generation));
	v->refused = gen_cmp(l->refused, v->gen) >= 0;
	if (m && m->up && !m->chime)
		fail(v, "the domain here is not chime's: left alone");
	else if (gen_none(v->gen))
		fail(v, "nothing is known of it here: expected a VM of this "
			"node");
	else if (ledger_departed(l))
		fail(v, "its migration from here is not over: end that first");
}

void
drain_look(struct drain *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->vm[i].state != DRAIN_FAILED)
			look(d, &d->vm[i]);
}

/* Takes the VM's lock and lets the ledger refuse it. */
static void
refuse(struct drain *d, struct drain_vm *v)
{
	struct ledger_rec rec = {.kind = LEDGER_REFUSE};
	char why[LEDGERFILE_WHY_SIZE];
	int r = ledgerfile_lock(d->ledger, v->uuid, why);

	if (r == 0)
		return;
	if (r == -1) {
		fail(v, why);
		return;
	}
	look(d, v); /* others may have written while they had it */
	if (v->state == DRAIN_FAILED)
		return;
	rec.gen = v->gen;
	if (!v->refused && ledgerfile_add(d->ledger, v->uuid, &rec, why) == -1)
		fail(v, why);
	else
		v->state = DRAIN_STOPS;
}

/* One VM's line of the desired file that has all of them stopped. */
static void
want_stopped(struct buf *b, const struct drain_vm *v)
{
	buf_printf(b,
	    "{\"type\":\"vm\",\"vm\":\"%s\",\"name\":\"vm\",\"want\":"
	    "\"stopped\",\"wish\":1,\"grace_ms\":%" PRId64
	    ",\"vcpus\":1,\"memory_mib\":1}\n",
	    v->uuid, v->grace_ms);
}

static void
bad_line(int64_t line, const char *reason, void *arg)
{
	(void)arg;
	die(RC_BUG, "drain: line %lld: %s", (long long)line, reason);
}

/* Has the roster stop what is refused. */
static void
adopt(struct drain *d)
{
	const struct desired_sink sink = {.bad = bad_line};
	struct desired want;
	struct buf b;

	buf_init(&b, DESIRED_MAX);
	buf_puts(&b, "{\"type\":\"host\",\"host\":\"drain\",\"admin\":\"run\","
		     "\"boot\":\"00000000-0000-4000-a000-000000000000\"}\n");
	for (size_t i = 0; i < d->n; i++)
		if (d->vm[i].state == DRAIN_STOPS ||
		    d->vm[i].state == DRAIN_DONE)
			want_stopped(&b, &d->vm[i]);
	desired_parse(&want, b.data, b.len, &sink);
	buf_free(&b);
	roster_adopt(&d->roster, &want);
}

/* Tries to lock those that wait; whether some still do. */
static bool
refuse_waiting(struct drain *d)
{
	bool more = false, some = false;

	for (size_t i = 0; i < d->n; i++) {
		if (d->vm[i].state != DRAIN_WAITS)
			continue;
		refuse(d, &d->vm[i]);
		some |= d->vm[i].state == DRAIN_STOPS;
		more |= d->vm[i].state == DRAIN_WAITS;
	}
	if (some)
		adopt(d);
	return more;
}

void
drain_begin(struct drain *d)
{
	d->lists = -1;
	(void)refuse_waiting(d);
}

void
drain_notes(struct drain *d)
{
	struct virt_note *n;

	while ((n = virt_next(d->virt)) != NULL) {
		if (roster_note(&d->roster, n, clk_mono_ms()))
			virt_list(d->virt);
		if (n->kind == VIRT_LIST)
			d->lists++;
		if (n->kind == VIRT_DONE && n->result == VIRT_FAILED)
			say_warn("vm %s: %s failed: %s", n->domain.uuid,
			    plan_action_word(n->action), n->reason);
		virt_note_free(n);
	}
}

static bool
act(struct member *m, void *arg)
{
	struct drain *d = arg;

	say_info("vm %s: %s", m->uuid, plan_action_word(m->plan.action));
	virt_act(d->virt, m->uuid, m->plan.action, NULL, false);
	return true;
}

/* Whether the VM's domain is gone, as far as libvirt has told. */
static bool
gone(const struct drain *d, const struct drain_vm *v)
{
	const struct member *m = roster_find(&d->roster, v->uuid);

	return d->roster.libvirt &&
	       (!m || (m->seen == PLAN_SEEN_ABSENT && m->job == PLAN_NONE));
}

int64_t
drain_step(struct drain *d, bool *over)
{
	int64_t now = clk_mono_ms(), wake = 0;
	bool waiting = refuse_waiting(d), stopping = false;

	wake = roster_plan(&d->roster, now, act, d);
	for (size_t i = 0; i < d->n; i++) {
		struct drain_vm *v = &d->vm[i];

		if (v->state == DRAIN_STOPS || v->state == DRAIN_DONE) {
			bool off = gone(d, v);

			v->state = off ? DRAIN_DONE : DRAIN_STOPS;
			stopping |= !off;
		}
	}
	if (waiting || stopping) {
		d->lists = -1;
	} else if (d->lists == -1) {
		d->lists = 0;
		virt_list(d->virt);
	} else if (d->lists < CONFIRM) {
		virt_list(d->virt);
	}
	*over = d->lists >= CONFIRM;
	if (waiting && (!wake || now + AGAIN_MS < wake))
		wake = now + AGAIN_MS;
	return wake;
}

void
drain_free(struct drain *d)
{
	roster_free(&d->roster);
	free(d->vm);
}
