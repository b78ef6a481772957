/* SPDX-License-Identifier: ISC */
/*
 * POST /v1/login, /v1/logout and /v1/user/NAME/password: what takes a
 * password. No Idempotency-Key here: what is kept for one would tell of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/route.h"
#include "base/clk.h"
#include "line/row.h"
#include "store/user.h"

#define LOGIN_S (12 * 3600) /* how long a login is good */

struct login {
	struct api *a;
	const char *name;
	const char *password;
	bool known;
	struct user user;
	int64_t id; /* of the trial */
	char hash[PASSWORD_HASH_SIZE];
	char token[TOKEN_SIZE];
	char token_id[TOKEN_ID_SIZE];
};

static const char *
peer(const struct api *a)
{
	return a->req.peer && *a->req.peer ? a->req.peer : "-";
}

static int
begin(struct db *db, void *arg)
{
	struct login *l = arg;
	struct api *a = l->a;
	char hash[TOKEN_SIZE];
	int64_t wait_s = 1;
	int r;

	api_again(a);
	/* Somebody's password may be typed as a name: no such word is kept. */
	token_hash(l->name, hash);
	hash[TOKEN_USER_SIZE - 1] = '\0';
	r = user_find(db, l->name, true, &l->user);
	if (r == -1)
		return -1;
	l->known = r == 1;
	r = user_try(db, hash, peer(a), &l->id, &wait_s);
	if (r != 0)
		return r == -1 ? -1 : 0;
	api_fail(a, 429, "too_many",
	    "too many wrong passwords: try again in %" PRId64 " s", wait_s);
	a->retry_s = wait_s;
	return 1;
}

static int
failed(struct db *db, void *arg)
{
	struct login *l = arg;
	char text[160];

	api_again(l->a);
	snprintf(text, sizeof(text), "a wrong password for %s%s from %.63s",
	    l->known ? "user " : "a user nobody knows", l->known ? l->name : "",
	    peer(l->a));
	return event_add(db,
	    &(struct event){
		.level = EVENT_WARNING, .kind = "login.failed", .text = text});
}

/* Tries l's password: 0 it is right, 1 refused, -1. */
static int
attempt(struct login *l)
{
	int r = db_transact(l->a->db, begin, l);

	if (r != 0)
		return r;
	if (password_check(l->password, l->known ? l->user.hash : NULL))
		return 0;
	if (db_transact(l->a->db, failed, l) == -1)
		return -1;
	return api_fail(l->a, 401, "unauthorized",
	    "there is no such user, or it has another password");
}

/* What the password was right for is still so: 1, 0, -1. */
static int
still(struct db *db, const struct login *l, struct user *now)
{
	int r = user_find(db, l->name, true, now);

	if (r == 1 && strcmp(now->hash, l->user.hash) != 0)
		r = 0;
	return r == 1 && user_try_good(db, l->id) == -1 ? -1 : r;
}

static int
changed(struct api *a)
{
	return api_fail(a, 409, "conflict",
	    "this user is being changed by somebody else now: try again");
}

static int
enter(struct db *db, void *arg)
{
	struct login *l = arg;
	struct api *a = l->a;
	struct user now;
	struct token t;
	char ts[CLK_TS_SIZE];
	int r;

	api_again(a);
	r = still(db, l, &now);
	if (r != 1)
		return r == -1 ? -1 : changed(a);
	if (token_add(db, &(struct token_new){.text = l->token,
			      .id = l->token_id,
			      .role = now.role,
			      .user = now.name,
			      .note = "login",
			      .span_s = LOGIN_S}) == -1 ||
	    api_event(a, "login", NULL, NULL, "user %s logged in from %.63s",
		now.name, peer(a)) == -1)
		return -1;
	r = token_lock(db, l->token_id, &t);
	if (r != 1)
		return r == -1 ? -1 : changed(a);
	clk_ts(ts);
	api_result(a);
	row_open(a->out, "login");
	row_str(a->out, "ts", ts);
	row_str(a->out, "user", now.name);
	row_str(a->out, "role", token_role_words[now.role]);
	row_str(a->out, "id", t.id);
	row_str(a->out, "expires_ts", t.expires);
	row_str(a->out, "token", l->token);
	row_close(a->out);
	return 0;
}

