/* SPDX-License-Identifier: ISC */
#include "core/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
plan_action_word(enum plan_action action)
{
	static const char *const words[] = {
	    "none", "start", "shutdown", "destroy", "fetch", "mark"};

	return words[action];
}

const char *
plan_state_word(enum plan_state state)
{
	static const char *const words[] = {
	    "unknown", "off", "starting", "running", "paused", "stopping"};

	return words[state];
}

static void __attribute__((format(printf, 3, 4)))
is(struct plan *out, enum plan_state state, const char *fmt, ...)
{
	va_list ap;

	out->state = state;
	va_start(ap, fmt);
	vsnprintf(out->reason, sizeof(out->reason), fmt, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 2, 3)))
last(struct plan_memory *mem, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(mem->last, sizeof(mem->last), fmt, ap);
	va_end(ap);
}

/* A pause before the nth repetition, n from 1: 1, 2, 4 .. 60 s. In seconds. */
static int
back_off(struct plan_memory *mem, int n, int64_t now)
{
	int64_t ms = 1000;

	while (--n > 0 && ms < PLAN_BACKOFF_MS)
		ms *= 2;
	mem->pause_ms = ms < PLAN_BACKOFF_MS ? ms : PLAN_BACKOFF_MS;
	mem->not_before = now + mem->pause_ms;
	return (int)(mem->pause_ms / 1000);
}

void
plan_started(struct plan_memory *mem, int64_t now_ms)
{
	mem->started = now_ms;
	mem->asked = 0;
	mem->killed = mem->crashed = false;
	mem->restarts += mem->again;
	mem->again = false;
}

static const char *
end_text(enum plan_end end)
{
	switch (end) {
	case PLAN_END_GUEST:
		return "guest powered itself off";
	case PLAN_END_DIED:
		return "qemu died";
	case PLAN_END_CRASHED:
		return "guest crashed";
	case PLAN_END_DESTROYED:
		return "was destroyed on the node";
	case PLAN_END_MIGRATED:
		return "migrated away, not started here under this wish";
	case PLAN_END_LOST:
		return "was gone when libvirt answered again";
	}
	return "ended";
}

/* It ended and is to run again: at once, unless it died young before. */
static void
run_again(struct plan_memory *mem, enum plan_end end, int64_t now_ms)
{
	bool young = mem->started && now_ms - mem->started < PLAN_YOUNG_MS;

	mem->again = true;
	mem->failures = young ? mem->failures + 1 : 1;
	if (mem->failures < 2) {
		mem->not_before = 0;
		last(mem, "%s", end_text(end));
		return;
	}
	last(mem,
	    "crash-loop: %s, %d times within %d s of its start, next "
	    "try in %d s",
	    end_text(end), mem->failures, PLAN_YOUNG_MS / 1000,
	    back_off(mem, mem->failures - 1, now_ms));
}

void
plan_ended(struct plan_memory *mem, enum plan_restart restart,
    enum plan_end end, int64_t now_ms)
{
	bool ours = (mem->asked || mem->killed) && !mem->crashed;

	if (mem->crashed)
		end = PLAN_END_CRASHED;
	mem->asked = mem->insist = 0;
	mem->killed = mem->crashed = false;
	if (end == PLAN_END_MIGRATED) {
		/* Even if it was to be stopped: here it must not come back. */
		mem->off = true;
		last(mem, "%s", end_text(end));
	} else if (ours) {
		mem->last[0] = '\0';
	} else if (restart == PLAN_NEVER ||
		   (restart == PLAN_ON_FAILURE && end == PLAN_END_GUEST)) {
		mem->off = mem->final = true;
		last(mem, "%s", end_text(end));
	} else {
		run_again(mem, end, now_ms);
	}
}

void
plan_adopted(struct plan_memory *mem)
{
	mem->failures = 0;
	mem->not_before = 0;
	mem->last[0] = '\0';
}

void
plan_failed(struct plan_memory *mem, enum plan_action action,
    const char *reason, int64_t now_ms)
{
	switch (action) {
	case PLAN_NONE:
		break;
	case PLAN_START:
		last(mem, "start failed: %.190s; next try in %d s", reason,
		    back_off(mem, ++mem->failures, now_ms));
		break;
	case PLAN_FETCH:
	case PLAN_MARK:
		back_off(mem, ++mem->failures, now_ms);
		last(mem, "cannot be adopted: %.190s", reason);
		break;
	case PLAN_SHUTDOWN:
		/* The grace goes on: destroying it comes next. */
		last(mem, "shutdown failed: %.200s", reason);
		break;
	case PLAN_DESTROY:
		mem->insist = now_ms + PLAN_INSIST_MS;
		last(mem, "destroy failed: %.200s", reason);
		break;
	}
}

