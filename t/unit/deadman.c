/* SPDX-License-Identifier: ISC */
/* lib/core/deadman: what a lease file changes, and when K begins. */
#include "core/deadman.h"

#include <stdint.h>

#include "unit.h"

static const struct lease_timers usual = {
    10000, 40000, 12000, 10000, 3000, 66300, 20000, 600000};

/* A VM told to be fenced until 50000, at 20000 by the beat sent at 10000. */
static struct deadman_vm
fenced(void)
{
	struct lease_vm told = {.until = 50000, .fence = true};
	struct deadman_vm v = {.seen = COPY_UNKNOWN};

	told.grant.mode = LEDGER_AUTO;
	deadman_told(&v, &told, 10000, 20000, &usual);
	return v;
}

static void
files(void)
{
	struct deadman_vm v = fenced();
	struct lease_vm told = v.lease;

	CHECK("fenced", v.lease.fence && v.lease.until == 50000 &&
			    v.since == 20000 &&
			    v.lease.grant.mode == LEDGER_AUTO);
	told.until = 90000;
	deadman_told(&v, &told, 20000, 21000, &usual);
	CHECK("no longer than L from its beat", v.lease.until == 60000);
	told.until = 90000;
	deadman_told(&v, &told, 99000, 22000, &usual);
	CHECK("a beat of later is one of now", v.lease.until == 62000);
	CHECK("fenced since when it was first so", v.since == 20000);
	told.until = 0;
	deadman_told(&v, &told, 22000, 23000, &usual);
	CHECK("an end only moves away", v.lease.until == 62000);
	told.fence = false;
	told.grant.mode = LEDGER_MANUAL;
	deadman_told(&v, &told, 22000, 23000, &usual);
	CHECK("told so, it is fenced no more", !v.lease.fence);
	told.fence = true;
	deadman_told(&v, &told, 22000, 24000, &usual);
	CHECK("and again since now", v.since == 24000);
}

static void
ends(void)
{
	struct deadman_vm v = fenced();
	int64_t next;

	CHECK("its lease lasts",
	    deadman_act(&v, 49999, &usual, &next) == LEASE_REST &&
		v.state == DEADMAN_REST && next == 50000);
	v.seen = COPY_NONE;
	CHECK("at its end what was listed before counts no more",
	    deadman_act(&v, 50000, &usual, &next) == LEASE_DESTROY &&
		v.state == DEADMAN_DESTROYING && next == 56000);
	CHECK("not yet the second way", !deadman_second(&v, 55999, &usual));
	CHECK("half of K: the second way",
	    deadman_act(&v, 56000, &usual, &next) == LEASE_DESTROY &&
		next == 62000 && deadman_second(&v, 56000, &usual));
	CHECK(
	    "K: reset", deadman_act(&v, 62000, &usual, &next) == LEASE_RESET &&
			    v.state == DEADMAN_RESET);
	CHECK("it is tried on", deadman_second(&v, 62000, &usual));
	v.gone = true;
	CHECK("confirmed, in any state of libvirt's",
	    deadman_act(&v, 62001, &usual, &next) == LEASE_REST &&
		v.state == DEADMAN_CONFIRMED && next == INT64_MAX &&
		!deadman_second(&v, 62001, &usual));
	v.seen = COPY_UNKNOWN;
	CHECK("and for long",
	    deadman_act(&v, 9000000, &usual, &next) == LEASE_REST &&
		v.state == DEADMAN_CONFIRMED);
	deadman_again(&v, 9000000);
	CHECK("a copy that appears later has a K of its own",
	    deadman_act(&v, 9000000, &usual, &next) == LEASE_DESTROY &&
		next == 9006000 &&
		deadman_act(&v, 9012000, &usual, &next) == LEASE_RESET);
	v.gone = true;
	v.lease.until = 9020000;
	CHECK("with a new lease there may be a start",
	    deadman_act(&v, 9013000, &usual, &next) == LEASE_REST &&
		v.state == DEADMAN_REST && !v.gone && next == 9020000);
	CHECK("at whose end K begins anew",
	    deadman_act(&v, 9020000, &usual, &next) == LEASE_DESTROY &&
		next == 9026000);
}

static void
late(void)
{
	struct lease_vm told = {.fence = true};
	struct deadman_vm v = {.seen = COPY_RUNNING};
	int64_t next;

	deadman_told(&v, &told, 100000, 100000, &usual);
	CHECK("fenced without a lease: K begins then",
	    deadman_act(&v, 100000, &usual, &next) == LEASE_DESTROY &&
		next == 106000 &&
		deadman_act(&v, 112000, &usual, &next) == LEASE_RESET);
	v.lease.fence = false;
	CHECK("not fenced",
	    deadman_act(&v, 113000, &usual, &next) == LEASE_REST &&
		v.state == DEADMAN_REST && !deadman_second(&v, 113000, &usual));
}

int
main(void)
{
	files();
	ends();
	late();
	return unit_done();
}
