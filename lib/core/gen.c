/* SPDX-License-Identifier: ISC */
#include "core/gen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct gen
gen_counted(int64_t n)
{
	struct gen g = {0};

	if (n > 0) {
		g.inc = 1;
		g.n = (uint64_t)n;
	}
	return g;
}

int
gen_cmp(struct gen a, struct gen b)
{
	if (a.inc != b.inc)
		return a.inc < b.inc ? -1 : 1;
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	if (a.hop != b.hop)
		return a.hop < b.hop ? -1 : 1;
	return 0;
}

struct gen
gen_max(struct gen a, struct gen b)
{
	return gen_cmp(a, b) < 0 ? b : a;
}

bool
gen_none(struct gen g)
{
	return g.inc == 0;
}

struct gen
gen_hop(struct gen g, struct gen floor)
{
	uint32_t hop = g.hop;

	/* Another (incarnation, counter) is above or below whatever the hop. */
	if (floor.inc == g.inc && floor.n == g.n && floor.hop > hop)
		hop = floor.hop;
	g.hop = hop + 1;
	return g;
}

void
gen_format(struct gen g, char text[static GEN_SIZE])
{
	(void)snprintf(text, GEN_SIZE, "%" PRIu64 ".%" PRIu64 ".%" PRIu32,
	    g.inc, g.n, g.hop);
}

/* One decimal number without sign or leading zeros, up to max. */
static int
digits(const char **s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0, d;
	const char *p = *s;

	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return -1;
	for (; *p >= '0' && *p <= '9'; p++) {
		d = (uint64_t)(*p - '0');
		if (v > (max - d) / 10)
			return -1;
		v = v * 10 + d;
	}
	*s = p;
	*out = v;
	return 0;
}

int
gen_parse(const char *text, struct gen *g)
{
	uint64_t hop;

	if (digits(&text, UINT64_MAX, &g->inc) == -1 || *text++ != '.' ||
	    digits(&text, UINT64_MAX, &g->n) == -1 || *text++ != '.' ||
	    digits(&text, UINT32_MAX, &hop) == -1 || *text != '\0') {
		memset(g, 0, sizeof(*g));
		errno = EINVAL;
		return -1;
	}
	g->hop = (uint32_t)hop;
	return 0;
}

enum inc_order
inc_order(struct inc a, struct inc b)
{
	if (a.number != b.number)
		return b.number < a.number ? INC_LOWER : INC_HIGHER;
	return a.nonce == b.nonce ? INC_SAME : INC_DIFFERS;
}

bool
inc_same(struct inc a, struct inc b)
{
	return a.number != 0 && inc_order(a, b) == INC_SAME;
}
