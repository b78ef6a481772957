/* SPDX-License-Identifier: ISC */
/* lib/core/overlap: nothing twice, nothing lost. */
#include "core/overlap.h"

#include "unit.h"

#define WINDOW 1000

static void
late_commits(void)
{
	struct overlap *o = overlap_new(10, WINDOW, 100);

	CHECK("what is below the floor is old", !overlap_see(o, 10, 0));
	CHECK("the next one is new", overlap_see(o, 11, 0));
	CHECK("once", !overlap_see(o, 11, 0));
	CHECK("13 before 12", overlap_see(o, 13, 0));
	CHECK("the floor stays while they are young",
	    overlap_settle(o, 999) == 10 && overlap_newest(o) == 13);
	CHECK("12, late, is new", overlap_see(o, 12, 999));
	CHECK("11 and 13 are not",
	    !overlap_see(o, 11, 999) && !overlap_see(o, 13, 999));
	CHECK("the floor never passes what is young",
	    overlap_settle(o, 1000) == 11);
	CHECK("13 is still known above it", !overlap_see(o, 13, 1500));
	CHECK("in time all are settled", overlap_settle(o, 1999) == 13);
	CHECK("and known by the floor",
	    overlap_floor(o) == 13 && !overlap_see(o, 12, 2000));
	CHECK("the newest is the floor then", overlap_newest(o) == 13);
	overlap_free(o);
}

static void
bounded(void)
{
	struct overlap *o = overlap_new(0, WINDOW, 100);
	int fresh = 0;

	for (int id = 1; id <= 5000; id += 2)
		fresh += overlap_see(o, id, 0);
	CHECK("a backlog is all new", fresh == 2500);
	CHECK("of which only the newest is read again",
	    overlap_settle(o, 0) == 4999 - 200);
	for (int id = 4801; id <= 4999; id++)
		fresh += overlap_see(o, id, 1);
	CHECK("the gaps in it are filled once", fresh == 2500 + 99);
	overlap_free(o);
}

/* Every order in which five commits can come, a reading between any two. */
static void
every_order(void)
{
	int bad = 0, order[5];

	for (int code = 0; code < 5 * 5 * 5 * 5 * 5; code++) {
		struct overlap *o = overlap_new(0, WINDOW, 100);
		int seen[6] = {0}, used = 0;

		for (int i = 0, c = code; i < 5; i++, c /= 5) {
			order[i] = c % 5 + 1;
			used |= 1 << order[i];
		}
		for (int i = 0; used == 0x3e && i < 5; i++) {
			for (int id = 1; id <= 5; id++)
				for (int j = 0; j <= i; j++)
					if (order[j] == id &&
					    id > overlap_floor(o))
						seen[id] +=
						    overlap_see(o, id, i * 100);
			overlap_settle(o, i * 100);
		}
		for (int id = 1; used == 0x3e && id <= 5; id++)
			bad += seen[id] != 1;
		overlap_free(o);
	}
	CHECK("each exactly once, in every order", bad == 0);
}

int
main(void)
{
	late_commits();
	bounded();
	every_order();
	return unit_done();
}
