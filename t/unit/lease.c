/* SPDX-License-Identifier: ISC */
/* lib/core/lease: which answers count, what grants allow, and the timers. */
#include "core/lease.h"

#include <stdint.h>

#include "unit.h"

#define G(n, hop) ((struct gen){1, n, hop})
#define INC       ((struct inc){1, 7})

static const struct lease_timers usual = {
    10000, 40000, 12000, 10000, 3000, 66300, 20000, 600000};

static const struct {
	const char *name;
	struct inc known, inc;
	const char *boot;
	uint64_t beat;
	const char *why;
} answers[] = {
    {"the newest beat's", {1, 7}, {1, 7}, "b1", 5, NULL},
    {"the first ever", {0, 0}, {1, 7}, "b1", 5, NULL},
    {"a later incarnation's", {1, 7}, {2, 9}, "b1", 5, NULL},
    {"an older beat's", {1, 7}, {1, 7}, "b1", 4, "not the newest beat"},
    {"another boot's", {1, 7}, {1, 7}, "b0", 5, "another boot's beat"},
    {"an earlier incarnation's", {2, 7}, {1, 7}, "b1", 5,
	"an earlier incarnation"},
    {"another database's", {1, 8}, {1, 7}, "b1", 5,
	"two databases with one incarnation"},
};

static void
check_answers(void)
{
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct lease_host h = {answers[i].known, 3, 5, 1000, true};
		struct lease_answer a = {
		    answers[i].inc, answers[i].boot, answers[i].beat, 44};
		const char *why = lease_take(&h, "b1", &a);

		CHECK(answers[i].name,
		    answers[i].why
			? unit_same(why, answers[i].why) && h.stamp == 3
			: !why && h.stamp == 44 &&
			      inc_same(h.known, answers[i].inc));
	}
}

/* One case differs from the one that may start in one thing. */
enum bend {
	AS_IT_IS,
	NOT_OWN,
	NOT_START,
	OTHER_INC,
	TOO_LATE,
	UNARMED,
	DOMAIN,
	REFUSED,
	MANUAL_LATE,
	MANUAL_OTHER_BOOT,
	MANUAL_HIGHER
};

static const struct {
	const char *name;
	enum bend bend;
	const char *why;
} starts[] = {
    {"a granted VM starts", AS_IT_IS, NULL},
    {"not the owner", NOT_OWN, "no start grant"},
    {"no start grant", NOT_START, "no start grant"},
    {"a grant of an earlier incarnation", OTHER_INC,
	"a start grant of an earlier incarnation"},
    {"no lease", TOO_LATE, "no lease"},
    {"no watchdog", UNARMED, "no armed watchdog"},
    {"a domain is here", DOMAIN, "a domain is here"},
    {"refused", REFUSED, "refused here"},
    {"manual, started in this boot: no lease needed", MANUAL_LATE, NULL},
    {"manual, not in this boot", MANUAL_OTHER_BOOT, "no lease"},
    {"manual, a higher generation heard of", MANUAL_HIGHER, "no lease"},
};

static void
bend(enum bend b, struct lease_host *h, struct lease_vm *v, struct ledger_vm *l,
    enum ledger_copy *copy, int64_t *now)
{
	v->grant.own = b != NOT_OWN;
	v->grant.start = b != NOT_START;
	h->known = b == OTHER_INC ? (struct inc){2, 1} : INC;
	h->armed = b != UNARMED;
	*copy = b == DOMAIN ? COPY_PAUSED : COPY_NONE;
	*now = b == TOO_LATE || b >= MANUAL_LATE ? 50000 : 49999;
	if (b == REFUSED)
		l->refused = G(3, 0);
	if (b >= MANUAL_LATE) {
		v->fence = false;
		l->ran = b == MANUAL_HIGHER ? G(2, 0) : G(3, 0);
		l->here = b != MANUAL_OTHER_BOOT;
	}
}

static void
check_starts(void)
{
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct lease_host h = {INC, 1, 5, 10000, true};
		struct lease_vm v = {{0}, INC, 50000, true};
		struct ledger_vm l = {0};
		enum ledger_copy copy;
		int64_t now;
		struct gen g;
		const char *why;

		v.grant.gen = G(3, 0);
		bend(starts[i].bend, &h, &v, &l, &copy, &now);
		why = lease_may_start(&h, &v, &l, copy, now, &g);
		CHECK(starts[i].name, starts[i].why
					  ? unit_same(why, starts[i].why)
					  : !why && gen_cmp(g, G(3, 0)) == 0);
	}
}

static void
grants(void)
{
	struct lease_host h = {INC, 1, 5, 10000, true};
	struct lease_vm v = {0};
	struct ledger_vm l = {0};
	struct lease_grant g = {.gen = G(3, 0), .own = true};

	g.mode = LEDGER_AUTO;
	lease_grant(&v, &h, &l, &g, &usual);
	CHECK("a lease is counted from sending", v.until == 50000);
	CHECK("auto is fenced", v.fence);
	g.mode = LEDGER_MANUAL;
	lease_grant(&v, &h, &l, &g, &usual);
	CHECK("an uncertified row does not end that", v.fence);
	g.certified = g.unfence = true;
	lease_grant(&v, &h, &l, &g, &usual);
	CHECK("a certified one does", !v.fence);
	l.ran = G(4, 0);
	h.sent = 20000;
	lease_grant(&v, &h, &l, &g, &usual);
	CHECK("a grant below what ran renews nothing", v.until == 50000);
	lease_unnamed(&v);
	CHECK("what is not named ends as it was",
	    !v.grant.own && v.until == 50000);
}

