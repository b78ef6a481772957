/* SPDX-License-Identifier: ISC */
#include "core/lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mutant.h"

const char *
lease_take(struct lease_host *h, const char *boot, const struct lease_answer *a)
{
	enum inc_order o = inc_order(h->known, a->inc);

	if (strcmp(a->boot, boot) != 0)
		return "another boot's beat";
	if (a->beat != h->beat && !CORE_MUTANT(any_answer_taken))
		return "not the newest beat";
	if (!CORE_MUTANT(any_incarnation)) {
		if (o == INC_LOWER)
			return "an earlier incarnation";
		if (o == INC_DIFFERS)
			return "two databases with one incarnation";
	}
	h->known = a->inc;
	h->stamp = a->stamp;
	return NULL;
}

void
lease_grant(struct lease_vm *v, const struct lease_host *h,
    const struct ledger_vm *l, const struct lease_grant *g,
    const struct lease_timers *t)
{
	v->grant = *g;
	v->inc = h->known;
	/* Only a certified row may end the fencing of a copy, and not while a
	 * failover could bring back one that relies on it. */
	if (g->own || g->incoming) {
		if (g->mode != LEDGER_MANUAL)
			v->fence = true;
		else if (g->unfence || CORE_MUTANT(uncertified_unfences))
			v->fence = false;
	}
	if (g->own &&
	    (gen_cmp(g->gen, l->ran) >= 0 || CORE_MUTANT(old_grant_renews)))
		v->until = h->sent + t->lease;
	if (g->incoming)
		v->until = h->sent + t->lease;
}

void
lease_unnamed(struct lease_vm *v)
{
	struct lease_grant none = {0};

	if (!CORE_MUTANT(grant_kept))
		v->grant = none;
}

bool
lease_live(const struct lease_vm *v, int64_t now)
{
	return now < v->until;
}

/* A start by right of a grant of the incarnation in force. */
static const char *
by_grant(const struct lease_host *h, const struct lease_vm *v, int64_t now)
{
	if (!v->grant.own || !v->grant.start)
		return "no start grant";
	if (!inc_same(v->inc, h->known) && !CORE_MUTANT(start_grant_outlives))
		return "a start grant of an earlier incarnation";
	if (!lease_live(v, now) && !CORE_MUTANT(start_without_lease))
		return "no lease";
	if (v->fence && !h->armed && !CORE_MUTANT(start_unarmed))
		return "no armed watchdog";
	return NULL;
}

/* A restart of what ran here in this boot, by no right but that. */
static const char *
by_boot(const struct lease_vm *v, const struct ledger_vm *l)
{
	if (v->fence)
		return "fenced: no restart without a lease";
	if (!l->here)
		return "not started in this boot";
	if (gen_cmp(v->grant.gen, l->ran) > 0)
		return "a higher generation was heard of";
	return NULL;
}

const char *
lease_may_start(const struct lease_host *h, const struct lease_vm *v,
    const struct ledger_vm *l, enum ledger_copy copy, int64_t now,
    struct gen *g)
{
	const char *why = by_grant(h, v, now);

	*g = v->grant.gen;
	if (copy != COPY_NONE)
		return "a domain is here";
	if (why) {
		if (by_boot(v, l))
			return why;
		*g = l->ran;
	}
	return ledger_refuses(l, *g);
}

const char *
lease_may_depart(const struct lease_host *h, const struct lease_vm *v,
    const struct ledger_vm *l, enum ledger_copy copy, struct gen to,
    int64_t now)
{
	if (copy != COPY_RUNNING)
		return "not running";
	if (ledger_departed(l))
		return "departed already";
	if (v->fence && !CORE_MUTANT(auto_departs_unclaimed)) {
		if (!lease_live(v, now))
			return "no lease";
		if (gen_cmp(v->grant.to, to) != 0 || !v->grant.own ||
		    !inc_same(v->inc, h->known))
			return "fenced: not without a claim";
	}
	if (v->grant.cancel && gen_cmp(v->grant.to, to) == 0)
		return "cancelled";
	return ledger_may_depart(l, l->ran, to);
}

