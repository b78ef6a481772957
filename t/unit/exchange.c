/* SPDX-License-Identifier: ISC */
/* lib/driver/exchange: heartbeats and what their answers become. */
#include "driver/exchange.h"

#include "unit.h"

#define BOOT "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
#define VM1  "11111111-1111-4111-8111-111111111111"
#define VM2  "22222222-2222-4222-8222-222222222222"
#define REV1 "aaaaaaaaaaaaaaaa"
#define REV2 "bbbbbbbbbbbbbbbb"
#define HEAD(extra)                                                            \
	"{\"type\":\"host\",\"ts\":\"t2\",\"host\":\"n1\",\"boot\":\"" BOOT    \
	"\",\"admin\":\"run\",\"desired_rev\":\"" REV2                         \
	"\",\"interval_ms\":1000,\"beat\":7,\"new\":1" extra "}\n"
#define DESIRED(vm)                                                            \
	"{\"type\":\"vm\",\"ts\":\"t\",\"vm\":\"" vm                           \
	"\",\"host\":\"n1\",\"want\":\"running\",\"wish\":1}\n"
#define OBSERVED                                                               \
	"{\"type\":\"host\",\"ts\":\"t\",\"host\":\"n1\",\"boot\":\"" BOOT     \
	"\",\"observed_rev\":\"" REV1 "\",\"health\":\"error\","               \
	"\"reason\":\"why\"}\n"                                                \
	"{\"type\":\"vm\",\"vm\":\"" VM1 "\",\"state\":\"off\"}\n"

static const struct exchange_self self = {
    .host = "n1",
    .boot = BOOT,
    .beat = 7,
    .vcpus = 2,
    .memory_mib = 64,
    .pong_port = 8802,
};

/* What an answer comes to: "" when it is taken. */
static const char *
answer(const char *text, const char *sent)
{
	static struct json_reason why;
	struct exchange_answer a;
	int r = exchange_answer(&a, text, strlen(text), &self, sent, &why);

	exchange_answer_free(&a);
	return r == 0 ? "" : why.text;
}

static void
answers(void)
{
	CHECK("nothing new", !*answer(HEAD(""), REV2));
	CHECK("something new",
	    !*answer(HEAD(",\"full\":true") DESIRED(VM1) DESIRED(VM2), REV1));
	CHECK("all gone", !*answer(HEAD(",\"full\":true"), REV1));
	CHECK("unknown types pass",
	    !*answer(HEAD(",\"full\":true") "{\"type\":\"x\"}\n", NULL));
	CHECK("new, but nothing came", *answer(HEAD(""), REV1));
	CHECK("the first time, but nothing came", *answer(HEAD(""), NULL));
	CHECK("VMs that were not announced",
	    *answer(HEAD("") DESIRED(VM1), REV2));
	CHECK("one VM twice",
	    strstr(
		answer(HEAD(",\"full\":true") DESIRED(VM1) DESIRED(VM1), NULL),
		"twice"));
	CHECK("the last line is cut",
	    strstr(answer(HEAD(",\"full\":true") "{\"type\":\"vm\"", NULL),
		"not whole"));
	CHECK("no line at all", *answer("", NULL));
	CHECK("no JSON", *answer("<html>\n", NULL));
	CHECK("an array", *answer("[]\n", NULL));
}

static void
others(void)
{
	struct exchange_self who = self;
	struct exchange_answer a;
	struct json_reason why;
	const char *text = HEAD("");

	who.beat = 8;
	CHECK("the answer to an older beat",
	    exchange_answer(&a, text, strlen(text), &who, REV2, &why) == -1 &&
		strstr(why.text, "beat 7"));
	exchange_answer_free(&a);
	who.beat = 6;
	CHECK("to a later one: refused, and which",
	    exchange_answer(&a, text, strlen(text), &who, REV2, &why) == -1 &&
		a.beat == 7);
	exchange_answer_free(&a);
	who = self;
	who.boot = VM1;
	who.beat = 6;
	CHECK("to an older boot, whose count says nothing",
	    exchange_answer(&a, text, strlen(text), &who, REV2, &why) == -1 &&
		a.beat == 0);
	exchange_answer_free(&a);
	who = self;
	who.host = "n2";
	CHECK("to another host",
	    exchange_answer(&a, text, strlen(text), &who, REV2, &why) == -1);
	exchange_answer_free(&a);
}

/* The desired file that follows; its return, and whether it is as expected. */
static int
follows(const char *text, const char *sent, const char *old, const char *new)
{
	struct exchange_answer a;
	struct json_reason why;
	struct buf b;
	int r;

	buf_init(&b, EXCHANGE_MAX);
	if (exchange_answer(&a, text, strlen(text), &self, sent, &why) == -1)
		return -2;
	r = exchange_desired(&a, old, strlen(old), &b);
	if (r == 1 && !unit_same(b.data, new))
		r = -3;
	exchange_answer_free(&a);
	buf_free(&b);
	return r;
}

