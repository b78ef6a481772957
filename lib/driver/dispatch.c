/* SPDX-License-Identifier: ISC */
#include "driver/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "driver/route.h"

/* A request on its way: where its answer goes. */
struct asked {
	struct dispatch *d;
	struct front_request *http; /* or */
	struct relay_request *line;
	bool brief; /* has a time limit of its own */
};

void
dispatch_row(void *job, struct scan_text row)
{
	struct asked *a = job;

	if (a->http)
		front_row(a->http, row);
	else
		relay_row(a->line, row);
}

void
dispatch_restart(void *job)
{
	struct asked *a = job;

	if (a->http)
		front_restart(a->http);
	else
		relay_restart(a->line);
}

static void
fail(struct asked *a, int status, const char *code, const char *message)
{
	if (a->http)
		front_error(a->http, status, code, message);
	else
		relay_error(a->line, status, code, message);
	free(a);
}

void
dispatch_end(void *job, const struct wire_answer *end)
{
	struct asked *a = job;

	a->d->answered = true;
	/* Whoever asks for health wants to hear of the server, not of time. */
	if (a->brief && end->status == 504) {
		fail(a, 503, "worker_lost",
		    "no worker of this server answers in time");
		return;
	}
	if (a->http)
		front_end(a->http, end);
	else
		relay_end(a->line, end);
	free(a);
}

static const struct dispatch_route *
find(const struct dispatch *d, const struct wire_request *r)
{
	for (unsigned i = 0; i < d->nroutes; i++) {
		const struct dispatch_route *t = &d->routes[i];

		if ((!t->method || strcmp(t->method, r->method) == 0) &&
		    route_match(t->pattern, r->path))
			return t;
	}
	return NULL;
}

static void
pass_on(struct asked *a, const struct wire_request *r)
{
	const struct dispatch_route *t = find(a->d, r);
	int64_t limit = a->d->limit_ms;

	if (!t) {
		fail(a, 404, "not_found",
		    "no such path; chime-http(7) lists them");
		return;
	}
	a->brief = t->limit_ms && t->limit_ms < limit;
	if (a->brief)
		limit = t->limit_ms;
	if (workers_send(a->d->pool[t->pool], r, strcmp(r->method, "GET") == 0,
		a->d->now, limit, a) == -1)
		fail(a, 503, "busy",
		    "too many requests wait already; nothing was done: "
		    "repeat it later");
}

void
dispatch_http(void *d, struct front_request *q, const struct wire_request *r)
{
	struct asked *a = mem_calloc(1, sizeof(*a));

	a->d = d;
	a->http = q;
	pass_on(a, r);
}

void
dispatch_line(void *d, struct relay_request *q, const struct wire_request *r)
{
	struct asked *a = mem_calloc(1, sizeof(*a));

	a->d = d;
	a->line = q;
	pass_on(a, r);
}
