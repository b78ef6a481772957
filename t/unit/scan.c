/* SPDX-License-Identifier: ISC */
/* lib/line/scan: it must agree with jansson about what JSON is. */
#include "line/scan.h"

#include <jansson.h>

#include "unit.h"

static const char *const good[] = {
    "{}",
    "[]",
    "[[],{}]",
    " { \"a\" : [ 1 , -0.5e+3 , 0 ] , \"b\" : null } ",
    "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}",
    "\"\xe4\xb8\xad\xe6\x96\x87\"",
    "true",
    "[true,false,null,\"\"]",
    "{\"type\":\"vm\",\"n\":1234,\"deep\":[[[[{\"x\":{}}]]]]}",
    "-1",
    "[1E5,1e-5]",
};

static const char *const bad[] = {
    "",
    " ",
    "{",
    "}",
    "[1,]",
    "[,1]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}",
    "[1}",
    "{\"a\":1]",
    "01",
    "-",
    "1.",
    ".5",
    "1e",
    "+1",
    "tru",
    "nulll",
    "\"\\x\"",
    "\"\\u12g4\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\u0041\"",
    "\"\n\"",
    "\"open",
    "\"\\\"",
    "\"\xff\"",
    "\"\xed\xa0\x80\"",
    "\"\xc0\x80\"",
    "{} {}",
    "1 2",
};

static bool
whole(const char *s, size_t n)
{
	const char *end = s + n, *p = scan_value(s, end);

	while (p && p < end && strchr(" \t\r\n", *p) && *p)
		p++;
	return p == end;
}

static bool
jansson(const char *s, size_t n)
{
	json_t *v = json_loadb(s, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	json_decref(v);
	return v != NULL;
}

static unsigned
draw(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

/*
 * Texts that are almost JSON. Without what jansson alone says no to (numbers
 * that are too large) or yes (NUL behind a number).
 */
static void
mutants(void)
{
	static const char parts[] = "{}[]\",:\\u0ed8-1.te \x80\xc3\xa9\xe4";
	unsigned seed = 1, differ = 0, valid = 0;
	char text[96];

	for (unsigned i = 0; i < 200000; i++) {
		const char *from =
		    good[draw(&seed) % (sizeof(good) / sizeof(good[0]))];
		size_t n = strlen(from);
		bool a, b;

		memcpy(text, from, n);
		for (unsigned k = draw(&seed) % 3; k > 0 && n; k--)
			text[draw(&seed) % n] =
			    parts[draw(&seed) % (sizeof(parts) - 1)];
		if (n && draw(&seed) % 8 == 0)
			n -= draw(&seed) % n;
		a = whole(text, n);
		b = jansson(text, n);
		valid += a;
		if (a == b)
			continue;
		differ++;
		printf("# %s: %.*s\n", a ? "scan only" : "jansson only", (int)n,
		    text);
	}
	CHECK("it agrees with jansson about 200000 texts", differ == 0);
	CHECK("thousands of which were JSON", valid > 5000);
}

static void
depth(void)
{
	char text[80];

	memset(text, '[', 32);
	memset(text + 32, ']', 32);
	CHECK("32 levels are read", whole(text, 64));
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	CHECK("33 are not", !whole(text, 66));
}

static void
members(void)
{
	static const char text[] =
	    " {\"id\":7, \"row\" : {\"a\":[1,\"}\"]} ,\"s\":\"x\"} ";
	struct scan_text key, value;
	struct scan s;
	int64_t n = 0;

	CHECK(
	    "an object is begun", scan_begin(&s, text, sizeof(text) - 1) == 0);
	CHECK("its first member", scan_next(&s, &key, &value) == 1 &&
				      scan_is(key, "id") &&
				      scan_int(value, 0, 9, &n) == 0 && n == 7);
	CHECK("a range is kept", scan_int(value, 8, 9, &n) == -1);
	CHECK("a raw value", scan_next(&s, &key, &value) == 1 &&
				 scan_is(key, "row") &&
				 scan_is(value, "{\"a\":[1,\"}\"]}"));
	CHECK("the last one",
	    scan_next(&s, &key, &value) == 1 && scan_is(value, "\"x\""));
	CHECK("the end", scan_next(&s, &key, &value) == 0);
	CHECK("an array is no object", scan_begin(&s, "[1]", 3) == -1);
	CHECK("text behind it is refused",
	    scan_begin(&s, "{}x", 3) == 0 && scan_next(&s, &key, &value) == -1);
	CHECK("a cut one is refused", scan_begin(&s, "{\"a\":1", 6) == 0 &&
					  scan_next(&s, &key, &value) == 1 &&
					  scan_next(&s, &key, &value) == -1);
	CHECK(
	    "a comma alone is refused", scan_begin(&s, "{,\"a\":1}", 8) == 0 &&
					    scan_next(&s, &key, &value) == -1);
}

static int
decode(const char *raw, char *out, size_t size)
{
	struct scan_text t = {raw, strlen(raw)};

	return scan_str(t, out, size);
}

static void
strings(void)
{
	char out[16];

	CHECK("escapes are decoded",
	    decode("\"a\\n\\\"\\u00e9\\ud83d\\ude00\"", out, sizeof(out)) ==
		    0 &&
		strcmp(out, "a\n\"\xc3\xa9\xf0\x9f\x98\x80") == 0);
	CHECK("the room is kept", decode("\"abc\"", out, 3) == -1);
	CHECK("and used", decode("\"abc\"", out, 4) == 0);
	CHECK("NUL is refused", decode("\"\\u0000\"", out, 16) == -1);
	CHECK("a number is no string", decode("12", out, 16) == -1);
	CHECK("an absent one is none",
	    scan_str((struct scan_text){0}, out, 16) == -1);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(good[i], whole(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK("no JSON is refused", !whole(bad[i], strlen(bad[i])));
	mutants();
	depth();
	members();
	strings();
	return unit_done();
}
