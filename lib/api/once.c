/* SPDX-License-Identifier: ISC */
#include "api/once.h"

#include <stdlib.h>
#include <string.h>

#include "driver/seal.h"
#include "store/request.h"

#define BATCH 200 /* what request_purge takes at a time, at most */

struct once {
	struct api *a;
	struct request request;
	const char *secret; /* the answer may hold a token: it is sealed */
	int (*body)(struct db *, void *);
	void *arg;
};

/* The answer there was, once more. */
static int
replay(struct api *a, const char *secret, const char *sealed)
{
	char *text = sealed ? unseal(secret, sealed) : NULL;

	if (!text)
		return api_fail(a, 409, "conflict",
		    "this was done already, but its answer was not kept: look "
		    "at what there is now");
	api_result(a);
	buf_puts(a->out, text);
	free(text);
	return 0;
}

static int
keep(struct db *db, const struct once *o)
{
	const struct api *a = o->a;
	char *sealed = NULL;
	int r;

	if (a->has_result && !a->out->overflow)
		sealed = seal(o->secret, a->out->data + a->result_at,
		    a->out->len - a->result_at);
	r = request_end(db, &o->request, sealed);
	free(sealed);
	return r;
}

static int
run(struct db *db, void *arg)
{
	struct once *o = arg;
	enum request_found found;
	char *answer = NULL;
	int r;

	api_again(o->a);
	if (request_begin(db, &o->request, &found, &answer) == -1)
		return -1;
	switch (found) {
	case REQUEST_DONE:
		r = replay(o->a, o->secret, answer);
		break;
	case REQUEST_OTHER:
		r = api_fail(o->a, 422, "key_reused",
		    "the Idempotency-Key was used for another request: take a "
		    "new one for each");
		break;
	case REQUEST_LOST:
		r = api_fail(o->a, 409, "conflict",
		    "the same request was made long ago: try again");
		break;
	case REQUEST_NEW:
	default:
		r = o->body(db, o->arg);
		if (r == 0)
			r = keep(db, o);
	}
	free(answer);
	return r;
}

/* What was asked, as a hash of method, path, query and body. */
static void
digest(const struct req *r, char hash[static TOKEN_SIZE])
{
	const char *query =
	    json_string_value(json_object_get(r->line, "query"));
	struct buf b;

	buf_init(&b, REQ_BODY_MAX + 65536);
	buf_printf(&b, "%s %s?%s\n", r->method, r->path, query ? query : "");
	buf_puts(&b, r->body ? r->body : "");
	token_hash(b.data, hash);
	buf_free(&b);
}

static bool
good_key(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (s[i] <= 0x20 || s[i] >= 0x7f)
			return false;
	return n >= 1 && n <= REQUEST_KEY_MAX;
}

int
api_change(struct api *a, int (*body)(struct db *, void *), void *arg)
{
	char hash[TOKEN_SIZE];
	struct once o = {.a = a,
	    .request = {.actor = a->who.id, .key = a->req.key, .digest = hash},
	    .secret = a->req.token,
	    .body = body,
	    .arg = arg};

	if (!a->req.key)
		return db_transact(a->db, body, arg);
	if (!good_key(a->req.key))
		return api_bad(a,
		    "Idempotency-Key: expected 1 to %d printable characters",
		    REQUEST_KEY_MAX);
	digest(&a->req, hash);
	return db_transact(a->db, run, &o);
}

bool
api_tidy(struct db *db)
{
	return request_purge(db) == BATCH;
}
