/* SPDX-License-Identifier: ISC */
#include "core/ring.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a; its high bits hardly know the last letters, so they are mixed. */
static uint64_t
place_of(const char *name)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3;
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15;
	return h ^ h >> 29;
}

static int
compare(const void *a, const void *b)
{
	const struct ring_peer *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return strcmp(x->name, y->name);
}

void
ring_sort(struct ring_peer *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i].place = place_of(p[i].name);
	if (n)
		qsort(p, n, sizeof(*p), compare);
}

size_t
ring_next(const struct ring_peer *p, size_t n, const char *name,
    const struct ring_peer **out, size_t max)
{
	const struct ring_peer self = {.name = name, .place = place_of(name)};
	size_t lo = 0, hi = n, found = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare(&p[mid], &self) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = 0; i < n && found < max; i++) {
		const struct ring_peer *q = &p[(lo + i) % n];

		if (strcmp(q->name, name) != 0)
			out[found++] = q;
	}
	return found;
}
