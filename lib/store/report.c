/* SPDX-License-Identifier: ISC */
#include "store/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/mem.h"
#include "core/judge.h"
#include "line/row.h"
#include "store/beat.h"
#include "store/restart.h"
#include "store/settle.h"

#define SQL_MAX (64 * 1024)

void
report_error(
    struct report *r, int status, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, ap);
	va_end(ap);
	r->status = status;
	r->code = code;
}

/* A batch by hosts; the reports of host i are r[first[i]] to r[first[i + 1]].
 */
struct work {
	struct report **r;
	int64_t interval_ms;
	struct peers *peers;
	bool again;
	struct settle *s;
	size_t *first;
	size_t n;
	size_t at; /* where beat_lock has come to */
	struct buf
	    *vms; /* of host i: its VMs as lines, if somebody needs them */
	bool *need;
};

/* By host, in order of arrival: stable, and a batch is small. */
static void
sort(struct report **r, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct report *x = r[i];
		size_t j = i;

		while (j && strcmp(r[j - 1]->host, x->host) > 0) {
			r[j] = r[j - 1];
			j--;
		}
		r[j] = x;
	}
}

static void
work_init(struct work *w, struct report_batch *b)
{
	memset(w, 0, sizeof(*w));
	w->r = b->r;
	w->interval_ms = b->interval_ms;
	w->peers = b->peers;
	w->again = b->again;
	w->s = mem_calloc(b->n, sizeof(*w->s));
	w->first = mem_calloc(b->n + 1, sizeof(*w->first));
	w->vms = mem_calloc(b->n, sizeof(*w->vms));
	w->need = mem_calloc(b->n, sizeof(*w->need));
	sort(b->r, b->n);
	for (size_t i = 0; i < b->n; i++) {
		if (i && strcmp(b->r[i - 1]->host, b->r[i]->host) == 0)
			continue;
		buf_init(&w->vms[w->n], REPORT_ROWS_MAX);
		w->s[w->n].host = b->r[i]->host;
		w->s[w->n].first = true;
		w->first[w->n++] = i;
	}
	w->first[w->n] = b->n;
}

static void
work_free(struct work *w)
{
	for (size_t i = 0; i < w->n; i++)
		buf_free(&w->vms[i]);
	free(w->s);
	free(w->first);
	free(w->vms);
	free(w->need);
}

static void
locked(const struct beat_row *row, void *arg)
{
	struct work *w = arg;

	while (w->at < w->n && strcmp(w->s[w->at].host, row->host) != 0)
		w->at++;
	if (w->at == w->n)
		return;
	w->s[w->at].row = *row;
	w->s[w->at].first = false;
}

static int
lock(struct db *db, struct work *w)
{
	const char **hosts = mem_calloc(w->n, sizeof(*hosts));
	int r;

	for (size_t i = 0; i < w->n; i++)
		hosts[i] = w->s[i].host;
	r = beat_lock(db, hosts, w->n, locked, w);
	free(hosts);
	return r;
}

/* Which of a host's heartbeats count: those that move its row on. */
static void
choose(struct work *w, size_t i)
{
	struct settle *s = &w->s[i];
	struct beat_row *row = &s->row;

	for (size_t j = w->first[i]; j < w->first[i + 1]; j++) {
		const struct upload *u = &w->r[j]->up;

		if (strcmp(row->boot, u->boot) == 0 && u->beat <= row->beat) {
			w->r[j]->replayed = !w->again || u->beat < row->beat;
			continue;
		}
		snprintf(row->boot, sizeof(row->boot), "%s", u->boot);
		row->beat = u->beat;
		s->beat = u;
		if (!u->full)
			continue;
		s->inventory = u;
		snprintf(row->observed_rev, sizeof(row->observed_rev), "%s",
		    u->observed_rev);
	}
}

static int
write_beats(struct db *db, struct work *w)
{
	struct beat *b = mem_calloc(w->n, sizeof(*b));
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct settle *s = &w->s[i];
		const struct upload *u = s->beat;

		if (u)
			b[n++] = (struct beat){.host = s->host,
			    .boot = u->boot,
			    .beat = u->beat,
			    .desired_rev = u->desired_rev,
			    .observed_rev = s->inventory
						? s->inventory->observed_rev
						: NULL,
			    .error = u->error,
			    .reason = *u->reason ? u->reason : NULL};
	}
	if (n)
		r = beat_write(db, b, n);
	for (size_t i = 0; i < w->n && r == 0; i++) {
		const struct upload *u = w->s[i].inventory;

		if (!u)
			continue;
		r = restart_tell(db, w->s[i].host, u->vm, u->n);
		if (r == 0)
			r = beat_inventory(db, w->s[i].host, u->vm, u->n);
	}
	free(b);
	return r;
}

/* Whether the agent must be sent its VMs. */
static bool
outdated(const struct settle *s, const struct report *r)
{
	return !r->up.desired_rev ||
	       strcmp(r->up.desired_rev, s->desired_rev) != 0;
}

