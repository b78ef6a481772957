/* SPDX-License-Identifier: ISC */
#include "core/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int64_t
place_memory_free(const struct place_host *h)
{
	return h->memory_mib - h->memory_used_mib;
}

int64_t
place_vcpus_free(const struct place_host *h, int64_t cpu_ratio)
{
	return h->vcpus * cpu_ratio - h->vcpus_used;
}

enum place_why
place_check(const struct place_host *h, const struct place_need *need)
{
	if (h->status != STATUS_RUN)
		return PLACE_NOT_RUN;
	if (!h->facts)
		return PLACE_NO_FACTS;
	if (place_memory_free(h) < need->memory_mib)
		return PLACE_MEMORY;
	if (place_vcpus_free(h, need->cpu_ratio) < need->vcpus)
		return PLACE_VCPUS;
	return PLACE_FITS;
}

static bool
better(const struct place_host *a, const struct place_host *b)
{
	int64_t fa = place_memory_free(a), fb = place_memory_free(b);

	return fa != fb ? fa > fb : strcmp(a->name, b->name) < 0;
}

ssize_t
place_choose(
    const struct place_host *h, size_t n, const struct place_need *need)
{
	ssize_t best = -1;

	for (size_t i = 0; i < n; i++)
		if (place_check(&h[i], need) == PLACE_FITS &&
		    (best == -1 || better(&h[i], &h[best])))
			best = (ssize_t)i;
	return best;
}

void
place_reason(const struct place_host *h, const struct place_need *need,
    char *out, size_t size)
{
	switch (place_check(h, need)) {
	case PLACE_FITS:
		snprintf(out, size, "%s has room", h->name);
		break;
	case PLACE_NOT_RUN:
		snprintf(out, size, "%s is %s, not run", h->name,
		    judge_status_words[h->status]);
		break;
	case PLACE_NO_FACTS:
		snprintf(out, size,
		    "%s has not yet reported how much it can take", h->name);
		break;
	case PLACE_MEMORY:
		snprintf(out, size,
		    "%s has %" PRId64 " MiB of memory free, %" PRId64
		    " are needed",
		    h->name, place_memory_free(h), need->memory_mib);
		break;
	case PLACE_VCPUS:
		snprintf(out, size,
		    "%s has %" PRId64 " vCPUs free (%" PRId64 " cores, %" PRId64
		    " vCPUs each), %" PRId64 " are needed",
		    h->name, place_vcpus_free(h, need->cpu_ratio), h->vcpus,
		    need->cpu_ratio, need->vcpus);
		break;
	}
}
