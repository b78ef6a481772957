/* SPDX-License-Identifier: ISC */
/*
 * Which host takes a VM, and why another one does not. Pure.
 *
 * Lists of labels are texts with commas between them, NULL or "" for none.
 */
#ifndef CORE_PLACE_H
#define CORE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/judge.h"

#define PLACE_LABELS    16   /* of a host or a VM */
#define PLACE_LIST_SIZE 1025 /* as many of the longest, and the NUL */
#define PLACE_WHY_SIZE  200

#define PLACE_CPU_RATIO_MAX    64
#define PLACE_MEMORY_RATIO_MAX 1000 /* percent */

struct place_host {
	const char *name;
	enum judge_status status;
	bool facts; /* whether vcpus and memory_mib are known */
	int64_t vcpus;
	int64_t memory_mib;
	int64_t vcpus_used; /* by all its VMs that are not deleted */
	int64_t memory_used_mib;
	int64_t cpu_ratio;     /* how many vCPUs a core may carry */
	int64_t memory_ratio;  /* percent of the memory that may be given */
	int64_t reserve_vcpus; /* cores and memory kept for the host itself */
	int64_t reserve_memory_mib;
	const char *labels;
	/*
	 * Of the VM in question: a label of a VM there that it avoids; or,
	 * with clash_back, a label of its own that a VM there avoids. NULL:
	 * there is none.
	 */
	const char *clash;
	bool clash_back;
};

struct place_need {
	int64_t vcpus;
	int64_t memory_mib;
	const char *need; /* labels the host must have */
};

enum place_why {
	PLACE_FITS,
	PLACE_NOT_RUN,  /* the host's status is not run */
	PLACE_NO_FACTS, /* it never said what it has */
	PLACE_LABEL,    /* it does not have a label that is needed */
	PLACE_CLASH,    /* a VM there and this one keep apart */
	PLACE_MEMORY,   /* too little memory is free */
	PLACE_VCPUS     /* too few vCPUs are free */
};

/* Memory that is free for VMs; negative when the host is overfull. */
int64_t place_memory_free(const struct place_host *h);

/* vCPUs that are free; negative when the host is overfull. */
int64_t place_vcpus_free(const struct place_host *h);

/* Whether h can take what is needed on top of what it has. */
enum place_why place_check(
    const struct place_host *h, const struct place_need *need);

/*
 * The place of the best host among n: of those that fit, the one with the
 * most free memory, and of equals the first by name; so VMs spread. -1 when
 * none fits.
 */
ssize_t place_choose(
    const struct place_host *h, size_t n, const struct place_need *need);

/* Why h does or does not take it, as a clause for people, into out. */
void place_reason(const struct place_host *h, const struct place_need *need,
    char *out, size_t size);

/*
 * The next label of a list: its length, with *list behind it, and *label
 * where it begins; 0 at the end.
 */
size_t place_next(const char **list, const char **label);

/* Whether a list has the label of n bytes. */
bool place_has(const char *list, const char *label, size_t n);

/*
 * The first label of a that is in b, or with missing the first that is not,
 * into out: whether there is one.
 */
bool place_first(
    const char *a, const char *b, bool missing, char *out, size_t size);

#endif
