/* SPDX-License-Identifier: ISC */
/* driver/observed: told once, told again when it changes, and read back. */
#include "driver/observed.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#define NOW  1000000
#define BOOT "0e5b2a9c-5f43-4f0e-8a55-3c9e0a6b7d10"
#define VM   "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c01"

static void
no_bad(int64_t line, const char *reason, void *arg)
{
	(void)arg;
	printf("# line %d: %s\n", (int)line, reason);
}

static void
adopt(struct roster *r, int wish)
{
	struct desired_sink sink = {.bad = no_bad};
	struct desired d;
	char text[512];

	snprintf(text, sizeof(text),
	    "{\"type\":\"host\",\"host\":\"n1\",\"admin\":\"run\",\"boot\":\"" BOOT
	    "\",\"desired_rev\":\"00000000000000aa\"}\n"
	    "{\"type\":\"vm\",\"vm\":\"" VM "\",\"name\":\"web\",\"vcpus\":1,"
	    "\"memory_mib\":16,\"want\":\"running\",\"wish\":%d}\n",
	    wish);
	desired_parse(&d, text, strlen(text), &sink);
	roster_adopt(r, &d);
}

static void
note(struct roster *r, struct virt_note n)
{
	static uint64_t seq;
	static struct virt_domain d = {
	    .uuid = VM, .seen = PLAN_SEEN_RUNNING, .chime = true, .wish = 1};

	snprintf(n.domain.uuid, sizeof(n.domain.uuid), VM);
	n.seq = ++seq;
	n.since = seq;
	if (n.kind == VIRT_LIST)
		n.list = &d;
	roster_note(r, &n, NOW);
}

static bool
leave(struct member *m, void *arg)
{
	(void)m;
	(void)arg;
	return false;
}

static const char *
dump(const struct observed *o, const struct roster *r)
{
	static struct buf b;

	b.max = 65536;
	buf_clear(&b);
	return observed_dump(o, r, &b) == 0 ? b.data : "";
}

static void
begin(struct roster *r, struct observed *o)
{
	roster_init(r, NOW);
	observed_init(o, "n1", BOOT);
}

static void
end(struct roster *r, struct observed *o)
{
	roster_free(r);
	observed_free(o);
}

static void
test_told(void)
{
	struct observed o;
	struct roster r;
	char rev[OBSERVED_REV_SIZE];

	begin(&r, &o);
	adopt(&r, 1);
	note(&r, (struct virt_note){.kind = VIRT_LIST, .n = 1});
	roster_plan(&r, NOW, leave, NULL);
	CHECK("the first time is news", observed_update(&o, &r, NULL));
	CHECK("host line",
	    strstr(dump(&o, &r),
		"\"host\":\"n1\",\"boot\":\"" BOOT "\",\"observed_rev\":\"") &&
		strstr(dump(&o, &r), "\"desired_rev\":\"00000000000000aa\","
				     "\"health\":\"ok\"}\n"));
	CHECK("vm line",
	    strstr(dump(&o, &r),
		"\"vm\":\"" VM "\",\"host\":\"n1\",\"state\":\"running\","
		"\"want\":\"running\",\"wish\":1,\"generation\":1}\n"));
	snprintf(rev, sizeof(rev), "%s", o.rev);
	CHECK("the same is no news",
	    !observed_update(&o, &r, NULL) && unit_same(rev, o.rev));
	CHECK("health is", observed_update(&o, &r, "broken \"x\" \x1b[0m"));
	CHECK("with another rev", strcmp(rev, o.rev) != 0);
	CHECK("and a clean reason",
	    strstr(dump(&o, &r), "\"health\":\"error\",\"reason\":"
				 "\"broken \\\"x\\\" ?[0m\"}\n"));
	adopt(&r, 2);
	roster_plan(&r, NOW, leave, NULL);
	CHECK("a wish is news", observed_update(&o, &r, NULL) &&
				    strstr(dump(&o, &r), "\"wish\":2"));
	end(&r, &o);
}

