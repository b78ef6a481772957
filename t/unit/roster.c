/* SPDX-License-Identifier: ISC */
/*
 * driver/roster: notes of libvirt in every order they can come, and what is
 * then decided.
 */
#include "driver/roster.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#include "unit.h"

#define NOW 1000000
#define VM  "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c01"

static uint64_t seq;
static struct virt_domain domains[3];

static void
no_bad(int64_t line, const char *reason, void *arg)
{
	(void)arg;
	printf("# line %d: %s\n", (int)line, reason);
}

/* A roster with VM wanted as the fields say. */
static void
wants(struct roster *r, const char *fields)
{
	struct desired_sink sink = {.bad = no_bad};
	struct desired d;
	struct buf b;

	buf_init(&b, 4096);
	buf_puts(&b, "{\"type\":\"host\",\"host\":\"n1\",\"admin\":\"run\","
		     "\"boot\":\"0e5b2a9c-5f43-4f0e-8a55-3c9e0a6b7d10\"}\n");
	if (fields)
		buf_printf(&b,
		    "{\"type\":\"vm\",\"vm\":\"" VM "\",\"name\":\"web\","
		    "\"vcpus\":1,\"memory_mib\":16,%s}\n",
		    fields);
	desired_parse(&d, b.data, b.len, &sink);
	roster_adopt(r, &d);
	desired_free(&d);
	buf_free(&b);
}

static bool
begin_it(struct member *m, void *arg)
{
	(void)m;
	(void)arg;
	return true;
}

/* What is decided now; NONE when there is no such VM. */
static enum plan_action
decide(struct roster *r)
{
	enum plan_action job = r->n ? r->m[0]->job : PLAN_NONE;

	roster_plan(r, NOW, begin_it, NULL);
	if (!r->n || r->m[0]->job == job)
		return PLAN_NONE;
	return r->m[0]->job;
}

static bool
note(struct roster *r, struct virt_note *n)
{
	snprintf(n->domain.uuid, sizeof(n->domain.uuid), VM);
	n->seq = ++seq;
	return roster_note(r, n, NOW);
}

static void
list(struct roster *r, uint64_t since, int n, bool chime)
{
	struct virt_note l = {.kind = VIRT_LIST, .since = since};

	memset(domains, 0, sizeof(domains));
	if (n) {
		snprintf(domains[0].uuid, sizeof(domains[0].uuid), VM);
		domains[0].seen = PLAN_SEEN_RUNNING;
		domains[0].chime = chime;
		l.list = domains;
		l.n = 1;
	}
	l.seq = ++seq;
	roster_note(r, &l, NOW);
}

static void
event(struct roster *r, enum plan_seen seen)
{
	note(r, &(struct virt_note){.kind = VIRT_EVENT, .domain.seen = seen});
}

static void
ended(struct roster *r, enum plan_end end)
{
	note(r, &(struct virt_note){.kind = VIRT_ENDED, .end = end});
}

static bool
done(struct roster *r, enum plan_action action, enum virt_result result,
    uint64_t since)
{
	return note(r, &(struct virt_note){.kind = VIRT_DONE,
			   .action = action,
			   .result = result,
			   .since = since,
			   .reason = (char *)"no"});
}

static void
down(struct roster *r)
{
	note(r, &(struct virt_note){
		    .kind = VIRT_DOWN, .slow = true, .reason = (char *)"gone"});
}

/* VM wanted running, and libvirt listed: absent (0) or running (1). */
static void
begin(struct roster *r, int running)
{
	seq = 0;
	roster_init(r, NOW);
	wants(r, "\"want\":\"running\",\"wish\":1");
	list(r, 0, running, true);
}

static void
test_start(void)
{
	struct roster r;

	begin(&r, 0);
	CHECK("absent: start", decide(&r) == PLAN_START);
	CHECK("one at a time", decide(&r) == PLAN_NONE);
	CHECK("counted", roster_jobs(&r) == 1);
	list(&r, seq, 0, true);
	CHECK("not listed while it starts: no second one",
	    decide(&r) == PLAN_NONE);
	event(&r, PLAN_SEEN_RUNNING);
	done(&r, PLAN_START, VIRT_OK, 1);
	CHECK("event, answer: running", decide(&r) == PLAN_NONE &&
					    r.m[0]->seen == PLAN_SEEN_RUNNING &&
					    r.m[0]->mem.failures == 0);
	ended(&r, PLAN_END_DIED);
	CHECK("dies: start at once", decide(&r) == PLAN_START);
	done(&r, PLAN_START, VIRT_OK, seq);
	event(&r, PLAN_SEEN_RUNNING);
	CHECK("answer, event: running, one restart",
	    decide(&r) == PLAN_NONE && r.m[0]->seen == PLAN_SEEN_RUNNING &&
		r.m[0]->mem.restarts == 1);
	roster_free(&r);
}