const char *
lease_may_receive(const struct lease_host *h, const struct lease_vm *v,
    const struct ledger_vm *l, enum ledger_copy copy, struct gen to,
    enum ledger_mode mode, int64_t now)
{
	if (copy != COPY_NONE)
		return "a domain is here";
	if (mode != LEDGER_MANUAL && !CORE_MUTANT(receive_without_lease)) {
		if (!v->grant.incoming || gen_cmp(v->grant.to, to) != 0 ||
		    !inc_same(v->inc, h->known))
			return "no claim";
		if (!lease_live(v, now) || !v->fence)
			return "no lease";
		if (!h->armed)
			return "no armed watchdog";
	}
	if (v->grant.cancel && gen_cmp(v->grant.to, to) == 0)
		return "cancelled";
	return ledger_may_receive(l, to);
}

struct gen
lease_must_refuse(const struct lease_vm *v, const struct ledger_vm *l,
    enum ledger_copy copy, struct gen gen)
{
	const struct lease_grant *g = &v->grant;
	struct gen r = {0};

	if (g->incoming)
		/* Answered only while nothing has come. */
		r = g->cancel && copy == COPY_NONE ? g->to : r;
	else if (!g->own && gen_cmp(g->gen, l->ran) > 0)
		r = g->gen;
	else if (g->own && g->release)
		r = g->gen;
	else if (g->own && copy != COPY_NONE && gen_cmp(g->gen, gen) > 0)
		r = gen;
	if (CORE_MUTANT(higher_not_heard) && !g->own && !g->incoming)
		return (struct gen){0};
	return gen_cmp(r, l->refused) > 0 ? r : (struct gen){0};
}

bool
lease_must_destroy(
    const struct ledger_vm *l, enum ledger_copy copy, struct gen gen)
{
	if (copy == COPY_NONE || copy == COPY_UNKNOWN)
		return false;
	return gen_cmp(l->refused, gen) >= 0;
}

enum lease_act
lease_deadman(const struct lease_vm *v, enum ledger_copy copy, int64_t now,
    const struct lease_timers *t, int64_t *next)
{
	*next = INT64_MAX;
	if (copy == COPY_NONE || !v->fence || CORE_MUTANT(no_self_fence))
		return LEASE_REST;
	if (copy == COPY_INCOMING && CORE_MUTANT(incoming_not_fenced))
		return LEASE_REST;
	if (copy == COPY_PAUSED && CORE_MUTANT(paused_not_fenced))
		return LEASE_REST;
	if (copy == COPY_STARTING && CORE_MUTANT(starting_not_fenced))
		return LEASE_REST;
	if (now < v->until) {
		*next = v->until;
		return LEASE_REST;
	}
	if (now < v->until + t->kill || CORE_MUTANT(no_reset)) {
		*next = v->until + t->kill;
		return LEASE_DESTROY;
	}
	return LEASE_RESET;
}

/*
 * What must pass after a lease's end, on top of it: the fence, or, if that is
 * longer, an old writer's last connections. Its servers see a host fall
 * silent that went over to the new writer with its lease alive, and would
 * take its VMs while the new one renews that lease.
 */
static int64_t
after_lease(const struct lease_timers *t)
{
	int64_t fence = t->kill + t->watchdog;

	if (t->old > fence && !CORE_MUTANT(old_not_in_sum))
		return t->old;
	return fence;
}

int64_t
lease_sum(const struct lease_timers *t)
{
	int64_t local = t->lease + after_lease(t);

	if (CORE_MUTANT(sum_is_lease))
		local = t->lease;
	/* Rounded up: both clocks may be 1 % off, in opposite directions. */
	return (local * 101 + 98) / 99 + t->margin;
}

int
lease_check(const struct lease_timers *t, char *why, size_t size)
{
	int64_t sum = lease_sum(t);

	if (t->interval <= 0 || t->kill <= 0 || t->watchdog <= 0 ||
	    t->margin <= 0 || t->old < 0 || t->lose < 0) {
		(void)snprintf(why, size, "every time must be above zero");
		return -1;
	}
	if (t->lease <= 2 * t->interval) {
		(void)snprintf(why, size,
		    "a lease of %" PRId64 " ms is not above two heartbeat "
		    "intervals (%" PRId64 " ms)",
		    t->lease, 2 * t->interval);
		return -1;
	}
	if (t->sum < sum) {
		(void)snprintf(why, size,
		    "a takeover after %" PRId64
		    " ms is not safe: lease %" PRId64
		    " + the longer of kill %" PRId64 " + watchdog %" PRId64
		    " and old writer %" PRId64
		    " ms, times 1.01/0.99, + margin %" PRId64 " = %" PRId64
		    " ms",
		    t->sum, t->lease, t->kill, t->watchdog, t->old, t->margin,
		    sum);
		return -1;
	}
	return 0;
}
