/* SPDX-License-Identifier: ISC */
/* core/plan: tables of what is decided, and stories of what is remembered. */
#include "core/plan.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#define NOW 1000000

static const struct plan_node up = {PLAN_RUN, true, true};

/* A VM wanted running, not there, under wish 1. */
static const struct plan_vm web = {
    .want = PLAN_RUNNING,
    .restart = PLAN_ON_FAILURE,
    .wish = 1,
    .grace_ms = 30000,
    .seen = PLAN_SEEN_ABSENT,
};

/* Every rule without a past: node x want x seen -> action and state. */
static void
test_table(void)
{
	enum {
		U = PLAN_SEEN_UNKNOWN,
		A = PLAN_SEEN_ABSENT,
		S = PLAN_SEEN_STARTING,
		R = PLAN_SEEN_RUNNING,
		P = PLAN_SEEN_PAUSED,
		E = PLAN_SEEN_ENDING,
		C = PLAN_SEEN_CRASHED
	};
	static const struct {
		const char *name;
		enum plan_admin admin;
		int answered, libvirt;
		enum plan_want want;
		int seen;
		int foreign;
		enum plan_action job;
		enum plan_action action;
		enum plan_state state;
	} rows[] = {
#define ROW(name, admin, ans, lv, want, seen, foreign, job, action, state)     \
	{name, PLAN_##admin, ans, lv, PLAN_##want, seen, foreign, PLAN_##job,  \
	    PLAN_##action, PLAN_STATE_##state}
	    ROW("off is started", RUN, 1, 1, RUNNING, A, 0, NONE, START,
		STARTING),
	    ROW("running stays", RUN, 1, 1, RUNNING, R, 0, NONE, NONE, RUNNING),
	    ROW("being started: wait", RUN, 1, 1, RUNNING, S, 0, NONE, NONE,
		STARTING),
	    ROW("paused is left alone", RUN, 1, 1, RUNNING, P, 0, NONE, NONE,
		PAUSED),
	    ROW("powering off: wait", RUN, 1, 1, RUNNING, E, 0, NONE, NONE,
		STOPPING),
	    ROW("crashed is destroyed", RUN, 1, 1, RUNNING, C, 0, NONE, DESTROY,
		STOPPING),
	    ROW("unknown is not off", RUN, 1, 1, RUNNING, U, 0, NONE, NONE,
		UNKNOWN),
	    ROW("no answer of this boot: not started", RUN, 0, 1, RUNNING, A, 0,
		NONE, NONE, OFF),
	    ROW("no answer of this boot: not stopped", RUN, 0, 1, STOPPED, R, 0,
		NONE, NONE, RUNNING),
	    ROW("no answer of this boot: not destroyed", DOWN, 0, 1, RUNNING, C,
		0, NONE, NONE, STOPPING),
	    ROW("no libvirt: not started", RUN, 1, 0, RUNNING, A, 0, NONE, NONE,
		UNKNOWN),
	    ROW("no libvirt: not called off", RUN, 1, 0, STOPPED, R, 0, NONE,
		NONE, UNKNOWN),
	    ROW("no libvirt: running is unknown", RUN, 1, 0, RUNNING, R, 0,
		NONE, NONE, UNKNOWN),
	    ROW("no libvirt, a job under way: unknown", RUN, 1, 0, RUNNING, A,
		0, START, NONE, UNKNOWN),
	    ROW("a start under way: wait", RUN, 1, 1, RUNNING, A, 0, START,
		NONE, STARTING),
	    ROW("a start under way, wanted stopped: wait", RUN, 1, 1, STOPPED,
		R, 0, START, NONE, STARTING),
	    ROW("a destroy under way: wait", RUN, 1, 1, STOPPED, R, 0, DESTROY,
		NONE, STOPPING),
	    ROW("foreign running: left alone", RUN, 1, 1, RUNNING, R, 1, NONE,
		NONE, RUNNING),
	    ROW("foreign, wanted stopped: left alone", RUN, 1, 1, STOPPED, R, 1,
		NONE, NONE, RUNNING),
	    ROW("foreign crashed: left alone", RUN, 1, 1, RUNNING, C, 1, NONE,
		NONE, STOPPING),
	    ROW("foreign, host down: left alone", DOWN, 1, 1, RUNNING, R, 1,
		NONE, NONE, RUNNING),
	    ROW("disabled: running stays", DISABLED, 1, 1, RUNNING, R, 0, NONE,
		NONE, RUNNING),
	    ROW("disabled: started again", DISABLED, 1, 1, RUNNING, A, 0, NONE,
		START, STARTING),
	    ROW("drained: not started", DRAINED, 1, 1, RUNNING, A, 0, NONE,
		NONE, OFF),
	    ROW("drained: running stays", DRAINED, 1, 1, RUNNING, R, 0, NONE,
		NONE, RUNNING),
	    ROW("drained: wanted stopped is", DRAINED, 1, 1, STOPPED, R, 0,
		NONE, SHUTDOWN, STOPPING),
	    ROW("down: not started", DOWN, 1, 1, RUNNING, A, 0, NONE, NONE,
		OFF),
	    ROW("down: stopped", DOWN, 1, 1, RUNNING, R, 0, NONE, SHUTDOWN,
		STOPPING),
	    ROW("down: paused is stopped", DOWN, 1, 1, RUNNING, P, 0, NONE,
		SHUTDOWN, STOPPING),
	    ROW("down: unknown is left", DOWN, 1, 1, RUNNING, U, 0, NONE, NONE,
		UNKNOWN),
	    ROW("wanted stopped: off is right", RUN, 1, 1, STOPPED, A, 0, NONE,
		NONE, OFF),
	    ROW("wanted stopped: asked first", RUN, 1, 1, STOPPED, R, 0, NONE,
		SHUTDOWN, STOPPING),
	    ROW("wanted stopped: crashed is destroyed", RUN, 1, 1, STOPPED, C,
		0, NONE, DESTROY, STOPPING),
	    ROW("wanted stopped: powering off: wait", RUN, 1, 1, STOPPED, E, 0,
		NONE, NONE, STOPPING),
	    ROW("wanted stopped: being started: wait", RUN, 1, 1, STOPPED, S, 0,
		NONE, NONE, STOPPING),
	    ROW("wanted deleted: asked first", RUN, 1, 1, DELETED, R, 0, NONE,
		SHUTDOWN, STOPPING),
	    ROW("wanted deleted: off is right", RUN, 1, 1, DELETED, A, 0, NONE,
		NONE, OFF),
#undef ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan_node node = {
		    rows[i].admin, rows[i].answered, rows[i].libvirt};
		struct plan_memory mem = {0};
		struct plan_vm vm = web;
		struct plan p;

		vm.want = rows[i].want;
		vm.seen = (enum plan_seen)rows[i].seen;
		vm.foreign = rows[i].foreign;
		vm.job = rows[i].job;
		plan_vm(&node, &vm, &mem, NOW, &p);
		if (p.action != rows[i].action || p.state != rows[i].state)
			printf("# %s, %s\n", plan_action_word(p.action),
			    plan_state_word(p.state));
		unit_check(rows[i].name, p.action == rows[i].action &&
					     p.state == rows[i].state &&
					     !p.final);
	}
}

