/* SPDX-License-Identifier: ISC */
/* Where a packet would leave this machine, by the kernel's own answer. */
#ifndef OS_EGRESS_H
#define OS_EGRESS_H

#include <net/if.h>

/*
 * The interface through which the kernel would send to a numeric address, as
 * its routes and rules are now. 0, or -1 with errno: EINVAL for what is no
 * address, ENETUNREACH or the like when there is no way.
 */
int egress_of(const char *address, char name[static IF_NAMESIZE]);

#endif
