/* SPDX-License-Identifier: ISC */
/* lib/driver/fences: lease.jsonl and deadman.jsonl. */
#include "driver/fences.h"

#include <stdlib.h>

#include "unit.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define VM1  "00000000-0000-0000-0000-000000000001"
#define VM2  "00000000-0000-0000-0000-000000000002"
#define VM3  "00000000-0000-0000-0000-000000000003"
#define HEAD                                                                   \
	"{\"type\":\"lease\",\"ts\":\"t\",\"host\":\"n1\",\"boot\":\"" BOOT    \
	"\",\"beat\":7,\"sent_ms\":10000,\"interval_ms\":1000}\n"
#define VM(vm, mode, fence, until)                                             \
	"{\"type\":\"lease\",\"vm\":\"" vm                                     \
	"\",\"generation\":\"1.2.3\",\"mode\":\"" mode "\",\"fence\":" fence   \
	",\"until_ms\":" until "}\n"

static const struct lease_timers usual = {
    10000, 40000, 12000, 10000, 3000, 66300, 20000, 600000};

static char refused[1024];

static void
bad(int64_t line, const char *reason, void *arg)
{
	(void)arg;
	snprintf(refused + strlen(refused), sizeof(refused) - strlen(refused),
	    "%d %s|", (int)line, reason);
}

static struct fences vms;
static struct json_reason why;

static int
load(const char *text, struct fences_head *h)
{
	refused[0] = why.text[0] = '\0';
	*h = (struct fences_head){.host = "n1", .boot = BOOT, .beat = 3};
	return fences_load(
	    &vms, h, text, strlen(text), 20000, &usual, bad, NULL, &why);
}

static void
leases(void)
{
	struct fences_head h;

	CHECK("nothing", load("", &h) == -1 && h.beat == 3 && *why.text);
	CHECK("a head alone", load(HEAD, &h) == 0 && h.beat == 7 &&
				  h.sent_ms == 10000 && h.interval_ms == 1000 &&
				  vms.n == 0);
	CHECK("without its newline and with VMs",
	    load(HEAD VM(VM2, "auto", "true", "45000") VM(VM1, "pending",
		     "true", "46000") VM(VM3, "manual", "false", "47000"),
		&h) == 0 &&
		!*refused && vms.n == 2);
	CHECK("sorted, with what was told",
	    unit_same(vms.v[0].uuid, VM1) && vms.v[0].d.lease.until == 46000 &&
		vms.v[0].d.lease.fence &&
		vms.v[0].d.lease.grant.mode == LEDGER_PENDING &&
		vms.v[1].d.lease.grant.gen.hop == 3 && vms.v[1].killed == -1);
	CHECK("found", fences_find(&vms, VM2) == &vms.v[1] &&
			   !fences_find(&vms, VM3) && !fences_find(&vms, "x"));
	CHECK("what a file does not name stays",
	    load(HEAD, &h) == 0 && vms.n == 2 && vms.v[0].d.lease.fence);
	CHECK("bad lines are told, the others are taken",
	    load(HEAD "junk\n\n" VM("1", "auto", "true", "1") VM(
		     VM1, "none", "true", "1") VM(VM1, "auto", "false", "1")
		     VM(VM1, "auto", "1", "1")
			 VM(VM1, "auto", "true", "-1") "{\"type\":\"x\"}\n" VM(
			     VM2, "auto", "true", "49000"),
		&h) == 0 &&
		strstr(refused, "2 not JSON") && strstr(refused, "|3 ") &&
		strstr(refused, "|4 vm: expected a UUID") &&
		strstr(refused, "|5 mode") &&
		strstr(refused, "|6 fence: false, but the mode is auto|") &&
		strstr(refused, "|7 fence") && strstr(refused, "|8 until_ms") &&
		!strstr(refused, "|9 ") && vms.v[1].d.lease.until == 49000 &&
		vms.v[0].d.lease.until == 46000);
	CHECK("fenced no more",
	    load(HEAD VM(VM1, "manual", "false", "0"), &h) == 0 &&
		!vms.v[0].d.lease.fence);
}

static void
heads(void)
{
	struct fences_head h = {.host = "n2", .boot = BOOT};
	size_t n = strlen(HEAD);

	CHECK("another host's",
	    fences_load(&vms, &h, HEAD, n, 20000, &usual, bad, NULL, &why) ==
		    -1 &&
		unit_same(why.text, "host: expected n2, found n1"));
	h = (struct fences_head){.host = "n1", .boot = VM1};
	CHECK("another boot's", fences_load(&vms, &h, HEAD, n, 20000, &usual,
				    bad, NULL, &why) == -1 &&
				    strstr(why.text, "boot: expected " VM1));
	CHECK("no time", load("{\"type\":\"lease\",\"host\":\"n1\",\"boot\":"
			      "\"" BOOT "\",\"beat\":1}\n",
			     &h) == -1 &&
			     strstr(why.text, "sent_ms"));
}

static void
recalls(void)
{
	struct fences_head h = {.host = "n1",
	    .boot = BOOT,
	    .pid = 42,
	    .beat = 7,
	    .armed = true,
	    .reset = true,
	    .left = true,
	    .watchdog_ms = 9000,
	    .watchdog = "/dev/wd"};
	struct fences_head g = {.host = "n1", .boot = BOOT};
	struct fences again = {0};
	struct buf b, c;

	vms.v[1].d.state = DEADMAN_CONFIRMED;
	vms.v[1].d.since = 1234;
	buf_init(&b, 65536);
	CHECK("written", fences_dump(&vms, &h, &b) == 0 &&
			     strstr(b.data, "\"armed\":true") &&
			     strstr(b.data, "\"watchdog_ms\":9000"));
	CHECK("without the one that is not fenced", !strstr(b.data, VM1));
	CHECK("and taken up",
	    fences_recall(&again, &g, b.data, b.len, &why) == 0 &&
		again.n == 1 && g.pid == 42 && g.beat == 7 && g.reset &&
		g.left && unit_same(g.watchdog, "/dev/wd") &&
		again.v[0].d.since == 1234 && again.v[0].d.gone &&
		again.v[0].d.lease.until == 49000 && again.v[0].d.lease.fence &&
		again.v[0].killed == -1);
	fences_free(&again);
	g = (struct fences_head){.host = "n1", .boot = VM1};
	CHECK("not that of another boot",
	    fences_recall(&again, &g, b.data, b.len, &why) == -1 &&
		again.n == 0 && !g.reset);
	buf_init(&c, 100);
	CHECK("too large", fences_dump(&vms, &h, &c) == -1);
	buf_free(&c);
	g = (struct fences_head){.host = "n1", .boot = BOOT};
	buf_puts(&b, "junk\n");
	CHECK("what came before a bad line is taken",
	    fences_recall(&again, &g, b.data, b.len, &why) == -1 &&
		again.n == 1 && g.reset);
	fences_free(&again);
	buf_free(&b);
}

int
main(void)
{
	leases();
	heads();
	recalls();
	fences_free(&vms);
	return unit_done();
}
