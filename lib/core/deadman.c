/* SPDX-License-Identifier: ISC */
#include "core/deadman.h"

#include <stddef.h>

const char *const deadman_state_words[] = {
    "rest", "destroying", "confirmed", "reset", NULL};

void
deadman_told(struct deadman_vm *v, const struct lease_vm *told, int64_t sent,
    int64_t now, const struct lease_timers *t)
{
	int64_t last = (sent < now ? sent : now) + t->lease;
	int64_t until = told->until < last ? told->until : last;

	if (told->fence && !v->lease.fence)
		v->since = now;
	v->lease.fence = told->fence;
	v->lease.grant.gen = told->grant.gen;
	v->lease.grant.mode = told->grant.mode;
	if (until > v->lease.until)
		v->lease.until = until;
}

void
deadman_again(struct deadman_vm *v, int64_t now)
{
	v->gone = false;
	v->since = now;
}

/* Where K begins. */
static int64_t
end_of(const struct deadman_vm *v)
{
	return v->since > v->lease.until ? v->since : v->lease.until;
}

enum lease_act
deadman_act(struct deadman_vm *v, int64_t now, const struct lease_timers *t,
    int64_t *next)
{
	static const enum deadman_state states[] = {
	    [LEASE_REST] = DEADMAN_REST,
	    [LEASE_DESTROY] = DEADMAN_DESTROYING,
	    [LEASE_RESET] = DEADMAN_RESET,
	};
	struct lease_vm l = v->lease;
	bool live = lease_live(&l, now);
	enum ledger_copy copy = v->seen;
	enum lease_act act;

	/* While the lease lasts a start may begin; after it none may. */
	if (live)
		v->gone = false;
	if (v->gone)
		copy = COPY_NONE;
	else if (copy == COPY_NONE)
		copy = COPY_UNKNOWN; /* listed before a start was answered */
	if (!live)
		l.until = end_of(v);
	act = lease_deadman(&l, copy, now, t, next);
	v->state = states[act];
	if (act == LEASE_REST && !live && v->lease.fence)
		v->state = DEADMAN_CONFIRMED;
	if (act == LEASE_DESTROY && !deadman_second(v, now, t))
		*next = l.until + t->kill / 2;
	return act;
}

bool
deadman_second(
    const struct deadman_vm *v, int64_t now, const struct lease_timers *t)
{
	return (v->state == DEADMAN_DESTROYING || v->state == DEADMAN_RESET) &&
	       now >= end_of(v) + t->kill / 2;
}
