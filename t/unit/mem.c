/* SPDX-License-Identifier: ISC */
#include "base/mem.h"

#include <stdint.h>

#include "base/die.h"
#include "base/rc.h"
#include "child.h"
#include "unit.h"

/* Hidden from the compiler, which would warn about sizes like these. */
static volatile size_t huge = SIZE_MAX / 2 + 2;

static void
do_calloc(void *arg)
{
	(void)arg;
	mem_calloc(huge, 2);
}

static void
do_realloc(void *arg)
{
	(void)arg;
	mem_realloc(NULL, huge, 2);
}

static void
do_huge(void *arg)
{
	(void)arg;
	mem_realloc(NULL, huge - 4096, 1);
}

int
main(void)
{
	struct child c;
	char *p, *q;

	p = mem_calloc(3, 5);
	q = mem_calloc(15, 1);
	CHECK("zeroed", memcmp(p, q, 15) == 0 && p[0] == 0);
	free(p);
	free(q);
	p = mem_calloc(0, 0);
	CHECK("nothing is something", p);
	p = mem_realloc(p, 10, 1);
	memcpy(p, "123456789", 10);
	p = mem_realloc(p, 1000, 4);
	CHECK("grown", unit_same(p, "123456789"));
	p = mem_realloc(p, 0, 4);
	CHECK("shrunk to nothing", p);
	free(p);
	CHECK("no string", !mem_strdup(NULL));
	p = mem_strdup("abc");
	q = mem_strdup("");
	CHECK("string", unit_same(p, "abc"));
	CHECK("empty string", unit_same(q, ""));
	free(p);
	free(q);
	child_run(&c, do_calloc, NULL);
	CHECK("calloc that overflows", c.rc == RC_TEMP);
	child_run(&c, do_huge, NULL);
	CHECK("more than there is",
	    c.rc == RC_TEMP && strstr(c.err, "cannot allocate"));
	child_run(&c, do_realloc, NULL);
	CHECK("realloc that overflows",
	    c.rc == RC_TEMP && strstr(c.err, "overflow"));
	return unit_done();
}
