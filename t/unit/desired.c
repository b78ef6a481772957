/* SPDX-License-Identifier: ISC */
/* driver/desired: what is taken in, what is refused and why. */
#include "driver/desired.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#include "unit.h"

#define BOOT "0e5b2a9c-5f43-4f0e-8a55-3c9e0a6b7d10"
#define VM1  "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c01"
#define VM2  "a0000000-6a2c-4b6e-9d55-0f8f7e3a9c02"
#define HOST                                                                   \
	"{\"type\":\"host\",\"ts\":\"x\",\"host\":\"n1\",\"boot\":\"" BOOT     \
	"\",\"admin\":\"disabled\",\"desired_rev\":\"0123456789abcdef\"}\n"
#define HEAD(uuid)                                                             \
	"{\"type\":\"vm\",\"ts\":\"x\",\"vm\":\"" uuid "\",\"host\":\"n1\","   \
	"\"name\":\"web\",\"want\":\"running\",\"wish\":3,\"vcpus\":1,"        \
	"\"memory_mib\":16"
#define PLAIN(uuid) HEAD(uuid) "}\n"

struct heard {
	int bad, other;
	int64_t line;
	char reason[200];
};

static void
bad(int64_t line, const char *reason, void *arg)
{
	struct heard *h = arg;

	h->bad++;
	h->line = line;
	snprintf(h->reason, sizeof(h->reason), "%s", reason);
}

static void
other(const char *line, size_t len, void *arg)
{
	struct heard *h = arg;

	(void)line;
	h->other += len > 0;
}

static struct heard
parse(struct desired *d, const char *text)
{
	struct heard h = {0};
	struct desired_sink sink = {.bad = bad, .other = other, .arg = &h};
	char *copy = mem_strdup(text);

	desired_parse(d, copy, strlen(copy), &sink);
	free(copy);
	return h;
}

/* text is refused as a whole line, and the reason names what. */
static void
refuses(const char *what, const char *text)
{
	struct desired d;
	struct heard h = parse(&d, text);

	if (h.bad != 1 || !strstr(h.reason, what))
		printf("# %d: %s\n", h.bad, h.reason);
	unit_check(what, h.bad == 1 && strstr(h.reason, what) && d.n == 0);
	desired_free(&d);
}

static void
test_good(void)
{
	const struct desired_vm *vm;
	struct desired d;
	struct heard h;

	h = parse(&d,
	    HOST HEAD(
		VM2) ",\"restart\":\"always\",\"grace_ms\":0,"
		     "\"new\":1,\"spec\":{\"disks\":[{\"path\":\"/a.img\","
		     "\"format\":\"qcow2\",\"shared\":true},{\"path\":\"/b\","
		     "\"device\":\"cdrom\",\"readonly\":true}],\"nics\":"
		     "[{\"bridge\":\"br0\",\"mac\":\"52:54:00:00:00:01\"}]}}\n"
		     "{\"type\":\"later\",\"x\":1}\n" PLAIN(VM1));
	CHECK("nothing refused", h.bad == 0);
	CHECK("another type passed on", h.other == 1);
	CHECK("the host", d.host && unit_same(d.name, "n1") &&
			      unit_same(d.boot, BOOT) &&
			      d.admin == PLAN_DISABLED &&
			      unit_same(d.rev, "0123456789abcdef"));
	CHECK("two, sorted", d.n == 2 && unit_same(d.vm[0]->uuid, VM1));
	vm = desired_find(&d, VM1);
	CHECK("defaults", vm && vm->restart == PLAN_ON_FAILURE &&
			      vm->grace_ms == 30000 && vm->generation == 1 &&
			      vm->ndisk == 0 && vm->nnic == 0);
	vm = desired_find(&d, VM2);
	CHECK("given", vm && vm->restart == PLAN_ALWAYS && vm->grace_ms == 0 &&
			   vm->wish == 3 && vm->ndisk == 2 && vm->nnic == 1);
	CHECK("disks",
	    vm && unit_same(vm->disk[0].format, "qcow2") &&
		vm->disk[0].device == DOMXML_DISK && !vm->disk[0].readonly &&
		unit_same(vm->disk[1].format, "raw") &&
		vm->disk[1].device == DOMXML_CDROM && vm->disk[1].readonly);
	CHECK("none of another uuid", !desired_find(&d, BOOT));
	desired_free(&d);
}

