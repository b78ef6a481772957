/* SPDX-License-Identifier: ISC */
/* lib/core/owner: what a transaction may do with a VM's row. */
#include "core/owner.h"

#include "unit.h"

#define G(n) ((struct gen){2, n, 0})
#define INC  ((struct inc){2, 7})

/* As in proof.c: h1 owns the VM at 2.5.0, h2 and h3 are clean. */
static struct proof_report rep[3];
static struct proof_host host[3];
static const struct lease_timers timers = {
    10000, 40000, 12000, 10000, 3000, 66300, 30000, 600000};
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
	rep[0].ran = rep[0].gen = G(5);
	rep[0].copy = COPY_RUNNING;
	c.db = (struct proof_db){INC, 50, 100, 9};
	c.vm = (struct proof_vm){.owner = "h1", .gen = G(5), .certified = INC};
	c.host = host;
	c.hosts = 3;
	c.timers = &timers;
	c.since = 100000;
}

static bool
row(const char *owner, struct gen gen, bool certified)
{
	return unit_same(c.vm.owner, owner) && gen_cmp(c.vm.gen, gen) == 0 &&
	       proof_certified(&c) == certified;
}

static void
incarnations(void)
{
	plain();
	CHECK("the same incarnation", !owner_outlived(&c.db, INC, G(9)));
	CHECK("an agent that knows none",
	    !owner_outlived(&c.db, (struct inc){0, 0}, G(9)));
	CHECK("or an earlier one",
	    !owner_outlived(&c.db, (struct inc){1, 1}, G(9)));
	CHECK("a later one", owner_outlived(&c.db, (struct inc){3, 1}, G(9)));
	CHECK("another of this number",
	    owner_outlived(&c.db, (struct inc){2, 8}, G(9)));
	CHECK("a counter never issued", owner_outlived(&c.db, INC, G(10)));
	CHECK("a generation of a later incarnation",
	    owner_outlived(&c.db, INC, (struct gen){3, 1, 0}));
	owner_reborn(&c.db, 40, 3, 99);
	CHECK("a new one is above all heard of",
	    c.db.inc.number == 43 && c.db.inc.nonce == 99 && c.db.born == 100 &&
		!proof_certified(&c));
}

static void
births(void)
{
	plain();
	owner_create(&c, "h2", LEDGER_AUTO, true);
	CHECK(
	    "born certified and fenced", row("h2", G(10), true) && c.vm.fenced);
	owner_create(&c, "h2", LEDGER_AUTO, false);
	CHECK("a caller's UUID may have been used before",
	    row("h2", G(11), false) && !c.vm.fenced);
	rep[0].copy = COPY_NONE;
	rep[0].tick = rep[1].tick = rep[2].tick = 101;
	CHECK("so it waits for every other host's refusal",
	    owner_certify(&c) != NULL);
	rep[0].refused = rep[2].refused = G(11);
	CHECK("... and is certified by them",
	    !owner_certify(&c) && proof_certified(&c));
}

static void
takeovers(void)
{
	enum proof p;

	plain();
	CHECK("no proof, no takeover",
	    owner_take(&c, &host[1], &p) && row("h1", G(5), true));
	rep[0].copy = COPY_NONE;
	rep[0].refused = G(5);
	host[1].ledger_known = false;
	CHECK("not to a host with an unknown ledger",
	    owner_take(&c, &host[1], &p) && row("h1", G(5), true));
	CHECK("drained: taken, one number above all",
	    !owner_take(&c, &host[2], &p) && p == PROOF_DRAINED &&
		row("h3", G(10), true));
	plain();
	rep[0].copy = COPY_NONE;
	rep[0].refused = G(5);
	c.vm.mode = LEDGER_AUTO;
	host[1].armed = false;
	CHECK("auto: only where a watchdog is armed",
	    owner_take(&c, &host[1], &p) != NULL);
	CHECK("again to the owner, which refused",
	    !owner_take(&c, &host[0], &p) && row("h1", G(10), true) &&
		c.vm.fenced);
}

static void
claims(void)
{
	plain();
	CHECK("claimed",
	    !owner_claim(&c, &host[1]) && unit_same(c.vm.dest, "h2") &&
		gen_cmp(c.vm.to, G(10)) == 0 && row("h1", G(5), true));
	CHECK("once", owner_claim(&c, &host[2]) != NULL);
	CHECK("no change of mode meanwhile",
	    owner_mode(&c, LEDGER_AUTO, 0) != NULL);
	CHECK("a cancel ends nothing",
	    !owner_cancel(&c) && c.vm.dest && c.vm.cancel);
	rep[0].returned = G(10);
	CHECK("the source's return does",
	    owner_report(&c, &host[0]) == OWNER_CLAIM_ENDED && !c.vm.dest &&
		row("h1", G(5), true));
	CHECK("nothing to cancel", owner_cancel(&c) != NULL);
	plain();
	(void)owner_claim(&c, &host[1]);
	rep[1].refused = G(10);
	rep[1].copy = COPY_INCOMING;
	CHECK("a refusal with a copy does not",
	    owner_report(&c, &host[1]) == OWNER_NOTHING && c.vm.dest);
	rep[1].copy = COPY_NONE;
	CHECK("a refusal without one does",
	    owner_report(&c, &host[1]) == OWNER_CLAIM_ENDED && !c.vm.dest);
	plain();
	(void)owner_claim(&c, &host[1]);
	rep[0].copy = COPY_NONE;
	rep[0].tick = 101;
	CHECK("with nothing left to migrate it is cancelled",
	    owner_report(&c, &host[0]) == OWNER_NOTHING && c.vm.cancel);
}

