/* SPDX-License-Identifier: ISC */
#include "core/proof.h"

#include <string.h>

#include "core/mutant.h"

const char *const proof_words[] = {
    "none", "drained", "receipt", "lease", "off", NULL};

const struct proof_host *
proof_host(const struct proof_case *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->hosts; i++)
		if (strcmp(c->host[i].name, name) == 0)
			return &c->host[i];
	return NULL;
}

bool
proof_fresh(
    const struct proof_case *c, const struct proof_host *h, uint64_t since)
{
	const struct proof_report *r = h->report;

	if (CORE_MUTANT(stale_believed))
		return r->inc.number != 0;
	if (!h->ledger_known && !CORE_MUTANT(unknown_ledger_believed))
		return false;
	if (!inc_same(r->inc, c->db.inc) &&
	    !CORE_MUTANT(other_incarnation_believed))
		return false;
	return r->tick > since && r->tick > h->known_at;
}

bool
proof_clean(const struct proof_case *c, const struct proof_host *h)
{
	const struct proof_report *r = h->report;

	if (r->copy != COPY_NONE)
		return false;
	/* One that has not refused the row's generation may still receive. */
	if (c->vm.strange && gen_cmp(r->refused, c->vm.gen) < 0)
		return false;
	if (CORE_MUTANT(clean_by_copy) || CORE_MUTANT(no_generation_check))
		return true;
	/* It ran, or sent away, what the row knows nothing of. */
	return gen_cmp(r->ran, c->vm.gen) <= 0 && !proof_departed(r, c->vm.gen);
}

bool
proof_settled(const struct proof_case *c)
{
	return c->since >= c->timers->old;
}

bool
proof_departed(const struct proof_report *r, struct gen gen)
{
	return gen_cmp(r->to, gen) > 0;
}

const char *
proof_is_off(const struct proof_case *c, const struct proof_host *h)
{
	const struct proof_off *o = &h->off;

	if (!inc_same(o->inc, c->db.inc) &&
	    !(CORE_MUTANT(off_outlives) && o->inc.number != 0))
		return "not proven off in this incarnation";
	if (!o->person && o->reads < 2 && !CORE_MUTANT(off_read_once))
		return "read off less than twice";
	if (h->beat > o->before && !CORE_MUTANT(off_after_beat))
		return "a beat since";
	/*
	 * An old writer's server may have answered a beat of a host that was
	 * switched on again, and this database would not know: what was read
	 * while there could be one proves nothing, however long ago.
	 */
	if (!o->settled && !CORE_MUTANT(off_at_once))
		return "read while an old writer could still answer";
	return NULL;
}

/* Silence of a host that fences itself. */
static const char *
lease_over(const struct proof_case *c, const struct proof_host *h)
{
	if (c->vm.mode != LEDGER_AUTO &&
	    !(CORE_MUTANT(pending_leased) && c->vm.mode == LEDGER_PENDING))
		return "not auto";
	if (!c->vm.fenced && !CORE_MUTANT(unreported_auto))
		return "not reported auto at this generation";
	if (!h->armed && !CORE_MUTANT(unarmed_leased))
		return "no armed watchdog";
	if (h->silent < c->timers->sum)
		return "not silent for long enough";
	return NULL;
}

enum proof
proof_host_gone(const struct proof_case *c, const struct proof_host *h,
    struct gen gen, const char **why)
{
	const struct proof_report *r = h->report;
	const struct proof_receipt *p = c->receipt;

	*why = NULL;
	if (proof_fresh(c, h, 0) && gen_cmp(r->refused, gen) >= 0) {
		if (CORE_MUTANT(refusal_is_drained))
			return PROOF_DRAINED;
		if (!proof_departed(r, gen) || CORE_MUTANT(departed_is_drained))
			if (r->copy == COPY_NONE)
				return PROOF_DRAINED;
	}
	if (p && strcmp(p->host, h->name) == 0 && p->clean && p->ledger &&
	    gen_cmp(p->refused, gen) >= 0) {
		if (inc_same(p->inc, c->db.inc) || p->confirmed ||
		    CORE_MUTANT(receipt_unconfirmed))
			return PROOF_RECEIPT;
		*why = "a receipt of another incarnation: confirm it";
	}
	if (!lease_over(c, h))
		return PROOF_LEASE;
	if (!proof_is_off(c, h))
		return PROOF_OFF;
	if (!*why)
		*why = c->vm.mode == LEDGER_MANUAL ? proof_is_off(c, h)
						   : lease_over(c, h);
	return PROOF_NONE;
}

