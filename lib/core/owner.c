/* SPDX-License-Identifier: ISC */
#include "core/owner.h"

#include <string.h>

#include "core/mutant.h"

static const struct inc no_inc;
static const struct gen no_gen;

bool
owner_outlived(const struct proof_db *db, struct inc heard, struct gen highest)
{
	enum inc_order o = inc_order(db->inc, heard);

	if (CORE_MUTANT(later_not_heard))
		return false;
	if (heard.number != 0 && (o == INC_HIGHER || o == INC_DIFFERS))
		return true;
	if (highest.inc != db->inc.number)
		return highest.inc > db->inc.number;
	return highest.n > db->max_n;
}

void
owner_reborn(
    struct proof_db *db, uint64_t highest, uint64_t jump, uint64_t nonce)
{
	if (highest > db->inc.number)
		db->inc.number = highest;
	db->inc.number += jump;
	db->inc.nonce = nonce;
	db->born = db->tick;
	db->max_n = 0;
}

static struct gen
issue(struct proof_db *db)
{
	struct gen g = {db->inc.number, ++db->max_n, 0};

	return g;
}

static void
end_claim(struct proof_vm *vm)
{
	vm->dest = NULL;
	vm->to = no_gen;
	vm->cancel = false;
}

void
owner_create(
    struct proof_case *c, const char *owner, enum ledger_mode mode, bool drawn)
{
	struct proof_vm *vm = &c->vm;

	memset(vm, 0, sizeof(*vm));
	vm->owner = owner;
	vm->gen = issue(&c->db);
	vm->mode = mode;
	vm->mode_at = vm->doubt = c->db.tick;
	vm->strange = !drawn && !CORE_MUTANT(stranger_unrefused);
	if (drawn || CORE_MUTANT(any_birth_certified)) {
		vm->certified = c->db.inc;
		vm->fenced = mode == LEDGER_AUTO;
	}
}

/* Whether the report tells of the end of a migration from the row's owner. */
static bool
arrived(const struct proof_vm *vm, const struct proof_report *r)
{
	return r->from && strcmp(r->from, vm->owner) == 0 &&
	       gen_cmp(r->from_gen, vm->gen) == 0 &&
	       gen_cmp(r->ran, vm->gen) > 0;
}

static enum owner_did
higher(struct proof_case *c, const struct proof_host *h)
{
	struct proof_vm *vm = &c->vm;
	const struct proof_report *r = h->report;
	const struct proof_host *o = proof_host(c, vm->owner);

	if (arrived(vm, r)) {
		vm->fenced = vm->fenced && vm->dest;
		vm->owner = h->name;
		vm->gen = r->ran;
		end_claim(vm);
		return OWNER_ARRIVED;
	}
	if (proof_certified(c) && o && o != h && proof_fresh(c, o, 0) &&
	    o->report->copy != COPY_NONE && r->copy == COPY_NONE)
		return OWNER_REMEMBERED;
	vm->owner = h->name;
	vm->gen = r->ran;
	vm->certified = no_inc;
	if (CORE_MUTANT(adopted_certified))
		vm->certified = c->db.inc;
	vm->doubt = c->db.tick;
	vm->fenced = false;
	end_claim(vm);
	return OWNER_ADOPTED;
}

enum owner_did
owner_report(struct proof_case *c, const struct proof_host *h)
{
	struct proof_vm *vm = &c->vm;
	const struct proof_report *r = h->report;
	bool own = strcmp(vm->owner, h->name) == 0;

	if (!h->ledger_known)
		return OWNER_NOTHING;
	if (gen_cmp(r->ran, vm->gen) > 0 && !CORE_MUTANT(higher_ignored) &&
	    !CORE_MUTANT(no_generation_check))
		return higher(c, h);
	if (vm->dest && own && gen_cmp(r->returned, vm->to) >= 0) {
		end_claim(vm);
		return OWNER_CLAIM_ENDED;
	}
	/* Nothing is left to migrate, so the claim would never end. */
	if (vm->dest && own && r->copy == COPY_NONE &&
	    !proof_departed(r, vm->gen) && proof_fresh(c, h, vm->claimed_at))
		vm->cancel = true;
	if (vm->dest && strcmp(vm->dest, h->name) == 0 &&
	    proof_fresh(c, h, 0) && gen_cmp(r->refused, vm->to) >= 0 &&
	    r->copy == COPY_NONE) {
		end_claim(vm);
		return OWNER_CLAIM_ENDED;
	}
	if (own && !vm->fenced && vm->mode == LEDGER_AUTO && r->fenced &&
	    r->copy == COPY_RUNNING && gen_cmp(r->gen, vm->gen) == 0 &&
	    !proof_departed(r, vm->gen) && proof_fresh(c, h, vm->mode_at)) {
		vm->fenced = true;
		return OWNER_FENCED;
	}
	return OWNER_NOTHING;
}

/*
 * Whether nothing runs at the owner either: then a new generation voids what
 * a host that is off now, or a lost ledger, may still remember of the old.
 */
