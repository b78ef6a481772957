/* SPDX-License-Identifier: ISC */
#include "base/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

static const char *prog = "chime";
static bool is_quiet, is_verbose;

void
die_name(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	if (slash)
		prog = slash + 1;
	else if (argv0 && *argv0)
		prog = argv0;
}

const char *
die_prog(void)
{
	return prog;
}

void
die_verbosity(bool quiet, bool verbose)
{
	is_quiet = quiet;
	is_verbose = verbose;
}

static void __attribute__((format(printf, 2, 0)))
say(const char *level, const char *fmt, va_list ap)
{
	char line[1024];
	int saved = errno;
	int n = snprintf(line, sizeof(line), "%s: %s: ", prog, level);
	size_t len = n < 0 ? 0 : (size_t)n;

	if (len < sizeof(line) - 1) {
		n = vsnprintf(line + len, sizeof(line) - len, fmt, ap);
		if (n > 0)
			len += (size_t)n;
	}
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	/*
	 * Terminal escapes in a peer's text must not reach the operator's
	 * terminal, and one message must stay one line of the log.
	 */
	utf8_clean(line, len);
	line[len++] = '\n';
	/* Nobody is left to tell when stderr fails. */
	while (write(STDERR_FILENO, line, len) == -1 && errno == EINTR)
		continue;
	errno = saved;
}

void
die(int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("error", fmt, ap);
	va_end(ap);
	exit(rc);
}

void
say_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("error", fmt, ap);
	va_end(ap);
}

void
say_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning", fmt, ap);
	va_end(ap);
}

void
say_info(const char *fmt, ...)
{
	va_list ap;

	if (is_quiet)
		return;
	va_start(ap, fmt);
	say("info", fmt, ap);
	va_end(ap);
}

void
say_debug(const char *fmt, ...)
{
	va_list ap;

	if (!is_verbose)
		return;
	va_start(ap, fmt);
	say("debug", fmt, ap);
	va_end(ap);
}
