/* SPDX-License-Identifier: ISC */
#include "store/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "line/row.h"
#include "os/proc.h"
#include "store/beat.h"

#define REV_SIZE 17

#define SUMS                                                                   \
	"COUNT(*) AS vms, CAST(COALESCE(SUM(vcpus), 0) AS SIGNED) AS vcpus,"   \
	" CAST(COALESCE(SUM(memory_mib), 0) AS SIGNED) AS memory_mib"

/* A word of the database; the columns are enums of the same words. */
static int
word_of(const char *const *words, const char *word)
{
	int i = word ? judge_word(words, word) : -1;

	return i == -1 ? 0 : i;
}

/*
 * What every reader of a place asks for; limits have a row only where they
 * were set.
 */
#define PLACE                                                                  \
	"h.name, h.admin, h.health, h.vcpus, h.memory_mib,"                    \
	" COALESCE(l.cpu_ratio, 0), COALESCE(l.memory_ratio, 100),"            \
	" COALESCE(l.reserve_vcpus, 0), COALESCE(l.reserve_memory_mib, 0),"    \
	" COALESCE(l.labels, '')"
#define LIMIT_OF " LEFT JOIN host_limit l ON l.host = h.name"

/* The columns PLACE. */
static void
take_place(struct db *db, struct host *h)
{
	snprintf(h->name, sizeof(h->name), "%s", db_str(db, 0));
	h->admin = (enum judge_admin)word_of(judge_admin_words, db_str(db, 1));
	h->health =
	    (enum judge_health)word_of(judge_health_words, db_str(db, 2));
	h->place.name = h->name;
	h->place.status = judge_status(h->admin, h->health);
	h->place.facts = db_str(db, 3) && db_str(db, 4);
	h->place.vcpus = db_int(db, 3);
	h->place.memory_mib = db_int(db, 4);
	h->place.cpu_ratio = db_int(db, 5);
	h->place.memory_ratio = db_int(db, 6);
	h->place.reserve_vcpus = db_int(db, 7);
	h->place.reserve_memory_mib = db_int(db, 8);
	snprintf(h->labels, sizeof(h->labels), "%s", db_str(db, 9));
	h->place.labels = h->labels;
}

int
host_lock(struct db *db, const char *name, struct host *out)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (db_query(db,
		"SELECT " PLACE
		", h.manage_ip, h.pong_port FROM host h" LIMIT_OF
		" WHERE h.name = ? FOR UPDATE",
		"s", name) == -1)
		return -1;
	r = db_next(db);
	if (r == 1) {
		take_place(db, out);
		snprintf(out->manage_ip, sizeof(out->manage_ip), "%s",
		    db_str(db, 10));
		out->pong_port = db_int(db, 11);
	}
	db_done(db);
	return r;
}

int
host_sums(struct db *db, struct place_host *p)
{
	int r;

	if (db_query(db,
		"SELECT " SUMS " FROM vm WHERE host = ? AND want <> 'deleted'",
		"s", p->name) == -1)
		return -1;
	r = db_next(db);
	if (r == 1) {
		p->vcpus_used = db_int(db, 1);
		p->memory_used_mib = db_int(db, 2);
	}
	db_done(db);
	return r == -1 ? -1 : 0;
}

int
host_places(struct db *db, struct place_host **hosts, size_t *n)
{
	struct host h = {0};
	size_t cap = 0;
	int r;

	*hosts = NULL;
	*n = 0;
	if (db_query(db,
		"SELECT " PLACE ", COALESCE(u.vcpus, 0),"
		" COALESCE(u.memory_mib, 0) FROM host h" LIMIT_OF
		" LEFT JOIN (SELECT host, " SUMS
		" FROM vm WHERE want <> 'deleted' GROUP BY host) u"
		" ON u.host = h.name",
		"") == -1)
		return -1;
	while ((r = db_next(db)) == 1) {
		if (*n == cap) {
			cap = cap ? 2 * cap : 64;
			*hosts = mem_realloc(*hosts, cap, sizeof(**hosts));
		}
		take_place(db, &h);
		h.place.name = mem_strdup(h.name);
		h.place.labels = mem_strdup(h.labels);
		h.place.vcpus_used = db_int(db, 10);
		h.place.memory_used_mib = db_int(db, 11);
		(*hosts)[(*n)++] = h.place;
	}
	db_done(db);
	if (r == 0)
		return 0;
	host_places_free(*hosts, *n);
	*hosts = NULL;
	*n = 0;
	return -1;
}

