/* SPDX-License-Identifier: ISC */
/*
 * The tables `heartbeat` and `inventory`: what hosts reported last. All
 * writers lock a host's heartbeat row first, before vm, host and event rows,
 * and several hosts in ascending order: sorted batches never deadlock.
 */
#ifndef STORE_BEAT_H
#define STORE_BEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/judge.h"
#include "driver/db.h"
#include "store/upload.h"

#define BEAT_REV_SIZE 17

/* A heartbeat row as it is. */
struct beat_row {
	char host[JUDGE_HOST_SIZE];
	char boot[JUDGE_BOOT_SIZE];
	int64_t beat;
	char observed_rev[BEAT_REV_SIZE]; /* empty: no inventory yet */
};

/* A heartbeat row to be. */
struct beat {
	const char *host;
	const char *boot;
	int64_t beat;
	const char *desired_rev;  /* NULL: the agent has none */
	const char *observed_rev; /* NULL: no inventory came, keep the old */
	bool error;
	const char *reason; /* NULL for none */
};

/* A host chime-stale looks at. */
struct beat_watch {
	const char *host, *boot, *address;
	int64_t beat, port;
};

/*
 * Locks the rows of n hosts (ascending) that exist and calls row for each.
 * 0, or -1 (db_error).
 */
int beat_lock(struct db *db, const char *const *hosts, size_t n,
    void (*row)(const struct beat_row *, void *arg), void *arg);

/*
 * Writes n heartbeats of different hosts (ascending) in one statement. A row
 * never moves back within a boot: a beat that is not above the one that is
 * there changes nothing. 0, or -1.
 */
int beat_write(struct db *db, const struct beat *b, size_t n);

/* Replaces all inventory rows of a host. 0, or -1. */
int beat_inventory(
    struct db *db, const char *host, const struct upload_vm *vm, size_t n);

/* Removes one inventory row. 0, or -1. */
int beat_inventory_drop(struct db *db, const char *host, const char *vm);

/* Removes all there is of a host that does not exist (any more). 0, or -1. */
int beat_forget(struct db *db, const char *host);

/*
 * Calls host for every host that ever reported, ascending by name. 0, or -1:
 * what was called before a failure is worth nothing.
 */
int beat_watch(struct db *db,
    void (*host)(const struct beat_watch *, void *arg), void *arg);

enum beat_marked {
	BEAT_MARKED,    /* the host's health changed */
	BEAT_SAME,      /* it has that health already */
	BEAT_REPORTING, /* it reported meanwhile */
	BEAT_UNKNOWN    /* there is no such host, or it never reported */
};

/*
 * In a transaction: locks the heartbeat row, and if (boot, beat) are still
 * these, gives the host the health and the reason. *out says what came of it,
 * *admin what the operator wants of the host. 0, or -1.
 */
int beat_mark(struct db *db, const struct beat_row *seen,
    enum judge_health health, const char *reason, enum beat_marked *out,
    enum judge_admin *admin);

#endif
