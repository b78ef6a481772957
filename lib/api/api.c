/* SPDX-License-Identifier: ISC */
#include "api/api.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/nudge.h"
#include "api/route.h"
#include "base/num.h"
#include "base/utf8.h"
#include "line/wire.h"

/*
 * Who may use a route. The order matters: of viewer, operator and admin each
 * may do all that the ones before may.
 */
enum auth {
	AUTH_NONE,     /* without a token */
	AUTH_JOIN,     /* a join token, and no other */
	AUTH_OWN_HOST, /* as viewer; also the agent of the host in the path */
	AUTH_VIEWER,
	AUTH_OPERATOR,
	AUTH_OWN_USER, /* as admin; also the user in the path */
	AUTH_ADMIN
};

/* A part of NULL ends the path; "*" stands for a name. */
static const struct route {
	const char *method;
	const char *part[REQ_PARTS_MAX];
	enum auth auth;
	int (*handle)(struct api *a);
} routes[] = {
    {"GET", {"v1", "health"}, AUTH_NONE, route_health},
    {"POST", {"v1", "join"}, AUTH_JOIN, route_join},
    {"POST", {"v1", "login"}, AUTH_NONE, route_login},
    {"POST", {"v1", "logout"}, AUTH_VIEWER, route_logout},
    {"GET", {"v1", "user", "self"}, AUTH_VIEWER, route_user_self},
    {"GET", {"v1", "user"}, AUTH_ADMIN, route_user_list},
    {"POST", {"v1", "user"}, AUTH_ADMIN, route_user_create},
    {"DELETE", {"v1", "user", "*"}, AUTH_ADMIN, route_user_delete},
    {"POST", {"v1", "user", "*", "password"}, AUTH_OWN_USER,
	route_user_password},
    {"GET", {"v1", "token"}, AUTH_ADMIN, route_token_list},
    {"POST", {"v1", "token"}, AUTH_ADMIN, route_token_create},
    {"DELETE", {"v1", "token", "*"}, AUTH_ADMIN, route_token_delete},
    {"GET", {"v1", "host"}, AUTH_VIEWER, route_host_list},
    {"POST", {"v1", "host"}, AUTH_ADMIN, route_host_put},
    {"GET", {"v1", "host", "*"}, AUTH_OWN_HOST, route_host_get},
    {"DELETE", {"v1", "host", "*"}, AUTH_ADMIN, route_host_delete},
    {"POST", {"v1", "host", "*", "enable"}, AUTH_OPERATOR, route_host_enable},
    {"POST", {"v1", "host", "*", "disable"}, AUTH_OPERATOR, route_host_disable},
    {"POST", {"v1", "host", "*", "down"}, AUTH_ADMIN, route_host_down},
    {"POST", {"v1", "host", "*", "fenced"}, AUTH_OPERATOR, route_host_fenced},
    {"POST", {"v1", "host", "*", "replace"}, AUTH_ADMIN, route_host_replace},
    {"POST", {"v1", "host", "*", "set"}, AUTH_ADMIN, route_host_set},
    {"GET", {"v1", "vm"}, AUTH_VIEWER, route_vm_list},
    {"POST", {"v1", "vm"}, AUTH_OPERATOR, route_vm_create},
    {"GET", {"v1", "vm", "*"}, AUTH_VIEWER, route_vm_get},
    {"DELETE", {"v1", "vm", "*"}, AUTH_OPERATOR, route_vm_delete},
    {"GET", {"v1", "vm", "*", "xml"}, AUTH_OPERATOR, route_vm_xml},
    {"POST", {"v1", "vm", "*", "start"}, AUTH_OPERATOR, route_vm_start},
    {"POST", {"v1", "vm", "*", "stop"}, AUTH_OPERATOR, route_vm_stop},
    {"POST", {"v1", "vm", "*", "rebuild"}, AUTH_OPERATOR, route_vm_rebuild},
    {"GET", {"v1", "event"}, AUTH_VIEWER, route_event_list},
};

void
api_again(struct api *a)
{
	if (a->out->data) {
		a->out->len = a->mark;
		a->out->data[a->mark] = '\0';
	}
	a->out->overflow = false;
	a->has_result = false;
	buf_clear(&a->details);
	a->next[0] = '\0';
	a->status = 200;
	a->retry_s = 0;
	a->nudge_ip[0] = '\0';
}

