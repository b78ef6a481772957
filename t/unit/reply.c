/* SPDX-License-Identifier: ISC */
/* lib/line/reply: the bodies of HTTP answers. */
#include "line/reply.h"

#include "unit.h"

static struct scan_text
text(const char *s)
{
	return (struct scan_text){s, s ? strlen(s) : 0};
}

static void
list(
    bool ndjson, int rows, const char *next, const char *body, const char *name)
{
	struct wire_answer end = {.status = 200, .next = text(next)};
	struct reply r;

	reply_init(&r, "ID", ndjson, 1000);
	reply_row(&r, text("{\"lost\":1}"));
	reply_restart(&r);
	for (int i = 0; i < rows; i++)
		reply_row(&r, text("{\"a\":1}"));
	reply_end(&r, &end);
	CHECK(name,
	    r.status == 200 &&
		(!*body && !r.body.len ? 1 : unit_same(r.body.data, body)));
	reply_free(&r);
}

static void
single(bool ndjson, const char *body, const char *name)
{
	struct wire_answer end = {.status = 201, .result = text("{\"a\":1}")};
	struct reply r;

	reply_init(&r, "ID", ndjson, 1000);
	reply_end(&r, &end);
	CHECK(name, r.status == 201 && unit_same(r.body.data, body));
	reply_free(&r);
}

static void
errors(void)
{
	struct wire_answer end = {
	    .status = 404, .code = text("\"c\""), .message = text("\"m\\n\"")};
	struct reply r;

	reply_init(&r, "ID", true, 1000);
	reply_row(&r, text("{\"a\":1}"));
	reply_end(&r, &end);
	CHECK("an error replaces the rows",
	    unit_same(r.body.data,
		"{\"requestId\":\"ID\",\"error\":{\"code\":\"c\","
		"\"message\":\"m\\n\",\"status\":404}}\n"));
	reply_free(&r);
	end.details = text("[{}]");
	reply_init(&r, "ID", false, 1000);
	reply_end(&r, &end);
	CHECK("and has its details",
	    strstr(r.body.data, "\"status\":404,\"details\":[{}]}}\n"));
	reply_free(&r);
	reply_init(&r, "ID", false, 1000);
	reply_error(&r, 503, "busy", "say \"when\"");
	CHECK("one of the server's own",
	    r.status == 503 &&
		unit_same(r.body.data,
		    "{\"requestId\":\"ID\",\"error\":{\"code\":\"busy\","
		    "\"message\":\"say \\\"when\\\"\",\"status\":503}}\n"));
	reply_free(&r);
}

static void
bounds(void)
{
	struct wire_answer end = {.status = 200};
	char key[REPLY_NEXT_SIZE];
	struct reply r;

	reply_init(&r, "ID", false, 200);
	for (int i = 0; i < 100; i++)
		reply_row(&r, text("{\"a\":1}"));
	reply_end(&r, &end);
	CHECK("what does not fit is an error, whole",
	    r.status == 500 && !r.body.overflow &&
		strstr(r.body.data, "too_large"));
	reply_free(&r);
	reply_init(&r, "ID", true, 1000);
	end.next = text("\"a /\\u00e9~\"");
	reply_end(&r, &end);
	CHECK("the next key is percent-encoded",
	    unit_same(r.next, "a%20%2F%C3%A9~"));
	reply_free(&r);
	memset(key, 'x', sizeof(key));
	key[0] = '"';
	key[600] = '"';
	reply_init(&r, "ID", true, 1000);
	end.next = (struct scan_text){key, 601};
	reply_end(&r, &end);
	CHECK("a key too long is an error", r.status == 500 && !r.next[0]);
	reply_free(&r);
}

int
main(void)
{
	list(false, 2, "\"k\"",
	    "{\"requestId\":\"ID\",\"result\":[{\"a\":1},{\"a\":1}],"
	    "\"next\":\"k\"}\n",
	    "a list as an envelope");
	list(false, 0, NULL, "{\"requestId\":\"ID\",\"result\":[]}\n",
	    "an empty one");
	list(true, 2, "\"k\"", "{\"a\":1}\n{\"a\":1}\n", "a list as lines");
	list(true, 0, NULL, "", "an empty one");
	single(false, "{\"requestId\":\"ID\",\"result\":{\"a\":1}}\n",
	    "an object as an envelope");
	single(true, "{\"a\":1}\n", "an object as a line");
	errors();
	bounds();
	return unit_done();
}
