/* SPDX-License-Identifier: ISC */
#include "base/die.h"

#include <signal.h>

#include "base/rc.h"
#include "child.h"
#include "unit.h"

static void
do_die(void *arg)
{
	die_name("/usr/bin/chime-x");
	die(*(int *)arg, "file %s: %d", "a", 7);
}

static void
do_levels(void *arg)
{
	(void)arg;
	die_name("p");
	say_error("e");
	say_warn("w");
	say_info("i");
	say_debug("d");
}

static void
do_quiet(void *arg)
{
	die_verbosity(true, false);
	do_levels(arg);
}

static void
do_verbose(void *arg)
{
	die_verbosity(false, true);
	do_levels(arg);
}

static void
do_say(void *arg)
{
	die_name("p");
	say_error("%s", (const char *)arg);
}

static void
do_errno(void *arg)
{
	(void)arg;
	errno = ENOSPC;
	close(2);
	say_error("nobody reads this");
	_exit(errno == ENOSPC ? 0 : 1);
}

static void
do_no_name(void *arg)
{
	die_name(arg);
	say_info("x");
}

static void
test_text(void)
{
	char big[5000];
	struct child c;

	child_run(&c, do_say, "a\nb\x1b[31m\x7f");
	CHECK("control characters", unit_same(c.err, "p: error: a?b?[31m?\n"));
	child_run(&c, do_say,
	    "\xc2\x9b"
	    "31m");
	CHECK("C1 control characters", unit_same(c.err, "p: error: ??31m\n"));
	child_run(&c, do_say, "\xe4\xb8\xad\xff");
	CHECK("UTF-8 stays, the rest does not",
	    unit_same(c.err, "p: error: \xe4\xb8\xad?\n"));
	child_run(&c, do_say, "");
	CHECK("empty", unit_same(c.err, "p: error: \n"));
	child_run(&c, do_say, "100%s%n");
	CHECK("no format in an argument",
	    unit_same(c.err, "p: error: 100%s%n\n"));
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	child_run(&c, do_say, big);
	CHECK("at most 1024 bytes", strlen(c.err) == 1024 - 1);
	CHECK("ends with a newline", c.err[strlen(c.err) - 1] == '\n');
	/* "p: error: " is 10 bytes: the last character is cut in two. */
	for (size_t i = 0; i + 3 < sizeof(big); i += 3)
		memcpy(big + i, "\xe4\xb8\xad", 3);
	child_run(&c, do_say, big);
	CHECK("no half character at the end",
	    c.err[strlen(c.err) - 2] == '?' ||
		!memcmp(c.err + strlen(c.err) - 4, "\xe4\xb8\xad", 3));
}

int
main(void)
{
	int codes[] = {RC_OK, RC_NO, RC_TIMEOUT, RC_USAGE, RC_BUG, RC_TEMP};
	char none[] = "";
	struct child c;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		child_run(&c, do_die, &codes[i]);
		CHECK("die's exit code", c.rc == codes[i]);
	}
	CHECK("die's message", unit_same(c.err, "chime-x: error: file a: 7\n"));
	CHECK("nothing on stdout", !*c.out);
	child_run(&c, do_levels, NULL);
	CHECK("levels",
	    unit_same(c.err, "p: error: e\np: warning: w\np: info: i\n"));
	child_run(&c, do_quiet, NULL);
	CHECK("-q", unit_same(c.err, "p: error: e\np: warning: w\n"));
	child_run(&c, do_verbose, NULL);
	CHECK(
	    "-v", unit_same(c.err,
		      "p: error: e\np: warning: w\np: info: i\np: debug: d\n"));
	child_run(&c, do_errno, NULL);
	CHECK("errno is kept, a closed stderr is survived", c.rc == 0);
	child_run(&c, do_no_name, NULL);
	CHECK("no argv[0]", unit_same(c.err, "chime: info: x\n"));
	child_run(&c, do_no_name, none);
	CHECK("empty argv[0]", unit_same(c.err, "chime: info: x\n"));
	test_text();
	return unit_done();
}