int
api_fail(struct api *a, int status, const char *code, const char *fmt, ...)
{
	va_list ap;

	api_again(a);
	a->status = status;
	a->code = code;
	va_start(ap, fmt);
	vsnprintf(a->message, sizeof(a->message), fmt, ap);
	va_end(ap);
	return 1;
}

int
api_bad(struct api *a, const char *fmt, ...)
{
	char text[API_MESSAGE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return api_fail(a, 400, "bad_request", "%s", text);
}

void
api_row(struct api *a)
{
	buf_printf(a->out, "{\"id\":%" PRId64 ",\"row\":", a->req.id);
}

bool
api_row_end(struct api *a)
{
	buf_puts(a->out, "}\n");
	return a->out->len - a->mark < API_PAGE_BYTES;
}

void
api_result(struct api *a)
{
	buf_printf(a->out,
	    "{\"id\":%" PRId64 ",\"end\":{\"status\":200,\"result\":",
	    a->req.id);
	a->has_result = true;
	a->result_at = a->out->len;
}

int
api_page(struct api *a, int64_t *limit, const char **after)
{
	const char *text = req_query(&a->req, "limit");

	*limit = API_LIMIT;
	if (text && num_int(text, 1, API_LIMIT, limit) == -1)
		return api_bad(a,
		    "limit: expected an integer from 1 to %d, found %.40s",
		    API_LIMIT, text);
	*after = req_query(&a->req, "after");
	if (!*after)
		*after = "";
	return 0;
}

int
api_body(struct api *a, json_t **body)
{
	struct json_reason why;

	*body = req_json(&a->req, &why);
	return *body ? 0 : api_bad(a, "body: %s", why.text);
}

int
api_event(struct api *a, const char *kind, const char *host, const char *vm,
    const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utf8_repair(text, strlen(text));
	return event_add(a->db, &(struct event){.level = EVENT_INFO,
				    .kind = kind,
				    .host = host,
				    .vm = vm,
				    .actor = a->actor,
				    .text = text});
}

void
api_nudge(struct api *a, const struct host *h)
{
	a->nudge_hash[0] = '\0';
	(void)token_of_host(a->db, h->name, a->nudge_hash);
	snprintf(a->nudge_host, sizeof(a->nudge_host), "%s", h->name);
	snprintf(a->nudge_ip, sizeof(a->nudge_ip), "%s", h->manage_ip);
	a->nudge_port = h->pong_port;
}

static bool
path_is(const struct req *r, const struct route *route)
{
	for (size_t i = 0; i < REQ_PARTS_MAX; i++) {
		const char *want = route->part[i], *have = r->part[i];

		if (!want || !have)
			return !want && !have;
		if (strcmp(want, "*") == 0 ? !*have : strcmp(want, have) != 0)
			return false;
	}
	return true;
}

static const struct route *
find_route(const struct req *r)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].method, r->method) == 0 &&
		    path_is(r, &routes[i]))
			return &routes[i];
	return NULL;
}

static int
find_token(struct db *db, void *arg)
{
	struct api *a = arg;
	int r = token_find(db, a->req.token, &a->who);

	if (r == 0)
		return api_fail(a, 401, "unauthorized",
		    "the token is not known here, or has expired");
	return r == -1 ? -1 : 0;
}

/* Whether a role reaches what a route asks for. */
static bool
reaches(enum token_role role, enum auth auth)
{
	switch (role) {
	case TOKEN_ADMIN:
		return auth != AUTH_JOIN;
	case TOKEN_OPERATOR:
		return auth >= AUTH_OWN_HOST && auth <= AUTH_OPERATOR;
	case TOKEN_VIEWER:
		return auth >= AUTH_OWN_HOST && auth <= AUTH_VIEWER;
	case TOKEN_JOIN:
		return auth == AUTH_JOIN;
	case TOKEN_AGENT:
	default:
		return false;
	}
}

static int
forbid(struct api *a, enum auth auth)
{
	const char *may = auth == AUTH_VIEWER || auth == AUTH_OWN_HOST
			      ? "a viewer"
			  : auth == AUTH_OPERATOR ? "an operator"
						  : "an administrator";

	if (auth == AUTH_JOIN)
		return api_fail(a, 403, "forbidden",
		    "joining takes a join token: `chimecli token create "
		    "--role join` makes one");
	if (a->who.role == TOKEN_AGENT)
		return api_fail(a, 403, "forbidden",
		    "the token of host %s's agent is for that host alone: use "
		    "the token of %s",
		    a->who.host, may);
	if (a->who.role == TOKEN_JOIN)
		return api_fail(a, 403, "forbidden",
		    "a join token is for `chimeadm initagent` alone: use the "
		    "token of %s",
		    may);
	return api_fail(a, 403, "forbidden",
	    "the role %s may not do this: it takes %s",
	    token_role_words[a->who.role], may);
}