static void
destroy(struct plan_memory *mem, int64_t now, struct plan *out)
{
	if (now < mem->insist) {
		out->wake = mem->insist;
		return;
	}
	mem->killed = true;
	out->action = PLAN_DESTROY;
}

/* Nobody goes on starting it. It has not run yet: nothing is lost. */
static void
limbo(struct plan_memory *mem, int64_t now, struct plan *out)
{
	if (!mem->limbo)
		mem->limbo = now;
	out->wake = mem->limbo + PLAN_LIMBO_MS;
	if (now < out->wake)
		return;
	is(out, out->state, "its start was given up half way");
	destroy(mem, now, out);
}

/* What is to be is off. */
static void
stop(const struct plan_vm *vm, struct plan_memory *mem, int64_t now,
    const char *why, struct plan *out)
{
	int64_t until;

	if (vm->seen == PLAN_SEEN_ABSENT) {
		is(out, PLAN_STATE_OFF, "%s", why);
		return;
	}
	is(out, PLAN_STATE_STOPPING, "%s", why);
	if (vm->seen == PLAN_SEEN_STARTING)
		limbo(mem, now, out);
	if (vm->seen == PLAN_SEEN_STARTING || vm->seen == PLAN_SEEN_ENDING)
		return;
	if (vm->seen != PLAN_SEEN_CRASHED && !mem->killed && vm->grace_ms) {
		if (!mem->asked) {
			mem->asked = now;
			mem->last[0] = '\0';
			out->action = PLAN_SHUTDOWN;
		}
		until = mem->asked + vm->grace_ms;
		if (now < until) {
			out->wake = until;
			if (mem->last[0])
				is(out, PLAN_STATE_STOPPING, "%s", mem->last);
			return;
		}
	}
	if (now < mem->insist)
		is(out, PLAN_STATE_STOPPING, "%s", mem->last);
	destroy(mem, now, out);
}

/* What is to be is running, and it is not there. */
static void
start(const struct plan_node *node, struct plan_memory *mem, int64_t now,
    struct plan *out)
{
	if (mem->off) {
		is(out, PLAN_STATE_OFF, "%s", mem->last);
		out->final = mem->final;
	} else if (node->admin == PLAN_DRAINED) {
		is(out, PLAN_STATE_OFF, "host is drained: not started");
	} else if (now < mem->not_before) {
		is(out, PLAN_STATE_OFF, "%s", mem->last);
		out->wake = mem->not_before;
		out->next_try_ms = mem->pause_ms;
	} else {
		is(out, PLAN_STATE_STARTING, "%s",
		    mem->last[0] ? mem->last : "wanted running");
		out->action = PLAN_START;
	}
}

/* What is to be is running (or, on a drained host, what is). */
static void
run(const struct plan_node *node, const struct plan_vm *vm,
    struct plan_memory *mem, int64_t now, struct plan *out)
{
	switch (vm->seen) {
	case PLAN_SEEN_ABSENT:
		start(node, mem, now, out);
		return;
	case PLAN_SEEN_STARTING:
		is(out, PLAN_STATE_STARTING, "libvirt is starting it");
		limbo(mem, now, out);
		break;
	case PLAN_SEEN_RUNNING:
		is(out, PLAN_STATE_RUNNING, "%s",
		    vm->defined ? "libvirt has a definition of its own and "
				  "may start it behind chime's back: virsh "
				  "undefine it"
				: "");
		break;
	case PLAN_SEEN_PAUSED:
		is(out, PLAN_STATE_PAUSED, "paused in libvirt (%s): left alone",
		    vm->seen_reason ? vm->seen_reason : "unknown");
		break;
	case PLAN_SEEN_ENDING:
		is(out, PLAN_STATE_STOPPING, "guest is powering off");
		break;
	case PLAN_SEEN_CRASHED:
		is(out, PLAN_STATE_STOPPING, "guest crashed");
		mem->crashed = true;
		destroy(mem, now, out);
		break;
	case PLAN_SEEN_UNKNOWN:
		break;
	}
	/*
	 * A shutdown or destroy called off since had no effect: forget it, so
	 * that the VM's end, later, counts as its own.
	 */
	if (mem->asked && now >= mem->asked + vm->grace_ms)
		mem->asked = 0;
	if (out->action == PLAN_NONE && vm->seen == PLAN_SEEN_RUNNING)
		mem->killed = mem->crashed = false;
}

