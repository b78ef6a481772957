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

/* Takes stdin from a pipe with this text in it, open or ended. */
static void
stdin_of(const char *text, bool open)
{
	int p[2];

	if (pipe(p) == -1 || write(p[1], text, strlen(text)) == -1)
		_exit(98);
	dup2(p[0], 0);
	if (!open)
		close(p[1]);
}

static int
work(json_t *rec, struct json_reason *why, void *arg)
{
	int *n = arg;
	int64_t no = 0;

	if (json_get_int(rec, "no", 0, 9, &no, why) == -1)
		return -1;
	*n = *n * 10 + (int)no;
	return 0;
}

static void
turn(const char *text, bool open, size_t room)
{
	int n = 0;
	struct filter f = {.type = "w", .work = work, .arg = &n};

	stdin_of(text, open);
	filter_init(&f, 200);
	room = filter_turn(&f, true, room);
	printf("n=%d room=%zu refused=%d eof=%d\n", n, room, f.refused, f.eof);
	fflush(stdout);
	filter_free(&f);
}

#define W(no) "{\"type\":\"w\",\"no\":" no "}\n"
#define TICK  "{\"type\":\"tick\"}\n"
#define OTHER "{\"type\":\"o\"}\n"

static void
turns(void *arg)
{
	(void)arg;
	turn(OTHER W("1") "x\n" W("99") W("2") "\n" TICK OTHER, true, 5);
}

static void
too_much(void *arg)
{
	(void)arg;
	turn(W("1") W("99") W("2") W("3") OTHER, true, 2);
}

static void
ended(void *arg)
{
	struct filter f = {.type = "w"};

	(void)arg;
	stdin_of(TICK, false);
	filter_init(&f, 200);
	filter_turn(&f, true, 1);
	filter_turn(&f, true, 1);
}

static void
hung(void *arg)
{
	struct filter f = {.type = "w"};

	(void)arg;
	stdin_of(TICK, true);
	filter_init(&f, 200);
	filter_turn(&f, true, 1);
	f.tick.last_ms -= f.tick.limit_ms + 1;
	filter_turn(&f, false, 0); /* busy: not looked for */
	filter_pass("busy", 4);
	filter_turn(&f, false, 1);
}

static void
stage(void)
{
	struct child c;

	child_run(&c, turns, NULL);
	CHECK("its own records are work, the others pass, bad ones do not end",
	    c.rc == 99 && strncmp(c.out, OTHER, strlen(OTHER)) == 0 &&
		strstr(c.out, "\"line\":3,") && strstr(c.out, "\"line\":4,") &&
		strstr(c.out, TICK OTHER) &&
		strstr(c.out, "n=12 room=3 refused=1 eof=0\n"));
	child_run(&c, too_much, NULL);
	CHECK("no more work than there is room",
	    c.rc == 99 && strstr(c.out, "n=12 room=0") &&
		!strstr(c.out, "\"o\""));
	child_run(&c, ended, NULL);
	CHECK("a standing pipe that ends",
	    c.rc == 111 && strstr(c.err, "the stage before has ended"));
	child_run(&c, hung, NULL);
	CHECK("a standing pipe without a tick, once there is room",
	    c.rc == 111 && strstr(c.out, "busy\n") &&
		strstr(c.err, "no tick for"));
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
	stage();
	return unit_done();
}
