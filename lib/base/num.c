/* SPDX-License-Identifier: ISC */
#include "base/num.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* strtoll without its leniency: no leading blanks, '+' or 0x. */
static int
parse(const char *s, int64_t *out, const char **end)
{
	const char *digits = s + (*s == '-');
	char *e;

	if (*digits < '0' || *digits > '9') {
		errno = EINVAL;
		return -1;
	}
	errno = 0;
	*out = strtoll(s, &e, 10);
	*end = e;
	return errno ? -1 : 0;
}

static int
in_range(int64_t v, int64_t min, int64_t max, int64_t *out)
{
	if (v < min || v > max) {
		errno = ERANGE;
		return -1;
	}
	*out = v;
	return 0;
}

int
num_int(const char *s, int64_t min, int64_t max, int64_t *out)
{
	const char *end;
	int64_t v;

	if (parse(s, &v, &end) == -1)
		return -1;
	if (*end) {
		errno = EINVAL;
		return -1;
	}
	return in_range(v, min, max, out);
}

int
num_span_ms(const char *s, int64_t min, int64_t max, int64_t *out)
{
	static const struct {
		const char *suffix;
		int64_t ms;
	} units[] = {
	    {"ms", 1},
	    {"s", 1000},
	    {"", 1000},
	    {"m", 60000},
	    {"h", 3600000},
	};
	const char *end;
	int64_t v;

	if (parse(s, &v, &end) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].suffix) != 0)
			continue;
		if (v > INT64_MAX / units[i].ms ||
		    v < INT64_MIN / units[i].ms) {
			errno = ERANGE;
			return -1;
		}
		return in_range(v * units[i].ms, min, max, out);
	}
	errno = EINVAL;
	return -1;
}
