/* SPDX-License-Identifier: ISC */
/*
 * libvirt, seen from one thread that never waits for it.
 *
 * Threads of its own connect (again and again), list, and act; what they find
 * out is a queue of notes behind a readable descriptor. libvirt may hang at
 * any call (a stopped libvirtd answers nothing, a stuck qemu can not be
 * destroyed for 10 s): nothing here blocks the caller, and never is a second
 * connection tried while one hangs. Nothing prints.
 *
 * Each note has a number, in the order things became known. A listing and an
 * action also tell the number that was current when they were begun: what is
 * newer than that is newer than what they say.
 */
#ifndef DRIVER_VIRT_H
#define DRIVER_VIRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/name.h"
#include "core/plan.h"

#define VIRT_JOBS 8 /* actions under way at once; the rest wait */

struct virt;

/* An active domain, as listed. */
struct virt_domain {
	char uuid[NAME_UUID_SIZE];
	int id; /* libvirt's; another one after a restart */
	enum plan_seen seen;
	const char *seen_reason; /* of a paused one; constant, or NULL */
	bool defined; /* libvirt keeps a definition of it (is persistent) */
	bool chime;   /* made by chime; the next two then hold */
	int64_t wish;
	int64_t generation;
};

enum virt_kind {
	VIRT_DOWN,   /* no connection, or none any more; reason */
	VIRT_LIST,   /* every active domain: domain, n, since */
	VIRT_EVENT,  /* one has a new state: domain, without id and metadata */
	VIRT_ENDED,  /* one ended: domain.uuid, end */
	VIRT_SIGNAL, /* qemu of domain.uuid is ending because of a signal */
	VIRT_DONE    /* an action is over: domain.uuid, action, since, result */
};

enum virt_result {
	VIRT_OK,
	VIRT_GONE,   /* shutdown or destroy: there is no such domain */
	VIRT_FAILED, /* reason */
	VIRT_LOST    /* no answer: it may or may not have happened */
};

struct virt_note {
	enum virt_kind kind;
	uint64_t seq;
	uint64_t since;
	struct virt_domain domain;
	enum plan_end end;
	enum plan_action action;
	enum virt_result result;
	bool slow;                /* VIRT_DOWN: keepalives stayed unanswered */
	char *reason;             /* or NULL */
	char *xml;                /* what PLAN_FETCH read; or NULL */
	struct virt_domain *list; /* sorted by uuid */
	size_t n;
	struct virt_note *next;
};

/*
 * Starts connecting to uri; type is the domain type to use, or NULL for kvm
 * where libvirt says that it works and qemu elsewhere. One in a process.
 * NULL with errno.
 */
struct virt *virt_new(const char *uri, const char *type);

/* Ends it; threads that hang in libvirt are left to the process's end. */
void virt_free(struct virt *v);

/* Readable while there are notes. */
int virt_fd(const struct virt *v);

/* The oldest note, owned by the caller; NULL when there is none. */
struct virt_note *virt_next(struct virt *v);

void virt_note_free(struct virt_note *note);

/*
 * Asks for a listing; one that waits or is under way is not asked for twice.
 * (Each new connection lists by itself.)
 */
void virt_list(struct virt *v);

/* For how long libvirt has owed an answer to connecting or listing; 0: none. */
int64_t virt_silent_ms(struct virt *v);

/* The domain type to use; known from the first listing on. */
const char *virt_type(struct virt *v);

/*
 * Queues an action on a VM; a VIRT_DONE follows. xml is copied and used by
 * PLAN_START and PLAN_MARK (the element that marks it) only; strange: it is
 * somebody's own, and is held against libvirt's schema first.
 */
void virt_act(struct virt *v, const char *uuid, enum plan_action action,
    const char *xml, bool strange);

#endif
