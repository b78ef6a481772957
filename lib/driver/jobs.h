/* SPDX-License-Identifier: ISC */
/*
 * The requests a pool of workers knows (driver/workers.h): a fixed number of
 * slots, a queue of those that wait for a worker, and a list of those that
 * nobody has answered yet, the next to expire first.
 */
#ifndef DRIVER_JOBS_H
#define DRIVER_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "line/wire.h"

/*
 * A job stays until its worker has answered or died, even when its deadline
 * ended it before (arg is NULL from then on): a late answer is known.
 */
struct job {
	uint64_t id;  /* 0: a free slot */
	void *worker; /* whose it is; NULL while it waits in the queue */
	void *arg;    /* whom to answer */
	int64_t deadline;
	struct buf line;         /* kept while it may be needed again */
	struct job *prev, *next; /* by deadline */
	struct job *queued;      /* the next in the queue, or free slot */
	bool safe;               /* may be given to a second worker */
};

struct jobs {
	struct job *slot;
	unsigned n;
	struct job *free;
	struct job *head, **tail; /* the queue */
	struct job *first, *last; /* by deadline */
	uint64_t turn;            /* makes ids unlike their slot's earlier */
	size_t bytes;             /* of the lines kept */
	unsigned pending;         /* unanswered */
};

/* n free slots; what jobs_free gives back. */
void jobs_init(struct jobs *s, unsigned n);
void jobs_free(struct jobs *s);

/*
 * A new job at the end of the queue, its id set in r. NULL when all slots
 * are taken, the lines kept are over max bytes, or the line is too long.
 */
struct job *jobs_add(struct jobs *s, struct wire_request *r, size_t max,
    int64_t deadline, void *arg);

/* The job with this id, or NULL. */
struct job *jobs_find(struct jobs *s, uint64_t id);

/* Puts a job at the end of the queue, or takes one out of it. */
void jobs_enqueue(struct jobs *s, struct job *j);
void jobs_unqueue(struct jobs *s, struct job *j);

/* Takes its arg: nobody waits for it any longer. NULL when none did. */
void *jobs_answer(struct jobs *s, struct job *j);

/* Forgets its line: it will not be sent again. */
void jobs_drop_line(struct jobs *s, struct job *j);

/* Frees the slot of a job that is not queued and was answered. */
void jobs_remove(struct jobs *s, struct job *j);

#endif
