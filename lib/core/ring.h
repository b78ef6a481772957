/* SPDX-License-Identifier: ISC */
/*
 * Whom of many hosts each one asks: those behind it on a ring that is ordered
 * by a hash of their names. So each is asked by as many as it asks; those it
 * asks are not its neighbours by name, which lose their power together; and
 * a host that comes or goes changes few lists. Pure.
 */
#ifndef CORE_RING_H
#define CORE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring_peer {
	const char *name; /* not owned; unique */
	const char *address;
	uint64_t place; /* set by ring_sort */
};

/* Puts n peers in the order of the ring. */
void ring_sort(struct ring_peer *p, size_t n);

/*
 * The peers behind the host of that name, itself left out, at most max of
 * them, into out; it need not be on the ring. How many there are.
 */
size_t ring_next(const struct ring_peer *p, size_t n, const char *name,
    const struct ring_peer **out, size_t max);

#endif
