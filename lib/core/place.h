/* SPDX-License-Identifier: ISC */
/* Which host takes a VM, and why another one does not. Pure. */
#ifndef CORE_PLACE_H
#define CORE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/judge.h"

struct place_host {
	const char *name;
	enum judge_status status;
	bool facts; /* whether vcpus and memory_mib are known */
	int64_t vcpus;
	int64_t memory_mib;
	int64_t vcpus_used; /* by all its VMs that are not deleted */
	int64_t memory_used_mib;
};

struct place_need {
	int64_t vcpus;
	int64_t memory_mib;
	int64_t cpu_ratio; /* how many vCPUs a core may carry */
};

enum place_why {
	PLACE_FITS,
	PLACE_NOT_RUN,  /* the host's status is not run */
	PLACE_NO_FACTS, /* it never said what it has */
	PLACE_MEMORY,   /* too little memory is free */
	PLACE_VCPUS     /* too few vCPUs are free */
};

/* Memory that is free; negative when the host is overfull. */
int64_t place_memory_free(const struct place_host *h);

/* vCPUs that are free at cpu_ratio; negative when the host is overfull. */
int64_t place_vcpus_free(const struct place_host *h, int64_t cpu_ratio);

/* Whether h can take what is needed on top of what it has. */
enum place_why place_check(
    const struct place_host *h, const struct place_need *need);

/*
 * The place of the best host among n: of those that fit, the one with the
 * most free memory, and of equals the first by name. -1 when none fits.
 */
ssize_t place_choose(
    const struct place_host *h, size_t n, const struct place_need *need);

/* Why h does or does not take it, as a clause for people, into out. */
void place_reason(const struct place_host *h, const struct place_need *need,
    char *out, size_t size);

#endif
