/* SPDX-License-Identifier: ISC */
/* lib/core/ledger: what a VM's records add up to, and a migration's end. */
#include "core/ledger.h"

#include "unit.h"

#define G(n, hop) ((struct gen){1, n, hop})
/* The same in tables. */
#define I(n, hop)                                                              \
	{                                                                      \
		1, n, hop                                                      \
	}
#define NO_ANSWER                                                              \
	{                                                                      \
		.ran = false                                                   \
	}

static struct ledger_vm
fold(const struct ledger_rec *r, size_t n)
{
	struct ledger_vm v = {0};
	size_t i;

	for (i = 0; i < n; i++)
		ledger_fold(&v, &r[i], "now");
	return v;
}

#define START(g, b)                                                            \
	{                                                                      \
		LEDGER_START, g, {0, 0, 0}, NULL, b, LEDGER_MANUAL             \
	}
#define REFUSE(g)                                                              \
	{                                                                      \
		LEDGER_REFUSE, g, {0, 0, 0}, NULL, NULL, 0                     \
	}
#define DEPART(g, to)                                                          \
	{                                                                      \
		LEDGER_DEPART, g, to, "h2", NULL, 0                            \
	}
#define RETURN(g, to)                                                          \
	{                                                                      \
		LEDGER_RETURN, g, to, "h2", NULL, 0                            \
	}
#define EXPECT(g)                                                              \
	{                                                                      \
		LEDGER_EXPECT, g, {0, 0, 0}, "h3", NULL, 0                     \
	}
#define ARRIVE(g, was, b)                                                      \
	{                                                                      \
		LEDGER_ARRIVE, g, was, "h3", b, LEDGER_MANUAL                  \
	}

static const struct {
	const char *name;
	struct ledger_rec rec[4];
	size_t n;
	struct gen gen;
	const char *start; /* the reason against running at gen, or NULL */
} starts[] = {
    {"an empty ledger refuses nothing", {START(I(1, 0), NULL)}, 0, I(1, 0),
	NULL},
    {"but there must be a generation", {START(I(1, 0), NULL)}, 0, {0, 0, 0},
	"no generation"},
    {"what ran may run again", {START(I(2, 0), "now")}, 1, I(2, 0), NULL},
    {"never lower", {START(I(2, 0), "now")}, 1, I(1, 9),
	"ran here at a higher generation"},
    {"refused at it", {START(I(2, 0), "now"), REFUSE(I(2, 0))}, 2, I(2, 0),
	"refused here"},
    {"refused above it", {REFUSE(I(3, 0))}, 1, I(2, 0), "refused here"},
    {"a later right outlives a refusal", {REFUSE(I(3, 0))}, 1, I(4, 0), NULL},
    {"departed", {START(I(2, 0), "now"), DEPART(I(2, 0), I(2, 1))}, 2, I(2, 0),
	"departed from here"},
    {"departed, and asked for what it left for",
	{START(I(2, 0), "now"), DEPART(I(2, 0), I(2, 1))}, 2, I(2, 1),
	"departed from here"},
    {"returned",
	{START(I(2, 0), "now"), DEPART(I(2, 0), I(2, 1)),
	    RETURN(I(2, 0), I(2, 1))},
	3, I(2, 0), NULL},
    {"another departure's return ends nothing",
	{DEPART(I(2, 0), I(2, 2)), RETURN(I(2, 0), I(2, 1))}, 2, I(2, 0),
	"departed from here"},
    {"back after a departure, by a later right",
	{DEPART(I(2, 0), I(2, 1)), ARRIVE(I(2, 2), I(2, 1), "now")}, 2, I(2, 2),
	NULL},
};

