/* SPDX-License-Identifier: ISC */
#include "base/opt.h"

#include <stdint.h>

#include "base/die.h"
#include "base/rc.h"
#include "child.h"
#include "unit.h"

#define NAME "CHIME_UNIT"

static void
do_usage(void *arg)
{
	opt_usage(arg);
}

static void
do_version(void *arg)
{
	(void)arg;
	opt_version();
}

static void
do_version_full(void *arg)
{
	(void)arg;
	if (!freopen("/dev/full", "w", stdout))
		_exit(98);
	opt_version();
}

static void
do_int(void *arg)
{
	_exit((int)opt_int('w', arg, 1, 32));
}

static void
do_span(void *arg)
{
	_exit((int)opt_span_ms('i', arg, 1, 200));
}

static void
do_need(void *arg)
{
	(void)arg;
	_exit(unit_same(opt_env_need(NAME), "5") ? 0 : 1);
}

static void
do_env_int(void *arg)
{
	(void)arg;
	_exit((int)opt_env_int(NAME, 7, 1, 32));
}

static void
do_env_span(void *arg)
{
	(void)arg;
	_exit((int)opt_env_span_ms(NAME, 7, 1, 200));
}

/* Whether the message has all of what a person needs: name, value, range. */
static int
tells(const struct child *c, const char *a, const char *b, const char *range)
{
	return c->rc == RC_USAGE && strstr(c->err, a) && strstr(c->err, b) &&
	       strstr(c->err, range) && !*c->out;
}

static void
test_options(void)
{
	struct child c;

	child_run(&c, do_usage, "[-n] FILE");
	CHECK("usage", c.rc == RC_USAGE && !*c.out &&
			   strstr(c.err, "usage: p [-n] FILE\n"));
	child_run(&c, do_version, NULL);
	CHECK("version",
	    c.rc == RC_OK && strncmp(c.out, "p ", 2) == 0 && !*c.err);
	child_run(&c, do_version_full, NULL);
	CHECK("version on a full disk", c.rc == RC_TEMP && *c.err);
	child_run(&c, do_int, "32");
	CHECK("integer", c.rc == 32);
	child_run(&c, do_int, "33");
	CHECK("integer out of range", tells(&c, "-w", "33", "from 1 to 32"));
	child_run(&c, do_int, "");
	CHECK("no integer", c.rc == RC_USAGE);
	child_run(&c, do_span, "50ms");
	CHECK("span", c.rc == 50);
	child_run(&c, do_span, "1s");
	CHECK("span out of range", tells(&c, "-i", "1s", "from 1ms to 200ms"));
}

static void
test_env(void)
{
	struct child c;

	unsetenv(NAME);
	CHECK("unset", unit_same(opt_env(NAME, "d"), "d"));
	child_run(&c, do_need, NULL);
	CHECK("needed and unset", tells(&c, NAME, "not set", "chime(7)"));
	child_run(&c, do_env_int, NULL);
	CHECK("default integer", c.rc == 7);
	setenv(NAME, "", 1);
	CHECK("empty is unset", unit_same(opt_env(NAME, "d"), "d"));
	child_run(&c, do_need, NULL);
	CHECK("needed and empty", c.rc == RC_USAGE);
	child_run(&c, do_env_span, NULL);
	CHECK("default span", c.rc == 7);
	setenv(NAME, "5", 1);
	CHECK("set", unit_same(opt_env(NAME, "d"), "5"));
	child_run(&c, do_need, NULL);
	CHECK("needed and set", c.rc == 0);
	child_run(&c, do_env_int, NULL);
	CHECK("integer of the environment", c.rc == 5);
	child_run(&c, do_env_span, NULL);
	CHECK("5 is 5 s: out of range",
	    tells(&c, NAME, "=5:", "from 1ms to 200ms"));
	setenv(NAME, "0", 1);
	child_run(&c, do_env_int, NULL);
	CHECK("integer out of range", tells(&c, NAME, "=0:", "from 1 to 32"));
	setenv(NAME, "nonsense", 1);
	child_run(&c, do_env_int, NULL);
	CHECK("no integer", tells(&c, NAME, "nonsense", "from 1 to 32"));
}

int
main(void)
{
	die_name("p");
	test_options();
	test_env();
	return unit_done();
}
