/* SPDX-License-Identifier: ISC */
/* lib/core/migration: may it begin, how far is it, where is the VM after. */
#include "core/migration.h"

#include "unit.h"

#define COPIES 5

static const struct migration_rule rule = {
    .dest = "10.1.0.2", .free_kib = 1024 * 1024};

static char why[MIGRATION_WHY_SIZE];

static struct migration_vm
good(void)
{
	return (struct migration_vm){.here = {MIGRATION_RUNNING, false},
	    .there = {MIGRATION_ABSENT, false},
	    .memory_kib = 512 * 1024};
}

static enum migration_action
plan(struct migration_vm vm)
{
	return migration_plan(&vm, &rule, why);
}

static int
refused(struct migration_vm vm, const char *part)
{
	return plan(vm) == MIGRATION_REFUSE && strstr(why, part) != NULL;
}

static void
planning(void)
{
	struct migration_rule copy = rule;
	struct migration_vm vm = good();

	CHECK("what runs here alone may move",
	    plan(vm) == MIGRATION_MOVE && unit_same(why, ""));
	vm.here.copy = MIGRATION_ABSENT;
	CHECK("what is not here may not", refused(vm, "no domain here"));
	vm.there.copy = MIGRATION_RUNNING;
	CHECK("unless it is there already", plan(vm) == MIGRATION_NOTHING);
	vm = good();
	vm.here.copy = MIGRATION_UNKNOWN;
	CHECK("nor what is not known", refused(vm, "does not tell"));
	vm.here.copy = MIGRATION_OTHER;
	CHECK("nor what does not run", refused(vm, "does not run"));
	vm.here = (struct migration_look){MIGRATION_RUNNING, true};
	CHECK("nor what libvirt works on", refused(vm, "at work"));
	vm.here.copy = MIGRATION_LEFT;
	CHECK("nor what moves already", refused(vm, "under way"));
	vm.here.job = false;
	CHECK(
	    "what was left half way is settled", plan(vm) == MIGRATION_SETTLE);
	vm = good();
	vm.there.copy = MIGRATION_RUNNING;
	CHECK("two copies are nothing to migrate", refused(vm, "both ends"));
	vm.there.copy = MIGRATION_LEFT;
	CHECK("a domain there is in the way", refused(vm, "has a domain"));
	vm.there.copy = MIGRATION_UNKNOWN;
	CHECK("no answer from there is none", refused(vm, "try again"));
	vm = good();
	vm.foreign = true;
	CHECK("strangers stay", refused(vm, "did not make it"));
	vm = good();
	vm.defined = true;
	CHECK("a definition would stay behind", refused(vm, "definition"));
	vm = good();
	vm.unreadable = "no XML";
	CHECK("unknown disks are no shared ones", refused(vm, "no XML"));
	vm = good();
	vm.disk = "/a.img";
	CHECK("a local disk is refused", refused(vm, "/a.img"));
	CHECK("with what to do", strstr(why, "--copy-storage") != NULL);
	copy.copy_storage = true;
	CHECK("unless it is copied",
	    migration_plan(&vm, &copy, why) == MIGRATION_MOVE);
	vm = good();
	vm.memory_kib = rule.free_kib - MIGRATION_EXTRA_KIB;
	CHECK("memory to the last KiB", plan(vm) == MIGRATION_MOVE);
	vm.memory_kib++;
	CHECK("and none more", refused(vm, "1024 free"));
	CHECK("words",
	    unit_same(migration_action_word(MIGRATION_SETTLE), "settle"));
}

static enum migration_end
end(enum migration_said said, enum migration_copy here,
    enum migration_copy there)
{
	return migration_end(said, (struct migration_look){here, false},
	    (struct migration_look){there, false}, false);
}