/* The state alone, of what is not chime's to change now. */
static void
look(enum plan_seen seen, const char *why, struct plan *out)
{
	static const enum plan_state states[] = {
	    [PLAN_SEEN_UNKNOWN] = PLAN_STATE_UNKNOWN,
	    [PLAN_SEEN_ABSENT] = PLAN_STATE_OFF,
	    [PLAN_SEEN_STARTING] = PLAN_STATE_STARTING,
	    [PLAN_SEEN_RUNNING] = PLAN_STATE_RUNNING,
	    [PLAN_SEEN_PAUSED] = PLAN_STATE_PAUSED,
	    [PLAN_SEEN_ENDING] = PLAN_STATE_STOPPING,
	    [PLAN_SEEN_CRASHED] = PLAN_STATE_STOPPING,
	};

	is(out, states[seen], "%s", why);
}

/* What is to be is chime's; until it is, it is only looked at. */
static void
adopt(const struct plan_vm *vm, const struct plan_memory *mem, int64_t now,
    struct plan *out)
{
	if (vm->seen == PLAN_SEEN_ABSENT) {
		is(out, PLAN_STATE_OFF,
		    "to be adopted, but no domain of this UUID runs here");
		return;
	}
	look(vm->seen,
	    vm->adopt == PLAN_ADOPT_MARK
		? "to be adopted: it is being marked as chime's"
		: "to be adopted: the server waits for its description",
	    out);
	if (mem->last[0])
		is(out, out->state, "%s", mem->last);
	if (vm->job != PLAN_NONE || vm->adopt == PLAN_ADOPT_FETCHED)
		return;
	if (now < mem->not_before)
		out->wake = mem->not_before;
	else
		out->action =
		    vm->adopt == PLAN_ADOPT_MARK ? PLAN_MARK : PLAN_FETCH;
}

void
plan_wish(struct plan_memory *mem, int64_t wish)
{
	if (mem->wish == wish)
		return;
	mem->wish = wish;
	mem->off = mem->final = mem->again = false;
	mem->failures = 0;
	mem->not_before = mem->insist = 0;
	mem->last[0] = '\0';
}

#define UNANSWERED "the server has not answered in this boot yet"

void
plan_stray(const struct plan_node *node, enum plan_seen seen, struct plan *out)
{
	memset(out, 0, sizeof(*out));
	if (!node->libvirt)
		is(out, PLAN_STATE_UNKNOWN, "libvirt does not answer");
	else if (!node->answered)
		look(seen, UNANSWERED, out);
	else
		look(seen,
		    "chime made it, the server does not name it: "
		    "left alone",
		    out);
}

void
plan_vm(const struct plan_node *node, const struct plan_vm *vm,
    struct plan_memory *mem, int64_t now_ms, struct plan *out)
{
	const char *off = vm->want == PLAN_STOPPED   ? "wanted stopped"
			  : vm->want == PLAN_DELETED ? "wanted deleted"
			  : node->admin == PLAN_DOWN ? "host is down"
						     : vm->refused;

	memset(out, 0, sizeof(*out));
	plan_wish(mem, vm->wish);
	if (vm->seen != PLAN_SEEN_STARTING || vm->job != PLAN_NONE)
		mem->limbo = 0;
	if (!node->libvirt)
		is(out, PLAN_STATE_UNKNOWN, "libvirt does not answer");
	else if (vm->seen == PLAN_SEEN_UNKNOWN)
		is(out, PLAN_STATE_UNKNOWN, "not seen yet");
	else if (!node->answered)
		look(vm->seen, UNANSWERED, out);
	else if (vm->adopt != PLAN_ADOPT_NONE)
		adopt(vm, mem, now_ms, out);
	else if (vm->job != PLAN_NONE)
		is(out,
		    vm->job == PLAN_START ? PLAN_STATE_STARTING
					  : PLAN_STATE_STOPPING,
		    "%s", mem->last);
	else if (vm->foreign && vm->seen != PLAN_SEEN_ABSENT)
		look(vm->seen,
		    "runs here but chime did not make it: left alone", out);
	else if (off)
		stop(vm, mem, now_ms, off, out);
	else
		run(node, vm, mem, now_ms, out);
}
