/* SPDX-License-Identifier: ISC */
/* lib/line/filter: lines passed on as they came, and lines refused. */
#include "line/filter.h"

#include "child.h"
#include "unit.h"

static void
pass(void *arg)
{
	const char *line = arg;

	filter_pass(line, strlen(line));
	filter_pass("", 0);
}

static void
refuse(void *arg)
{
	(void)arg;
	filter_refuse(7, "no \"good\"");
}

static void
pass_full(void *arg)
{
	dup2(open("/dev/full", O_WRONLY), 1);
	pass(arg);
}

int
main(void)
{
	char line[] = "{ \"type\":\"x\", \"n\":1.50 } \xff";
	struct child c;

	child_run(&c, pass, line);
	CHECK("a line passes byte by byte, with a newline",
	    c.rc == 99 &&
		unit_same(c.out, "{ \"type\":\"x\", \"n\":1.50 } \xff\n\n"));
	child_run(&c, refuse, NULL);
	CHECK("a refusal is an error record",
	    c.rc == 99 && strstr(c.out, "{\"type\":\"error\",\"ts\":\"") &&
		strstr(c.out, "\"line\":7,\"reason\":\"no \\\"good\\\"\"}\n"));
	child_run(&c, pass_full, line);
	CHECK("what cannot be written ends the program with 111",
	    c.rc == 111 && strstr(c.err, "stdout: cannot write"));
	return unit_done();
}
