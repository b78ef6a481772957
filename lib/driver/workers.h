/* SPDX-License-Identifier: ISC */
/*
 * A pool of worker processes that take requests as lines on stdin and answer
 * them as lines on stdout (line/wire.h). Jobs wait in one queue; each goes to
 * the worker with the fewest, and no worker is given more than a window, so
 * that a dying or slow worker takes little with it.
 *
 * A worker that ends, or speaks garbage, or says nothing for the time limit
 * while it has work, is killed and started again, at most once a second. Its
 * jobs that are safe to repeat are given once to another worker; the others
 * end with 503 worker_lost. A job not answered in its time ends with 504.
 *
 * Pipes are non-blocking and what waits for them is bounded. One thread.
 */
#ifndef DRIVER_WORKERS_H
#define DRIVER_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "line/wire.h"

#define WORKERS_MAX 32

struct workers;

struct workers_conf {
	const char *name;  /* for messages */
	char *const *argv; /* the command; must outlive the pool */
	unsigned n;        /* processes, 1 to WORKERS_MAX */
	unsigned window;   /* jobs a worker is given at once */
	unsigned jobs;     /* jobs known at once, waiting or given */
	int64_t limit_ms;  /* a worker's silence that ends it */
	int loop;          /* os/loop.h */
	/*
	 * The answer to a job: any number of rows, then one end. restart
	 * says that the rows so far are void. None of them may call back
	 * into the pool but for workers_send.
	 */
	void (*row)(void *job, struct scan_text row);
	void (*restart)(void *job);
	void (*end)(void *job, const struct wire_answer *end);
	/* Messages: say_info, say_warn. */
	void (*info)(const char *fmt, ...);
	void (*warn)(const char *fmt, ...);
};

/*
 * Starts the workers. NULL with errno when one cannot be started (ENOENT,
 * EACCES: the command is wrong).
 */
struct workers *workers_new(const struct workers_conf *conf);

/*
 * Takes a request (its id is set here). safe: doing it twice is the same as
 * once. It ends no later than limit_ms from now, at `now` of clk_mono_ms.
 * 0, or -1 when too many wait already or the line is too long: then nothing
 * was done and no answer comes.
 */
int workers_send(struct workers *p, const struct wire_request *r, bool safe,
    int64_t now, int64_t limit_ms, void *job);

/*
 * Gives jobs to workers, writes, looks at deadlines, buries and starts. To
 * be called after each turn of the loop. The milliseconds until it must be
 * called again at the latest, -1 for any time.
 */
int64_t workers_run(struct workers *p, int64_t now);

/* Jobs that have not ended. */
unsigned workers_pending(const struct workers *p);

/*
 * Whether workers end again and again with RC_USAGE before they were given
 * anything: their configuration is wrong and starting them is useless.
 */
bool workers_misconfigured(const struct workers *p);

/* Ends every job with 503 stopping. */
void workers_end(struct workers *p);

/*
 * Closes the workers' stdin, at which they end, and kills what is still
 * there at `until` (clk_mono_ms). Jobs that have not ended never will.
 */
void workers_free(struct workers *p, int64_t until);

#endif
