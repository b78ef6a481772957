/* SPDX-License-Identifier: ISC */
/* Telling an agent that there is something new for it. */
#ifndef API_NUDGE_H
#define API_NUDGE_H

#include <stdint.h>

/*
 * Sends "poll now" to the agent at a numeric address, once, without waiting
 * for anything: a nudge that is lost costs one heartbeat interval.
 */
void nudge(const char *ip, int64_t port);

#endif
