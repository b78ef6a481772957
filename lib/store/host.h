/* SPDX-License-Identifier: ISC */
/*
 * The table `host`: the nodes, their addresses, what the operator wants of
 * them, and what their VMs take. (Its health is moved by store/beat.h.)
 * Functions return -1 when the database failed (db_error).
 */
#ifndef STORE_HOST_H
#define STORE_HOST_H

#include "base/buf.h"
#include "core/judge.h"
#include "core/place.h"
#include "driver/db.h"

#define HOST_NAME_SIZE 64
#define HOST_IP_SIZE   46
#define HOST_RACK_MAX  63 /* characters */

struct host {
	char name[HOST_NAME_SIZE];
	enum judge_admin admin;
	enum judge_health health;
	char manage_ip[HOST_IP_SIZE];
	int64_t pong_port;
	char labels[PLACE_LIST_SIZE];
	/* name and labels point to those above; no sums yet. */
	struct place_host place;
};

/* What a host is told to be; NULL: it has none. */
struct host_address {
	const char *name;
	const char *manage_ip;
	const char *node_ip;
	const char *storage_ip;
	const char *rack;
	int64_t pong_port;
};

/* What of a host may be used; -1: leave it as it is. */
struct host_limit {
	int64_t cpu_ratio;    /* 0: the servers' default */
	int64_t memory_ratio; /* percent */
	int64_t reserve_vcpus;
	int64_t reserve_memory_mib;
	const char *labels; /* with commas between them; NULL: as they are */
};

/* Reads a host and locks its row until the transaction ends: 1, 0, -1. */
int host_lock(struct db *db, const char *name, struct host *out);

/* Fills in what the VMs of p->name take: 0, -1. */
int host_sums(struct db *db, struct place_host *p);

/*
 * All hosts with their sums, without locks, to choose one from: 0, -1. Where
 * a host's cpu_ratio is 0, the servers' default is to be put.
 * Free them with host_places_free.
 */
int host_places(struct db *db, struct place_host **hosts, size_t *n);
void host_places_free(struct place_host *hosts, size_t n);

/*
 * Adds a host, or gives a known one new addresses: 1 added, 0 known, -1.
 * A new host is unreachable until its first heartbeat.
 */
int host_put(struct db *db, const struct host_address *a);

/* Changes what may be used of a host that is locked: 0, -1. */
int host_set_limit(struct db *db, const char *name, const struct host_limit *l);

/* Says what the operator wants of it; its agent is to be told: 0, -1. */
int host_admin(struct db *db, const char *name, enum judge_admin admin);

/*
 * Gives it a new desired_rev: something its agent should do has changed. To
 * be called, under the host's lock, in the transaction of every such change.
 */
int host_touch(struct db *db, const char *name);

/*
 * Locks the host's heartbeat, so that its removal takes locks in the order
 * everyone does; before host_lock. 0, -1.
 */
int host_lock_beat(struct db *db, const char *name);

/* Removes a host, which has no VMs, with its beat, inventory and tokens. */
int host_remove(struct db *db, const char *name);

/* How many VMs it has, those being deleted included; -1. */
int64_t host_vms(struct db *db, const char *name);

/*
 * Opens a list of hosts by name: those behind `after` ("" for all), at most
 * limit; or with name the one host. 0, -1. Then host_row.
 */
int host_list(
    struct db *db, const char *name, const char *after, int64_t limit);

/*
 * Appends the next host's record with ts to out, and its name to key: 1,
 * 0 at the end, -1.
 */
int host_row(struct db *db, const char *ts, struct buf *out,
    char key[static HOST_NAME_SIZE]);

#endif
