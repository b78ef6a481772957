/* SPDX-License-Identifier: ISC */
/*
 * Reading a growing table by its ids when transactions commit in another
 * order than they took their ids in: the newest part is read again and again,
 * and what was seen before is left out. Pure.
 */
#ifndef CORE_OVERLAP_H
#define CORE_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct overlap;

/*
 * Ids up to floor count as seen. An id stays in the part that is read again
 * for window_ms after it was first seen, or until max newer ones are.
 */
struct overlap *overlap_new(int64_t floor, int64_t window_ms, size_t max);
void overlap_free(struct overlap *o);

/* Whether an id is seen for the first time; it is remembered. */
bool overlap_see(struct overlap *o, int64_t id, int64_t now_ms);

/*
 * A reading of all ids above overlap_floor is complete. The new floor, which
 * the next reading begins behind.
 */
int64_t overlap_settle(struct overlap *o, int64_t now_ms);

/* The id behind which a reading begins. */
int64_t overlap_floor(const struct overlap *o);

/* The greatest id seen. */
int64_t overlap_newest(const struct overlap *o);

#endif
