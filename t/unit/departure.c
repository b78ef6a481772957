/* SPDX-License-Identifier: ISC */
/* driver/departure: what the ledger says after each way a migration ends. */
#include "driver/departure.h"

#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

#define VM  "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c01"
#define VM2 "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c02"

static char path[128], why[LEDGERFILE_WHY_SIZE];

/* What another program finds there. */
static struct ledger_vm
read_vm(const char *uuid)
{
	struct ledgerfile *f = ledgerfile_open(path, "", why);
	struct ledger_vm v = *ledgerfile_vm(f, uuid);

	v.dest = v.from = NULL;
	ledgerfile_close(f);
	return v;
}

static int
is(struct gen g, uint64_t n, uint32_t hop)
{
	return g.inc == 1 && g.n == n && g.hop == hop;
}

static void
leaving(struct departures *d, struct departures *other)
{
	CHECK("a departure is recorded", departure_begin(d, VM, 4, why) == 0);
	CHECK("for one hop more",
	    is(read_vm(VM).departed, 4, 0) && is(read_vm(VM).to, 4, 1));
	CHECK("nobody else may act meanwhile",
	    departure_begin(other, VM, 0, why) == -1 &&
		strstr(why, "another program"));
	CHECK("on this VM",
	    departure_begin(other, VM2, 0, why) == 0 &&
		departure_over(other, VM2, MIGRATION_UNCLEAR, why) == 0);
	CHECK("what stays has returned",
	    departure_over(d, VM, MIGRATION_STAYS, why) == 0 &&
		gen_none(read_vm(VM).to) && is(read_vm(VM).returned, 4, 1));
	CHECK("and leaves for a hop it never left for",
	    departure_begin(d, VM, 4, why) == 0 && is(read_vm(VM).to, 4, 2));
	CHECK("what moved has not returned",
	    departure_over(d, VM, MIGRATION_MOVED, why) == 0 &&
		is(read_vm(VM).to, 4, 2));
	CHECK("and the lock is free again",
	    departure_begin(other, VM, 0, why) == 0);
	CHECK("what is unclear has not either",
	    departure_over(other, VM, MIGRATION_UNCLEAR, why) == 0 &&
		is(read_vm(VM).to, 4, 2));
	CHECK("what runs here after all has, before it leaves anew",
	    departure_begin(d, VM, 4, why) == 0 &&
		is(read_vm(VM).returned, 4, 2) && is(read_vm(VM).to, 4, 3) &&
		departure_over(d, VM, MIGRATION_STAYS, why) == 0);
}

static void
refused(struct departures *d)
{
	const struct ledger_rec r = {
	    .kind = LEDGER_REFUSE, .gen = {.inc = 1, .n = 9}};
	struct ledgerfile *f = ledgerfile_open(path, "", why);

	CHECK("a refusal", f && ledgerfile_add(f, VM2, &r, why) == 0);
	ledgerfile_close(f);
	CHECK("forbids it", departure_begin(d, VM2, 9, why) == -1 &&
				strstr(why, "refused here"));
	CHECK("and gives the lock back, for a later right",
	    departure_begin(d, VM2, 10, why) == 0 &&
		departure_over(d, VM2, MIGRATION_STAYS, why) == 0);
}

int
main(void)
{
	char dir[] = "/tmp/departure.XXXXXX";
	struct departures *a, *b;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/ledger.jsonl", dir);
	CHECK("a folder cannot be one",
	    !departures_open(dir, dir, "n2", why) && *why);
	a = departures_open(path, dir, "n2", why);
	b = departures_open(path, dir, "n2", why);
	CHECK("it opens, by two programs", a && b);
	if (a && b) {
		leaving(a, b);
		refused(a);
	}
	departures_close(a);
	departures_close(b);
	unlink(path);
	rmdir(dir);
	return unit_done();
}