/* What the node's ledger refuses does not run here. */
static void
test_refused(void)
{
	const struct plan_node node = {PLAN_RUN, true, true};
	struct plan_memory mem = {0};
	struct plan_vm vm = web;
	struct plan p;

	vm.refused = "refused here";
	plan_vm(&node, &vm, &mem, NOW, &p);
	CHECK("refused: not started",
	    p.action == PLAN_NONE && p.state == PLAN_STATE_OFF && !p.final &&
		unit_same(p.reason, "refused here"));
	vm.seen = PLAN_SEEN_RUNNING;
	plan_vm(&node, &vm, &mem, NOW, &p);
	CHECK("refused and running: asked to power off first",
	    p.action == PLAN_SHUTDOWN && p.wake == NOW + vm.grace_ms);
	plan_vm(&node, &vm, &mem, NOW + vm.grace_ms, &p);
	CHECK("and destroyed after the grace", p.action == PLAN_DESTROY);
	plan_ended(&mem, PLAN_ON_FAILURE, PLAN_END_DESTROYED, NOW + 40000);
	vm.seen = PLAN_SEEN_ABSENT;
	vm.refused = NULL;
	plan_vm(&node, &vm, &mem, NOW + 40001, &p);
	CHECK("allowed again: started", p.action == PLAN_START);
	vm.foreign = true;
	vm.refused = "refused here";
	vm.seen = PLAN_SEEN_RUNNING;
	plan_vm(&node, &vm, &mem, NOW + 50000, &p);
	CHECK("another's domain is left alone all the same",
	    p.action == PLAN_NONE);
}

