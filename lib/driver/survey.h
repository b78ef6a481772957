/* SPDX-License-Identifier: ISC */
/*
 * What would be migrated, and may it: both ends are asked about all VMs
 * before any is touched.
 */
#ifndef DRIVER_SURVEY_H
#define DRIVER_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/migration.h"
#include "driver/virt_end.h"

#define SURVEY_MAX 1024 /* VMs at once */

struct survey_vm {
	char uuid[NAME_UUID_SIZE];
	struct virt_end_vm is; /* of one that moves */
	bool unsure; /* whether the files to be copied into are there */
	enum migration_action action;
	char why[MIGRATION_WHY_SIZE];
};

struct survey {
	/* Set by the caller. */
	const char *const *shared; /* paths that both nodes have */
	size_t nshared;
	struct migration_rule rule; /* free_kib goes down */

	struct virt_end *here, *there; /* connected */
	struct survey_vm *vm;
	size_t n;
	bool refused; /* some may not move */
};

/* One more VM; -1 when it is on the list already, or that is full. */
int survey_add(struct survey *s, const char *uuid);

/*
 * Every VM of chime's that is active here; others: how many are not chime's.
 * 0, or -1 with a sentence in why.
 */
int survey_add_all(
    struct survey *s, int *others, char why[static VIRT_END_WHY]);

/*
 * Decides for each of them; only the shortage of memory depends on the order.
 * 0, or -1 with a sentence in why: the destination does not tell its memory.
 */
int survey_decide(struct survey *s, char why[static VIRT_END_WHY]);

void survey_free(struct survey *s);

#endif
