/* SPDX-License-Identifier: ISC */
#include "core/ledger.h"

#include <string.h>

#include "core/mutant.h"

const char *const ledger_mode_words[] = {"manual", "pending", "auto", NULL};

static const struct gen none;

static void
ran(struct ledger_vm *v, const struct ledger_rec *r, const char *boot)
{
	v->ran = gen_max(v->ran, r->gen);
	if (r->boot && boot && strcmp(r->boot, boot) == 0)
		v->here = true;
	/* It came back after a departure, under a later right. */
	if (gen_cmp(r->gen, v->to) > 0) {
		v->departed = v->to = none;
		v->dest = NULL;
	}
}

void
ledger_fold(struct ledger_vm *v, const struct ledger_rec *r, const char *boot)
{
	switch (r->kind) {
	case LEDGER_START:
		ran(v, r, boot);
		break;
	case LEDGER_EXPECT:
		v->expected = gen_max(v->expected, r->gen);
		break;
	case LEDGER_ARRIVE:
		ran(v, r, boot);
		v->from = r->peer;
		v->from_gen = r->other;
		break;
	case LEDGER_REFUSE:
		v->refused = gen_max(v->refused, r->gen);
		break;
	case LEDGER_DEPART:
		v->departed = r->gen;
		v->to = r->other;
		v->dest = r->peer;
		break;
	case LEDGER_RETURN:
		v->returned = gen_max(v->returned, r->other);
		if (gen_cmp(r->other, v->to) >= 0) {
			v->departed = v->to = none;
			v->dest = NULL;
		}
		break;
	default:
		break;
	}
}

bool
ledger_departed(const struct ledger_vm *v)
{
	return !gen_none(v->to);
}

const char *
ledger_refuses(const struct ledger_vm *v, struct gen g)
{
	if (CORE_MUTANT(ledger_not_consulted))
		return NULL;
	if (gen_none(g))
		return "no generation";
	if (!CORE_MUTANT(refusal_not_honoured) && gen_cmp(v->refused, g) >= 0)
		return "refused here";
	if (!CORE_MUTANT(departure_not_honoured) && ledger_departed(v) &&
	    gen_cmp(v->to, g) >= 0)
		return "departed from here";
	if (!CORE_MUTANT(no_generation_check) && !CORE_MUTANT(lower_started) &&
	    gen_cmp(v->ran, g) > 0)
		return "ran here at a higher generation";
	return NULL;
}

const char *
ledger_may_depart(const struct ledger_vm *v, struct gen g, struct gen to)
{
	const char *why = ledger_refuses(v, g);

	if (why)
		return why;
	if (gen_cmp(to, g) <= 0)
		return "not a higher generation";
	/* A cancelled claim must not be taken up by an old grant. */
	if (!CORE_MUTANT(return_not_final) && gen_cmp(v->returned, to) >= 0)
		return "already returned";
	return NULL;
}

const char *
ledger_may_receive(const struct ledger_vm *v, struct gen to)
{
	const char *why = ledger_refuses(v, to);

	if (why)
		return why;
	if (gen_cmp(v->ran, to) >= 0)
		return "ran here already";
	return NULL;
}

enum ledger_end
ledger_end(const struct ledger_vm *v, enum ledger_copy copy, bool job,
    const struct ledger_peer *p)
{
	if (job || copy == COPY_UNKNOWN)
		return END_WAIT;
	if (CORE_MUTANT(paused_resumed) && copy == COPY_PAUSED)
		return END_RESUME;
	if (!ledger_departed(v) && copy != COPY_PAUSED)
		return END_NONE;
	/* Paused by a departure this ledger knows nothing of: it was lost. */
	if (!ledger_departed(v))
		return gen_none(v->returned) ? END_DESTROY : END_RESUME;
	if (copy == COPY_RUNNING)
		return END_RETURN;
	if (CORE_MUTANT(peer_not_asked))
		return END_RETURN;
	if (gen_cmp(p->to, v->to) != 0)
		return END_ASK;
	if (p->copy == COPY_RUNNING || (p->ran && !CORE_MUTANT(ran_returned)))
		return copy == COPY_PAUSED ? END_DESTROY : END_NONE;
	if (p->copy != COPY_NONE)
		return END_ASK;
	if (!p->refused && !CORE_MUTANT(return_unrefused))
		return END_ASK;
	if (p->expected && copy == COPY_PAUSED && !CORE_MUTANT(stale_resumed))
		return END_DESTROY;
	return END_RETURN;
}

const char *
ledger_may_refuse(
    const struct ledger_vm *v, enum ledger_copy copy, struct gen to)
{
	if (gen_cmp(v->ran, to) >= 0)
		return "ran here already";
	if (copy != COPY_NONE)
		return "a domain is here";
	return NULL;
}

struct ledger_peer
ledger_answer(const struct ledger_vm *v, enum ledger_copy copy, struct gen to)
{
	struct ledger_peer p = {0};

	if (copy == COPY_UNKNOWN)
		return p;
	/* It came and went before this ledger began, for all we know. */
	if (copy == COPY_NONE && gen_cmp(v->ran, to) < 0 &&
	    gen_cmp(v->floor, to) >= 0 && !CORE_MUTANT(new_ledger_answers))
		return p;
	p.to = to;
	p.copy = copy;
	p.ran = gen_cmp(v->ran, to) >= 0;
	p.refused = gen_cmp(v->refused, to) >= 0;
	p.expected = gen_cmp(v->expected, to) >= 0;
	return p;
}