static void
add_vm(struct db *db, struct buf *b)
{
	char ts[DB_TS_SIZE];

	row_open(b, "vm");
	db_ts(db, 11, ts);
	row_str(b, "ts", ts);
	row_str(b, "vm", db_str(db, 0));
	row_str(b, "host", db_str(db, 1));
	row_str(b, "name", db_str(db, 2));
	row_str(b, "want", db_str(db, 3));
	row_int(b, "wish", db_int(db, 4));
	row_int(b, "generation", db_int(db, 5));
	row_str(b, "restart", db_str(db, 6));
	row_int(b, "grace_ms", db_int(db, 7));
	row_int(b, "vcpus", db_int(db, 8));
	row_int(b, "memory_mib", db_int(db, 9));
	if (db_str(db, 12))
		row_bool(b, "adopt", true);
	row_raw(b, "spec", db_str(db, 10));
	row_close(b);
	buf_add(b, "\n", 1);
}

/*
 * The VMs are read after desired_rev: an answer may tell newer wishes under
 * an older revision, which the next beat puts right, never the reverse.
 */
static int
read_vms(struct db *db, struct work *w)
{
	struct db_val *v = mem_calloc(w->n, sizeof(*v));
	struct buf sql;
	size_t i = 0, n = 0;
	int r = 0;

	buf_init(&sql, SQL_MAX);
	buf_puts(&sql,
	    "SELECT uuid, host, name, want, wish, generation, restart,"
	    " grace_ms, vcpus, memory_mib, spec, changed_at, a.vm FROM vm"
	    " LEFT JOIN vm_adopt a ON a.vm = uuid WHERE host IN (");
	for (size_t j = 0; j < w->n; j++)
		if (w->need[j]) {
			buf_puts(&sql, n ? ",?" : "?");
			v[n++].s = w->s[j].host;
		}
	buf_puts(&sql, ") ORDER BY host, uuid");
	if (n)
		r = db_query_v(db, sql.data, v, n);
	while (n && r == 0 && (r = db_next(db)) == 1) {
		while (i < w->n && strcmp(w->s[i].host, db_str(db, 1)) != 0)
			i++;
		if (i < w->n)
			add_vm(db, &w->vms[i]);
		r = 0;
	}
	db_done(db);
	buf_free(&sql);
	free(v);
	return r;
}

static void
answer(const struct work *w, size_t i, struct report *r)
{
	const struct settle *s = &w->s[i];
	struct buf *b = &r->rows;
	char ts[CLK_TS_SIZE];
	bool full = outdated(s, r);

	clk_ts(ts);
	row_open(b, "host");
	row_str(b, "ts", ts);
	row_str(b, "host", s->host);
	row_str(b, "boot", s->row.boot);
	row_str(b, "admin", judge_admin_words[s->admin]);
	row_str(b, "desired_rev", s->desired_rev);
	row_int(b, "interval_ms", w->interval_ms);
	row_str(b, "node_ip", *s->node_ip ? s->node_ip : NULL);
	row_str(b, "storage_ip", *s->storage_ip ? s->storage_ip : NULL);
	peers_tell(w->peers, s->host, b);
	row_int(b, "beat", s->row.beat);
	row_str(b, "observed_rev",
	    *s->row.observed_rev ? s->row.observed_rev : NULL);
	if (full)
		row_bool(b, "full", true);
	row_close(b);
	buf_add(b, "\n", 1);
	if (full && w->vms[i].len)
		buf_add(b, w->vms[i].data, w->vms[i].len);
	r->status = 200;
	if (b->overflow || w->vms[i].overflow)
		report_error(r, 500, "too_large",
		    "the VMs of host %s do not fit into one answer", s->host);
}

static void
answer_all(const struct work *w)
{
	for (size_t i = 0; i < w->n; i++)
		for (size_t j = w->first[i]; j < w->first[i + 1]; j++) {
			struct report *r = w->r[j];

			buf_clear(&r->rows);
			if (!w->s[i].known)
				report_error(r, 404, "not_found",
				    "there is no host %s: `chimeadm initagent` "
				    "adds it",
				    r->host);
			else if (strcmp(r->up.boot, w->s[i].row.boot) != 0)
				report_error(r, 409, "conflict",
				    "another boot of host %s reports: is there "
				    "a second machine of that name?",
				    r->host);
			else if (r->replayed) {
				r->beat = w->s[i].row.beat;
				report_error(r, 409, "replayed",
				    "beat %" PRId64
				    " of host %s or a later one was answered "
				    "before: nothing was changed",
				    r->up.beat, r->host);
			} else
				answer(w, i, r);
		}
}

int
report_write(struct db *db, void *batch)
{
	struct work w;
	int r = -1;

	work_init(&w, batch);
	if (lock(db, &w) == -1)
		goto out;
	for (size_t i = 0; i < w.n; i++)
		choose(&w, i);
	if (write_beats(db, &w) == -1 || settle_vms(db, w.s, w.n) == -1 ||
	    settle_hosts(db, w.s, w.n) == -1)
		goto out;
	for (size_t i = 0; i < w.n; i++)
		for (size_t j = w.first[i]; j < w.first[i + 1]; j++)
			if (w.s[i].known && outdated(&w.s[i], w.r[j]))
				w.need[i] = true;
	/* Late by half an interval at most, which harms nobody. */
	if (read_vms(db, &w) == -1 ||
	    peers_read(db, w.peers, clk_mono_ms(), w.interval_ms / 2) == -1)
		goto out;
	answer_all(&w);
	r = 0;
out:
	work_free(&w);
	return r;
}
