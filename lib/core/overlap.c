/* SPDX-License-Identifier: ISC */
#include "core/overlap.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct seen {
	int64_t id;
	int64_t at;
};

struct overlap {
	int64_t floor, window_ms;
	size_t max;
	struct seen *seen; /* ascending by id, all above floor */
	size_t n, cap;
};

struct overlap *
overlap_new(int64_t floor, int64_t window_ms, size_t max)
{
	struct overlap *o = mem_calloc(1, sizeof(*o));

	o->floor = floor;
	o->window_ms = window_ms;
	o->max = max;
	return o;
}

void
overlap_free(struct overlap *o)
{
	if (!o)
		return;
	free(o->seen);
	free(o);
}

bool
overlap_see(struct overlap *o, int64_t id, int64_t now_ms)
{
	size_t lo = 0, hi = o->n;

	if (id <= o->floor)
		return false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (o->seen[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < o->n && o->seen[lo].id == id)
		return false;
	if (o->n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : 64;
		o->seen = mem_realloc(o->seen, o->cap, sizeof(*o->seen));
	}
	memmove(&o->seen[lo + 1], &o->seen[lo], (o->n - lo) * sizeof(*o->seen));
	o->seen[lo] = (struct seen){.id = id, .at = now_ms};
	o->n++;
	return true;
}

int64_t
overlap_settle(struct overlap *o, int64_t now_ms)
{
	size_t old = 0;

	while (old < o->n && (o->n - old > o->max ||
				 now_ms - o->seen[old].at >= o->window_ms))
		old++;
	if (old) {
		o->floor = o->seen[old - 1].id;
		o->n -= old;
		memmove(o->seen, o->seen + old, o->n * sizeof(*o->seen));
	}
	return o->floor;
}

int64_t
overlap_floor(const struct overlap *o)
{
	return o->floor;
}

int64_t
overlap_newest(const struct overlap *o)
{
	return o->n ? o->seen[o->n - 1].id : o->floor;
}
