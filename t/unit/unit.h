/* SPDX-License-Identifier: ISC */
/*
 * Unit tests: each file in t/unit is a program whose main() says CHECK for
 * every fact and ends with `return unit_done();`. Output is TAP; exit 0 only
 * when at least one check was made and all held.
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <stdio.h>
#include <string.h>

/* cond must hold; name says what is then known to be true. */
#define CHECK(name, cond)                                                      \
	unit_check_at(name, (cond) ? 1 : 0, __FILE__, __LINE__)

static int unit_count, unit_failed;

static inline void
unit_check_at(const char *name, int ok, const char *file, int line)
{
	unit_count++;
	if (!ok) {
		unit_failed++;
		if (file)
			printf("# %s:%d\n", file, line);
	}
	printf("%s %d - %s\n", ok ? "ok" : "not ok", unit_count, name);
	/* A crash or a fork after this must neither lose nor repeat it. */
	fflush(stdout);
}

/* The same without the macro, for tables of cases. */
static inline void
unit_check(const char *name, int ok)
{
	unit_check_at(name, ok, NULL, 0);
}

/* Whether two strings are there and equal. */
static inline int
unit_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Prints the plan; the exit code of main. */
static inline int
unit_done(void)
{
	printf("1..%d\n", unit_count);
	return unit_count == 0 || unit_failed ? 1 : 0;
}

#endif
