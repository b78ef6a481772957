/* SPDX-License-Identifier: ISC */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/rc.h"

void *
mem_calloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die(RC_TEMP, "memory: cannot allocate %zu x %zu bytes", n,
		    size);
	return p;
}

void *
mem_realloc(void *p, size_t n, size_t size)
{
	void *q;

	if (size && n > (size_t)-1 / size)
		die(RC_TEMP, "memory: %zu x %zu bytes overflow", n, size);
	q = realloc(p, n && size ? n * size : 1);
	if (!q)
		die(RC_TEMP, "memory: cannot allocate %zu bytes", n * size);
	return q;
}

char *
mem_strdup(const char *s)
{
	size_t n;
	char *p;

	if (!s)
		return NULL;
	n = strlen(s) + 1;
	p = mem_calloc(1, n);
	memcpy(p, s, n);
	return p;
}