void
host_places_free(struct place_host *hosts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((void *)(uintptr_t)hosts[i].name);
		free((void *)(uintptr_t)hosts[i].labels);
	}
	free(hosts);
}

int
host_put(struct db *db, const struct host_address *a)
{
	char rev[REV_SIZE];
	int64_t n;

	n = db_exec(db,
	    "UPDATE host SET manage_ip = ?, node_ip = ?, storage_ip = ?,"
	    " rack = ?, pong_port = ? WHERE name = ?",
	    "ssssis", a->manage_ip, a->node_ip, a->storage_ip, a->rack,
	    a->pong_port, a->name);
	if (n != 0)
		return n == -1 ? -1 : 0;
	proc_random_hex(8, rev);
	n = db_exec(db,
	    "INSERT INTO host(name, manage_ip, node_ip, storage_ip, rack,"
	    " pong_port, admin, health, health_reason, health_since,"
	    " desired_rev, created_at) VALUES (?, ?, ?, ?, ?, ?, 'run',"
	    " 'unreachable', 'no heartbeat yet', UTC_TIMESTAMP(3), ?,"
	    " UTC_TIMESTAMP(3))",
	    "sssssis", a->name, a->manage_ip, a->node_ip, a->storage_ip,
	    a->rack, a->pong_port, rev);
	return n == -1 ? -1 : 1;
}

int
host_set_limit(struct db *db, const char *name, const struct host_limit *l)
{
	static const char *const sql[] = {
	    "UPDATE host_limit SET cpu_ratio = NULLIF(?, 0) WHERE host = ?",
	    "UPDATE host_limit SET memory_ratio = ? WHERE host = ?",
	    "UPDATE host_limit SET reserve_vcpus = ? WHERE host = ?",
	    "UPDATE host_limit SET reserve_memory_mib = ? WHERE host = ?",
	};
	const int64_t value[] = {l->cpu_ratio, l->memory_ratio,
	    l->reserve_vcpus, l->reserve_memory_mib};

	if (db_exec(db,
		"INSERT INTO host_limit(host) VALUES (?)"
		" ON DUPLICATE KEY UPDATE host = host",
		"s", name) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++)
		if (value[i] != -1 &&
		    db_exec(db, sql[i], "is", value[i], name) == -1)
			return -1;
	if (l->labels &&
	    db_exec(db,
		"UPDATE host_limit SET labels = NULLIF(?, '') WHERE host = ?",
		"ss", l->labels, name) == -1)
		return -1;
	return 0;
}

int
host_admin(struct db *db, const char *name, enum judge_admin admin)
{
	if (db_exec(db, "UPDATE host SET admin = ? WHERE name = ?", "ss",
		judge_admin_words[admin], name) == -1)
		return -1;
	return host_touch(db, name);
}

int
host_touch(struct db *db, const char *name)
{
	char rev[REV_SIZE];

	proc_random_hex(8, rev);
	return db_exec(db, "UPDATE host SET desired_rev = ? WHERE name = ?",
		   "ss", rev, name) == -1
		   ? -1
		   : 0;
}

int
host_lock_beat(struct db *db, const char *name)
{
	int r;

	if (db_query(db, "SELECT beat FROM heartbeat WHERE host = ? FOR UPDATE",
		"s", name) == -1)
		return -1;
	r = db_next(db);
	db_done(db);
	return r == -1 ? -1 : 0;
}