static int
authorize(struct api *a, const struct route *route)
{
	enum auth auth = route ? route->auth : AUTH_VIEWER;
	const struct token *who = &a->who;
	int r;

	if (auth == AUTH_NONE)
		return 0;
	if (!a->req.token || !*a->req.token)
		return api_fail(a, 401, "unauthorized",
		    "this needs a token: send it as `Authorization: Bearer "
		    "TOKEN`");
	r = db_read(a->db, find_token, a);
	if (r != 0)
		return r;
	if (*who->user)
		snprintf(a->actor, sizeof(a->actor), "user:%s", who->user);
	else
		snprintf(a->actor, sizeof(a->actor), "%s:%s",
		    token_role_words[who->role], who->id);
	if (reaches(who->role, auth) ||
	    (auth == AUTH_OWN_HOST && who->role == TOKEN_AGENT &&
		strcmp(a->req.part[2], who->host) == 0) ||
	    (auth == AUTH_OWN_USER && *who->user &&
		strcmp(a->req.part[2], who->user) == 0))
		return 0;
	return forbid(a, auth);
}

static int
dispatch(struct api *a)
{
	const struct route *route = find_route(&a->req);
	int r = authorize(a, route);

	if (r != 0)
		return r;
	if (!route)
		return api_fail(a, 404, "not_found", "there is no %s %.200s",
		    a->req.method, a->req.path);
	if (a->req.body_len > REQ_BODY_MAX)
		return api_fail(a, 413, "too_large",
		    "body: at most %d bytes are expected, found %zu",
		    REQ_BODY_MAX, a->req.body_len);
	return route->handle(a);
}

/* Why the database could not, for whoever asked; the reason is for the log. */
static void
fail_database(struct api *a)
{
	if (db_error(a->db) == DB_LOST)
		api_fail(a, 503, "database",
		    "the database does not answer: try again in a few "
		    "seconds");
	else if (db_error(a->db) == DB_RETRY)
		api_fail(a, 503, "database",
		    "the database is too busy with the same rows: try again");
	else
		api_fail(a, 503, "database",
		    "the database refused: the reason is in this server's "
		    "log; `chimeadm initserver mysql` checks its set-up");
}

static void
string(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, ",\"%s\":", key);
	wire_string(b, value, strlen(value));
}

/* Writes the answer's last line. */
static void
end(struct api *a)
{
	if (a->out->overflow)
		api_fail(a, 500, "too_large",
		    "the answer is too large: ask for fewer rows (limit)");
	if (!a->has_result)
		buf_printf(a->out, "{\"id\":%" PRId64 ",\"end\":{\"status\":%d",
		    a->req.id, a->status);
	if (a->retry_s)
		buf_printf(a->out, ",\"retry_s\":%" PRId64, a->retry_s);
	if (a->status >= 400) {
		buf_printf(a->out, ",\"error\":{\"code\":\"%s\"", a->code);
		/* A cut may have gone through a character. */
		utf8_repair(a->message, strlen(a->message));
		string(a->out, "message", a->message);
		if (a->details.len && !a->details.overflow)
			buf_printf(a->out, ",\"details\":%s", a->details.data);
		buf_puts(a->out, "}");
	}
	if (a->next[0])
		string(a->out, "next", a->next);
	buf_puts(a->out, "}}\n");
}

int
api_call(struct db *db, int64_t cpu_ratio, const char *line, size_t len,
    struct buf *out, struct json_reason *why)
{
	struct api a = {.db = db, .cpu_ratio = cpu_ratio, .out = out};
	int r;

	a.mark = out->len;
	buf_init(&a.details, API_PAGE_BYTES);
	r = req_parse(&a.req, line, len, why);
	if (r == -1) {
		req_free(&a.req);
		return -1;
	}
	api_again(&a);
	if (r == 1)
		api_bad(&a, "%s", why->text);
	else if ((r = dispatch(&a)) == -1)
		fail_database(&a);
	end(&a);
	if (a.nudge_ip[0])
		nudge(a.nudge_host, a.nudge_ip, a.nudge_port, a.nudge_hash);
	buf_free(&a.details);
	req_free(&a.req);
	return r == -1 ? 1 : 0;
}
