/* SPDX-License-Identifier: ISC */
/* lib/core/proof: what proves that a VM's owner does not run it. */
#include "core/proof.h"

#include "unit.h"

#define G(n) ((struct gen){2, n, 0})
#define INC  ((struct inc){2, 7})

/*
 * Three hosts, all fresh and clean; h1 owns the VM at 2.5.0. Each case bends
 * this in a few ways, then asks.
 */
static struct proof_report rep[3];
static struct proof_host host[3];
static const struct lease_timers timers = {
    10000, 40000, 12000, 10000, 3000, 66300, 30000, 600000};
static struct proof_receipt paper;
static struct proof_case c;

static void
plain(void)
{
	static const char *const names[] = {"h1", "h2", "h3"};
	int i;

	memset(&c, 0, sizeof(c));
	memset(rep, 0, sizeof(rep));
	memset(host, 0, sizeof(host));
	for (i = 0; i < 3; i++) {
		rep[i].inc = INC;
		rep[i].tick = 90;
		host[i].name = names[i];
		host[i].beat = 95;
		host[i].ledger_known = host[i].armed = true;
		host[i].report = &rep[i];
	}
	rep[0].ran = G(5);
	c.db = (struct proof_db){INC, 50, 100, 9};
	c.vm = (struct proof_vm){.owner = "h1", .gen = G(5), .certified = INC};
	c.host = host;
	c.hosts = 3;
	c.timers = &timers;
	c.since = 100000;
}

static void
drained(void)
{
	rep[0].refused = G(5);
}

static void
off(int i, uint64_t before, uint64_t last)
{
	host[i].off = (struct proof_off){INC, before, last, 2, false, true};
	host[i].beat = before - 1;
	rep[i].tick = 1;
}

static void
leased(void)
{
	c.vm.mode = LEDGER_AUTO;
	c.vm.fenced = true;
	host[0].silent = 66300;
}

static void
receipt(void)
{
	paper = (struct proof_receipt){"h1", INC, G(5), true, true, false};
	c.receipt = &paper;
}

static enum proof
ask(void)
{
	const char *why;

	return proof_takeover(&c, &why);
}

static void
by_drain(void)
{
	plain();
	CHECK("nothing proves nothing", ask() == PROOF_NONE);
	drained();
	CHECK("refused, nothing there: drained", ask() == PROOF_DRAINED);
	rep[0].copy = COPY_RUNNING;
	CHECK("a refusal alone is none", ask() == PROOF_NONE);
	rep[0].copy = COPY_STARTING;
	CHECK("nor with a start in flight", ask() == PROOF_NONE);
	rep[0].copy = COPY_UNKNOWN;
	CHECK("nor when libvirt does not answer", ask() == PROOF_NONE);
	plain();
	drained();
	rep[0].inc.nonce++;
	CHECK("a report of another incarnation is none", ask() == PROOF_NONE);
	plain();
	drained();
	rep[0].refused = G(4);
	CHECK("a refusal below it is none", ask() == PROOF_NONE);
	plain();
	drained();
	host[0].ledger_known = false;
	CHECK("an unknown ledger's is none", ask() == PROOF_NONE);
	plain();
	drained();
	c.vm.certified.number = 1;
	CHECK("an uncertified row is not taken", ask() == PROOF_NONE);
}

static void
by_departure(void)
{
	plain();
	drained();
	rep[0].to = G(6);
	rep[0].quiet = 80;
	CHECK("departed, and every other is clean since: drained",
	    ask() == PROOF_DRAINED);
	rep[1].tick = 80;
	CHECK("not when one has not reported since", ask() == PROOF_NONE);
	rep[1].tick = 90;
	rep[1].ran = G(6);
	CHECK("nor when it ran there", ask() == PROOF_NONE);
	rep[1].ran = G(0);
	rep[2].copy = COPY_INCOMING;
	CHECK("nor when it is coming there", ask() == PROOF_NONE);
	plain();
	drained();
	rep[0].to = G(4);
	CHECK("an older departure is settled", ask() == PROOF_DRAINED);
}

static void
by_receipt(void)
{
	plain();
	receipt();
	CHECK("a receipt", ask() == PROOF_RECEIPT);
	paper.inc.number = 1;
	CHECK("of another incarnation: none", ask() == PROOF_NONE);
	paper.confirmed = true;
	CHECK("... unless confirmed", ask() == PROOF_RECEIPT);
	paper.ledger = false;
	CHECK("of a ledger that is gone: none", ask() == PROOF_NONE);
	receipt();
	paper.refused = G(4);
	CHECK("below the generation: none", ask() == PROOF_NONE);
	receipt();
	paper.clean = false;
	CHECK("with a departure: none", ask() == PROOF_NONE);
	receipt();
	paper.host = "h2";
	CHECK("another host's: none", ask() == PROOF_NONE);
}