static void
test_bad(void)
{
	struct desired d;
	struct heard h;

	h = parse(&d, "");
	CHECK("empty: no host, nothing refused", !d.host && h.bad == 0);
	desired_free(&d);
	h = parse(&d, HOST "{\"type\":\"vm\n" PLAIN(VM1));
	CHECK("a bad line in the middle is one line",
	    h.bad == 1 && h.line == 2 && d.host && d.n == 1);
	desired_free(&d);
	h = parse(&d, HOST HOST);
	CHECK("a second host line", h.bad == 1 && h.line == 2 && d.host);
	desired_free(&d);
	h = parse(&d, PLAIN(VM1) PLAIN(VM2) PLAIN(VM1));
	CHECK("a VM named twice counts not at all",
	    h.bad == 1 && h.line == 3 && d.n == 1 && strstr(h.reason, VM1));
	desired_free(&d);
	refuses("host", "{\"type\":\"host\",\"host\":\"N 1\"}");
	refuses("boot", "{\"type\":\"host\",\"host\":\"n1\",\"boot\":\"x\"}");
	refuses("type", "{\"x\":1}");
	refuses("vm", PLAIN("not-a-uuid"));
	refuses("want", "{\"type\":\"vm\",\"vm\":\"" VM1 "\",\"name\":\"a\","
			"\"want\":\"up\"}");
	refuses(
	    "name", "{\"type\":\"vm\",\"vm\":\"" VM1 "\",\"name\":\"a/b\"}");
	refuses("restart", HEAD(VM1) ",\"restart\":\"maybe\"}");
	refuses("grace_ms", HEAD(VM1) ",\"grace_ms\":-1}");
	refuses("path", HEAD(VM1) ",\"spec\":{\"disks\":[{}]}}");
	refuses("path", HEAD(VM1) ",\"spec\":{\"disks\":[{\"path\":\"a\"}]}}");
	refuses(
	    "path", HEAD(VM1) ",\"spec\":{\"disks\":[{\"path\":\"/a\\nb\"}]}}");
	refuses("format", HEAD(VM1) ",\"spec\":{\"disks\":[{\"path\":\"/a\","
				    "\"format\":\"vmdk\"}]}}");
	refuses("disks", HEAD(VM1) ",\"spec\":{\"disks\":{}}}");
	refuses("disks", HEAD(VM1) ",\"spec\":{\"disks\":[1]}}");
	refuses("disks", HEAD(VM1) ",\"spec\":{\"disks\":[1,1,1,1,1,1,1,1,1,1,"
				   "1,1,1,1,1,1,1]}}");
	refuses("bridge", HEAD(VM1) ",\"spec\":{\"nics\":[{}]}}");
	refuses(
	    "bridge", HEAD(VM1) ",\"spec\":{\"nics\":[{\"bridge\":\"a b\"}]}}");
	refuses("mac", HEAD(VM1) ",\"spec\":{\"nics\":[{\"bridge\":\"br0\","
				 "\"mac\":\"ff:00:00:00:00:00\"}]}}");
	refuses("spec", HEAD(VM1) ",\"spec\":1}");
}

static void
test_long(void)
{
	size_t n = 70000;
	char *line = mem_calloc(1, n + sizeof(PLAIN(VM1)) + 2);
	struct desired d;
	struct heard h;

	memset(line, ' ', n);
	snprintf(line + n, sizeof(PLAIN(VM1)) + 1, "\n%s", PLAIN(VM1));
	h = parse(&d, line);
	CHECK("a line over the bound is one line",
	    h.bad == 1 && h.line == 1 && d.n == 1);
	desired_free(&d);
	free(line);
}

static void
test_xml(void)
{
	char why[DESIRED_WHY_SIZE];
	struct desired d;
	struct buf b;

	parse(&d, PLAIN(VM1));
	buf_init(&b, 65536);
	CHECK("domain XML with the console in its folder",
	    desired_xml(d.vm[0], "qemu", "/log", &b, why) == 0 &&
		strstr(b.data, "'/log/" VM1 ".log'"));
	buf_free(&b);
	desired_free(&d);
}

static void
test_import(void)
{
	char why[DESIRED_WHY_SIZE] = "";
	struct desired d;
	struct buf b;

	parse(&d, HEAD(VM1) ",\"spec\":{\"xml\":\"<domain type='kvm'><title>x"
			    "</title></domain>\"}}\n");
	buf_init(&b, 65536);
	CHECK("an imported domain is what it was, with chime's mark",
	    desired_xml(d.vm[0], "qemu", "/log", &b, why) == 0 &&
		strstr(b.data, "<title>x</title>") &&
		strstr(b.data, "<name>web</name>") &&
		strstr(b.data, "<uuid>" VM1 "</uuid>") &&
		strstr(b.data, "type=\"qemu\"") &&
		strstr(b.data, "xmlns:chime=\"urn:chime:vm\" wish=\"3\""));
	buf_free(&b);
	desired_free(&d);
	parse(&d, HEAD(VM1) ",\"spec\":{\"xml\":\"<a>\"}}\n");
	CHECK("what is no XML is refused with a reason",
	    desired_xml(d.vm[0], "qemu", "/log", &b, why) == -1 &&
		strstr(why, "no XML"));
	buf_free(&b);
	desired_free(&d);
}

int
main(void)
{
	test_good();
	test_bad();
	test_long();
	test_xml();
	test_import();
	return unit_done();
}
