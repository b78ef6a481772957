/* SPDX-License-Identifier: ISC */
/* The routes below /v1/host. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/hostapi.h"
#include "api/hostresult.h"
#include "api/once.h"
#include "api/page.h"
#include "api/route.h"
#include "core/name.h"
#include "line/ping.h"
#include "line/row.h"
#include "os/net.h"
#include "store/join.h"

struct change {
	struct api *a;
	const char *name;
	enum judge_admin admin;
};

int
host_unknown(struct api *a, const char *name)
{
	return api_fail(a, 404, "not_found",
	    "host %.80s is not known: `chimecli host list` shows those that "
	    "are, `chimeadm initagent` adds one",
	    name);
}

static const struct page_of hosts = {host_list, host_row};

int
host_result(struct api *a, const char *name)
{
	int r = page_one(a, &hosts, name);

	if (r == -1)
		return -1;
	return r == 1 ? 0 : host_unknown(a, name);
}

int
route_host_list(struct api *a)
{
	return page_list(a, &hosts);
}

static int
read_one(struct db *db, void *arg)
{
	struct api *a = arg;

	(void)db;
	api_again(a);
	return host_result(a, a->req.part[2]);
}

int
route_host_get(struct api *a)
{
	if (!name_host(a->req.part[2]))
		return host_unknown(a, a->req.part[2]);
	return db_read(a->db, read_one, a);
}

/* A numeric address of the body, if it is there: 0, or 1 after api_bad. */
static int
get_ip(struct api *a, const json_t *body, const char *key, const char **ip)
{
	struct json_reason why;

	if (json_get_str(body, key, 1, 200, ip, &why) == -1)
		return api_bad(a, "%s", why.text);
	if (*ip && (strlen(*ip) >= HOST_IP_SIZE || !net_is_ip(*ip)))
		return api_bad(a,
		    "%s: expected a numeric IPv4 or IPv6 address, found %.60s",
		    key, *ip);
	return 0;
}

int
hostapi_address(struct api *a, struct host_address *h)
{
	struct json_reason why;
	json_t *body;

	if (api_body(a, &body))
		return 1;
	h->pong_port = PING_PORT;
	if (json_need(json_get_str(body, "host", 0, 200, &h->name, &why),
		"host", &why) == -1 ||
	    json_get_str(body, "rack", 1, 252, &h->rack, &why) == -1 ||
	    json_get_int(body, "pong_port", 1, 65535, &h->pong_port, &why) ==
		-1)
		return api_bad(a, "%s", why.text);
	if (!name_host(h->name))
		return api_bad(a,
		    "host: expected 1 to %d of a-z 0-9 . - with a letter or "
		    "digit at both ends, found %.80s",
		    NAME_HOST_MAX, h->name);
	if (h->rack && !name_vm(h->rack))
		return api_bad(a,
		    "rack: expected 1 to %d printable characters without /",
		    HOST_RACK_MAX);
	if (get_ip(a, body, "manage_ip", &h->manage_ip) ||
	    get_ip(a, body, "node_ip", &h->node_ip) ||
	    get_ip(a, body, "storage_ip", &h->storage_ip))
		return 1;
	if (!h->manage_ip)
		return api_bad(a, "manage_ip: missing");
	return 0;
}

/* The record of a host and its new token, which is told only here. */
static int
result_with_token(struct api *a, const char *name, const char *token)
{
	int r = host_result(a, name);

	if (r != 0)
		return r;
	/* The record is closed: open it for one more field. */
	a->out->len--;
	row_str(a->out, "token", token);
	row_close(a->out);
	return 0;
}

int
hostapi_add(struct db *db, struct hostapi_add *c)
{
	const char *name = c->address.name;
	struct token_new t = {.text = c->token,
	    .id = c->token_id,
	    .role = TOKEN_AGENT,
	    .host = name};
	int added = host_put(db, &c->address);

	if (added == -1) {
		/* Two at once: the other one was first. */
		if (db_error(db) == DB_DUPLICATE)
			return api_fail(c->a, 409, "conflict",
			    "host %s is being added by somebody else now: try "
			    "again",
			    name);
		return -1;
	}
	if (join_set_machine(db, name, c->machine) == -1 ||
	    token_revoke_host(db, name) == -1 || token_add(db, &t) == -1 ||
	    api_event(c->a, "host.added", name, NULL, "host %s %s", name,
		added ? "was added"
		      : "has new addresses and a new token, the old one is "
			"revoked") == -1)
		return -1;
	return result_with_token(c->a, name, c->token);
}