static void
endings(void)
{
	const enum migration_said lost = MIGRATION_SAID_NOTHING;
	const struct migration_look busy = {MIGRATION_LEFT, true},
				    runs = {MIGRATION_RUNNING, false};

	CHECK("gone here, running there: moved",
	    end(MIGRATION_SAID_DONE, MIGRATION_ABSENT, MIGRATION_RUNNING) ==
		MIGRATION_MOVED);
	CHECK("whatever was said",
	    end(MIGRATION_SAID_FAILED, MIGRATION_ABSENT, MIGRATION_RUNNING) ==
		    MIGRATION_MOVED &&
		end(lost, MIGRATION_ABSENT, MIGRATION_RUNNING) ==
		    MIGRATION_MOVED);
	CHECK("libvirt's yes is enough without the destination's",
	    end(MIGRATION_SAID_DONE, MIGRATION_ABSENT, MIGRATION_UNKNOWN) ==
		MIGRATION_MOVED);
	CHECK("its silence is not",
	    end(lost, MIGRATION_ABSENT, MIGRATION_UNKNOWN) == MIGRATION_WAIT);
	CHECK("running here: stays",
	    end(MIGRATION_SAID_FAILED, MIGRATION_RUNNING, MIGRATION_ABSENT) ==
		MIGRATION_STAYS);
	CHECK("without the destination's answer only in the end",
	    end(lost, MIGRATION_RUNNING, MIGRATION_UNKNOWN) == MIGRATION_WAIT &&
		migration_end(lost, runs,
		    (struct migration_look){MIGRATION_UNKNOWN, false},
		    true) == MIGRATION_STAYS);
	CHECK("the window: running there, paused here",
	    end(lost, MIGRATION_LEFT, MIGRATION_RUNNING) == MIGRATION_DESTROY);
	CHECK("not while libvirt is at it",
	    migration_end(lost, busy, runs, false) == MIGRATION_WAIT &&
		migration_end(lost, busy, runs, true) == MIGRATION_UNCLEAR);
	CHECK("nor what is paused for another reason",
	    migration_end(lost, (struct migration_look){MIGRATION_OTHER, false},
		runs, true) == MIGRATION_UNCLEAR);
	CHECK("two running copies may be old news, or are told",
	    end(lost, MIGRATION_RUNNING, MIGRATION_RUNNING) == MIGRATION_WAIT &&
		migration_end(lost, runs, runs, true) == MIGRATION_UNCLEAR);
}

/* Over all there is: what may never follow. */
static void
never(void)
{
	int destroyed = 0, stays = 0, waits = 0, silent = 0;

	for (int i = 0; i < 3 * COPIES * COPIES * 8; i++) {
		enum migration_said said = (enum migration_said)(i % 3);
		struct migration_look h = {
		    (enum migration_copy)(i / 3 % COPIES), i / 75 & 1};
		struct migration_look t = {
		    (enum migration_copy)(i / 15 % COPIES), i / 75 & 2};
		bool last = i / 75 & 4;
		enum migration_end e = migration_end(said, h, t, last);

		if (e == MIGRATION_DESTROY)
			destroyed += h.copy != MIGRATION_LEFT || h.job ||
				     t.copy != MIGRATION_RUNNING;
		if (e == MIGRATION_STAYS)
			stays += h.copy != MIGRATION_RUNNING ||
				 t.copy == MIGRATION_RUNNING;
		waits += last && e == MIGRATION_WAIT;
		silent += !*migration_unclear(h, t);
	}
	CHECK("destroyed only when paused here and running there",
	    destroyed == 0);
	CHECK("stays only when it runs here alone", stays == 0);
	CHECK("the last look is the last", waits == 0);
	CHECK("what is unclear has its words", silent == 0);
}

static void
progress(void)
{
	struct migration_progress p = {0};
	struct migration_sample s = {.moved = 10,
	    .total = 100,
	    .remaining = 60,
	    .rate = 20,
	    .dirty_rate = 0};
	char bar[MIGRATION_BAR_SIZE];

	migration_progress(&p, &s);
	CHECK("percent of the total", p.percent == 40 && p.bytes == 10);
	CHECK("eta from the rate", p.eta_ms == 3000);
	s.remaining = 90;
	s.dirty_rate = 10;
	migration_progress(&p, &s);
	CHECK("never backwards", p.percent == 40);
	CHECK("what the guest writes counts", p.eta_ms == 9000);
	s.dirty_rate = 20;
	migration_progress(&p, &s);
	CHECK("no end in sight is no time", p.eta_ms == -1);
	s.remaining = 0;
	migration_progress(&p, &s);
	CHECK("not 100 before it is over", p.percent == 99);
	s = (struct migration_sample){0};
	migration_progress(&p, &s);
	CHECK("an empty answer changes nothing behind the point",
	    p.percent == 99 && p.bytes == 10 && p.eta_ms == -1);
	migration_bar(50, bar);
	CHECK("half a bar", unit_same(bar, "[##########..........]"));
	migration_bar(100, bar);
	CHECK("a whole one", unit_same(bar, "[####################]"));
	migration_bar(-3, bar);
	CHECK("and none", unit_same(bar, "[....................]"));
}

int
main(void)
{
	planning();
	endings();
	never();
	progress();
	return unit_done();
}
