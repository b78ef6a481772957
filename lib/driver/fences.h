/* SPDX-License-Identifier: ISC */
/*
 * The deadman's VMs and its two files in the agent's state folder
 * (chime-records(7)): lease.jsonl says which VMs are fenced and until when,
 * deadman.jsonl is what it writes, and reads when it is started again.
 */
#ifndef DRIVER_FENCES_H
#define DRIVER_FENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "core/deadman.h"
#include "core/name.h"
#include "line/json.h"

#define FENCES_PATH_SIZE 256
#define FENCES_FILE_MAX  (16 * 1024 * 1024) /* bytes of either file */

/* One VM, and what the deadman has begun about it. */
struct fence {
	char uuid[NAME_UUID_SIZE];
	struct deadman_vm d;
	bool asked;         /* libvirt was asked to destroy it */
	int64_t asked_at;   /* ... then, */
	int64_t again;      /* and may be asked again from then on */
	bool told;          /* it ended; whether all of it, /proc tells */
	bool missed;        /* that no qemu could be ended was said */
	uint64_t confirmed; /* the newest note when that was confirmed */
	int killed;         /* of the qemu that was killed, or -1 */
};

struct fences {
	struct fence *v; /* sorted by uuid */
	size_t n;
};

/* What is said of the whole: the head of either file. */
struct fences_head {
	const char *host;
	const char *boot;
	int64_t beat;        /* that the newest lease file taken belongs to */
	int64_t sent_ms;     /* when it was sent; lease.jsonl only */
	int64_t interval_ms; /* ... and the time between two */
	bool armed;          /* from here on deadman.jsonl only */
	bool petting;
	bool reset; /* never petted again in this boot */
	bool left;  /* it was told to end, and stays behind */
	int64_t pid;
	int64_t watchdog_ms;             /* 0: no watchdog */
	char watchdog[FENCES_PATH_SIZE]; /* armed in this boot, or "" */
};

/* The VM, or NULL. */
struct fence *fences_find(const struct fences *f, const char *uuid);

/*
 * Takes a lease file for h's host and boot; beat, sent_ms and interval_ms are
 * set. VMs it does not name stay as they are. Lines of other types are skipped,
 * and those that cannot be used are told to bad. 0, or -1 with why, and nothing
 * changes.
 */
int fences_load(struct fences *f, struct fences_head *h, const char *text,
    size_t len, int64_t now, const struct lease_timers *t,
    void (*bad)(int64_t line, const char *reason, void *arg), void *arg,
    struct json_reason *why);

/*
 * Takes up what fences_dump wrote for h's host and boot, into an empty f; of h
 * beat, reset, left, pid and watchdog are set. 0, or -1 with why: nothing is
 * taken, or what came before a bad line.
 */
int fences_recall(struct fences *f, struct fences_head *h, const char *text,
    size_t len, struct json_reason *why);

/* The file; 0, or -1 when it is larger than b allows. */
int fences_dump(
    const struct fences *f, const struct fences_head *h, struct buf *b);

void fences_free(struct fences *f);

#endif
