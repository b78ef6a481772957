/* SPDX-License-Identifier: ISC */
#include "api/req.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct json_reason why;

static int
parse(struct req *r, const char *line)
{
	why.text[0] = '\0';
	return req_parse(r, line, strlen(line), &why);
}

/* Whether a path and a query are refused, with id 1 to answer to. */
static int
refused(const char *path, const char *query)
{
	char line[256];
	struct req r;
	int got;

	snprintf(line, sizeof(line),
	    "{\"id\":1,\"method\":\"GET\",\"path\":\"%s\",\"query\":\"%s\"}",
	    path, query);
	got = parse(&r, line) == 1 && r.id == 1 && why.text[0];
	req_free(&r);
	return got;
}

static void
parts(void)
{
	struct req r;

	CHECK("a request",
	    parse(&r,
		"{\"id\":7,\"method\":\"GET\",\"path\":\"/v1/vm/a%2Fb%20%c3"
		"%a4\",\"query\":\"limit=5&&after=&x=a%26b=c&flag\","
		"\"token\":\"t\",\"key\":\"k\",\"body\":\"{\\\"a\\\":1}\"}") ==
		0);
	CHECK("its number", r.id == 7);
	CHECK("the path's parts", r.parts == 3 && unit_same(r.part[0], "v1"));
	CHECK("decoded after they were cut",
	    unit_same(r.part[2], "a/b \xc3\xa4"));
	CHECK("and an end", r.part[3] == NULL);
	CHECK("a parameter", unit_same(req_query(&r, "limit"), "5"));
	CHECK("an empty one", unit_same(req_query(&r, "after"), ""));
	CHECK("a decoded one", unit_same(req_query(&r, "x"), "a&b=c"));
	CHECK("one without a value", unit_same(req_query(&r, "flag"), ""));
	CHECK("none", req_query(&r, "none") == NULL);
	CHECK("the body", json_object_get(req_json(&r, &why), "a") != NULL);
	req_free(&r);

	CHECK("the least request",
	    parse(&r, "{\"id\":0,\"method\":\"GET\",\"path\":\"/\"}") == 0);
	CHECK("has one empty part", r.parts == 1 && unit_same(r.part[0], ""));
	CHECK("no token", r.token == NULL);
	CHECK("an empty body is an empty object",
	    json_object_size(req_json(&r, &why)) == 0);
	req_free(&r);

	CHECK("a path of many parts",
	    parse(&r, "{\"id\":1,\"method\":\"GET\","
		      "\"path\":\"/1/2/3/4/5/6/7\"}") == 0);
	CHECK("has none that could be meant", r.parts == 0 && !r.part[0]);
	req_free(&r);
}

static void
refusals(void)
{
	struct req r;

	CHECK("no JSON is no request", parse(&r, "{\"id\":1") == -1);
	req_free(&r);
	CHECK("nor is what has no id",
	    parse(&r, "{\"method\":\"GET\",\"path\":\"/\"}") == -1);
	req_free(&r);
	CHECK("nor a negative one",
	    parse(&r, "{\"id\":-1,\"method\":\"GET\",\"path\":\"/\"}") == -1);
	req_free(&r);
	CHECK("a missing path is a bad request",
	    parse(&r, "{\"id\":1,"
		      "\"method\":\"GET\"}") == 1);
	req_free(&r);
	CHECK("so is a body that is no text",
	    parse(&r, "{\"id\":1,\"method\":\"GET\",\"path\":\"/\","
		      "\"body\":{}}") == 1);
	req_free(&r);
	CHECK("a relative path", refused("v1", ""));
	CHECK("a cut escape", refused("/%4", ""));
	CHECK("a wrong escape", refused("/%g0", ""));
	CHECK("a NUL", refused("/a%00b", ""));
	CHECK("broken UTF-8", refused("/%c3", ""));
	CHECK("the same in the query", refused("/", "a=%c3%28"));
	CHECK("a parameter given twice", refused("/", "a=1&a=2"));
	CHECK("twice, written differently", refused("/", "a=1&%61=2"));
	CHECK("too many parameters",
	    refused("/", "a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q"));
}

static void
bodies(void)
{
	struct req r;

	parse(&r, "{\"id\":1,\"method\":\"POST\",\"path\":\"/\","
		  "\"body\":\"[1]\"}");
	CHECK("a body that is no object", req_json(&r, &why) == NULL);
	req_free(&r);
	parse(&r, "{\"id\":1,\"method\":\"POST\",\"path\":\"/\","
		  "\"body\":\"{\\\"a\\\":1,\\\"a\\\":2}\"}");
	CHECK("a body with a key twice", req_json(&r, &why) == NULL);
	req_free(&r);
}

int
main(void)
{
	parts();
	refusals();
	bodies();
	return unit_done();
}
