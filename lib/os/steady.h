/* SPDX-License-Identifier: ISC */
/*
 * For a process that must go on when the machine is short of everything. Each
 * is 0, or -1 with errno; without, it runs all the same. To be called before
 * threads are started.
 */
#ifndef OS_STEADY_H
#define OS_STEADY_H

/* Nothing of its memory is paged out; threads get small stacks for that. */
int steady_memory(void);

/* The kernel kills others first when memory runs out. */
int steady_oom(void);

/* It runs before all ordinary processes; its children do not. */
int steady_schedule(void);

#endif