int
host_remove(struct db *db, const char *name)
{
	static const char *const sql[] = {
	    "DELETE FROM host WHERE name = ?",
	    "DELETE FROM token WHERE host = ?",
	};

	if (beat_forget(db, name) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++)
		if (db_exec(db, sql[i], "s", name) == -1)
			return -1;
	return 0;
}

int64_t
host_vms(struct db *db, const char *name)
{
	int64_t n = -1;

	if (db_query(db, "SELECT COUNT(*) FROM vm WHERE host = ?", "s", name) ==
	    -1)
		return -1;
	if (db_next(db) == 1)
		n = db_int(db, 0);
	db_done(db);
	return n;
}

/* The sums are made of the hosts in question only. */
#define LIST(match)                                                             \
	"SELECT h.name, h.admin, h.health, h.health_reason, h.health_since,"    \
	" h.manage_ip, h.node_ip, h.storage_ip, h.rack, h.pong_port,"           \
	" h.vcpus, h.memory_mib, COALESCE(u.vms, 0), COALESCE(u.vcpus, 0),"     \
	" COALESCE(u.memory_mib, 0), b.seen_at, l.cpu_ratio, l.memory_ratio,"   \
	" l.reserve_vcpus, l.reserve_memory_mib, l.labels FROM host h" LIMIT_OF \
	" LEFT JOIN heartbeat b ON b.host = h.name"                             \
	" LEFT JOIN (SELECT host, " SUMS                                        \
	" FROM vm WHERE want <> 'deleted' AND host " match                      \
	" GROUP BY host) u ON u.host = h.name WHERE h.name " match              \
	" ORDER BY h.name LIMIT ?"

int
host_list(struct db *db, const char *name, const char *after, int64_t limit)
{
	if (name)
		return db_query(db, LIST("= ?"), "ssi", name, name, (int64_t)1);
	return db_query(db, LIST("> ?"), "ssi", after, after, limit);
}

int
host_row(struct db *db, const char *ts, struct buf *out,
    char key[static HOST_NAME_SIZE])
{
	static const char *const text[] = {
	    "manage_ip", "node_ip", "storage_ip", "rack"};
	static const char *const limit[] = {
	    "cpu_ratio", "memory_ratio", "reserve_vcpus", "reserve_memory_mib"};
	enum judge_admin admin;
	enum judge_health health;
	char when[DB_TS_SIZE];
	int r = db_next(db);

	if (r != 1)
		return r;
	snprintf(key, HOST_NAME_SIZE, "%s", db_str(db, 0));
	admin = (enum judge_admin)word_of(judge_admin_words, db_str(db, 1));
	health = (enum judge_health)word_of(judge_health_words, db_str(db, 2));
	row_open(out, "host");
	row_str(out, "ts", ts);
	row_str(out, "host", key);
	row_str(out, "status", judge_status_words[judge_status(admin, health)]);
	row_str(out, "admin", judge_admin_words[admin]);
	row_str(out, "health", judge_health_words[health]);
	row_str(out, "health_reason", db_str(db, 3));
	if (db_ts(db, 4, when))
		row_str(out, "health_since", when);
	for (unsigned i = 0; i < 4; i++)
		row_str(out, text[i], db_str(db, 5 + i));
	row_int(out, "pong_port", db_int(db, 9));
	if (db_str(db, 10))
		row_int(out, "vcpus", db_int(db, 10));
	if (db_str(db, 11))
		row_int(out, "memory_mib", db_int(db, 11));
	row_int(out, "vms", db_int(db, 12));
	row_int(out, "vcpus_used", db_int(db, 13));
	row_int(out, "memory_used_mib", db_int(db, 14));
	for (unsigned i = 0; i < 4; i++)
		if (db_int(db, 16 + i))
			row_int(out, limit[i], db_int(db, 16 + i));
	row_list(out, "labels", db_str(db, 20));
	if (db_ts(db, 15, when))
		row_str(out, "last_beat_ts", when);
	row_close(out);
	return 1;
}
