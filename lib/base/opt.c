/* SPDX-License-Identifier: ISC */
#include "base/opt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/num.h"
#include "base/rc.h"

#ifndef CHIME_VERSION
#define CHIME_VERSION "unknown"
#endif

void
opt_usage(const char *synopsis)
{
	fprintf(stderr, "usage: %s %s\nman %s has the whole story\n",
	    die_prog(), synopsis, die_prog());
	exit(RC_USAGE);
}

void
opt_version(void)
{
	printf("%s %s\n", die_prog(), CHIME_VERSION);
	if (fflush(stdout) == EOF)
		die(RC_TEMP, "stdout: cannot write");
	exit(RC_OK);
}

int64_t
opt_int(char letter, const char *arg, int64_t min, int64_t max)
{
	int64_t v;

	if (num_int(arg, min, max, &v) == -1)
		die(RC_USAGE,
		    "-%c %s: expected an integer from %" PRId64 " to %" PRId64,
		    letter, arg, min, max);
	return v;
}

int64_t
opt_span_ms(char letter, const char *arg, int64_t min, int64_t max)
{
	int64_t v;

	if (num_span_ms(arg, min, max, &v) == -1)
		die(RC_USAGE,
		    "-%c %s: expected a time from %" PRId64 "ms to %" PRId64
		    "ms, like 10s or 250ms",
		    letter, arg, min, max);
	return v;
}

const char *
opt_env(const char *name, const char *def)
{
	const char *v = getenv(name);

	return v && *v ? v : def;
}

const char *
opt_env_need(const char *name)
{
	const char *v = opt_env(name, NULL);

	if (!v)
		die(RC_USAGE,
		    "%s: not set; it belongs in /etc/chime/server.conf "
		    "or agent.conf, see chime(7)",
		    name);
	return v;
}

int64_t
opt_env_int(const char *name, int64_t def, int64_t min, int64_t max)
{
	const char *s = opt_env(name, NULL);
	int64_t v;

	if (!s)
		return def;
	if (num_int(s, min, max, &v) == -1)
		die(RC_USAGE,
		    "%s=%s: expected an integer from %" PRId64 " to %" PRId64,
		    name, s, min, max);
	return v;
}

int64_t
opt_env_span_ms(const char *name, int64_t def, int64_t min, int64_t max)
{
	const char *s = opt_env(name, NULL);
	int64_t v;

	if (!s)
		return def;
	if (num_span_ms(s, min, max, &v) == -1)
		die(RC_USAGE,
		    "%s=%s: expected a time from %" PRId64 "ms to %" PRId64
		    "ms, like 10s or 250ms",
		    name, s, min, max);
	return v;
}
