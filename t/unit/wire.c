/* SPDX-License-Identifier: ISC */
/* lib/line/wire: requests to workers and their answers. */
#include "line/wire.h"

#include <jansson.h>

#include "line/json.h"
#include "unit.h"

static const char *const no_answers[] = {
    "",
    "I beg your pardon?",
    "[]",
    "{}",
    "{\"id\":7}",
    "{\"row\":{}}",
    "{\"id\":0,\"row\":{}}",
    "{\"id\":-7,\"row\":{}}",
    "{\"id\":\"7\",\"row\":{}}",
    "{\"id\":7,\"row\":[]}",
    "{\"id\":7,\"row\":1}",
    "{\"id\":7,\"row\":{},\"end\":{\"status\":200}}",
    "{\"id\":7,\"row\":{}",
    "{\"id\":7,\"end\":{}}",
    "{\"id\":7,\"end\":1}",
    "{\"id\":7,\"end\":{\"status\":99}}",
    "{\"id\":7,\"end\":{\"status\":\"200\"}}",
    "{\"id\":7,\"end\":{\"status\":200,\"next\":7}}",
    "{\"id\":7,\"end\":{\"status\":404}}",
    "{\"id\":7,\"end\":{\"status\":404,\"error\":{\"code\":\"x\"}}}",
    "{\"id\":7,\"end\":{\"status\":404,\"error\":[]}}",
    "{\"id\":7,\"end\":{\"status\":404,\"error\":{\"code\":1}}}",
    "{\"id\":7,\"end\":{\"status\":404,\"error\":{\"message\":\"\"}}}",
};

static int
take(const char *line, struct wire_answer *a)
{
	return wire_answer(line, strlen(line), a);
}

static void
answers(void)
{
	struct wire_answer a;

	CHECK("a row", take("{\"id\":7,\"row\":{\"a\":1}}", &a) == 0 &&
			   a.id == 7 && scan_is(a.row, "{\"a\":1}") &&
			   a.status == 0);
	CHECK("the end of a list",
	    take("{\"id\":8,\"end\":{\"status\":200,\"next\":\"k\"}}", &a) ==
		    0 &&
		a.id == 8 && a.status == 200 && !a.row.p && !a.result.p &&
		scan_is(a.next, "\"k\""));
	CHECK("a single result in any order",
	    take("{\"end\":{\"result\":{},\"status\":201},\"id\":9}", &a) ==
		    0 &&
		a.id == 9 && a.status == 201 && scan_is(a.result, "{}"));
	CHECK("an error", take("{\"id\":7,\"end\":{\"status\":409,\"error\":"
			       "{\"code\":\"c\",\"message\":\"m\",\"x\":1}}}",
			      &a) == 0 &&
			      a.status == 409 && scan_is(a.code, "\"c\"") &&
			      scan_is(a.message, "\"m\""));
	CHECK("its details",
	    take("{\"id\":7,\"end\":{\"status\":409,\"error\":{\"code\":\"c\","
		 "\"message\":\"m\",\"details\":[1]}}}",
		&a) == 0 &&
		scan_is(a.details, "[1]"));
	for (size_t i = 0; i < sizeof(no_answers) / sizeof(no_answers[0]); i++)
		CHECK(no_answers[i], take(no_answers[i], &a) == -1);
}

static void
requests(void)
{
	struct wire_request r = {.id = 7, .method = "GET"};
	struct json_reason why;
	const char *s = "";
	struct buf b;
	json_t *o;

	buf_init(&b, WIRE_MAX);
	r.path = (struct scan_text){"/v1/x", 5};
	wire_request(&b, &r);
	CHECK("what is absent is left out",
	    strcmp(b.data,
		"{\"id\":7,\"method\":\"GET\",\"path\":\"/v1/x\"}\n") == 0);
	buf_clear(&b);
	r.body = (struct scan_text){"a\"b\\c\n\t\x01\xc3\xa9", 10};
	r.token = "t";
	wire_request(&b, &r);
	o = json_object_parse(b.data, b.len - 1, &why);
	json_get_str(o, "body", 0, 100, &s, NULL);
	CHECK("a body comes out as it went in",
	    strcmp(s, "a\"b\\c\n\t\x01\xc3\xa9") == 0);
	json_decref(o);
	buf_free(&b);
	buf_init(&b, 30);
	CHECK("the bound is kept", wire_request(&b, &r) == -1 && b.overflow);
	buf_free(&b);
}

/* What the front writes comes back; what has no id cannot be answered. */
static void
test_take(void)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"id\":-1}",
	    "{\"id\":\"7\"}", "{\"id\":7", "{\"id\":7}x",
	    "{\"method\":\"GET\"}"};
	static const char body[] = "{\"a\":\"\\u00e4 \\\"\"}\nnext";
	struct wire_request w = {.id = 7,
	    .method = "POST",
	    .path = {"/v1/x", 5},
	    .token = "secret",
	    .body = {body, sizeof(body) - 1}};
	struct wire_raw r;
	char text[64];
	struct buf b;

	buf_init(&b, 4096);
	wire_request(&b, &w);
	CHECK("a request is taken apart",
	    wire_take(b.data, b.len - 1, &r) == 0 && r.id == 7);
	CHECK("its body is the one that was sent",
	    scan_str(r.body, text, sizeof(text)) == 0 && unit_same(text, body));
	CHECK("so are path and token",
	    scan_str(r.path, text, sizeof(text)) == 0 &&
		unit_same(text, "/v1/x") &&
		scan_str(r.token, text, sizeof(text)) == 0 &&
		unit_same(text, "secret"));
	buf_free(&b);
	CHECK("what is not there is absent",
	    wire_take("{\"id\":0}", 8, &r) == 0 && !r.body.p && !r.token.p);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		unit_check(bad[i], wire_take(bad[i], strlen(bad[i]), &r) == -1);
}

int
main(void)
{
	test_take();
	answers();
	requests();
	return unit_done();
}
