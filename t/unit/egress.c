/* SPDX-License-Identifier: ISC */
/* lib/os/egress: the kernel's way to an address. */
#include "os/egress.h"

#include <errno.h>

#include "unit.h"

int
main(void)
{
	char name[IF_NAMESIZE] = "";

	CHECK("loopback leaves by lo",
	    egress_of("127.0.0.1", name) == 0 && unit_same(name, "lo"));
	errno = 0;
	CHECK("what is no address is refused",
	    egress_of("localhost", name) == -1 && errno == EINVAL);
	errno = 0;
	CHECK("so is nothing", egress_of("", name) == -1 && errno == EINVAL);
	if (egress_of("::1", name) == 0)
		CHECK("IPv6, too", unit_same(name, "lo"));
	return unit_done();
}
