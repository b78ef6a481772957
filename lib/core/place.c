/* SPDX-License-Identifier: ISC */
#include "core/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

size_t
place_next(const char **list, const char **label)
{
	size_t n;

	if (!*list)
		return 0;
	*list += strspn(*list, ",");
	*label = *list;
	n = strcspn(*list, ",");
	*list += n;
	return n;
}

bool
place_has(const char *list, const char *label, size_t n)
{
	const char *at;
	size_t len;

	while ((len = place_next(&list, &at)))
		if (len == n && memcmp(at, label, n) == 0)
			return true;
	return false;
}

bool
place_first(const char *a, const char *b, bool missing, char *out, size_t size)
{
	const char *at;
	size_t n;

	while ((n = place_next(&a, &at)))
		if (place_has(b, at, n) != missing) {
			snprintf(out, size, "%.*s", (int)n, at);
			return true;
		}
	return false;
}

static int64_t
at_least_0(int64_t n)
{
	return n > 0 ? n : 0;
}

int64_t
place_memory_free(const struct place_host *h)
{
	return at_least_0(h->memory_mib - h->reserve_memory_mib) *
		   h->memory_ratio / 100 -
	       h->memory_used_mib;
}

int64_t
place_vcpus_free(const struct place_host *h)
{
	return at_least_0(h->vcpus - h->reserve_vcpus) * h->cpu_ratio -
	       h->vcpus_used;
}

enum place_why
place_check(const struct place_host *h, const struct place_need *need)
{
	char label[64];

	if (h->status != STATUS_RUN)
		return PLACE_NOT_RUN;
	if (!h->facts)
		return PLACE_NO_FACTS;
	if (place_first(need->need, h->labels, true, label, sizeof(label)))
		return PLACE_LABEL;
	if (h->clash)
		return PLACE_CLASH;
	if (place_memory_free(h) < need->memory_mib)
		return PLACE_MEMORY;
	if (place_vcpus_free(h) < need->vcpus)
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

static void
clash_text(const struct place_host *h, char *out, size_t size)
{
	if (h->clash_back)
		snprintf(out, size, "%s has a VM that avoids the label %s",
		    h->name, h->clash);
	else
		snprintf(out, size,
		    "%s has a VM with the label %s, which is to be avoided",
		    h->name, h->clash);
}

void
place_reason(const struct place_host *h, const struct place_need *need,
    char *out, size_t size)
{
	char label[64] = "";

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
	case PLACE_LABEL:
		place_first(need->need, h->labels, true, label, sizeof(label));
		snprintf(
		    out, size, "%s does not have the label %s", h->name, label);
		break;
	case PLACE_CLASH:
		clash_text(h, out, size);
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
		    h->name, place_vcpus_free(h),
		    at_least_0(h->vcpus - h->reserve_vcpus), h->cpu_ratio,
		    need->vcpus);
		break;
	}
}
