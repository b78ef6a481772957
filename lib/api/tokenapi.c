/* SPDX-License-Identifier: ISC */
/* The routes below /v1/token. */
#include <stdio.h>
#include <string.h>

#include "api/once.h"
#include "api/page.h"
#include "api/route.h"
#include "core/name.h"
#include "line/row.h"
#include "store/user.h"

#define SPAN_S     (90 * 24 * 3600)   /* unless told otherwise */
#define SPAN_MAX_S (3650 * 24 * 3600) /* ten years */

static const struct page_of tokens = {token_list, token_row};

struct change {
	struct api *a;
	const char *id;
	struct token_new new;
	char text[TOKEN_SIZE];
	char new_id[TOKEN_ID_SIZE];
};

int
route_token_list(struct api *a)
{
	return page_list(a, &tokens);
}

static int
create(struct db *db, void *arg)
{
	struct change *c = arg;
	struct api *a = c->a;

	api_again(a);
	if (token_add(db, &c->new) == -1 ||
	    api_event(a, "token.created", NULL, NULL,
		"token %s, %s%s%s, was made", c->new_id,
		token_role_words[c->new.role], c->new.host ? " for host " : "",
		c->new.host ? c->new.host : "") == -1 ||
	    page_one(a, &tokens, c->new_id) == -1)
		return -1;
	/* The record is closed: open it for what is told only here. */
	a->out->len--;
	row_str(a->out, "token", c->text);
	row_close(a->out);
	return 0;
}

int
route_token_create(struct api *a)
{
	static const char *const words[] = {
	    "admin", "operator", "viewer", "join", NULL};
	struct change c = {.a = a};
	struct json_reason why;
	json_t *body;
	int word = 0;

	if (api_body(a, &body))
		return 1;
	if (json_need(json_get_word(body, "role", words, &word, &why), "role",
		&why) == -1)
		return api_bad(a, "%s", why.text);
	c.new.role = token_role(words[word]);
	c.new.span_s = c.new.role == TOKEN_JOIN ? TOKEN_JOIN_S : SPAN_S;
	if (json_get_int(
		body, "expires_s", 1, SPAN_MAX_S, &c.new.span_s, &why) == -1 ||
	    json_get_str(body, "host", 1, 200, &c.new.host, &why) == -1 ||
	    json_get_str(body, "note", 1, TOKEN_NOTE_MAX, &c.new.note, &why) ==
		-1)
		return api_bad(a, "%s", why.text);
	if (c.new.host && (c.new.role != TOKEN_JOIN || !name_host(c.new.host)))
		return api_bad(a,
		    "host: expected the name of one, and only with role join");
	token_new(c.text, c.new_id);
	c.new.text = c.text;
	c.new.id = c.new_id;
	return api_change(a, create, &c);
}

static int
no_token(struct api *a, const char *id)
{
	return api_fail(a, 404, "not_found",
	    "there is no token %.40s: `chimecli token list` shows those there "
	    "are",
	    id);
}

static int
revoke(struct db *db, void *arg)
{
	struct change *c = arg;
	struct api *a = c->a;
	struct token t;
	int64_t admins;
	int r;

	api_again(a);
	admins = user_admins(db);
	if (admins == -1)
		return -1;
	r = page_one(a, &tokens, c->id);
	if (r == 1)
		r = token_lock(db, c->id, &t);
	if (r == 0)
		return no_token(a, c->id);
	if (r == -1)
		return -1;
	if (t.role == TOKEN_ADMIN && !*t.user && !*t.expires && admins < 2)
		return api_fail(a, 409, "last_admin",
		    "token %s is the last administrator's way in: add a user "
		    "of role admin first",
		    c->id);
	if (token_revoke(db, c->id) == -1)
		return -1;
	return api_event(a, "token.revoked", *t.host ? t.host : NULL, NULL,
	    "token %s, %s, was revoked", c->id, token_role_words[t.role]);
}

int
route_token_delete(struct api *a)
{
	struct change c = {.a = a, .id = a->req.part[2]};

	if (strlen(c.id) != TOKEN_ID_SIZE - 1 ||
	    strspn(c.id, "0123456789abcdef") != TOKEN_ID_SIZE - 1)
		return no_token(a, c.id);
	return api_change(a, revoke, &c);
}