#define LINE(admin, ts)                                                        \
	"{\"type\":\"host\",\"ts\":\"" ts                                      \
	"\",\"host\":\"n1\",\"boot\":\"" BOOT "\",\"admin\":\"" admin          \
	"\",\"desired_rev\":\"" REV2 "\",\"interval_ms\":1000,\"new\":1}\n"

static void
files(void)
{
	char rev[EXCHANGE_REV_SIZE];

	CHECK("the first answer becomes the file",
	    follows(HEAD(",\"full\":true") DESIRED(VM1), NULL, "",
		LINE("run", "t2") DESIRED(VM1)) == 1);
	CHECK("the same again changes nothing",
	    follows(HEAD(""), REV2, LINE("run", "t1") DESIRED(VM1), "") == 0);
	CHECK("a new first line keeps the others",
	    follows(HEAD(""), REV2, LINE("down", "t1") DESIRED(VM1),
		LINE("run", "t2") DESIRED(VM1)) == 1);
	CHECK("all gone leaves the first",
	    follows(HEAD(",\"full\":true"), REV1,
		LINE("run", "t1") DESIRED(VM1), LINE("run", "t2")) == 1);
	CHECK("a file has its rev",
	    exchange_rev(
		LINE("run", "t"), strlen(LINE("run", "t")), "n1", rev) == 0 &&
		strcmp(rev, REV2) == 0);
	CHECK("another host's has none",
	    exchange_rev(
		LINE("run", "t"), strlen(LINE("run", "t")), "n2", rev) == -1);
	CHECK("nor has a damaged one", exchange_rev("{", 1, "n1", rev) == -1);
	CHECK("nor an empty one", exchange_rev(NULL, 0, "n1", rev) == -1);
}

static void
requests(void)
{
	struct exchange_observed o;
	struct json_reason why;
	struct buf b;

	buf_init(&b, 4096);
	CHECK("an observed file", exchange_observed(&o, OBSERVED,
				      strlen(OBSERVED), &self, &why) == 0 &&
				      strcmp(o.rev, REV1) == 0 && o.error &&
				      strcmp(o.reason, "why") == 0);
	CHECK("a whole heartbeat",
	    exchange_request(&b, &self, REV2, &o, true) == 0 &&
		strstr(b.data,
		    "\"boot\":\"" BOOT "\",\"beat\":7,\"desired_rev\":\"" REV2
		    "\",\"observed_rev\":\"" REV1
		    "\",\"health\":\"error\",\"reason\":\"why\","
		    "\"vcpus\":2,\"memory_mib\":64,"
		    "\"pong_port\":8802,\"full\":true}\n"
		    "{\"type\":\"vm\",\"vm\":\"" VM1) != NULL);
	buf_clear(&b);
	CHECK("a short one",
	    exchange_request(&b, &self, NULL, &o, false) == 0 &&
		!strstr(b.data, "desired_rev") && !strstr(b.data, "full") &&
		strchr(b.data, '\n') == b.data + b.len - 1);
	exchange_observed_free(&o);
	CHECK("no file yet has a rev of zeros",
	    exchange_observed(&o, NULL, 0, &self, NULL) == -1 &&
		strcmp(o.rev, "0000000000000000") == 0 && !o.error);
	exchange_observed_free(&o);
	buf_free(&b);
	buf_init(&b, 64);
	CHECK("the bound is kept",
	    exchange_request(&b, &self, NULL, &o, false) == -1);
	buf_free(&b);
}

/* A reason is cut where a character ends. */
static void
reasons(void)
{
	char text[2048] = "";
	struct exchange_observed o;
	struct json_reason why;
	size_t n;

	snprintf(text, sizeof(text),
	    "{\"type\":\"host\",\"host\":\"n1\",\"boot\":\"" BOOT
	    "\",\"observed_rev\":\"" REV1
	    "\",\"health\":\"error\",\"reason\":\"x");
	for (int i = 0; i < 200; i++) {
		n = strlen(text);
		snprintf(text + n, sizeof(text) - n, "\xe4\xb8\xad");
	}
	n = strlen(text);
	snprintf(text + n, sizeof(text) - n, "\"}\n");
	exchange_observed(&o, text, strlen(text), &self, &why);
	CHECK("a long reason is cut between characters",
	    strlen(o.reason) == 1 + 3 * 84);
	exchange_observed_free(&o);
}

int
main(void)
{
	answers();
	others();
	files();
	requests();
	reasons();
	return unit_done();
}