/* What is decided at now for web in this state. */
static struct plan
at(struct plan_memory *mem, enum plan_seen seen, int64_t now)
{
	struct plan_vm vm = web;
	struct plan p;

	vm.seen = seen;
	plan_vm(&up, &vm, mem, now, &p);
	return p;
}

static void
test_backoff(void)
{
	static const int64_t pauses[] = {
	    0, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
	struct plan_memory mem = {0};
	int64_t now = NOW;
	int good = 1;
	struct plan p;

	p = at(&mem, PLAN_SEEN_ABSENT, now);
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		plan_started(&mem, now);
		now += PLAN_YOUNG_MS - 1;
		plan_ended(&mem, PLAN_ON_FAILURE, PLAN_END_DIED, now);
		p = at(&mem, PLAN_SEEN_ABSENT, now);
		if (pauses[i]) {
			good &= p.action == PLAN_NONE &&
				p.state == PLAN_STATE_OFF && !p.final &&
				p.wake == now + pauses[i] &&
				p.next_try_ms == pauses[i];
			p = at(&mem, PLAN_SEEN_ABSENT, now + pauses[i] - 1);
			good &= p.action == PLAN_NONE;
			now += pauses[i];
			p = at(&mem, PLAN_SEEN_ABSENT, now);
		}
		good &= p.action == PLAN_START;
	}
	CHECK("dying young: at once, then 1, 2, 4 .. 60 s", good);
	CHECK("each of them a restart", mem.restarts == 8);
	plan_started(&mem, now);
	now += PLAN_YOUNG_MS;
	plan_ended(&mem, PLAN_ON_FAILURE, PLAN_END_DIED, now);
	p = at(&mem, PLAN_SEEN_ABSENT, now);
	CHECK("dying later: at once again", p.action == PLAN_START);
	plan_started(&mem, now);
	plan_ended(&mem, PLAN_ON_FAILURE, PLAN_END_DIED, now + 1);
	p = at(&mem, PLAN_SEEN_ABSENT, now + 1);
	CHECK("and the loop is counted anew", p.next_try_ms == 1000);
	CHECK("the reason says so",
	    unit_same(p.reason, "crash-loop: qemu died, 2 times within 10 s "
				"of its start, next try in 1 s"));
}

static void
test_adopted(void)
{
	struct plan_memory mem = {0};
	struct plan p = at(&mem, PLAN_SEEN_RUNNING, NOW);

	CHECK("adopting is no action", p.action == PLAN_NONE);
	plan_ended(&mem, PLAN_ON_FAILURE, PLAN_END_LOST, NOW + 1);
	p = at(&mem, PLAN_SEEN_ABSENT, NOW + 1);
	CHECK("lost while libvirt was away: started at once",
	    p.action == PLAN_START &&
		unit_same(p.reason, "was gone when libvirt answered again"));
	plan_started(&mem, NOW + 2);
	CHECK("as a restart", mem.restarts == 1);
}

