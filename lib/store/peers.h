/* SPDX-License-Identifier: ISC */
/*
 * Whom each host asks whether its business and its storage network carry
 * anything: other hosts' node_ip and storage_ip. Hosts that are down or
 * unreachable are on no list, so that a machine that is off does not make
 * another one's network look broken.
 */
#ifndef STORE_PEERS_H
#define STORE_PEERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/ring.h"
#include "driver/db.h"

#define PEERS_MAX  8 /* that one host asks on one network */
#define PEERS_NETS 2 /* business, storage */

struct peers {
	struct ring_peer *net[PEERS_NETS]; /* texts owned */
	size_t n[PEERS_NETS];
	int64_t read_ms; /* when, on the monotonic clock; 0: not yet */
};

/* Reads them, if they are older than age_ms: 0, or -1 (db_error). */
int peers_read(struct db *db, struct peers *p, int64_t now_ms, int64_t age_ms);

/* Appends the fields business_peers and storage_peers of a host's row. */
void peers_tell(const struct peers *p, const char *host, struct buf *row);

/* Frees what it holds. */
void peers_free(struct peers *p);

#endif
