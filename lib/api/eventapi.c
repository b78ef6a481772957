/* SPDX-License-Identifier: ISC */
/* GET /v1/event and GET /v1/health. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/route.h"
#include "base/num.h"
#include "core/name.h"
#include "line/row.h"
#include "store/migrate.h"

struct page {
	struct api *a;
	struct event_filter filter;
	int64_t limit;
	int64_t n;
	int64_t last;
	bool full;
};

/* One event more is asked for: it says that there is a next page. */
static int
add(const struct event_row *e, void *arg)
{
	struct page *p = arg;
	struct buf *out = p->a->out;

	if (p->n == p->limit || p->full) {
		snprintf(p->a->next, sizeof(p->a->next), "%" PRId64, p->last);
		return 1;
	}
	api_row(p->a);
	row_open(out, "event");
	row_str(out, "ts", e->ts);
	row_int(out, "id", e->id);
	row_str(out, "level", event_level_words[e->event.level]);
	row_str(out, "kind", e->event.kind);
	row_str(out, "host", e->event.host);
	row_str(out, "vm", e->event.vm);
	row_str(out, "actor", e->event.actor);
	row_str(out, "text", e->event.text);
	row_raw(out, "data", e->event.data);
	row_close(out);
	p->full = !api_row_end(p->a);
	p->last = e->id;
	p->n++;
	return 0;
}

static int
read_events(struct db *db, void *arg)
{
	struct page *p = arg;

	api_again(p->a);
	p->n = 0;
	p->full = false;
	return event_list(db, &p->filter, add, p);
}

int
route_event_list(struct api *a)
{
	struct page p = {.a = a};
	struct event_filter *f = &p.filter;
	const char *after, *newest = req_query(&a->req, "newest");

	if (api_page(a, &p.limit, &after))
		return 1;
	if (*after && num_int(after, 0, INT64_MAX, &f->after) == -1)
		return api_bad(
		    a, "after: expected an event's id, found %.40s", after);
	f->host = req_query(&a->req, "host");
	if (f->host && !name_host(f->host))
		return api_bad(
		    a, "host: expected a host's name, found %.80s", f->host);
	f->vm = req_query(&a->req, "vm");
	if (f->vm && !name_uuid(f->vm))
		return api_bad(
		    a, "vm: expected a UUID in lower case, found %.80s", f->vm);
	f->kind = req_query(&a->req, "kind");
	if (f->kind && !name_host(f->kind))
		return api_bad(a,
		    "kind: expected one like host.run, found %.80s", f->kind);
	if (newest && strcmp(newest, "1") != 0)
		return api_bad(a, "newest: expected 1, found %.40s", newest);
	f->newest = newest != NULL;
	f->limit = f->newest ? p.limit : p.limit + 1;
	return db_read(a->db, read_events, &p);
}

int
route_health(struct api *a)
{
	/*
	 * No patience: whoever asks wants to know how it is now. Two tries,
	 * since a connection may have been closed for being idle.
	 */
	if (migrate_ready(a->db) == -1 && migrate_ready(a->db) == -1)
		return -1;
	api_result(a);
	buf_puts(a->out, "{\"status\":\"ok\",\"database\":\"ok\"}");
	return 0;
}
