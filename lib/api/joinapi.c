/* SPDX-License-Identifier: ISC */
/* POST /v1/join: a machine with a join token becomes a host. */
#include <stdio.h>
#include <string.h>

#include "api/hostapi.h"
#include "api/once.h"
#include "api/route.h"
#include "store/join.h"

struct join {
	struct hostapi_add add;
	/* Why it was refused, if somebody should know: */
	char alert[256];
	int (*tell)(struct db *, const char *);
	const char *key; /* for tell */
};

static int
used_up(struct join *j, const char *host)
{
	struct api *a = j->add.a;

	snprintf(j->alert, sizeof(j->alert),
	    "a machine wants to be host %s with join token %s, which host %s "
	    "has used: who has it?",
	    j->add.address.name, a->who.id, host);
	j->tell = join_tell_token;
	j->key = a->who.id;
	return api_fail(a, 403, "token_used",
	    "this join token has been used, for host %s: `chimecli token "
	    "create --role join` makes another one",
	    host);
}

static int
other_machine(struct join *j)
{
	const char *name = j->add.address.name;

	snprintf(j->alert, sizeof(j->alert),
	    "another machine wants to be host %s, with join token %s", name,
	    j->add.a->who.id);
	j->tell = join_tell_host;
	j->key = name;
	return api_fail(j->add.a, 409, "host_duplicate",
	    "there is a host %s, and it is another machine: choose another "
	    "name, or, if that machine is gone, `chimecli host replace %s` "
	    "first",
	    name, name);
}

static int
join(struct db *db, void *arg)
{
	struct join *j = arg;
	struct api *a = j->add.a;
	const char *name = j->add.address.name;
	char machine[TOKEN_SIZE], used[TOKEN_HOST_SIZE];
	struct host h;
	int known, r;

	api_again(a);
	j->tell = NULL;
	known = host_lock(db, name, &h);
	if (known == -1 || join_machine(db, name, machine) == -1)
		return -1;
	r = join_use(db, a->who.id, name, used);
	if (r != 1)
		return r == -1 ? -1 : used_up(j, used);
	if (*a->who.host && strcmp(a->who.host, name) != 0)
		return api_fail(a, 403, "forbidden",
		    "this join token is for host %s alone", a->who.host);
	if (*machine && strcmp(machine, j->add.machine) != 0)
		return other_machine(j);
	/* Of a host whose machine nobody knows, not every token is proof. */
	if (known && !*machine && !*a->who.host)
		return api_fail(a, 403, "forbidden",
		    "there is a host %s: to take its place needs a join token "
		    "for it, `chimecli token create --role join --host %s`",
		    name, name);
	return hostapi_add(db, &j->add);
}

static int
alert(struct db *db, void *arg)
{
	const struct join *j = arg;
	int r = j->tell(db, j->key);

	if (r != 1)
		return r;
	return event_add(db, &(struct event){.level = EVENT_ALERT,
				 .kind = "host.refused",
				 .host = j->add.address.name,
				 .actor = j->add.a->actor,
				 .text = j->alert});
}

int
route_join(struct api *a)
{
	struct join j = {.add = {.a = a}};
	struct json_reason why;
	json_t *body;
	int r;

	if (hostapi_address(a, &j.add.address) || api_body(a, &body))
		return 1;
	if (json_need(json_get_str(body, "machine", TOKEN_SIZE - 1,
			  TOKEN_SIZE - 1, &j.add.machine, &why),
		"machine", &why) == -1)
		return api_bad(a, "%s", why.text);
	if (strspn(j.add.machine, "0123456789abcdef") != TOKEN_SIZE - 1)
		return api_bad(a, "machine: expected 64 hex digits");
	token_new(j.add.token, j.add.token_id);
	r = api_change(a, join, &j);
	if (r == 1 && j.tell && db_transact(a->db, alert, &j) == -1)
		return -1;
	return r;
}