/*
 * Whether every host has reported above `since`, or is proven off, and no
 * report shows anything elsewhere than at the owner, whose own report counts
 * only when `owner` asks for it. A host read off later than the others
 * reported may have passed a copy on to one of them before it went (or one
 * read off earlier, and switched on since unnoticed: each is read again), and
 * one that lost its ledger may have forgotten that it did: reports count above
 * the newest reading and the newest confirmation only.
 */
static const char *
all_clean(const struct proof_case *c, uint64_t since, bool owner)
{
	const struct proof_host *h;
	size_t i;
	bool own;

	for (i = 0; i < c->hosts; i++) {
		h = &c->host[i];
		if (!proof_is_off(c, h) && h->off.before > since &&
		    !CORE_MUTANT(off_any_order))
			since = h->off.before;
		if (h->known_at > since && !CORE_MUTANT(confirmed_any_order))
			since = h->known_at;
	}
	for (i = 0; i < c->hosts; i++) {
		h = &c->host[i];
		own = strcmp(h->name, c->vm.owner) == 0;
		if (!proof_is_off(c, h)) {
			if (h->off.last < since && !CORE_MUTANT(off_not_again))
				return "a host must be read off again";
			continue;
		}
		if (own && !owner)
			continue;
		if (!proof_fresh(c, h, since))
			return "a host has not reported since";
		if (!own && !proof_clean(c, h))
			return "another host may have a copy";
	}
	return NULL;
}

/* Drained, but for a departure nobody else tells the end of. */
static bool
sent_away(const struct proof_case *c, const struct proof_host *owner)
{
	const struct proof_report *r = owner->report;

	return proof_fresh(c, owner, 0) && r->copy == COPY_NONE &&
	       gen_cmp(r->refused, c->vm.gen) >= 0 &&
	       proof_departed(r, c->vm.gen);
}

enum proof
proof_takeover(const struct proof_case *c, const char **why)
{
	const struct proof_host *owner = proof_host(c, c->vm.owner), *dest;
	enum proof p;

	if (CORE_MUTANT(ping_only) && owner &&
	    owner->silent > 3 * c->timers->interval)
		return PROOF_LEASE;
	if (!owner) {
		*why = "the owner is no host of this cluster";
		return PROOF_NONE;
	}
	if (!proof_certified(c)) {
		*why = "not certified since the database changed";
		return PROOF_NONE;
	}
	p = proof_host_gone(c, owner, c->vm.gen, why);
	if (p == PROOF_NONE && sent_away(c, owner)) {
		*why = all_clean(c, owner->report->quiet, false);
		return *why ? PROOF_NONE : PROOF_DRAINED;
	}
	if (p == PROOF_NONE)
		return p;
	/* It may have left unnoticed, as long as nobody reported it fenced. */
	if (p == PROOF_OFF && !c->vm.fenced &&
	    !(CORE_MUTANT(off_auto_unasked) && c->vm.mode == LEDGER_AUTO) &&
	    !CORE_MUTANT(off_others_unasked)) {
		*why = all_clean(c, owner->off.before, false);
		if (*why)
			return PROOF_NONE;
	}
	if (c->vm.dest && !CORE_MUTANT(claim_one_proof)) {
		dest = proof_host(c, c->vm.dest);
		if (!dest || !proof_host_gone(c, dest, c->vm.to, why))
			return PROOF_NONE;
	}
	return p;
}

bool
proof_certified(const struct proof_case *c)
{
	return CORE_MUTANT(recovery_skipped) ||
	       inc_same(c->vm.certified, c->db.inc);
}

/* Whether fences have done what the missing reports would have told. */
static bool
fenced_out(const struct proof_case *c)
{
	return c->vm.mode == LEDGER_AUTO && c->vm.fenced &&
	       c->vm.doubt <= c->db.born &&
	       c->since >=
		   c->timers->sum +
		       (CORE_MUTANT(old_writer_forgotten) ? 0 : c->timers->old);
}

const char *
proof_certify(const struct proof_case *c)
{
	const struct proof_host *h;
	const char *why = all_clean(c, c->vm.doubt, true);
	size_t i;

	if (CORE_MUTANT(certified_at_once))
		return NULL;
	if (!why || !fenced_out(c))
		return why;
	for (i = 0; i < c->hosts; i++) {
		h = &c->host[i];
		if (strcmp(h->name, c->vm.owner) != 0 && proof_fresh(c, h, 0) &&
		    !proof_clean(c, h))
			return "another host may have a copy";
	}
	return NULL;
}
