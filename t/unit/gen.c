/* SPDX-License-Identifier: ISC */
/* lib/core/gen: the order of generations and incarnations, and their text. */
#include "core/gen.h"

#include <errno.h>

#include "unit.h"

static const struct {
	const char *text;
	struct gen gen;
} texts[] = {
    {"1.2.3", {1, 2, 3}},
    {"0.0.0", {0, 0, 0}},
    {"18446744073709551615.18446744073709551615.4294967295",
	{UINT64_MAX, UINT64_MAX, UINT32_MAX}},
};

static const char *const wrong[] = {"", "1", "1.2", "1.2.3.4", "1.2.3 ",
    " 1.2.3", "+1.2.3", "-1.2.3", "1..3", "01.2.3", "1.2.03", "a.2.3",
    "18446744073709551616.0.0", "1.2.4294967296", "1.2.x"};

/* Each is below the next. */
static const struct gen rising[] = {{0, 0, 0}, {1, 0, 0}, {1, 0, 1}, {1, 1, 0},
    {1, 1, 7}, {1, 2, 0}, {2, 0, 0}, {2, 0, 1}};

static const struct {
	struct inc a, b;
	enum inc_order order;
} orders[] = {
    {{1, 5}, {1, 5}, INC_SAME},
    {{1, 5}, {1, 6}, INC_DIFFERS},
    {{1, 5}, {2, 5}, INC_HIGHER},
    {{2, 5}, {1, 9}, INC_LOWER},
    {{0, 0}, {1, 9}, INC_HIGHER},
};

static void
text(void)
{
	char out[GEN_SIZE];
	struct gen g;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		gen_format(texts[i].gen, out);
		CHECK(texts[i].text, unit_same(out, texts[i].text) &&
					 gen_parse(out, &g) == 0 &&
					 gen_cmp(g, texts[i].gen) == 0);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		errno = 0;
		g = (struct gen){1, 1, 1};
		CHECK(wrong[i], gen_parse(wrong[i], &g) == -1 &&
				    errno == EINVAL && gen_none(g));
	}
}

static void
order(void)
{
	size_t n = sizeof(rising) / sizeof(rising[0]), i, k;
	int ok = 1;

	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++) {
			int c = gen_cmp(rising[i], rising[k]);

			ok = ok && (i < k ? c < 0 : i > k ? c > 0 : c == 0);
			ok = ok && gen_cmp(gen_max(rising[i], rising[k]),
				       rising[i > k ? i : k]) == 0;
		}
	CHECK("generations are ordered lexicographically", ok);
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		CHECK("the order of two incarnations",
		    inc_order(orders[i].a, orders[i].b) == orders[i].order);
	CHECK("an unknown incarnation is the same as none",
	    !inc_same((struct inc){0, 0}, (struct inc){0, 0}));
}

static void
hops(void)
{
	struct gen g = {3, 4, 1};

	CHECK("a hop is one above", gen_cmp(gen_hop(g, (struct gen){0, 0, 0}),
					(struct gen){3, 4, 2}) == 0);
	CHECK("and above a hop that was taken back",
	    gen_cmp(gen_hop(g, (struct gen){3, 4, 7}), (struct gen){3, 4, 8}) ==
		0);
	CHECK("hops of another counter do not count",
	    gen_cmp(gen_hop(g, (struct gen){3, 3, 7}), (struct gen){3, 4, 2}) ==
		0);
}

int
main(void)
{
	text();
	order();
	hops();
	return unit_done();
}
