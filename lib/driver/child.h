/* SPDX-License-Identifier: ISC */
/*
 * A child process spoken to in lines, over non-blocking pipes in a loop
 * (os/loop.h). What it has not yet read waits here, bounded.
 */
#ifndef DRIVER_CHILD_H
#define DRIVER_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "line/line.h"
#include "os/loop.h"

struct child {
	int loop;
	pid_t pid;                 /* 0: there is no process */
	struct loop_watch in, out; /* fd -1: closed */
	struct line_in lines;
	struct buf pending; /* not yet written */
	int64_t kill_at;    /* of one that was closed */
	/* One line it said; -1: close it, and ended is called. */
	int (*line)(void *arg, const char *line, size_t len);
	/*
	 * It cannot be talked to any longer: why, or NULL when its output
	 * just ended. To be answered with child_close.
	 */
	void (*ended)(void *arg, const char *why);
	void *arg;
};

/* Sets a struct with loop, line, ended and arg to "no process". */
void child_init(struct child *c);

/*
 * Starts argv with lines of at most line_max bytes to be heard and out_max
 * bytes kept for it. 0, or -1 with errno.
 */
int child_start(
    struct child *c, char *const argv[], size_t line_max, size_t out_max);

/* Whether it can be talked to. */
bool child_open(const struct child *c);

/* Whether n bytes more can be kept for it. */
bool child_has_room(const struct child *c, size_t n);

/* Keeps n bytes for it, for which there is room. */
void child_say(struct child *c, const char *p, size_t n);

/* Writes what it takes now; the rest goes when it has room. */
void child_flush(struct child *c);

/*
 * Closes its pipes and forgets what it was not told. It is killed at kill_at
 * (clk_mono_ms) if it has not ended by then.
 */
void child_close(struct child *c, int64_t kill_at);

/*
 * Of one that was closed: true when it has ended (pid is 0 from then on) with
 * *status as of waitpid; false when it must be asked again in a moment.
 */
bool child_reap(struct child *c, int64_t now, int *status);

#endif