static void
fences(void)
{
	static const struct {
		const char *name;
		bool fence;
		enum ledger_copy copy;
		int64_t now, next;
		enum lease_act act;
	} t[] = {
	    {"a live lease", true, COPY_RUNNING, 49999, 50000, LEASE_REST},
	    {"at its end", true, COPY_RUNNING, 50000, 62000, LEASE_DESTROY},
	    {"paused too", true, COPY_PAUSED, 50000, 62000, LEASE_DESTROY},
	    {"incoming too", true, COPY_INCOMING, 50000, 62000, LEASE_DESTROY},
	    {"starting too", true, COPY_STARTING, 50000, 62000, LEASE_DESTROY},
	    {"unknown too", true, COPY_UNKNOWN, 50000, 62000, LEASE_DESTROY},
	    {"the last moment", true, COPY_RUNNING, 61999, 62000,
		LEASE_DESTROY},
	    {"not confirmed within K", true, COPY_RUNNING, 62000, INT64_MAX,
		LEASE_RESET},
	    {"nothing there", true, COPY_NONE, 90000, INT64_MAX, LEASE_REST},
	    {"not fenced", false, COPY_RUNNING, 90000, INT64_MAX, LEASE_REST},
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct lease_vm v = {.until = 50000, .fence = t[i].fence};
		int64_t next;
		enum lease_act a =
		    lease_deadman(&v, t[i].copy, t[i].now, &usual, &next);

		CHECK(t[i].name, a == t[i].act && next == t[i].next);
	}
}

static void
moves(void)
{
	struct lease_host h = {INC, 1, 5, 10000, true};
	struct lease_vm v = {{.gen = G(3, 0), .own = true}, INC, 50000, true};
	struct ledger_vm l = {.ran = G(3, 0)};

	CHECK("fenced: not without a claim",
	    unit_same(
		lease_may_depart(&h, &v, &l, COPY_RUNNING, G(3, 1), 40000),
		"fenced: not without a claim"));
	v.grant.to = G(4, 0);
	CHECK("with a claim",
	    !lease_may_depart(&h, &v, &l, COPY_RUNNING, G(4, 0), 40000));
	CHECK("not after the lease",
	    lease_may_depart(&h, &v, &l, COPY_RUNNING, G(4, 0), 50000));
	v.grant.cancel = true;
	CHECK("not when cancelled",
	    lease_may_depart(&h, &v, &l, COPY_RUNNING, G(4, 0), 40000));
	v.fence = false;
	CHECK("manual: by a hop of its own",
	    !lease_may_depart(&h, &v, &l, COPY_RUNNING, G(3, 1), 90000));
	CHECK("manual is received without a claim",
	    !lease_may_receive(
		&h, &v, &l, COPY_NONE, G(3, 1), LEDGER_MANUAL, 90000));
	CHECK("auto is not", lease_may_receive(&h, &v, &l, COPY_NONE, G(3, 1),
				 LEDGER_AUTO, 40000));
	v = (struct lease_vm){
	    {.gen = G(3, 0), .incoming = true}, INC, 50000, true};
	v.grant.to = G(4, 0);
	CHECK("auto is with one, and a lease",
	    !lease_may_receive(
		&h, &v, &l, COPY_NONE, G(4, 0), LEDGER_AUTO, 40000) &&
		lease_may_receive(
		    &h, &v, &l, COPY_NONE, G(4, 0), LEDGER_AUTO, 50000));
	CHECK("a cancelled one is refused while nothing came",
	    gen_none(lease_must_refuse(&v, &l, COPY_NONE, G(0, 0))));
	v.grant.cancel = true;
	CHECK("... for its generation",
	    gen_cmp(lease_must_refuse(&v, &l, COPY_NONE, G(0, 0)), G(4, 0)) ==
		    0 &&
		gen_none(lease_must_refuse(&v, &l, COPY_INCOMING, G(4, 0))));
	v = (struct lease_vm){{.gen = G(9, 0)}, INC, 0, false};
	CHECK("a higher generation elsewhere is ledgered as a refusal",
	    gen_cmp(lease_must_refuse(&v, &l, COPY_RUNNING, G(3, 0)),
		G(9, 0)) == 0);
	l.refused = G(9, 0);
	CHECK("once", gen_none(lease_must_refuse(&v, &l, COPY_NONE, G(3, 0))));
	CHECK("then what runs below it is destroyed",
	    lease_must_destroy(&l, COPY_RUNNING, G(3, 0)) &&
		!lease_must_destroy(&l, COPY_RUNNING, G(9, 1)));
}

static void
timers(void)
{
	struct lease_timers t = usual, fast = {1000, 3000, 1000, 2000, 800,
					   7000, 3000, 10000};
	char why[256];

	CHECK("the usual times",
	    lease_sum(&t) == 66253 && lease_check(&t, why, sizeof(why)) == 0);
	CHECK("the fastest", lease_check(&fast, why, sizeof(why)) == 0);
	t.sum = 66252;
	CHECK("a millisecond less is refused, with the sum",
	    lease_check(&t, why, sizeof(why)) == -1 && strstr(why, "= 66253"));
	t = usual;
	t.old = 22001;
	CHECK("an old writer that outlives the fence counts instead",
	    lease_sum(&t) == 66254 && lease_check(&t, why, sizeof(why)) == 0);
	t.old = 30000;
	CHECK("... and may be too long",
	    lease_check(&t, why, sizeof(why)) == -1 && strstr(why, "= 74415"));
	t = usual;
	t.lease = 20000;
	CHECK("a lease no longer than two beats is refused",
	    lease_check(&t, why, sizeof(why)) == -1);
	t = usual;
	t.watchdog = 0;
	CHECK("a watchdog that never fires is refused",
	    lease_check(&t, why, sizeof(why)) == -1);
}

int
main(void)
{
	check_answers();
	check_starts();
	grants();
	fences();
	moves();
	timers();
	return unit_done();
}