static const struct {
	const char *name;
	bool departed; /* from 2.0 for 2.1 */
	bool returned; /* once, from an earlier one */
	enum ledger_copy copy;
	bool job;
	struct ledger_peer peer;
	enum ledger_end end;
} ends[] = {
    {"nothing departed", false, false, COPY_RUNNING, false, NO_ANSWER,
	END_NONE},
    {"the job runs", true, false, COPY_RUNNING, true, NO_ANSWER, END_WAIT},
    {"libvirt does not answer", true, false, COPY_UNKNOWN, false, NO_ANSWER,
	END_WAIT},
    {"runs here without a job", true, false, COPY_RUNNING, false, NO_ANSWER,
	END_RETURN},
    {"paused: ask", true, false, COPY_PAUSED, false, NO_ANSWER, END_ASK},
    {"gone: ask", true, false, COPY_NONE, false, NO_ANSWER, END_ASK},
    {"an answer about another departure", true, false, COPY_PAUSED, false,
	{I(2, 9), COPY_NONE, false, true, false}, END_ASK},
    {"it runs there", true, false, COPY_PAUSED, false,
	{I(2, 1), COPY_RUNNING, true, false, true}, END_DESTROY},
    {"it ran there and died", true, false, COPY_PAUSED, false,
	{I(2, 1), COPY_NONE, true, false, true}, END_DESTROY},
    {"it ran there, nothing is here", true, false, COPY_NONE, false,
	{I(2, 1), COPY_NONE, true, false, true}, END_NONE},
    {"still incoming there", true, false, COPY_PAUSED, false,
	{I(2, 1), COPY_INCOMING, false, false, true}, END_ASK},
    {"not refused yet", true, false, COPY_PAUSED, false,
	{I(2, 1), COPY_NONE, false, false, false}, END_ASK},
    {"refused, and never there", true, false, COPY_PAUSED, false,
	{I(2, 1), COPY_NONE, false, true, false}, END_RETURN},
    {"refused, but it may have run for an instant", true, false, COPY_PAUSED,
	false, {I(2, 1), COPY_NONE, false, true, true}, END_DESTROY},
    {"the same, the paused copy destroyed", true, false, COPY_NONE, false,
	{I(2, 1), COPY_NONE, false, true, true}, END_RETURN},
    {"paused, its return ledgered", false, true, COPY_PAUSED, false, NO_ANSWER,
	END_RESUME},
    {"paused by a departure the ledger lost", false, false, COPY_PAUSED, false,
	NO_ANSWER, END_DESTROY},
};

static void
check_ends(void)
{
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct ledger_vm v = {0};

		if (ends[i].departed) {
			v.departed = G(2, 0);
			v.to = G(2, 1);
		}
		if (ends[i].returned)
			v.returned = G(2, 1);
		CHECK(ends[i].name, ledger_end(&v, ends[i].copy, ends[i].job,
					&ends[i].peer) == ends[i].end);
	}
}

static void
moves(void)
{
	struct ledger_rec ran = START(G(2, 0), "now"), old = START(G(2, 0), "");
	struct ledger_rec back = RETURN(G(2, 0), G(2, 1));
	struct ledger_rec came = ARRIVE(G(5, 0), G(4, 0), "now");
	struct ledger_rec wait = EXPECT(G(6, 0));
	struct ledger_vm v = fold(&ran, 1);

	CHECK("started in this boot", v.here && !fold(&old, 1).here);
	CHECK("departs upwards", !ledger_may_depart(&v, G(2, 0), G(2, 1)));
	CHECK("never sideways", ledger_may_depart(&v, G(2, 0), G(2, 0)));
	ledger_fold(&v, &back, "now");
	CHECK("nor for what was taken back",
	    ledger_may_depart(&v, G(2, 0), G(2, 1)) &&
		!ledger_may_depart(&v, G(2, 0), G(2, 2)));
	CHECK("receives what is new", !ledger_may_receive(&v, G(3, 0)));
	CHECK("not what ran here", ledger_may_receive(&v, G(2, 0)));
	v = fold(&came, 1);
	CHECK("an arrival tells where from",
	    unit_same(v.from, "h3") && gen_cmp(v.from_gen, G(4, 0)) == 0);
	CHECK("what ran is not refused",
	    ledger_may_refuse(&v, COPY_NONE, G(5, 0)));
	CHECK(
	    "nor what is here", ledger_may_refuse(&v, COPY_INCOMING, G(6, 0)));
	CHECK("else it may be", !ledger_may_refuse(&v, COPY_NONE, G(6, 0)));
	ledger_fold(&v, &wait, "now");
	CHECK("an expected copy is told of",
	    ledger_answer(&v, COPY_NONE, G(6, 0)).expected &&
		!ledger_answer(&v, COPY_NONE, G(7, 0)).expected);
	CHECK("and what ran", ledger_answer(&v, COPY_NONE, G(5, 0)).ran);
	CHECK("unknown is no answer",
	    gen_none(ledger_answer(&v, COPY_UNKNOWN, G(6, 0)).to));
	v.floor = G(9, 0);
	CHECK("nor is an empty younger ledger",
	    gen_none(ledger_answer(&v, COPY_NONE, G(9, 0)).to) &&
		!gen_none(ledger_answer(&v, COPY_NONE, G(9, 1)).to));
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct ledger_vm v = fold(starts[i].rec, starts[i].n);
		const char *why = ledger_refuses(&v, starts[i].gen);

		CHECK(starts[i].name,
		    starts[i].start ? unit_same(why, starts[i].start) : !why);
	}
	check_ends();
	moves();
	return unit_done();
}
