/* SPDX-License-Identifier: ISC */
/* lib/driver/netconf: interfaces and more peers from the environment. */
#include "driver/netconf.h"

#include <stdlib.h>

#include "unit.h"

static struct netconf conf;

/* Whether the one variable is refused, with its name and value. */
static int
refused(const char *name, const char *value)
{
	int r;

	setenv(name, value, 1);
	r = netconf_env(&conf) == -1 && strstr(conf.reason, name) &&
	    strstr(conf.reason, "expected");
	unsetenv(name);
	return r;
}

int
main(void)
{
	CHECK("nothing is needed", netconf_env(&conf) == 0 &&
				       !conf.interface[NETS_BUSINESS] &&
				       !conf.more[NETS_STORAGE].n);
	setenv("CHIME_STORAGE_IF", "bond0.100", 1);
	setenv("CHIME_BUSINESS_PEERS", "192.0.2.1", 1);
	setenv("CHIME_STORAGE_PEERS", "192.0.2.1,2001:db8::1", 1);
	CHECK("all of it", netconf_env(&conf) == 0 &&
			       conf.more[NETS_BUSINESS].n == 1 &&
			       conf.more[NETS_STORAGE].n == 2);
	CHECK("an interface",
	    unit_same(conf.interface[NETS_STORAGE], "bond0.100") &&
		!conf.interface[NETS_BUSINESS]);
	CHECK(
	    "peers", unit_same(conf.more[NETS_STORAGE].peer[1], "2001:db8::1"));
	setenv("CHIME_STORAGE_PEERS", "", 1);
	CHECK("an empty one is none",
	    netconf_env(&conf) == 0 && conf.more[NETS_STORAGE].n == 0);
	unsetenv("CHIME_STORAGE_PEERS");
	unsetenv("CHIME_STORAGE_IF");
	CHECK("a name that is too long",
	    refused("CHIME_BUSINESS_IF", "sixteen-letters-"));
	CHECK("or a path", refused("CHIME_STORAGE_IF", "a/b"));
	CHECK("a name for an address", refused("CHIME_STORAGE_PEERS", "san"));
	CHECK("nothing between commas",
	    refused("CHIME_STORAGE_PEERS", "192.0.2.1,,192.0.2.2"));
	CHECK("too many",
	    refused("CHIME_BUSINESS_PEERS",
		"192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4,192.0.2.5,192.0.2.6,"
		"192.0.2.7,192.0.2.8,192.0.2.9,192.0.2.10,192.0.2.11,"
		"192.0.2.12,192.0.2.13,192.0.2.14,192.0.2.15,192.0.2.16,"
		"192.0.2.17"));
	CHECK("a long text", refused("CHIME_STORAGE_PEERS",
				 "192.0.2.1,1111111111111111111111111111111111"
				 "111111111111111111111111111111111111111111"));
	return unit_done();
}
