/* SPDX-License-Identifier: ISC */
#include "base/num.h"

#include <errno.h>
#include <stdint.h>

#include "unit.h"

static const struct {
	const char *text;
	int64_t min, max;
	int err; /* 0 = good */
	int64_t value;
} ints[] = {
    {"0", 0, 0, 0, 0},
    {"42", 0, 100, 0, 42},
    {"-42", -100, 0, 0, -42},
    {"007", 0, 10, 0, 7},
    {"9223372036854775807", 0, INT64_MAX, 0, INT64_MAX},
    {"-9223372036854775808", INT64_MIN, 0, 0, INT64_MIN},
    {"9223372036854775808", 0, INT64_MAX, ERANGE, 0},
    {"-9223372036854775809", INT64_MIN, 0, ERANGE, 0},
    {"99999999999999999999999", INT64_MIN, INT64_MAX, ERANGE, 0},
    {"11", 0, 10, ERANGE, 0},
    {"-1", 0, 10, ERANGE, 0},
    {"", 0, 10, EINVAL, 0},
    {"-", -10, 10, EINVAL, 0},
    {"--1", -10, 10, EINVAL, 0},
    {"+1", 0, 10, EINVAL, 0},
    {" 1", 0, 10, EINVAL, 0},
    {"1 ", 0, 10, EINVAL, 0},
    {"1\n", 0, 10, EINVAL, 0},
    {"0x1", 0, 10, EINVAL, 0},
    {"1e1", 0, 10, EINVAL, 0},
    {"1.0", 0, 10, EINVAL, 0},
    {"a", 0, 10, EINVAL, 0},
};

static const struct {
	const char *text;
	int err;
	int64_t ms;
} spans[] = {
    {"10s", 0, 10000},
    {"250ms", 0, 250},
    {"5", 0, 5000},
    {"2m", 0, 120000},
    {"1h", 0, 3600000},
    {"0", 0, 0},
    {"2h", ERANGE, 0},
    {"-1s", ERANGE, 0},
    {"9223372036854775807h", ERANGE, 0},
    {"-9223372036854775807h", ERANGE, 0},
    {"9223372036854775808ms", ERANGE, 0},
    {"", EINVAL, 0},
    {"s", EINVAL, 0},
    {"1 s", EINVAL, 0},
    {"1S", EINVAL, 0},
    {"1sec", EINVAL, 0},
    {"1.5s", EINVAL, 0},
    {"1d", EINVAL, 0},
};

int
main(void)
{
	int64_t v;
	int r;

	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		v = 12345;
		errno = 0;
		r = num_int(ints[i].text, ints[i].min, ints[i].max, &v);
		unit_check(ints[i].text,
		    ints[i].err ? r == -1 && errno == ints[i].err && v == 12345
				: r == 0 && v == ints[i].value);
	}
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		v = 12345;
		errno = 0;
		r = num_span_ms(spans[i].text, 0, 3600000, &v);
		unit_check(spans[i].text,
		    spans[i].err
			? r == -1 && errno == spans[i].err && v == 12345
			: r == 0 && v == spans[i].ms);
	}
	return unit_done();
}
