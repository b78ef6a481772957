/* SPDX-License-Identifier: ISC */
/*
 * What decides whether a VM may be taken from its host, read with current
 * reads in the transaction that takes it, whose VM row is locked. Functions
 * return -1 when the database failed (db_error).
 */
#ifndef STORE_TAKEOVER_H
#define STORE_TAKEOVER_H

#include <stdbool.h>

#include "core/place.h"
#include "driver/db.h"

#define TAKEOVER_WHY_SIZE  256
#define TAKEOVER_HOST_SIZE 64

/* What of a VM's row is needed to run it elsewhere. */
struct takeover {
	int64_t generation, vcpus, memory_mib;
	char *spec; /* a JSON object; owned */
	char labels[PLACE_LIST_SIZE], avoid[PLACE_LIST_SIZE];
	char need[PLACE_LIST_SIZE];
};

/* Reads it: 1, 0 there is none, -1. Free it with takeover_free. */
int takeover_read(struct db *db, const char *uuid, struct takeover *t);
void takeover_free(struct takeover *t);

/*
 * The host's newest inventory shows the VM off and refused at this generation
 * or above: 1, 0, -1. It stays true: the refusal is on the host's disk.
 */
int takeover_drained(
    struct db *db, const char *host, const char *uuid, int64_t generation);

/*
 * Calls with each valid token's hash of the host's agent until one returns
 * true: 1, 0 none did, -1.
 */
int takeover_signed(struct db *db, const char *host,
    bool (*check)(const char *hash, void *arg), void *arg);

/* Another host that reported a copy of the VM: 1 with its name, 0, -1. */
int takeover_copy(struct db *db, const char *uuid, const char *host,
    char other[static TAKEOVER_HOST_SIZE]);

/*
 * A copy runs at another host under the row's very generation, which only a
 * migration by hand can bring about: that host owns the VM from now on, under
 * the next one. 1, 0 it was changed or is not so, -1.
 */
int takeover_arrived(struct db *db, const char *uuid, const char *from,
    const char *to, int64_t generation);

/* A person, who is named, says that the host is off, now: 0, -1. */
int takeover_say_off(struct db *db, const char *host, const char *actor);

/*
 * Whether a host is off by a person's word, no beat came since, and every other
 * host that has ever reported has either reported itself well after that word,
 * without any copy of the VM, or is off by a person's word as well. 0 with that
 * person in why; 1 with the reason why not; 2 with the reason when the next
 * heartbeat may settle it; -1.
 */
int takeover_off(struct db *db, const char *host, const char *uuid,
    char why[static TAKEOVER_WHY_SIZE]);

/* Gives the VM to another host under the next generation: 0, -1. */
int takeover_move(struct db *db, const char *uuid, const char *host);

#endif
