/* SPDX-License-Identifier: ISC */
/* Telling an agent that there is something new for it. */
#ifndef API_NUDGE_H
#define API_NUDGE_H

#include <stdint.h>

/*
 * Sends "poll now" to the host's agent at a numeric address, once, signed with
 * the hash of its token (empty: it has none), without waiting for anything: a
 * nudge that is lost costs one heartbeat interval.
 */
void nudge(const char *host, const char *ip, int64_t port, const char *hash);

#endif
