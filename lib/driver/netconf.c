/* SPDX-License-Identifier: ISC */
#include "driver/netconf.h"

#include <stdio.h>
#include <string.h>

#include "base/opt.h"
#include "os/net.h"
#include "os/reach.h"

static int
take_interface(struct netconf *c, int net, const char *name)
{
	const char *s = opt_env(name, NULL);

	c->interface[net] = s;
	if (!s || (strlen(s) < REACH_IF_SIZE && !strchr(s, '/')))
		return 0;
	snprintf(c->reason, sizeof(c->reason),
	    "%s=%.80s: expected the name of an interface, at most %d "
	    "characters",
	    name, s, REACH_IF_SIZE - 1);
	return -1;
}

static int
take_peers(struct netconf *c, int net, const char *name)
{
	const char *all = opt_env(name, ""), *s = all;
	struct nets_net *n = &c->more[net];

	for (size_t len; *s; s += len + (s[len] == ',')) {
		char one[NETS_ADDRESS_SIZE] = "";

		len = strcspn(s, ",");
		if (len < sizeof(one))
			snprintf(one, sizeof(one), "%.*s", (int)len, s);
		if (!net_is_ip(one) || n->n == NETS_PEERS) {
			snprintf(c->reason, sizeof(c->reason),
			    "%s=%.80s: expected at most %d numeric addresses "
			    "with commas between",
			    name, all, NETS_PEERS);
			return -1;
		}
		snprintf(n->peer[n->n++], NETS_ADDRESS_SIZE, "%s", one);
	}
	return 0;
}

int
netconf_env(struct netconf *c)
{
	static const char *const interface[] = {
	    "CHIME_BUSINESS_IF", "CHIME_STORAGE_IF"};
	static const char *const peers[] = {
	    "CHIME_BUSINESS_PEERS", "CHIME_STORAGE_PEERS"};

	memset(c, 0, sizeof(*c));
	for (int i = 0; i < NETS_N; i++)
		if (take_interface(c, i, interface[i]) == -1 ||
		    take_peers(c, i, peers[i]) == -1)
			return -1;
	return 0;
}
