/* SPDX-License-Identifier: ISC */
/* One thread waiting for many descriptors (epoll). */
#ifndef OS_LOOP_H
#define OS_LOOP_H

#include <stdint.h>

enum { LOOP_IN = 1, LOOP_OUT = 2 };

/*
 * A descriptor that is watched. ready is called with what it is ready for;
 * an error or a hang-up counts as both. The struct must outlive the turn of
 * loop_wait in which it is removed.
 */
struct loop_watch {
	int fd;
	unsigned events; /* what is being waited for; loop_set keeps it */
	void (*ready)(void *arg, unsigned events);
	void *arg;
};

/* A loop without watches; -1 with errno. */
int loop_new(void);

/* Adds, changes, or with no events removes a watch; 0, or -1 with errno. */
int loop_set(int loop, struct loop_watch *w, unsigned events);

/*
 * Waits at most timeout_ms (-1: for ever) and calls what is ready. 0, or -1
 * with errno; a signal only ends the wait.
 */
int loop_wait(int loop, int64_t timeout_ms);

#endif
