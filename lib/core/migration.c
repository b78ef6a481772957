/* SPDX-License-Identifier: ISC */
#include "core/migration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BAR 20

int64_t
migration_needs(const struct migration_vm *vm)
{
	return vm->memory_kib + MIGRATION_EXTRA_KIB;
}

const char *
migration_action_word(enum migration_action action)
{
	static const char *const words[] = {
	    "refuse", "migrate", "settle", "none"};

	return words[action];
}

const char *
migration_copy_word(enum migration_copy copy)
{
	static const char *const words[] = {
	    "unknown", "none", "running", "paused", "other"};

	return words[copy];
}

static const char *
not_here(const struct migration_vm *vm)
{
	switch (vm->here.copy) {
	case MIGRATION_UNKNOWN:
		return "the libvirt here does not tell its state: "
		       "see chime-agent status";
	case MIGRATION_ABSENT:
		return "it is no domain here: migrate it from the node that "
		       "runs it (chimecli vm show)";
	case MIGRATION_LEFT:
		return "a migration of it is under way: wait for its end, "
		       "or end it with virsh domjobabort";
	case MIGRATION_OTHER:
		return "it does not run: resume or start it first";
	case MIGRATION_RUNNING:
		break;
	}
	return vm->here.job ? "libvirt is at work on it: wait for that, or "
			      "end it with virsh domjobabort"
			    : NULL;
}

static const char *
not_there(const struct migration_vm *vm)
{
	switch (vm->there.copy) {
	case MIGRATION_ABSENT:
		return NULL;
	case MIGRATION_UNKNOWN:
		return "the destination does not tell whether it has it: "
		       "try again";
	case MIGRATION_RUNNING:
		return "it runs at both ends: find out which one is right, "
		       "and destroy the other at once";
	case MIGRATION_LEFT:
	case MIGRATION_OTHER:
		break;
	}
	return "the destination has a domain of this UUID: "
	       "undefine or destroy it there first";
}

/* The refusals that need no numbers; NULL when there is none. */
static const char *
refusal(const struct migration_vm *vm)
{
	const char *why = not_here(vm);

	if (!why)
		why = not_there(vm);
	if (!why && vm->foreign)
		why = "chime did not make it: let chime adopt it first "
		      "(chimecli vm)";
	if (!why && vm->defined)
		why = "libvirt keeps a definition of it here, which could "
		      "start it again: let chime adopt it (chimecli vm), or "
		      "virsh undefine it";
	return why;
}

enum migration_action
migration_plan(const struct migration_vm *vm, const struct migration_rule *rule,
    char why[static MIGRATION_WHY_SIZE])
{
	const char *no;

	why[0] = '\0';
	if (vm->here.copy == MIGRATION_ABSENT &&
	    vm->there.copy == MIGRATION_RUNNING) {
		snprintf(
		    why, MIGRATION_WHY_SIZE, "runs at %s already", rule->dest);
		return MIGRATION_NOTHING;
	}
	if (vm->here.copy == MIGRATION_LEFT && !vm->here.job) {
		snprintf(why, MIGRATION_WHY_SIZE,
		    "paused here by a migration that stopped half way");
		return MIGRATION_SETTLE;
	}
	if ((no = refusal(vm)) != NULL)
		snprintf(why, MIGRATION_WHY_SIZE, "%s", no);
	else if (vm->unreadable)
		snprintf(why, MIGRATION_WHY_SIZE,
		    "its description cannot be read: %.180s", vm->unreadable);
	else if (vm->disk && !rule->copy_storage)
		snprintf(why, MIGRATION_WHY_SIZE,
		    "writable disk %.120s is on this node alone: give "
		    "--copy-storage, or --shared if both nodes have it",
		    vm->disk);
	else if (migration_needs(vm) > rule->free_kib)
		snprintf(why, MIGRATION_WHY_SIZE,
		    "needs %" PRId64 " MiB, %.60s has %" PRId64
		    " free: choose another destination, or move fewer",
		    migration_needs(vm) / 1024, rule->dest,
		    rule->free_kib / 1024);
	else
		return MIGRATION_MOVE;
	return MIGRATION_REFUSE;
}

/* It runs there. */
static enum migration_end
arrived(struct migration_look here, bool last)
{
	if (here.copy == MIGRATION_ABSENT)
		return MIGRATION_MOVED;
	if (here.copy == MIGRATION_LEFT && !here.job)
		return MIGRATION_DESTROY;
	/* A libvirtd that has just begun tells what was so before. */
	return last ? MIGRATION_UNCLEAR : MIGRATION_WAIT;
}

enum migration_end
migration_end(enum migration_said said, struct migration_look here,
    struct migration_look there, bool last)
{
	if (there.copy == MIGRATION_RUNNING)
		return arrived(here, last);
	/* libvirt may think it failed because the answer was lost: ask. */
	if (here.copy == MIGRATION_RUNNING && !here.job &&
	    (there.copy != MIGRATION_UNKNOWN || last))
		return MIGRATION_STAYS;
	/* libvirt destroys what is here only when the other copy runs. */
	if (said == MIGRATION_SAID_DONE && here.copy == MIGRATION_ABSENT &&
	    there.copy == MIGRATION_UNKNOWN)
		return MIGRATION_MOVED;
	return last ? MIGRATION_UNCLEAR : MIGRATION_WAIT;
}

const char *
migration_unclear(struct migration_look here, struct migration_look there)
{
	if (here.copy == MIGRATION_RUNNING && there.copy == MIGRATION_RUNNING)
		return "it runs at BOTH ends: find out which one is right, and "
		       "destroy the other at once";
	if (here.copy == MIGRATION_UNKNOWN)
		return "the libvirt here does not answer: nothing was touched; "
		       "run this again when it does";
	if (there.copy == MIGRATION_UNKNOWN)
		return "the destination does not answer, it may run there: "
		       "nothing was touched, never resume it here; "
		       "run this again when it does";
	if (here.job)
		return "libvirt is still at work on it: nothing was touched; "
		       "run this again when it has ended";
	if (here.copy == MIGRATION_ABSENT && there.copy == MIGRATION_ABSENT)
		return "neither end has it: start it (chimecli vm start)";
	if (here.copy == MIGRATION_ABSENT)
		return "it is gone here and does not run there: look at the "
		       "destination with virsh domstate --reason";
	return "it is paused here and does not run there: nothing was touched, "
	       "never resume it here; run this again, or destroy it and start "
	       "it anew";
}

void
migration_progress(
    struct migration_progress *p, const struct migration_sample *s)
{
	int64_t done = s->total - s->remaining, gain = s->rate - s->dirty_rate;
	int percent = 0;

	if (s->moved > p->bytes)
		p->bytes = s->moved;
	p->total = s->total;
	p->rate = s->rate;
	p->dirty_rate = s->dirty_rate;
	if (s->total > 0 && done > 0)
		percent = (int)((double)done / (double)s->total * 100);
	if (percent > 99)
		percent = 99;
	if (percent > p->percent)
		p->percent = percent;
	p->eta_ms = -1;
	if (s->total > 0 && gain > 0)
		p->eta_ms =
		    (int64_t)((double)s->remaining / (double)gain * 1000);
}

void
migration_bar(int percent, char bar[static MIGRATION_BAR_SIZE])
{
	int full = percent < 0 ? 0 : percent > 100 ? BAR : percent * BAR / 100;

	bar[0] = '[';
	memset(bar + 1, '#', (size_t)full);
	memset(bar + 1 + full, '.', (size_t)(BAR - full));
	memcpy(bar + 1 + BAR, "]", 2);
}