static void
by_lease(void)
{
	plain();
	leased();
	CHECK("silent for SUM", ask() == PROOF_LEASE);
	host[0].silent--;
	CHECK("a millisecond less: none", ask() == PROOF_NONE);
	leased();
	host[0].armed = false;
	CHECK("no armed watchdog: none", ask() == PROOF_NONE);
	plain();
	leased();
	c.vm.mode = LEDGER_PENDING;
	CHECK("pending: none", ask() == PROOF_NONE);
	c.vm.mode = LEDGER_MANUAL;
	CHECK("manual: none", ask() == PROOF_NONE);
	leased();
	c.vm.fenced = false;
	CHECK("auto, but not reported so: none", ask() == PROOF_NONE);
	leased();
	c.vm.dest = "h2";
	c.vm.to = G(6);
	CHECK(
	    "claimed: the destination needs a proof too", ask() == PROOF_NONE);
	rep[1].refused = G(6);
	CHECK("... and has one", ask() == PROOF_LEASE);
}

static void
by_power(void)
{
	plain();
	off(0, 80, 81);
	CHECK("off, and the others clean since", ask() == PROOF_OFF);
	host[0].off.reads = 1;
	CHECK("read once: none", ask() == PROOF_NONE);
	host[0].off.person = true;
	CHECK("a person's word", ask() == PROOF_OFF);
	host[0].beat = 81;
	CHECK("a beat since: none", ask() == PROOF_NONE);
	off(0, 80, 81);
	host[0].off.inc.number = 1;
	CHECK("in another incarnation: none", ask() == PROOF_NONE);
	off(0, 80, 81);
	host[0].off.settled = false;
	CHECK(
	    "read while an old writer could answer: none", ask() == PROOF_NONE);
	plain();
	off(0, 80, 81);
	rep[1].tick = 80;
	CHECK("another has not reported since: none", ask() == PROOF_NONE);
	c.vm.mode = LEDGER_AUTO;
	CHECK("auto, but never reported so: none", ask() == PROOF_NONE);
	c.vm.fenced = true;
	CHECK("fenced: it cannot have left unnoticed", ask() == PROOF_OFF);
	plain();
	off(0, 80, 89);
	off(1, 85, 89);
	CHECK("two off, each read again, the third clean since",
	    ask() == PROOF_OFF);
	host[0].off.last = 84;
	CHECK("the owner not read again: none", ask() == PROOF_NONE);
	off(0, 80, 89);
	rep[2].tick = 84;
	CHECK("the third's report is older than the newest reading: none",
	    ask() == PROOF_NONE);
	plain();
	off(0, 80, 81);
	host[1].known_at = 95;
	CHECK("a ledger was confirmed since: none", ask() == PROOF_NONE);
}

static void
certification(void)
{
	plain();
	c.vm.certified.number = 1;
	CHECK("all reported, nothing elsewhere", !proof_certify(&c));
	rep[2].tick = 0;
	CHECK("one has not", proof_certify(&c));
	off(2, 80, 95);
	CHECK("that one is off, but the reports are older", !proof_certify(&c));
	rep[1].tick = 79;
	CHECK("than its reading", proof_certify(&c));
	plain();
	c.vm.doubt = 90;
	CHECK("reports below the doubt do not count", proof_certify(&c));
	plain();
	rep[1].ran = G(6);
	CHECK("it ran elsewhere", proof_certify(&c));
	plain();
	rep[0].copy = COPY_RUNNING;
	CHECK("it runs at its owner", !proof_certify(&c));
	plain();
	leased();
	rep[2].tick = 0;
	rep[2].inc.number = 1;
	c.since = 66300 + 30000;
	CHECK("fenced, and SUM + O have passed", !proof_certify(&c));
	c.since--;
	CHECK("a millisecond less", proof_certify(&c));
	c.since++;
	rep[1].copy = COPY_RUNNING;
	CHECK("not when a copy is reported", proof_certify(&c));
	rep[1].copy = COPY_NONE;
	c.vm.doubt = 51;
	CHECK("nor when it was doubted since", proof_certify(&c));
}

int
main(void)
{
	by_drain();
	by_departure();
	by_receipt();
	by_lease();
	by_power();
	certification();
	CHECK(
	    "every proof has a word", unit_same(proof_words[PROOF_OFF], "off"));
	return unit_done();
}
