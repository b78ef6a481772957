/* SPDX-License-Identifier: ISC */
/* lib/store/upload: a heartbeat's body taken apart. */
#include "store/upload.h"

#include <stdlib.h>

#include "unit.h"

#define BOOT "11111111-1111-4111-8111-111111111111"
#define VM_A "aaaaaaaa-0000-4000-8000-000000000001"
#define VM_B "aaaaaaaa-0000-4000-8000-000000000002"
#define BEAT(more)                                                             \
	"{\"type\":\"heartbeat\",\"host\":\"n1\",\"proto\":1,\"boot\":\"" BOOT \
	"\",\"beat\":7,\"observed_rev\":\"00000000000000aa\","                 \
	"\"health\":\"ok\"" more "}"
#define VM(vm, more)                                                           \
	"\n{\"type\":\"vm\",\"vm\":\"" vm "\",\"state\":\"off\"" more "}"

static int
parse(struct upload *u, const char *text)
{
	struct json_reason why;

	return upload_parse(u, text, strlen(text), &why);
}

static void
least_and_most(void)
{
	struct upload u;

	CHECK("the least there can be", parse(&u, BEAT("")) == 0);
	CHECK("is read",
	    unit_same(u.host, "n1") && unit_same(u.boot, BOOT) && u.beat == 7 &&
		unit_same(u.observed_rev, "00000000000000aa") && !u.error);
	CHECK("and what is not told is known as that",
	    !u.desired_rev && u.vcpus == -1 && u.memory_mib == -1 &&
		u.pong_port == -1 && !*u.reason && !u.full && u.n == 0);
	upload_free(&u);
	CHECK("with everything",
	    parse(&u,
		BEAT(",\"desired_rev\":\"0123456789abcdef\",\"reason\":\"x\","
		     "\"vcpus\":2,\"memory_mib\":2048,\"pong_port\":1,"
		     "\"full\":true") VM(VM_B,
		    ",\"ts\":\"2026-01-01T00:00:00.000Z\",\"want\":\"stopped\","
		    "\"wish\":3,\"generation\":1,\"restarts\":2,"
		    "\"final\":true,\"stray\":true,\"reason\":\"y\"")
		    VM(VM_A, "") "\n") == 0);
	CHECK("the VMs are sorted", u.full && u.n == 2 &&
					unit_same(u.vm[0].vm, VM_A) &&
					unit_same(u.vm[1].vm, VM_B));
	CHECK("of the least one nothing else is known",
	    !u.vm[0].want && u.vm[0].wish == -1 && u.vm[0].generation == -1 &&
		u.vm[0].restarts == -1 && !u.vm[0].final && !u.vm[0].stray &&
		!u.vm[0].since && !*u.vm[0].reason);
	CHECK("of the other all",
	    unit_same(u.vm[1].want, "stopped") && u.vm[1].wish == 3 &&
		u.vm[1].generation == 1 && u.vm[1].restarts == 2 &&
		u.vm[1].final && u.vm[1].stray &&
		unit_same(u.vm[1].since, "2026-01-01T00:00:00.000Z") &&
		unit_same(u.vm[1].reason, "y"));
	upload_free(&u);
}

static void
bad_beats(void)
{
	static const char *const bad[] = {"", "\n", "{}", "[]", "x",
	    BEAT("") "x", BEAT(",\"beat\":8"), BEAT(",\"vcpus\":0"),
	    BEAT(",\"memory_mib\":-1"), BEAT(",\"pong_port\":0"),
	    BEAT(",\"desired_rev\":\"xyz\""), BEAT(",\"reason\":7"),
	    BEAT(",\"full\":1"), BEAT(",\"x\":\"\xff\"")};
	struct upload u;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		unit_check(*bad[i] == '\n' ? "a blank line" : bad[i],
		    parse(&u, bad[i]) == -1);
}

static void
bad_inventories(void)
{
	static const char *const bad[] = {"\nx", "\n{}", VM("x", ""),
	    VM(VM_B, ",\"wish\":-1"), VM(VM_B, ",\"want\":\"dead\""),
	    VM(VM_B, ",\"ts\":\"<b>\""), VM(VM_B, ",\"final\":0"),
	    VM(VM_A, "")};
	struct upload u;
	char text[2048];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "%s%s%s",
		    BEAT(",\"full\":true") VM(VM_A, ""), bad[i],
		    VM("bbbbbbbb-0000-4000-8000-000000000001", ""));
		unit_check(bad[i] + 1, parse(&u, text) == 0 && !u.full &&
					   u.n == 0 && *u.bad_vms.text &&
					   u.beat == 7);
		upload_free(&u);
	}
	CHECK("VMs without \"full\" are not looked at",
	    parse(&u, BEAT("") "\nx") == 0 && u.n == 0 && !*u.bad_vms.text);
	upload_free(&u);
	CHECK("an empty inventory is one",
	    parse(&u, BEAT(",\"full\":true")) == 0 && u.full && u.n == 0);
	upload_free(&u);
	CHECK("other types in it are passed over",
	    parse(&u, BEAT(",\"full\":true") "\n{\"type\":\"y\"}\n\n") == 0 &&
		u.full && u.n == 0);
	upload_free(&u);
}

static void
reasons(void)
{
	char text[2048], reason[600];
	struct upload u;

	for (int i = 0; i < 299; i++)
		memcpy(reason + 2 * i, "\xc3\xbc", 3);
	snprintf(text, sizeof(text), BEAT(",\"reason\":\"%s\""), reason);
	CHECK("a long reason is cut at a character",
	    parse(&u, text) == 0 && strlen(u.reason) == 254);
	upload_free(&u);
	CHECK("and nothing in it moves a cursor",
	    parse(&u, BEAT(",\"reason\":\"a\\u001b[2Jb\"")) == 0 &&
		unit_same(u.reason, "a?[2Jb"));
	upload_free(&u);
}

static void
many(void)
{
	size_t size = 20000 * 128, at;
	char *text = malloc(size);
	struct upload u;

	at = (size_t)snprintf(text, size, "%s", BEAT(",\"full\":true"));
	for (int i = 0; i < 5000; i++)
		at += (size_t)snprintf(text + at, size - at,
		    "\n{\"type\":\"vm\",\"vm\":"
		    "\"aaaaaaaa-0000-4000-8000-%012d\",\"state\":\"off\"}",
		    (i * 7919) % 5000);
	CHECK("thousands of VMs", parse(&u, text) == 0 && u.n == 5000);
	upload_free(&u);
	for (int i = 5000; i < 16385; i++)
		at += (size_t)snprintf(text + at, size - at,
		    "\n{\"type\":\"vm\",\"vm\":"
		    "\"aaaaaaaa-0000-4000-8000-%012d\",\"state\":\"off\"}",
		    i);
	CHECK("but not any number",
	    parse(&u, text) == 0 && !u.full && *u.bad_vms.text);
	upload_free(&u);
	free(text);
}

int
main(void)
{
	least_and_most();
	bad_beats();
	bad_inventories();
	reasons();
	many();
	return unit_done();
}
