/* SPDX-License-Identifier: ISC */
/* The routes below /v1/user, but for passwords (loginapi.c). */
#include <string.h>

#include "api/once.h"
#include "api/page.h"
#include "api/route.h"
#include "base/clk.h"
#include "line/row.h"
#include "store/user.h"

static const struct page_of users = {user_list, user_row};

struct change {
	struct api *a;
	const char *name;
	enum token_role role;
	char hash[PASSWORD_HASH_SIZE];
};

int
route_user_list(struct api *a)
{
	return page_list(a, &users);
}

int
route_user_self(struct api *a)
{
	const struct token *who = &a->who;
	char ts[CLK_TS_SIZE];

	clk_ts(ts);
	api_result(a);
	row_open(a->out, "user");
	row_str(a->out, "ts", ts);
	row_str(a->out, "user", *who->user ? who->user : NULL);
	row_str(a->out, "role", token_role_words[who->role]);
	row_str(a->out, "token_id", who->id);
	row_str(a->out, "expires_ts", *who->expires ? who->expires : NULL);
	row_close(a->out);
	return 0;
}

static int
create(struct db *db, void *arg)
{
	struct change *c = arg;
	int r;

	api_again(c->a);
	r = user_add(db, c->name, c->role, c->hash);
	if (r == 1)
		return api_fail(c->a, 409, "exists",
		    "there is a user %s: delete it first, or give it another "
		    "password with `chimecli user passwd`",
		    c->name);
	if (r == -1 || api_event(c->a, "user.created", NULL, NULL,
			   "user %s, %s, was added", c->name,
			   token_role_words[c->role]) == -1)
		return -1;
	return page_one(c->a, &users, c->name) == -1 ? -1 : 0;
}

int
route_user_create(struct api *a)
{
	static const char *const words[] = {
	    "admin", "operator", "viewer", NULL};
	struct change c = {.a = a};
	const char *password = NULL;
	struct json_reason why;
	json_t *body;
	int word = 0;

	if (api_body(a, &body))
		return 1;
	if (json_need(json_get_str(body, "user", 1, 200, &c.name, &why), "user",
		&why) == -1 ||
	    json_need(json_get_word(body, "role", words, &word, &why), "role",
		&why) == -1 ||
	    json_need(json_get_str(body, "password", PASSWORD_MIN, PASSWORD_MAX,
			  &password, &why),
		"password", &why) == -1)
		return api_bad(a, "%s", why.text);
	if (!user_name(c.name))
		return api_bad(a,
		    "user: expected 1 to %d of a-z 0-9 . _ - with a letter or "
		    "digit at both ends, and not self; found %.80s",
		    TOKEN_USER_SIZE - 1, c.name);
	c.role = token_role(words[word]);
	if (password_hash(password, c.hash) == -1)
		return api_fail(a, 500, "password",
		    "the password cannot be hashed on this server");
	/* Not kept for an Idempotency-Key: a hash would tell of the password.
	 */
	return db_transact(a->db, create, &c);
}

static int
remove_one(struct db *db, void *arg)
{
	struct change *c = arg;
	struct user u;
	int64_t admins = 2;
	int r;

	api_again(c->a);
	/* All rows in the order of everybody who counts them. */
	admins = user_admins(db);
	if (admins == -1)
		return -1;
	r = page_one(c->a, &users, c->name);
	if (r == 1)
		r = user_find(db, c->name, true, &u);
	if (r == 0)
		return api_fail(c->a, 404, "not_found",
		    "there is no user %.80s: `chimecli user list` shows those "
		    "there are",
		    c->name);
	if (r == -1)
		return -1;
	if (u.role == TOKEN_ADMIN && admins < 2)
		return api_fail(c->a, 409, "last_admin",
		    "user %s is the last administrator: add another one first",
		    c->name);
	if (user_remove(db, c->name) == -1)
		return -1;
	return api_event(c->a, "user.deleted", NULL, NULL,
	    "user %s was deleted, its logins have ended", c->name);
}

int
route_user_delete(struct api *a)
{
	struct change c = {.a = a, .name = a->req.part[2]};

	if (!user_name(c.name))
		return api_fail(
		    a, 404, "not_found", "there is no user %.80s", c.name);
	return api_change(a, remove_one, &c);
}
