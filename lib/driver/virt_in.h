/* SPDX-License-Identifier: ISC */
/* What the files of driver/virt share; nobody else includes this. */
#ifndef DRIVER_VIRT_IN_H
#define DRIVER_VIRT_IN_H

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>

#include "driver/virt.h"

struct virt_job {
	char uuid[NAME_UUID_SIZE];
	enum plan_action action;
	char *xml;
	bool strange;
	struct virt_job *next;
};

struct virt {
	char *uri;
	char *forced_type;
	int wake; /* eventfd: notes are there */
	pthread_t loop, link;
	bool loop_runs, link_runs;
	int timer; /* libvirt's: wakes the event loop at the end */

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t link_cond, job_cond;
	bool stop;
	uint64_t seq;
	struct virt_note *first, **last;

	virConnectPtr conn; /* NULL while there is none */
	bool closed;        /* conn has ended, the link is to drop it */
	bool want_list;
	bool link_ended, loop_ended;
	int64_t busy_since; /* the link waits for libvirt since; 0 not */
	const char *type;
	unsigned marks; /* how often we changed a domain's metadata */

	struct virt_job *job, **job_last;
	unsigned queued, workers, idle;

	/* The link's own, without the lock. */
	int callback; /* -1: none */
	/* What was listed last, sorted by uuid. */
	struct virt_domain *known;
	size_t nknown;
	unsigned known_marks; /* marks when it was listed */
	bool plain_list;      /* this libvirt does not know NOWAIT */
};

/* A note with nothing in it but its kind. */
struct virt_note *virt_note_new(enum virt_kind kind);

/* Queues a note; the lock must be held. */
void virt_note_add(struct virt *v, struct virt_note *note);

/* "what: the last error of this thread"; what may be NULL; a new string. */
char *virt_error_text(const char *what);

/*
 * Every active domain of conn as a note of kind VIRT_LIST, without its seq
 * and since; NULL when libvirt failed (virGetLastError).
 */
struct virt_note *virt_list_now(struct virt *v, virConnectPtr conn);

/*
 * Fills a note from a lifecycle event; false when the event tells nothing
 * about a domain's state.
 */
bool virt_note_event(struct virt_note *note, int event, int detail);

/* The thread that does one action after the other. */
void *virt_worker(void *arg);

#endif