static void
refused_claims(void)
{
	plain();
	CHECK("there already", owner_claim(&c, &host[0]) != NULL);
	c.vm.mode = LEDGER_PENDING;
	CHECK("not while pending", owner_claim(&c, &host[1]) != NULL);
	plain();
	c.vm.certified.number = 1;
	CHECK("not uncertified", owner_claim(&c, &host[1]) != NULL);
	plain();
	rep[0].copy = COPY_NONE;
	CHECK("not what does not run", owner_claim(&c, &host[1]) != NULL);
	plain();
	rep[1].inc.number = 1;
	CHECK("not to who has not reported", owner_claim(&c, &host[1]) != NULL);
	plain();
	rep[0].to = G(6);
	CHECK("not what departed", owner_claim(&c, &host[1]) != NULL);
}

static void
arrivals(void)
{
	plain();
	rep[1].copy = COPY_RUNNING;
	rep[1].ran = (struct gen){2, 5, 1};
	rep[1].from = "h1";
	rep[1].from_gen = G(5);
	CHECK("from the row's owner and generation",
	    owner_report(&c, &host[1]) == OWNER_ARRIVED &&
		row("h2", (struct gen){2, 5, 1}, true));
	CHECK("twice is once", owner_report(&c, &host[1]) == OWNER_NOTHING);
	plain();
	rep[1].copy = COPY_RUNNING;
	rep[1].ran = (struct gen){2, 5, 2};
	rep[1].from = "h3";
	rep[1].from_gen = (struct gen){2, 5, 1};
	CHECK("from elsewhere: adopted, to be certified",
	    owner_report(&c, &host[1]) == OWNER_ADOPTED &&
		row("h2", (struct gen){2, 5, 2}, false) && c.vm.doubt == 100);
	plain();
	rep[1].ran = G(6);
	CHECK("without a copy, while the owner has one: remembered",
	    owner_report(&c, &host[1]) == OWNER_REMEMBERED &&
		row("h1", G(5), true));
	host[1].ledger_known = false;
	CHECK("an unknown ledger tells nothing",
	    owner_report(&c, &host[1]) == OWNER_NOTHING);
}

static void
modes(void)
{
	plain();
	CHECK("manual to auto", !owner_mode(&c, LEDGER_AUTO, 0));
	rep[0].fenced = true;
	CHECK("a report from before does not make it fenced",
	    owner_report(&c, &host[0]) == OWNER_NOTHING && !c.vm.fenced);
	rep[0].tick = 101;
	rep[0].to = G(6);
	CHECK("nor one that departed",
	    owner_report(&c, &host[0]) == OWNER_NOTHING && !c.vm.fenced);
	rep[0].to = G(0);
	CHECK("the owner's next one does",
	    owner_report(&c, &host[0]) == OWNER_FENCED && c.vm.fenced);
	CHECK("never back in one step", owner_mode(&c, LEDGER_MANUAL, 0));
	CHECK("pending first",
	    !owner_mode(&c, LEDGER_PENDING, 0) && !c.vm.fenced);
	CHECK("for as long as a failover could undo it",
	    owner_mode(&c, LEDGER_MANUAL, 629999) != NULL);
	CHECK("then manual", !owner_mode(&c, LEDGER_MANUAL, 630000) &&
				 c.vm.mode == LEDGER_MANUAL);
}

static void
grants(void)
{
	struct owner_wish run = {true, false}, away = {true, true};
	struct lease_grant g;

	plain();
	CHECK("the owner may start it",
	    owner_grant(&c, &host[0], &run, &g) && g.own && g.start);
	CHECK("not what is to go elsewhere",
	    owner_grant(&c, &host[0], &away, &g) && !g.start && g.release);
	CHECK("others hear nothing new of it",
	    !owner_grant(&c, &host[1], &run, &g));
	rep[1].copy = COPY_RUNNING;
	CHECK("unless they have a copy", owner_grant(&c, &host[1], &run, &g) &&
					     !g.own && !g.incoming &&
					     gen_cmp(g.gen, G(5)) == 0);
	(void)owner_claim(&c, &host[2]);
	CHECK("a claim is told to both ends",
	    owner_grant(&c, &host[0], &run, &g) && unit_same(g.peer, "h3") &&
		owner_grant(&c, &host[2], &run, &g) && g.incoming &&
		unit_same(g.peer, "h1") && !g.start);
	c.vm.certified.number = 1;
	CHECK("uncertified: a lease, but no start",
	    owner_grant(&c, &host[0], &run, &g) && g.own && !g.start);
	host[0].ledger_known = false;
	CHECK("an unknown ledger gets nothing",
	    !owner_grant(&c, &host[0], &run, &g));
	plain();
	c.vm.certified.number = 1;
	rep[0].copy = COPY_NONE;
	CHECK("where nothing runs, certified under a new generation",
	    !owner_certify(&c) && row("h1", G(10), true));
	plain();
	owner_doubt(&c);
	CHECK("doubted", !proof_certified(&c) && c.vm.doubt == 100);
	CHECK("and certified again by later reports",
	    owner_certify(&c) != NULL &&
		(rep[0].tick = rep[1].tick = rep[2].tick = 101) &&
		!owner_certify(&c) && row("h1", G(5), true));
}

int
main(void)
{
	incarnations();
	births();
	takeovers();
	claims();
	refused_claims();
	arrivals();
	modes();
	grants();
	CHECK("two of five silent: no brake", !owner_brake(2, 5));
	CHECK("three of ten: no brake", !owner_brake(3, 10));
	CHECK("three of nine: brake", owner_brake(3, 9));
	return unit_done();
}