static void
test_orders(void)
{
	struct roster r;
	uint64_t since;

	begin(&r, 0);
	decide(&r);
	event(&r, PLAN_SEEN_RUNNING);
	ended(&r, PLAN_END_DIED);
	done(&r, PLAN_START, VIRT_OK, 1);
	CHECK("died before the start's answer came: a failure",
	    r.m[0]->seen == PLAN_SEEN_ABSENT && r.m[0]->mem.failures == 1 &&
		decide(&r) == PLAN_START);
	roster_free(&r);

	begin(&r, 1);
	since = seq;
	ended(&r, PLAN_END_DIED);
	list(&r, since, 1, true);
	CHECK("an older listing does not bring it back",
	    r.m[0]->seen == PLAN_SEEN_ABSENT && decide(&r) == PLAN_START);
	since = seq;
	done(&r, PLAN_START, VIRT_OK, since);
	list(&r, since, 0, true);
	CHECK("an older listing does not take it away",
	    r.m[0]->seen == PLAN_SEEN_RUNNING && decide(&r) == PLAN_NONE);
	roster_free(&r);

	begin(&r, 1);
	wants(&r, "\"want\":\"stopped\",\"wish\":2,\"grace_ms\":0");
	CHECK("no grace: destroy", decide(&r) == PLAN_DESTROY);
	since = seq;
	done(&r, PLAN_DESTROY, VIRT_OK, since);
	list(&r, since, 1, true);
	wants(&r, "\"want\":\"running\",\"wish\":3");
	CHECK("destroyed, wanted again: start", decide(&r) == PLAN_START);
	ended(&r, PLAN_END_DESTROYED);
	done(&r, PLAN_START, VIRT_OK, seq);
	CHECK("the late event of the old one takes nothing away",
	    r.m[0]->seen == PLAN_SEEN_RUNNING && r.m[0]->mem.failures == 0 &&
		decide(&r) == PLAN_NONE);
	roster_free(&r);
}

static void
test_lost(void)
{
	struct roster r;
	uint64_t since;

	begin(&r, 1);
	down(&r);
	CHECK("no libvirt: nothing is decided",
	    decide(&r) == PLAN_NONE &&
		r.m[0]->plan.state == PLAN_STATE_UNKNOWN);
	list(&r, 0, 0, true);
	CHECK("a listing of the old connection is ignored",
	    !r.libvirt && decide(&r) == PLAN_NONE);
	list(&r, seq, 1, true);
	CHECK("back and running: nothing",
	    r.libvirt && decide(&r) == PLAN_NONE && r.m[0]->mem.failures == 0);
	down(&r);
	list(&r, seq, 0, true);
	CHECK("gone meanwhile: started again",
	    decide(&r) == PLAN_START && r.m[0]->mem.failures == 1);
	since = seq;
	down(&r);
	CHECK("a start without an answer asks for a listing",
	    done(&r, PLAN_START, VIRT_LOST, since));
	CHECK("and counts as unknown", decide(&r) == PLAN_NONE);
	list(&r, seq, 1, true);
	CHECK("it was done after all",
	    decide(&r) == PLAN_NONE && r.m[0]->seen == PLAN_SEEN_RUNNING);
	roster_free(&r);

	begin(&r, 0);
	decide(&r);
	since = seq;
	down(&r);
	list(&r, seq, 0, true);
	CHECK("an answer of the old connection, too late, is no answer",
	    done(&r, PLAN_START, VIRT_OK, since) && decide(&r) == PLAN_NONE);
	list(&r, seq, 0, true);
	CHECK("the next listing tells", decide(&r) == PLAN_START);
	roster_mute(&r, "slow", NOW);
	CHECK("muted: unknown", decide(&r) == PLAN_NONE &&
				    r.m[0]->plan.state == PLAN_STATE_UNKNOWN);
	roster_free(&r);
}

static void
test_failed(void)
{
	struct roster r;

	begin(&r, 0);
	decide(&r);
	list(&r, seq, 1, true); /* half made */
	list(&r, seq, 0, true);
	CHECK("a failed start asks for a listing",
	    done(&r, PLAN_START, VIRT_FAILED, 1));
	list(&r, seq, 0, true);
	CHECK("and is one failure, not two",
	    r.m[0]->mem.failures == 1 && decide(&r) == PLAN_NONE &&
		r.m[0]->plan.next_try_ms == 1000);
	roster_free(&r);

	begin(&r, 1);
	wants(&r, "\"want\":\"stopped\",\"wish\":2,\"grace_ms\":0");
	decide(&r);
	CHECK("nothing to destroy: asks for a listing",
	    done(&r, PLAN_DESTROY, VIRT_GONE, seq));
	CHECK("and waits for it", decide(&r) == PLAN_NONE);
	list(&r, seq, 0, true);
	decide(&r);
	CHECK("off", r.m[0]->plan.state == PLAN_STATE_OFF);
	roster_free(&r);
}