int
route_login(struct api *a)
{
	struct login l = {.a = a};
	struct json_reason why;
	json_t *body;
	int r;

	if (api_body(a, &body))
		return 1;
	if (json_need(json_get_str(body, "user", 1, 200, &l.name, &why), "user",
		&why) == -1 ||
	    json_need(json_get_str(
			  body, "password", 1, PASSWORD_MAX, &l.password, &why),
		"password", &why) == -1)
		return api_bad(a, "%s", why.text);
	/* Nobody has such a name: as unknown as any other. */
	if (!user_name(l.name))
		l.name = "-";
	if ((r = attempt(&l)) != 0)
		return r;
	snprintf(a->actor, sizeof(a->actor), "user:%s", l.name);
	token_new(l.token, l.token_id);
	return db_transact(a->db, enter, &l);
}

static int
leave(struct db *db, void *arg)
{
	struct api *a = arg;

	api_again(a);
	if (token_revoke(db, a->who.id) == -1 ||
	    api_event(a, "logout", NULL, NULL, "user %s logged out",
		a->who.user) == -1)
		return -1;
	api_result(a);
	buf_puts(a->out, "{}");
	return 0;
}

int
route_logout(struct api *a)
{
	if (!*a->who.user)
		return api_fail(a, 409, "conflict",
		    "this token was not made by a login: `chimecli token "
		    "revoke %s` takes it away",
		    a->who.id);
	return db_transact(a->db, leave, a);
}

static int
set_password(struct db *db, void *arg)
{
	struct login *l = arg;
	struct api *a = l->a;
	struct user now;
	char ts[CLK_TS_SIZE];
	int r;

	api_again(a);
	if (l->id)
		r = still(db, l, &now);
	else
		r = user_find(db, l->name, true, &now);
	if (r == 0)
		return l->id ? changed(a)
			     : api_fail(a, 404, "not_found",
				   "there is no user %.80s", l->name);
	if (r == -1 || user_password(db, l->name, l->hash, a->who.id) == -1 ||
	    api_event(a, "user.password", NULL, NULL,
		"user %s has a new password; its other logins have ended",
		l->name) == -1)
		return -1;
	clk_ts(ts);
	api_result(a);
	row_open(a->out, "user");
	row_str(a->out, "ts", ts);
	row_str(a->out, "user", now.name);
	row_str(a->out, "role", token_role_words[now.role]);
	row_close(a->out);
	return 0;
}

/*
 * Who changes the own one tells the old one: a terminal left open is no way
 * to take a user over.
 */
int
route_user_password(struct api *a)
{
	struct login l = {.a = a, .name = a->req.part[2]};
	const char *wanted = NULL;
	struct json_reason why;
	json_t *body;
	int r;

	if (api_body(a, &body))
		return 1;
	if (json_need(json_get_str(body, "password", PASSWORD_MIN, PASSWORD_MAX,
			  &wanted, &why),
		"password", &why) == -1 ||
	    json_get_str(body, "old", 1, PASSWORD_MAX, &l.password, &why) == -1)
		return api_bad(a, "%s", why.text);
	if (strcmp(a->who.user, l.name) == 0) {
		if (!l.password)
			return api_bad(a,
			    "old: missing: the password that is to be replaced");
		if ((r = attempt(&l)) != 0)
			return r;
	} else if (!user_name(l.name)) {
		return api_fail(
		    a, 404, "not_found", "there is no user %.80s", l.name);
	}
	if (password_hash(wanted, l.hash) == -1)
		return api_fail(a, 500, "password",
		    "the password cannot be hashed on this server");
	return db_transact(a->db, set_password, &l);
}
