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

struct auth {
	struct report *const *r;
	size_t n;
};

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

	for (size_t i = 0; i < a->n; i++) {
		struct report *r = a->r[i];

		if (strcmp(r->hash, hash) != 0)
			continue;
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
	struct auth a = {.r = r, .n = n};
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		report_error(r[i], 401, "unauthorized",
		    "no token, or an unknown one: `chimeadm initagent` gives "
		    "host %s a new one",
		    r[i]->host);
		if (*r[i]->hash)
			hashes[count++] = r[i]->hash;
	}
	if (count)
		rc = token_find_all(db, hashes, count, found, &a);
	free(hashes);
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
