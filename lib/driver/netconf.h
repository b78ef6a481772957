/* SPDX-License-Identifier: ISC */
/*
 * What a node's configuration says of its networks, from the environment:
 * CHIME_BUSINESS_IF and CHIME_STORAGE_IF, the interface, when it is not the
 * one that has the node's address; CHIME_BUSINESS_PEERS and
 * CHIME_STORAGE_PEERS, addresses to ask beside those the server names.
 */
#ifndef DRIVER_NETCONF_H
#define DRIVER_NETCONF_H

#include "driver/nets.h"

struct netconf {
	const char *interface[NETS_N]; /* or NULL; of the environment */
	struct nets_net more[NETS_N];  /* only the peers */
	char reason[256];              /* set when netconf_env returned -1 */
};

/*
 * Fills c. 0, or -1 with c->reason: the variable, what it was and what was
 * expected.
 */
int netconf_env(struct netconf *c);

#endif