static void
test_recalled(void)
{
	struct observed o;
	struct roster r;
	char text[2048];

	begin(&r, &o);
	adopt(&r, 1);
	note(&r, (struct virt_note){.kind = VIRT_LIST, .n = 1});
	roster_plan(&r, NOW, leave, NULL);
	note(&r, (struct virt_note){.kind = VIRT_ENDED, .end = PLAN_END_GUEST});
	roster_plan(&r, NOW, leave, NULL);
	observed_update(&o, &r, NULL);
	CHECK("final", strstr(dump(&o, &r), "\"state\":\"off\",\"reason\":"
					    "\"guest powered itself off\"") &&
			   strstr(dump(&o, &r), "\"final\":true"));
	snprintf(text, sizeof(text), "%s", dump(&o, &r));
	end(&r, &o);

	begin(&r, &o);
	observed_load(&o, &r, text, strlen(text), NOW);
	adopt(&r, 1);
	note(&r, (struct virt_note){.kind = VIRT_LIST});
	roster_plan(&r, NOW, leave, NULL);
	CHECK("still final, and not started",
	    r.m[0]->plan.final && r.m[0]->plan.action == PLAN_NONE);
	observed_update(&o, &r, NULL);
	CHECK("since then", strstr(text, r.m[0]->since) != NULL);
	adopt(&r, 2);
	roster_plan(&r, NOW, leave, NULL);
	CHECK("not under another wish", r.m[0]->plan.action == PLAN_START);
	end(&r, &o);

	begin(&r, &o);
	o.boot = "1e5b2a9c-5f43-4f0e-8a55-3c9e0a6b7d10";
	observed_load(&o, &r, text, strlen(text), NOW);
	CHECK("nothing of another boot", r.n == 0);
	end(&r, &o);
}

/* Loads one VM line; the VM is wanted running under wish 1 and absent. */
static void
recall(struct roster *r, struct observed *o, const char *fields)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    "{\"type\":\"host\",\"boot\":\"" BOOT "\"}\nbroken\n"
	    "{\"type\":\"vm\",\"ts\":\"2026-01-02T03:04:05.678Z\",\"vm\":\"" VM
	    "\",\"wish\":1,%s}\n",
	    fields);
	begin(r, o);
	observed_load(o, r, text, strlen(text), NOW);
	adopt(r, 1);
	note(r, (struct virt_note){.kind = VIRT_LIST});
	roster_plan(r, NOW, leave, NULL);
}

static void
test_states(void)
{
	struct observed o;
	struct roster r;

	recall(&r, &o, "\"state\":\"running\",\"restarts\":4");
	CHECK("ran, and is gone: it died meanwhile",
	    r.m[0]->plan.action == PLAN_START && r.m[0]->mem.failures == 1 &&
		r.m[0]->mem.restarts == 4);
	end(&r, &o);
	recall(&r, &o,
	    "\"state\":\"off\",\"reason\":\"migrated\","
	    "\"away\":true");
	CHECK("away stays away",
	    r.m[0]->plan.action == PLAN_NONE && !r.m[0]->plan.final);
	observed_update(&o, &r, NULL);
	CHECK("and is told so again",
	    strstr(dump(&o, &r), "\"away\":true") != NULL);
	end(&r, &o);
	recall(&r, &o,
	    "\"state\":\"off\",\"reason\":\"crash-loop\","
	    "\"next_try_ms\":4000");
	CHECK("a pause goes on", r.m[0]->plan.action == PLAN_NONE &&
				     r.m[0]->plan.wake == NOW + 4000);
	end(&r, &o);
	recall(&r, &o, "\"state\":\"off\"");
	CHECK("plain off is started", r.m[0]->plan.action == PLAN_START);
	end(&r, &o);
	recall(&r, &o, "\"state\":\"bogus\"");
	CHECK("an unknown word is ignored", r.m[0]->plan.action == PLAN_START);
	end(&r, &o);
}

static void
test_stray(void)
{
	struct observed o;
	struct roster r;

	begin(&r, &o);
	note(&r, (struct virt_note){.kind = VIRT_LIST, .n = 1});
	roster_plan(&r, NOW, leave, NULL);
	observed_update(&o, &r, NULL);
	CHECK("before the server's answer nothing is a stray",
	    strstr(dump(&o, &r), VM) && !strstr(dump(&o, &r), "stray"));
	adopt(&r, 1);
	r.m[0]->want = NULL;
	roster_plan(&r, NOW, leave, NULL);
	CHECK("after it, it is",
	    observed_update(&o, &r, NULL) &&
		strstr(dump(&o, &r), "\"wish\":1,\"generation\":0,"
				     "\"stray\":true}\n"));
	note(&r, (struct virt_note){.kind = VIRT_ENDED, .end = PLAN_END_DIED});
	roster_plan(&r, NOW, leave, NULL);
	CHECK("gone is no longer told",
	    observed_update(&o, &r, NULL) && !strstr(dump(&o, &r), VM));
	end(&r, &o);
}

int
main(void)
{
	test_told();
	test_recalled();
	test_states();
	test_stray();
	return unit_done();
}
