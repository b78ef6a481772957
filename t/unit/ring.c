/* SPDX-License-Identifier: ISC */
/* lib/core/ring: whom each host asks. */
#include "core/ring.h"

#include <stdlib.h>

#include "unit.h"

#define N   200
#define ASK 8

static char names[N][8];
static struct ring_peer peer[N];
static const struct ring_peer *out[ASK];

/* The ring of the hosts n000, n001, ... but one; -1: all of them. */
static size_t
make(int but)
{
	size_t n = 0;

	for (int i = 0; i < N; i++) {
		snprintf(names[i], sizeof(names[i]), "n%03d", i);
		if (i != but)
			peer[n++] = (struct ring_peer){
			    .name = names[i], .address = names[i]};
	}
	ring_sort(peer, n);
	return n;
}

static void
small(void)
{
	struct ring_peer p[] = {{.name = "b"}, {.name = "a"}};

	CHECK("an empty ring", ring_next(NULL, 0, "a", out, ASK) == 0);
	ring_sort(p, 2);
	CHECK("the other of two", ring_next(p, 2, "a", out, ASK) == 1 &&
				      unit_same(out[0]->name, "b"));
	CHECK("both, for one who is not on it",
	    ring_next(p, 2, "c", out, ASK) == 2);
	CHECK("nobody asks itself", ring_next(p, 1, p[0].name, out, ASK) == 0);
	CHECK("no more than wanted", ring_next(p, 2, "c", out, 1) == 1);
}

static void
spread(void)
{
	int asked[N] = {0}, by_name = 0, even = 1;

	make(-1);
	for (int i = 0; i < N; i++) {
		size_t n = ring_next(peer, N, names[i], out, ASK);

		for (size_t j = 0; j < n; j++) {
			int k = (int)strtol(out[j]->name + 1, NULL, 10);

			asked[k]++;
			by_name += k - i < ASK && i - k < ASK;
		}
	}
	for (int i = 0; i < N; i++)
		even = even && asked[i] == ASK;
	CHECK("each is asked by as many as it asks", even);
	/* 15 of 199 by chance: 8 % of 1600. */
	CHECK("few of them are neighbours by name", by_name < 300);
}

static void
changes(void)
{
	const char *before[ASK];
	int changed = 0;

	for (int i = 0; i < N; i++) {
		size_t n;

		if (i == 77)
			continue;
		make(-1);
		ring_next(peer, N, names[i], out, ASK);
		for (int j = 0; j < ASK; j++)
			before[j] = out[j]->name;
		n = make(77);
		ring_next(peer, n, names[i], out, ASK);
		for (int j = 0; j < ASK; j++)
			if (out[j]->name != before[j]) {
				changed++;
				break;
			}
	}
	CHECK("one that goes changes the lists of those that asked it",
	    changed == ASK);
}

int
main(void)
{
	small();
	spread();
	changes();
	return unit_done();
}