static void
test_start_failures(void)
{
	struct plan_memory mem = {0};
	struct plan_vm vm = web;
	struct plan p;

	at(&mem, PLAN_SEEN_ABSENT, NOW);
	plan_failed(&mem, PLAN_START, "no such disk", NOW);
	p = at(&mem, PLAN_SEEN_ABSENT, NOW);
	CHECK("a failed start waits at once", p.action == PLAN_NONE);
	CHECK("1 s first", p.wake == NOW + 1000 && p.next_try_ms == 1000);
	CHECK("with libvirt's reason",
	    unit_same(p.reason, "start failed: no such disk; next try in 1 s"));
	p = at(&mem, PLAN_SEEN_ABSENT, NOW + 1000);
	CHECK("then again", p.action == PLAN_START);
	plan_failed(&mem, PLAN_START, "no such disk", NOW + 1000);
	p = at(&mem, PLAN_SEEN_ABSENT, NOW + 1000);
	CHECK("then 2 s", p.next_try_ms == 2000);
	vm.wish = 2;
	plan_vm(&up, &vm, &mem, NOW + 1000, &p);
	CHECK("a new wish does not wait", p.action == PLAN_START);
	plan_started(&mem, NOW + 2000);
	CHECK("a first start is no restart", mem.restarts == 0);
}