static int
put(struct db *db, void *arg)
{
	struct hostapi_add *c = arg;
	struct host h;

	api_again(c->a);
	if (host_lock(db, c->address.name, &h) == -1)
		return -1;
	return hostapi_add(db, c);
}

int
route_host_put(struct api *a)
{
	struct hostapi_add c = {.a = a};

	if (hostapi_address(a, &c.address))
		return 1;
	token_new(c.token, c.token_id);
	return api_change(a, put, &c);
}

/* Its machine was replaced by another one, which is to join in its place. */
static int
replace(struct db *db, void *arg)
{
	struct change *c = arg;
	struct host h;
	int r;

	api_again(c->a);
	r = host_lock(db, c->name, &h);
	if (r != 1)
		return r == -1 ? -1 : host_unknown(c->a, c->name);
	if (join_set_machine(db, c->name, NULL) == -1 ||
	    token_revoke_host(db, c->name) == -1 ||
	    api_event(c->a, "host.replace", c->name, NULL,
		"host %s may be another machine: its agent's token is revoked, "
		"the next one joins with a join token for this host",
		c->name) == -1)
		return -1;
	return host_result(c->a, c->name);
}

int
route_host_replace(struct api *a)
{
	struct change c = {.a = a, .name = a->req.part[2]};

	if (!name_host(c.name))
		return host_unknown(a, c.name);
	return api_change(a, replace, &c);
}

static int
set_admin(struct db *db, void *arg)
{
	static const char *const kind[] = {
	    "host.enabled", "host.disabled", "host.drained", "host.down"};
	static const char *const text[] = {"is enabled: it takes new VMs",
	    "is disabled: it takes no new VMs, its own go on", "is drained",
	    "is down: its VMs are stopped and not started again"};
	struct change *c = arg;
	struct host h;
	int r;

	api_again(c->a);
	r = host_lock(db, c->name, &h);
	if (r != 1)
		return r == -1 ? -1 : host_unknown(c->a, c->name);
	if (h.admin == c->admin)
		return host_result(c->a, c->name);
	if (host_admin(db, c->name, c->admin) == -1)
		return -1;
	if (api_event(c->a, kind[c->admin], c->name, NULL, "host %s %s",
		c->name, text[c->admin]) == -1)
		return -1;
	api_nudge(c->a, &h);
	return host_result(c->a, c->name);
}

static int
admin_route(struct api *a, enum judge_admin admin)
{
	struct change c = {.a = a, .name = a->req.part[2], .admin = admin};

	if (!name_host(c.name))
		return host_unknown(a, c.name);
	return api_change(a, set_admin, &c);
}

int
route_host_enable(struct api *a)
{
	return admin_route(a, ADMIN_RUN);
}

int
route_host_disable(struct api *a)
{
	return admin_route(a, ADMIN_DISABLED);
}

int
route_host_down(struct api *a)
{
	return admin_route(a, ADMIN_DOWN);
}

static int
remove_one(struct db *db, void *arg)
{
	struct change *c = arg;
	struct host h;
	int64_t vms;
	int r;

	api_again(c->a);
	if (host_lock_beat(db, c->name) == -1)
		return -1;
	r = host_lock(db, c->name, &h);
	if (r != 1)
		return r == -1 ? -1 : host_unknown(c->a, c->name);
	vms = host_vms(db, c->name);
	if (vms > 0)
		return api_fail(c->a, 409, "conflict",
		    "host %s still has %" PRId64
		    " VMs (those being deleted count until it reports them "
		    "gone): delete them first, `chimecli vm list --host %s` "
		    "shows them",
		    c->name, vms, c->name);
	if (vms == -1 || host_result(c->a, c->name) == -1 ||
	    host_remove(db, c->name) == -1)
		return -1;
	return api_event(c->a, "host.deleted", c->name, NULL,
	    "host %s was deleted, its agent's token is revoked", c->name);
}

int
route_host_delete(struct api *a)
{
	struct change c = {.a = a, .name = a->req.part[2]};

	if (!name_host(c.name))
		return host_unknown(a, c.name);
	return api_change(a, remove_one, &c);
}
