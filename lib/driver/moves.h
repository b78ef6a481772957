/* SPDX-License-Identifier: ISC */
/* VMs moved to another node, a few at once, until all are over. */
#ifndef DRIVER_MOVES_H
#define DRIVER_MOVES_H

#include <stdbool.h>
#include <stddef.h>

#include "driver/survey.h"
#include "driver/virt_migrate.h"

#define MOVES_MAX 16 /* at once */

struct moves {
	/* Set by the caller. */
	struct virt_way *way;
	const struct survey *survey; /* decided */
	int parallel;                /* 1 to MOVES_MAX */
	int stop;                    /* readable: cancel what is left */
	/*
	 * About a VM that is on its way, about each second and at its end;
	 * -1: nobody listens any more, which cancels.
	 */
	int (*tell)(const struct survey_vm *vm, const struct virt_moved *now,
	    void *arg);
	void *arg;

	struct virt_move *move[MOVES_MAX];
	size_t at[MOVES_MAX]; /* the VM that move is about */
	size_t next;          /* the first that is not begun */
	size_t begun, over;
	bool cancelled;
	size_t moved, stays, unclear, untouched; /* what became of them */
};

/* Moves and settles what was decided so. 0, or -1 with errno. */
int moves_run(struct moves *m);

#endif
