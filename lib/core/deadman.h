/* SPDX-License-Identifier: ISC */
/*
 * What the deadman remembers of one fenced VM, and what follows from it. The
 * decision is core/lease.h's; this module prepares what that needs. Times are
 * milliseconds on the host's boot clock. Pure.
 *
 * K is counted from the lease's end, with two exceptions, in which that end
 * was never this program's to keep: a VM that is found fenced after it, and a
 * copy that appears after it was confirmed that there is none. Both are
 * counted from when they were first seen: no server can have taken the VM
 * because of a fence that was not told to it yet, and a copy that nobody may
 * start is ended at once, which needs no reset unless it fails.
 */
#ifndef CORE_DEADMAN_H
#define CORE_DEADMAN_H

#include "core/lease.h"

enum deadman_state {
	DEADMAN_REST,       /* its lease lasts */
	DEADMAN_DESTROYING, /* it is over: the copy is being ended */
	DEADMAN_CONFIRMED,  /* it is over, and there is no copy */
	DEADMAN_RESET       /* the copy was not ended in time */
};

struct deadman_vm {
	struct lease_vm lease; /* until, fence; of the grant gen and mode */
	int64_t since;         /* K is counted from here, if it is later */
	enum ledger_copy seen; /* by libvirt; COPY_UNKNOWN: it cannot tell */
	bool gone;             /* no copy: confirmed after the lease's end */
	enum deadman_state state;
};

extern const char *const deadman_state_words[]; /* ends with NULL */

/*
 * Takes what a lease file says: told's until, fence, gen and mode. sent is
 * when that file's beat was sent; no lease lasts longer than L from then, and
 * its end only moves away.
 */
void deadman_told(struct deadman_vm *v, const struct lease_vm *told,
    int64_t sent, int64_t now, const struct lease_timers *t);

/* A listing begun after the confirmation shows a copy. */
void deadman_again(struct deadman_vm *v, int64_t now);

/* What to do at now; state is set. next: when to look again. */
enum lease_act deadman_act(struct deadman_vm *v, int64_t now,
    const struct lease_timers *t, int64_t *next);

/* Whether half of K has passed without a confirmation: the second way. */
bool deadman_second(
    const struct deadman_vm *v, int64_t now, const struct lease_timers *t);

#endif
