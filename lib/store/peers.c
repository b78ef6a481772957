/* SPDX-License-Identifier: ISC */
#include "store/peers.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "line/row.h"

void
peers_free(struct peers *p)
{
	for (int k = 0; k < PEERS_NETS; k++) {
		for (size_t i = 0; i < p->n[k]; i++) {
			free((void *)(uintptr_t)p->net[k][i].name);
			free((void *)(uintptr_t)p->net[k][i].address);
		}
		free(p->net[k]);
		p->net[k] = NULL;
		p->n[k] = 0;
	}
}

/* The row's host, on the ring of each network it has an address in. */
static void
add(struct db *db, struct peers *p, size_t cap[static PEERS_NETS])
{
	for (unsigned k = 0; k < PEERS_NETS; k++) {
		if (!db_str(db, 1 + k))
			continue;
		if (p->n[k] == cap[k]) {
			cap[k] = cap[k] ? 2 * cap[k] : 64;
			p->net[k] =
			    mem_realloc(p->net[k], cap[k], sizeof(*p->net[k]));
		}
		p->net[k][p->n[k]++] =
		    (struct ring_peer){.name = mem_strdup(db_str(db, 0)),
			.address = mem_strdup(db_str(db, 1 + k))};
	}
}

int
peers_read(struct db *db, struct peers *p, int64_t now_ms, int64_t age_ms)
{
	size_t cap[PEERS_NETS] = {0};
	int r;

	if (p->read_ms && now_ms - p->read_ms < age_ms)
		return 0;
	p->read_ms = 0;
	peers_free(p);
	if (db_query(db,
		"SELECT name, node_ip, storage_ip FROM host"
		" WHERE (node_ip IS NOT NULL OR storage_ip IS NOT NULL)"
		" AND admin <> 'down' AND health <> 'unreachable'",
		"") == -1)
		return -1;
	while ((r = db_next(db)) == 1)
		add(db, p, cap);
	db_done(db);
	if (r == -1)
		return -1;
	for (int k = 0; k < PEERS_NETS; k++)
		ring_sort(p->net[k], p->n[k]);
	p->read_ms = now_ms;
	return 0;
}

void
peers_tell(const struct peers *p, const char *host, struct buf *row)
{
	static const char *const keys[] = {"business_peers", "storage_peers"};
	const struct ring_peer *found[PEERS_MAX];
	struct buf list;

	for (int k = 0; k < PEERS_NETS; k++) {
		size_t n =
		    ring_next(p->net[k], p->n[k], host, found, PEERS_MAX);

		buf_init(&list, 1024);
		for (size_t i = 0; i < n; i++)
			buf_printf(
			    &list, "%s%s", i ? "," : "", found[i]->address);
		row_list(row, keys[k], list.data);
		buf_free(&list);
	}
}