static void
test_ends(void)
{
	struct roster r;

	begin(&r, 1);
	event(&r, PLAN_SEEN_ENDING);
	CHECK("powering off: wait", decide(&r) == PLAN_NONE);
	ended(&r, PLAN_END_GUEST);
	CHECK("powered itself off: final",
	    decide(&r) == PLAN_NONE && r.m[0]->plan.final);
	roster_free(&r);

	begin(&r, 1);
	note(&r, &(struct virt_note){
		     .kind = VIRT_SIGNAL, .domain.seen = PLAN_SEEN_ENDING});
	ended(&r, PLAN_END_GUEST);
	CHECK("qemu was sent a signal: a death", decide(&r) == PLAN_START);
	roster_free(&r);
}

static void
test_others(void)
{
	struct roster r;

	begin(&r, 0);
	list(&r, seq, 1, false);
	CHECK("a foreign domain in its place: left alone",
	    decide(&r) == PLAN_NONE &&
		r.m[0]->plan.state == PLAN_STATE_RUNNING);
	ended(&r, PLAN_END_GUEST);
	CHECK("gone: started, it was not ours",
	    decide(&r) == PLAN_START && r.m[0]->mem.failures == 0);
	roster_free(&r);

	begin(&r, 0);
	CHECK("started by somebody: whose is it?",
	    note(&r, &(struct virt_note){.kind = VIRT_EVENT,
			 .domain.seen = PLAN_SEEN_RUNNING}) &&
		decide(&r) == PLAN_NONE);
	list(&r, seq, 1, true);
	CHECK("chime's", decide(&r) == PLAN_NONE &&
			     r.m[0]->plan.state == PLAN_STATE_RUNNING);
	wants(&r, NULL);
	CHECK("no longer named: a stray, not touched",
	    r.n == 1 && decide(&r) == PLAN_NONE &&
		r.m[0]->plan.state == PLAN_STATE_RUNNING);
	ended(&r, PLAN_END_DIED);
	list(&r, seq, 0, true);
	CHECK("gone: forgotten", r.n == 0);
	CHECK("an event of an unknown domain asks for a listing",
	    note(&r, &(struct virt_note){.kind = VIRT_EVENT,
			 .domain.seen = PLAN_SEEN_RUNNING}));
	wants(&r, "\"want\":\"running\",\"wish\":9");
	CHECK("named before that: not started", decide(&r) == PLAN_NONE);
	wants(&r, NULL);
	list(&r, seq, 1, false);
	wants(&r, "\"want\":\"running\",\"wish\":9");
	CHECK("foreign, and named only later: left alone",
	    decide(&r) == PLAN_NONE &&
		r.m[0]->plan.state == PLAN_STATE_RUNNING);
	roster_free(&r);
}

/* Before the server's answer nothing is forgotten, and nothing touched. */
static void
test_unanswered(void)
{
	struct roster r;

	seq = 0;
	roster_init(&r, NOW);
	list(&r, 0, 1, true);
	CHECK("unanswered: seen", r.n == 1 && decide(&r) == PLAN_NONE &&
				      r.m[0]->plan.state == PLAN_STATE_RUNNING);
	wants(&r, "\"want\":\"stopped\",\"wish\":2");
	CHECK("answered: stopped", decide(&r) == PLAN_SHUTDOWN);
	roster_free(&r);
}

#define RUNNING "\"want\":\"running\",\"wish\":1"

/* From somebody's domain to one of chime's, while listings come in. */
static void
test_adoption(void)
{
	struct virt_note fetched = {
	    .kind = VIRT_DONE, .action = PLAN_FETCH, .result = VIRT_OK};
	struct roster r;
	uint64_t before;

	roster_init(&r, NOW);
	wants(&r, RUNNING ",\"adopt\":true");
	list(&r, seq, 1, false);
	CHECK("it is described", decide(&r) == PLAN_FETCH);
	fetched.xml = (char[]){"<domain/>"};
	fetched.since = seq;
	note(&r, &fetched);
	CHECK("which is kept to be told",
	    decide(&r) == PLAN_NONE && r.m[0]->xml &&
		strcmp(r.m[0]->xml, "<domain/>") == 0);
	wants(&r, RUNNING ",\"adopt\":true,\"spec\":{\"xml\":\"<d/>\"}");
	CHECK("the server has it: it is marked", decide(&r) == PLAN_MARK);
	before = seq;
	done(&r, PLAN_MARK, VIRT_OK, seq);
	CHECK(
	    "it is chime's", r.m[0]->adopted && r.m[0]->chime && !r.m[0]->xml);
	list(&r, before, 1, false);
	CHECK("an older listing does not know better",
	    decide(&r) == PLAN_NONE && r.m[0]->chime);
	ended(&r, PLAN_END_DIED);
	CHECK("it is started again before the server heard of it",
	    decide(&r) == PLAN_START);
	wants(&r, RUNNING ",\"spec\":{\"xml\":\"<d/>\"}");
	decide(&r);
	CHECK("the adoption is over", !r.m[0]->adopted);
	roster_free(&r);
}

int
main(void)
{
	test_start();
	test_orders();
	test_lost();
	test_failed();
	test_ends();
	test_others();
	test_unanswered();
	test_adoption();
	return unit_done();
}
