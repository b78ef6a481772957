/* SPDX-License-Identifier: ISC */
#include "api/page.h"

#include <stdio.h>

#include "base/clk.h"

struct reading {
	struct api *a;
	const struct page_of *of;
};

static int
read_list(struct db *db, void *arg)
{
	const struct reading *g = arg;
	struct api *a = g->a;
	char ts[CLK_TS_SIZE], key[API_KEY_SIZE] = "";
	const char *after;
	int64_t limit, n = 0;
	bool room = true;
	int r = 1;

	api_again(a);
	if (api_page(a, &limit, &after))
		return 1;
	/* Keys are ASCII, and so must be what they are compared with. */
	for (const char *p = after; *p; p++)
		if (*p & 0x80)
			return api_bad(a, "after: expected what `next` said");
	clk_ts(ts);
	if (g->of->open(db, NULL, after, limit + 1) == -1)
		return -1;
	while (n < limit && room && r == 1) {
		size_t before = a->out->len;

		api_row(a);
		r = g->of->row(db, ts, a->out, key);
		if (r == 1)
			room = api_row_end(a);
		else
			a->out->len = before;
		n += r == 1;
	}
	/* The row too many says that there is a next page. */
	if (r == 1)
		r = db_next(db);
	if (r == 1)
		snprintf(a->next, sizeof(a->next), "%s", key);
	db_done(db);
	return r == -1 ? -1 : 0;
}

int
page_list(struct api *a, const struct page_of *of)
{
	struct reading g = {.a = a, .of = of};

	return db_read(a->db, read_list, &g);
}

int
page_one(struct api *a, const struct page_of *of, const char *key)
{
	char ts[CLK_TS_SIZE], name[API_KEY_SIZE];
	int r;

	clk_ts(ts);
	if (of->open(a->db, key, "", 1) == -1)
		return -1;
	api_result(a);
	r = of->row(a->db, ts, a->out, name);
	db_done(a->db);
	return r;
}