static void
test_power_off(void)
{
	static const struct {
		const char *name;
		enum plan_restart restart;
		enum plan_end end;
		enum plan_action action;
		int final;
	} rows[] = {
	    {"on-failure: a power-off is final", PLAN_ON_FAILURE,
		PLAN_END_GUEST, PLAN_NONE, 1},
	    {"always: a power-off is not", PLAN_ALWAYS, PLAN_END_GUEST,
		PLAN_START, 0},
	    {"never: a power-off is final", PLAN_NEVER, PLAN_END_GUEST,
		PLAN_NONE, 1},
	    {"never: a death is final", PLAN_NEVER, PLAN_END_DIED, PLAN_NONE,
		1},
	    {"never: lost is final", PLAN_NEVER, PLAN_END_LOST, PLAN_NONE, 1},
	    {"on-failure: a crash is not", PLAN_ON_FAILURE, PLAN_END_CRASHED,
		PLAN_START, 0},
	    {"on-failure: destroyed by somebody is not", PLAN_ON_FAILURE,
		PLAN_END_DESTROYED, PLAN_START, 0},
	    {"on-failure: migrated away is not started", PLAN_ON_FAILURE,
		PLAN_END_MIGRATED, PLAN_NONE, 0},
	    {"always: migrated away is not started", PLAN_ALWAYS,
		PLAN_END_MIGRATED, PLAN_NONE, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan_memory mem = {0};
		struct plan_vm vm = web;
		struct plan p;

		vm.restart = rows[i].restart;
		plan_vm(&up, &vm, &mem, NOW, &p);
		plan_started(&mem, NOW);
		plan_ended(&mem, vm.restart, rows[i].end, NOW + 60000);
		plan_vm(&up, &vm, &mem, NOW + 60000, &p);
		unit_check(rows[i].name,
		    p.action == rows[i].action && p.final == rows[i].final);
		/* Whatever it was, it does not come back by waiting. */
		plan_vm(&up, &vm, &mem, NOW + 86400000, &p);
		unit_check("  nor later", p.action == rows[i].action);
		vm.wish++;
		plan_vm(&up, &vm, &mem, NOW + 86400000, &p);
		unit_check("  but under a new wish",
		    p.action == PLAN_START && !p.final);
	}
}

static void
test_stop(void)
{
	struct plan_memory mem = {0};
	struct plan_vm vm = web;
	struct plan p;

	vm.seen = PLAN_SEEN_RUNNING;
	plan_vm(&up, &vm, &mem, NOW, &p);
	vm.want = PLAN_STOPPED;
	vm.wish = 2;
	plan_vm(&up, &vm, &mem, NOW, &p);
	CHECK("asked first", p.action == PLAN_SHUTDOWN);
	plan_vm(&up, &vm, &mem, NOW + 1, &p);
	CHECK("once", p.action == PLAN_NONE && p.wake == NOW + 30000);
	plan_failed(&mem, PLAN_SHUTDOWN, "no ACPI", NOW + 1);
	plan_vm(&up, &vm, &mem, NOW + 2, &p);
	CHECK("a refused shutdown is told",
	    p.action == PLAN_NONE &&
		unit_same(p.reason, "shutdown failed: no ACPI"));
	plan_vm(&up, &vm, &mem, NOW + 29999, &p);
	CHECK("not destroyed before the grace is over", p.action == PLAN_NONE);
	plan_vm(&up, &vm, &mem, NOW + 30000, &p);
	CHECK("then destroyed", p.action == PLAN_DESTROY);
	plan_failed(&mem, PLAN_DESTROY, "busy", NOW + 40000);
	plan_vm(&up, &vm, &mem, NOW + 40000, &p);
	CHECK("a failed destroy waits",
	    p.action == PLAN_NONE && p.wake == NOW + 45000 &&
		unit_same(p.reason, "destroy failed: busy"));
	plan_vm(&up, &vm, &mem, NOW + 45000, &p);
	CHECK("and is repeated", p.action == PLAN_DESTROY);
	plan_ended(&mem, PLAN_ON_FAILURE, PLAN_END_DESTROYED, NOW + 45001);
	vm.seen = PLAN_SEEN_ABSENT;
	plan_vm(&up, &vm, &mem, NOW + 45001, &p);
	CHECK("stopped is off, and nothing more",
	    p.action == PLAN_NONE && p.state == PLAN_STATE_OFF && !p.final);
	memset(&mem, 0, sizeof(mem));
	vm.seen = PLAN_SEEN_RUNNING;
	vm.grace_ms = 0;
	plan_vm(&up, &vm, &mem, NOW, &p);
	CHECK("no grace: destroyed at once", p.action == PLAN_DESTROY);
}

static void
test_changed_mind(void)
{
	struct plan_memory mem = {0};
	struct plan_vm vm = web;
	struct plan p;

	vm.seen = PLAN_SEEN_RUNNING;
	vm.want = PLAN_STOPPED;
	plan_vm(&up, &vm, &mem, NOW, &p);
	vm.want = PLAN_RUNNING;
	vm.wish = 2;
	plan_vm(&up, &vm, &mem, NOW + 1, &p);
	CHECK("wanted again while powering off: wait", p.action == PLAN_NONE);
	plan_ended(&mem, PLAN_ON_FAILURE, PLAN_END_GUEST, NOW + 2);
	vm.seen = PLAN_SEEN_ABSENT;
	plan_vm(&up, &vm, &mem, NOW + 2, &p);
	CHECK("that power-off is not its own: started",
	    p.action == PLAN_START && mem.failures == 0);
	plan_started(&mem, NOW + 3);
	CHECK("and no restart", mem.restarts == 0);

	memset(&mem, 0, sizeof(mem));
	vm.seen = PLAN_SEEN_RUNNING;
	vm.want = PLAN_STOPPED;
	plan_vm(&up, &vm, &mem, NOW, &p);
	vm.want = PLAN_RUNNING;
	plan_vm(&up, &vm, &mem, NOW + 30000, &p);
	plan_ended(&mem, PLAN_ON_FAILURE, PLAN_END_GUEST, NOW + 90000);
	vm.seen = PLAN_SEEN_ABSENT;
	plan_vm(&up, &vm, &mem, NOW + 90000, &p);
	CHECK("a power-off long after an ignored shutdown is its own",
	    p.action == PLAN_NONE && p.final);

	memset(&mem, 0, sizeof(mem));
	vm.seen = PLAN_SEEN_RUNNING;
	vm.want = PLAN_STOPPED;
	vm.grace_ms = 0;
	plan_vm(&up, &vm, &mem, NOW, &p);
	plan_failed(&mem, PLAN_DESTROY, "busy", NOW);
	vm.want = PLAN_RUNNING;
	plan_vm(&up, &vm, &mem, NOW + 1, &p);
	CHECK("wanted again after a failed destroy: stays",
	    p.action == PLAN_NONE && p.state == PLAN_STATE_RUNNING);
	plan_ended(&mem, PLAN_ON_FAILURE, PLAN_END_GUEST, NOW + 2);
	vm.seen = PLAN_SEEN_ABSENT;
	plan_vm(&up, &vm, &mem, NOW + 2, &p);
	CHECK("and its power-off is its own", p.final);
}

static void
test_crashed(void)
{
	struct plan_memory mem = {0};
	struct plan p;

	at(&mem, PLAN_SEEN_ABSENT, NOW);
	plan_started(&mem, NOW);
	p = at(&mem, PLAN_SEEN_CRASHED, NOW + 5);
	CHECK("crashed: destroyed", p.action == PLAN_DESTROY);
	plan_failed(&mem, PLAN_DESTROY, "busy", NOW + 6);
	p = at(&mem, PLAN_SEEN_CRASHED, NOW + 7);
	CHECK("not over and over", p.action == PLAN_NONE && p.wake);
	p = at(&mem, PLAN_SEEN_CRASHED, NOW + 6 + PLAN_INSIST_MS);
	CHECK("but again", p.action == PLAN_DESTROY);
	plan_ended(&mem, PLAN_ON_FAILURE, PLAN_END_DESTROYED, NOW + 6000);
	p = at(&mem, PLAN_SEEN_ABSENT, NOW + 6000);
	CHECK("then started, as a failure",
	    p.action == PLAN_START && mem.failures == 1 &&
		unit_same(p.reason, "guest crashed"));
}

static void
test_limbo(void)
{
	struct plan_memory mem = {0};
	struct plan_vm vm = web;
	struct plan p;

	vm.seen = PLAN_SEEN_STARTING;
	p = at(&mem, vm.seen, NOW);
	CHECK("starting by nobody's doing: waited for",
	    p.action == PLAN_NONE && p.wake == NOW + PLAN_LIMBO_MS);
	vm.job = PLAN_START;
	plan_vm(&up, &vm, &mem, NOW + 1, &p);
	vm.job = PLAN_NONE;
	plan_vm(&up, &vm, &mem, NOW + PLAN_LIMBO_MS, &p);
	CHECK("a start of ours begins the wait anew",
	    p.action == PLAN_NONE && p.wake == NOW + 2 * PLAN_LIMBO_MS);
	plan_vm(&up, &vm, &mem, NOW + 2 * PLAN_LIMBO_MS, &p);
	CHECK("too long: destroyed",
	    p.action == PLAN_DESTROY &&
		unit_same(p.reason, "its start was given up half way"));
	plan_failed(&mem, PLAN_DESTROY, "busy", NOW + 30000);
	p = at(&mem, vm.seen, NOW + 30001);
	CHECK("not over and over",
	    p.action == PLAN_NONE && p.wake == NOW + 30000 + PLAN_INSIST_MS);
	plan_ended(&mem, PLAN_NEVER, PLAN_END_DESTROYED, NOW + 40000);
	p = at(&mem, PLAN_SEEN_ABSENT, NOW + 40000);
	CHECK("then started, though never to be restarted: it never ran",
	    p.action == PLAN_START);
	memset(&mem, 0, sizeof(mem));
	vm.want = PLAN_STOPPED;
	plan_vm(&up, &vm, &mem, NOW, &p);
	plan_vm(&up, &vm, &mem, NOW + PLAN_LIMBO_MS, &p);
	CHECK("wanted stopped: destroyed as well", p.action == PLAN_DESTROY);
}

static void
test_down(void)
{
	struct plan_node down = {PLAN_DOWN, true, true};
	struct plan_memory mem = {0};
	struct plan_vm vm = web;
	struct plan p;

	vm.seen = PLAN_SEEN_RUNNING;
	plan_vm(&down, &vm, &mem, NOW, &p);
	plan_ended(&mem, PLAN_ON_FAILURE, PLAN_END_GUEST, NOW + 500);
	vm.seen = PLAN_SEEN_ABSENT;
	plan_vm(&down, &vm, &mem, NOW + 500, &p);
	CHECK(
	    "down: off and not final", p.action == PLAN_NONE && !p.final &&
					   unit_same(p.reason, "host is down"));
	plan_vm(&up, &vm, &mem, NOW + 600, &p);
	CHECK("enabled: started at once", p.action == PLAN_START);
}

static void
test_texts(void)
{
	char longest[1000];
	struct plan_memory mem = {0};
	struct plan_vm vm = web;
	struct plan p;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	at(&mem, PLAN_SEEN_ABSENT, NOW);
	plan_failed(&mem, PLAN_START, longest, NOW);
	p = at(&mem, PLAN_SEEN_ABSENT, NOW);
	CHECK("a long reason keeps the end of the sentence",
	    strstr(p.reason, "; next try in 1 s") != NULL);
	vm.seen = PLAN_SEEN_PAUSED;
	vm.seen_reason = "disk I/O error";
	plan_vm(&up, &vm, &mem, NOW, &p);
	CHECK("a paused VM's reason is libvirt's",
	    unit_same(
		p.reason, "paused in libvirt (disk I/O error): left alone"));
	plan_stray(&up, PLAN_SEEN_RUNNING, &p);
	CHECK("a stray is only told",
	    p.action == PLAN_NONE && p.state == PLAN_STATE_RUNNING);
}

/* Whatever is seen of it, only looking and marking is ever decided. */
static void
test_adoption(void)
{
	bool harmless = true, off = true;
	struct plan_memory mem = {0};
	struct plan_vm vm = web;
	struct plan p;

	for (int how = PLAN_ADOPT_FETCH; how <= PLAN_ADOPT_MARK; how++)
		for (int seen = 0; seen <= PLAN_SEEN_CRASHED; seen++)
			for (int want = 0; want <= PLAN_DELETED; want++) {
				vm.adopt = (enum plan_adopt)how;
				vm.seen = (enum plan_seen)seen;
				vm.want = (enum plan_want)want;
				plan_vm(&up, &vm, &mem, NOW, &p);
				harmless &= p.action == PLAN_NONE ||
					    p.action == PLAN_FETCH ||
					    p.action == PLAN_MARK;
				off &= seen != PLAN_SEEN_ABSENT ||
				       p.action == PLAN_NONE;
			}
	CHECK("what is to be adopted is never started or ended", harmless);
	CHECK("what is not there is not asked about", off);
	vm = web;
	vm.seen = PLAN_SEEN_RUNNING;
	vm.foreign = true;
	vm.adopt = PLAN_ADOPT_FETCH;
	plan_vm(&up, &vm, &mem, NOW, &p);
	CHECK("it is described first", p.action == PLAN_FETCH);
	vm.job = PLAN_FETCH;
	plan_vm(&up, &vm, &mem, NOW, &p);
	CHECK("once", p.action == PLAN_NONE && p.state == PLAN_STATE_RUNNING);
	vm.job = PLAN_NONE;
	plan_failed(&mem, PLAN_FETCH, "no", NOW);
	plan_vm(&up, &vm, &mem, NOW, &p);
	CHECK("a failure is said, and tried again later",
	    p.action == PLAN_NONE && p.wake == NOW + 1000 &&
		unit_same(p.reason, "cannot be adopted: no"));
	plan_adopted(&mem);
	vm.adopt = PLAN_ADOPT_FETCHED;
	plan_vm(&up, &vm, &mem, NOW, &p);
	CHECK("then the server's word is waited for", p.action == PLAN_NONE);
	vm.adopt = PLAN_ADOPT_MARK;
	plan_vm(&up, &vm, &mem, NOW, &p);
	CHECK("then it is marked", p.action == PLAN_MARK);
	vm.adopt = PLAN_ADOPT_NONE;
	vm.foreign = false;
	vm.defined = true;
	plan_vm(&up, &vm, &mem, NOW, &p);
	CHECK("a definition in libvirt is said, no more",
	    p.action == PLAN_NONE && strstr(p.reason, "virsh undefine"));
}

int
main(void)
{
	test_table();
	test_refused();
	test_backoff();
	test_adopted();
	test_start_failures();
	test_power_off();
	test_stop();
	test_changed_mind();
	test_crashed();
	test_limbo();
	test_down();
	test_texts();
	test_adoption();
	return unit_done();
}
