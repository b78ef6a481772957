/* SPDX-License-Identifier: ISC */
/* Whose heartbeats are taken (store/report.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "driver/dbonce.h"
#include "store/event.h"
#include "store/join.h"
#include "store/report.h"

/* The reports with a token, by its hash. */
struct auth {
	struct report **r;
	size_t n;
};

static int
by_hash(const void *a, const void *b)
{
	return strcmp((*(struct report *const *)a)->hash,
	    (*(struct report *const *)b)->hash);
}

/* Where the first one with this hash is, or would be. */
static size_t
first_of(const struct auth *a, const char *hash)
{
	size_t lo = 0, hi = a->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(a->r[mid]->hash, hash) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* A body that could not be read has no host: it is refused for that. */
static void
check_machine(struct report *r, const struct token *t)
{
	const char *machine = r->up.machine ? r->up.machine : "";

	r->status = 0;
	r->duplicate =
	    r->up.host && *t->machine && strcmp(machine, t->machine) != 0;
	if (r->duplicate)
		report_error(r, 403, "host_duplicate",
		    "host %s is another machine than this one: give this one "
		    "a name of its own with `chimeadm initagent`",
		    r->host);
}

static void
found(const char *hash, const struct token *t, void *arg)
{
	struct auth *a = arg;

	for (size_t i = first_of(a, hash); i < a->n; i++) {
		struct report *r = a->r[i];

		if (strcmp(r->hash, hash) != 0)
			break;
		if (t->role == TOKEN_AGENT && strcmp(t->host, r->host) == 0)
			check_machine(r, t);
		else
			report_error(r, 403, "forbidden",
			    "this token is not that of the agent of %s: only "
			    "a host's own agent may send its heartbeats",
			    r->host);
	}
}

int
report_auth(struct db *db, struct report *const *r, size_t n)
{
	const char **hashes = mem_calloc(n, sizeof(*hashes));
	struct auth a = {.r = mem_calloc(n, sizeof(struct report *))};
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		r[i]->status = 401;
		if (*r[i]->hash)
			a.r[a.n++] = r[i];
	}
	if (a.n)
		qsort(a.r, a.n, sizeof(struct report *), by_hash);
	for (size_t i = 0; i < a.n; i++)
		hashes[i] = a.r[i]->hash;
	if (a.n)
		rc = token_find_all(db, hashes, a.n, found, &a);
	for (size_t i = 0; i < n; i++)
		if (r[i]->status == 401)
			report_error(r[i], 401, "unauthorized",
			    "no token, or an unknown one: `chimeadm initagent` "
			    "gives host %s a new one",
			    r[i]->host);
	free(hashes);
	free(a.r);
	return rc;
}

static int
alert(struct db *db, void *arg)
{
	const struct report *r = arg;
	char text[256];
	int tell = join_tell_host(db, r->host);

	if (tell != 1)
		return tell;
	snprintf(text, sizeof(text),
	    "a second machine reports as host %s, with its token: it is "
	    "refused; was its disk copied?",
	    r->host);
	return event_add(db, &(struct event){.level = EVENT_ALERT,
				 .kind = "host.duplicate",
				 .host = r->host,
				 .text = text});
}

int
report_alert(struct db *db, struct report *const *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (r[i]->duplicate && db_once(db, alert, r[i]) == -1)
			return -1;
	return 0;
}
