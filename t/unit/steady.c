/* SPDX-License-Identifier: ISC */
/* lib/os/steady: what is permitted is done, and the rest has a reason. */
#include "os/steady.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "unit.h"

int
main(void)
{
	char text[32] = "";
	FILE *f;
	int r;

	errno = 0;
	r = steady_memory();
	CHECK("memory", r == 0 || errno == EPERM || errno == ENOMEM);
	errno = 0;
	r = steady_oom();
	f = fopen("/proc/self/oom_score_adj", "r");
	if (f && fgets(text, sizeof(text), f))
		CHECK("oom_score_adj", r == 0
					   ? strcmp(text, "-1000\n") == 0
					   : errno == EACCES || errno == EPERM);
	if (f)
		fclose(f);
	errno = 0;
	r = steady_schedule();
	CHECK("priority",
	    r == 0 ? (sched_getscheduler(0) & 7) == SCHED_RR : errno == EPERM);
	return unit_done();
}
