/* SPDX-License-Identifier: ISC */
/*
 * What follows from heartbeats that were just written, in their transaction:
 * VMs that ended by their own doing, VMs that are gone, and the hosts' health.
 */
#ifndef STORE_SETTLE_H
#define STORE_SETTLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/judge.h"
#include "driver/db.h"
#include "store/beat.h"
#include "store/host.h"
#include "store/upload.h"

/* A host in a batch of heartbeats. */
struct settle {
	const char *host;
	const struct upload *beat;      /* the one that was written, or NULL */
	const struct upload *inventory; /* the newest that came, or NULL */
	struct beat_row row;            /* as it now is */
	bool first;                     /* it never reported before */
	/* Set by settle_hosts: */
	bool known; /* there is such a host */
	enum judge_admin admin;
	char desired_rev[BEAT_REV_SIZE];
	char node_ip[HOST_IP_SIZE], storage_ip[HOST_IP_SIZE]; /* or "" */
	/* Inside: */
	bool touched; /* what its agent should do has changed */
	enum judge_health health;
	char reason[UPLOAD_REASON_MAX + 1];
	int64_t vcpus, memory_mib, pong_port;
};

/*
 * Turns `final` ends into want=stopped and removes the VMs whose deletion is
 * done, each with its event; locks vm rows. 0, or -1 (db_error).
 */
int settle_vms(struct db *db, struct settle *s, size_t n);

/*
 * Reads the hosts (ascending by name) and gives those that reported their
 * health, with its event, their size and their ping-back's port. 0, or -1.
 */
int settle_hosts(struct db *db, struct settle *s, size_t n);

#endif