static bool
idle(const struct proof_case *c)
{
	const struct proof_host *o = proof_host(c, c->vm.owner);

	/* A live claim gives its destination a lease: only a proof ends it. */
	if (!o || c->vm.dest || CORE_MUTANT(certified_as_before))
		return false;
	if (!proof_is_off(c, o))
		return true;
	/* What departed since the others reported is still on its way. */
	return proof_fresh(c, o, c->vm.doubt) && o->report->copy == COPY_NONE &&
	       !proof_departed(o->report, c->vm.gen);
}

const char *
owner_certify(struct proof_case *c)
{
	const char *why;

	if (inc_same(c->vm.certified, c->db.inc))
		return NULL;
	why = proof_certify(c);
	if (why)
		return why;
	c->vm.certified = c->db.inc;
	c->vm.strange = false;
	if (idle(c))
		c->vm.gen = issue(&c->db);
	return NULL;
}

const char *
owner_take(
    struct proof_case *c, const struct proof_host *target, enum proof *proof)
{
	const char *why = NULL;

	*proof = proof_takeover(c, &why);
	if (*proof == PROOF_NONE)
		return why;
	if (!target->ledger_known)
		return "the target's ledger is not confirmed";
	if (c->vm.mode != LEDGER_MANUAL && !target->armed)
		return "the target has no armed watchdog";
	c->vm.owner = target->name;
	c->vm.gen = issue(&c->db);
	c->vm.fenced = c->vm.mode == LEDGER_AUTO;
	end_claim(&c->vm);
	return NULL;
}

const char *
owner_claim(struct proof_case *c, const struct proof_host *dest)
{
	struct proof_vm *vm = &c->vm;
	const struct proof_host *o = proof_host(c, vm->owner);

	if (!proof_certified(c))
		return "not certified since the database changed";
	if (vm->dest)
		return "a migration is under way";
	if (vm->mode == LEDGER_PENDING)
		return "its mode is about to change";
	if (!o || o == dest)
		return "there already";
	if (!proof_fresh(c, o, 0) || o->report->copy != COPY_RUNNING ||
	    gen_cmp(o->report->gen, vm->gen) != 0 ||
	    proof_departed(o->report, vm->gen))
		return "the owner does not report it running";
	if (!proof_fresh(c, dest, 0))
		return "the destination has not reported";
	if (vm->mode != LEDGER_MANUAL && !dest->armed)
		return "the destination has no armed watchdog";
	vm->dest = dest->name;
	vm->claimed_at = c->db.tick;
	vm->to = issue(&c->db);
	return NULL;
}

const char *
owner_cancel(struct proof_case *c)
{
	if (!c->vm.dest)
		return "no migration is under way";
	c->vm.cancel = true;
	if (CORE_MUTANT(cancel_ends_claim))
		end_claim(&c->vm);
	return NULL;
}

const char *
owner_mode(struct proof_case *c, enum ledger_mode mode, int64_t pending_ms)
{
	struct proof_vm *vm = &c->vm;

	if (mode == vm->mode)
		return NULL;
	if (vm->dest)
		return "a migration is under way";
	if (mode == LEDGER_PENDING && vm->mode == LEDGER_MANUAL)
		return "manual already";
	if (mode == LEDGER_MANUAL && !CORE_MUTANT(mode_in_one_step)) {
		if (vm->mode == LEDGER_AUTO)
			return "auto becomes manual through pending";
		if (pending_ms < c->timers->lose + c->timers->old &&
		    !CORE_MUTANT(pending_too_short))
			return "a failover could still undo pending";
	}
	vm->mode = mode;
	vm->mode_at = c->db.tick;
	if (CORE_MUTANT(pending_leased) && mode == LEDGER_PENDING)
		return NULL;
	if (!CORE_MUTANT(auto_at_once) || mode != LEDGER_AUTO)
		vm->fenced = false;
	else
		vm->fenced = true;
	return NULL;
}

void
owner_doubt(struct proof_case *c)
{
	if (CORE_MUTANT(new_ledger_trusted))
		return;
	c->vm.certified = no_inc;
	c->vm.doubt = c->db.tick;
}

bool
owner_grant(const struct proof_case *c, const struct proof_host *h,
    const struct owner_wish *w, struct lease_grant *g)
{
	const struct proof_vm *vm = &c->vm;

	memset(g, 0, sizeof(*g));
	if (!h->ledger_known && !CORE_MUTANT(unknown_ledger_granted))
		return false;
	g->gen = vm->gen;
	g->mode = vm->mode;
	g->certified = proof_certified(c);
	g->unfence = g->certified && vm->mode == LEDGER_MANUAL &&
		     (c->since >= c->timers->lose + c->timers->old ||
			 CORE_MUTANT(unfenced_at_once));
	g->own = strcmp(vm->owner, h->name) == 0;
	g->incoming = vm->dest && strcmp(vm->dest, h->name) == 0;
	g->start = g->own && w->running && !w->release && g->certified;
	g->release = g->own && w->release;
	if (vm->dest && (g->own || g->incoming)) {
		g->to = vm->to;
		g->cancel = vm->cancel;
		g->peer = g->own ? vm->dest : vm->owner;
	}
	if (g->own || g->incoming)
		return true;
	/* It hears of a generation above its own. */
	return vm->strange || h->report->copy != COPY_NONE ||
	       gen_cmp(h->report->refused, h->report->ran) < 0;
}

bool
owner_brake(size_t silent, size_t hosts)
{
	return silent >= 3 && silent * 10 > hosts * 3;
}
