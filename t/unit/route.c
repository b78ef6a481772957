/* SPDX-License-Identifier: ISC */
/* lib/driver/route: paths that are passed on, and to whom. */
#include "driver/route.h"

#include "unit.h"

static struct scan_text
text(const char *s)
{
	return (struct scan_text){s, strlen(s)};
}

static const char *const good[] = {
    "/",
    "/v1",
    "/v1/",
    "//",
    "/v1/host/n-1.a/heartbeat",
    "/a%2Fb%20c",
    "/...",
    "/.a",
    "/a..b",
    "/%2e%2e%2e",
    "/%E4%B8%AD",
};

static const char *const bad[] = {
    "",
    "v1",
    "/a b",
    "/a\x7f",
    "/\xc3\xa9",
    "/%",
    "/%2",
    "/%2g",
    "/%00",
    "/%0a",
    "/%7F",
    "/..",
    "/../x",
    "/a/..",
    "/a/./b",
    "/%2e",
    "/.%2E/x",
    "http://x/",
};

static void
refusals(void)
{
	struct wire_request r = {.method = "GET", .path = text("/v1")};
	const char *code = "", *message;
	char key[80];

	CHECK("a plain request is passed on",
	    route_refuse(&r, &code, &message) == 0);
	r.method = "PUT";
	CHECK("an unknown method is not",
	    route_refuse(&r, &code, &message) == 405);
	r.method = "POST";
	r.query = text("a=%00");
	CHECK("nor NUL in a query", route_refuse(&r, &code, &message) == 400);
	r.query = text("a=%0a&b=/?");
	CHECK("a newline in it may be", route_refuse(&r, &code, &message) == 0);
	memset(key, 'k', sizeof(key));
	key[65] = '\0';
	r.key = key;
	CHECK(
	    "a long key is refused", route_refuse(&r, &code, &message) == 400);
	key[64] = '\0';
	CHECK("one of 64 is not", route_refuse(&r, &code, &message) == 0);
	r.body = text("{\"a\":\"\xe4\xb8\xad\"}\r\n\t");
	CHECK("a body of text", route_refuse(&r, &code, &message) == 0);
	r.body = text("\x01");
	CHECK("control characters in it",
	    route_refuse(&r, &code, &message) == 400);
	r.body = (struct scan_text){"a\0b", 3};
	CHECK("NUL in it", route_refuse(&r, &code, &message) == 400);
	r.body = text("\xe4\xb8");
	CHECK(
	    "half a character in it", route_refuse(&r, &code, &message) == 400);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(good[i], route_path_ok(text(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK("a bad path is refused", !route_path_ok(text(bad[i])));
	CHECK("equal", route_match("/v1/health", text("/v1/health")));
	CHECK("longer", !route_match("/v1/health", text("/v1/health/")));
	CHECK("shorter", !route_match("/v1/health", text("/v1")));
	CHECK("any one segment",
	    route_match("/v1/host/*/heartbeat", text("/v1/host/a/heartbeat")));
	CHECK("but a whole one",
	    !route_match("/v1/host/*/heartbeat", text("/v1/host//heartbeat")));
	CHECK("and only one", !route_match("/v1/host/*/heartbeat",
				  text("/v1/host/a/b/heartbeat")));
	CHECK("any rest", route_match("/v1/**", text("/v1/a/b")) &&
			      route_match("/v1/**", text("/v1/")));
	CHECK("of that only", !route_match("/v1/**", text("/v2/a")) &&
				  !route_match("/v1/**", text("/v1")));
	CHECK("a bearer token", unit_same(route_bearer("bEARER t0k"), "t0k"));
	CHECK("no other one",
	    !route_bearer("Basic t0k") && !route_bearer("Bearer") &&
		!route_bearer("Bearer ") && !route_bearer("Bearer a b") &&
		!route_bearer(NULL));
	refusals();
	return unit_done();
}
