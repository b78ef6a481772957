/* SPDX-License-Identifier: ISC */
#include "line/json.h"

#include <stdlib.h>

#include "unit.h"

/* Text that is refused; the reason must name what is wrong. */
static const struct {
	const char *name, *text, *reason;
} bad[] = {
    {"nothing", "", "not JSON"},
    {"a word", "hello", "not JSON"},
    {"an array", "[1]", "object was expected"},
    {"a string", "\"a\"", "object was expected"},
    {"a number", "1", "object was expected"},
    {"null", "null", "object was expected"},
    {"an open object", "{\"a\":1", "not JSON"},
    {"something behind it", "{} x", "not JSON"},
    {"two objects", "{}{}", "not JSON"},
    {"a duplicate key", "{\"a\":1,\"a\":2}", "duplicate"},
    {"a duplicate key inside", "{\"b\":{\"a\":1,\"a\":2}}", "duplicate"},
    {"a duplicate key, escaped", "{\"a\":1,\"\\u0061\":2}", "duplicate"},
    {"invalid UTF-8", "{\"a\":\"\xff\"}", "not JSON"},
    {"an overlong character", "{\"a\":\"\xc0\xaf\"}", "not JSON"},
    {"a surrogate", "{\"a\":\"\xed\xa0\x80\"}", "not JSON"},
    {"half a surrogate pair", "{\"a\":\"\\ud800\"}", "not JSON"},
    {"NUL in a string", "{\"a\":\"x\\u0000\"}", "not JSON"},
    {"NUL in a key", "{\"a\\u0000b\":1}", "not JSON"},
    {"a control character", "{\"a\":\"\x01\"}", "not JSON"},
    {"a newline in a string", "{\"a\":\"\n\"}", "not JSON"},
    {"an integer over 64 bits", "{\"a\":9223372036854775808}", "not JSON"},
    {"a real too large", "{\"a\":1e999}", "not JSON"},
    {"a leading zero", "{\"a\":01}", "not JSON"},
    {"hexadecimal", "{\"a\":0x1}", "not JSON"},
    {"NaN", "{\"a\":NaN}", "not JSON"},
    {"a trailing comma", "{\"a\":1,}", "not JSON"},
    {"a comment", "{\"a\":1/**/}", "not JSON"},
    {"single quotes", "{'a':1}", "not JSON"},
    {"a byte order mark", "\xef\xbb\xbf{}", "not JSON"},
};

static json_t *
parse(const char *text)
{
	struct json_reason why = {"untouched"};

	return json_object_parse(text, strlen(text), &why);
}

/* levels of nesting in all, the object included */
static json_t *
nested(int levels, const char *open, const char *close)
{
	char text[8192] = "{\"a\":";
	json_t *v;

	for (int i = 1; i < levels; i++)
		memcpy(text + strlen(text), open, strlen(open) + 1);
	memcpy(text + strlen(text), "1", 2);
	for (int i = 1; i < levels; i++)
		memcpy(text + strlen(text), close, strlen(close) + 1);
	memcpy(text + strlen(text), "}", 2);
	v = parse(text);
	json_decref(v);
	return v;
}

static void
test_parse(void)
{
	struct json_reason why;
	json_t *v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		v = json_object_parse(bad[i].text, strlen(bad[i].text), &why);
		unit_check(bad[i].name, !v && strstr(why.text, bad[i].reason));
	}
	v = json_object_parse("{\"a\":1\0}", 8, &why);
	CHECK("a NUL byte", !v);
	v = json_object_parse("{}xxx", 2, &why);
	CHECK("len is obeyed", v);
	json_decref(v);
	CHECK("no reason wanted", !json_object_parse("x", 1, NULL));
	v = parse(" { \"\" : \"\\u4e2d\" } ");
	CHECK("blanks, an empty key, an escape",
	    unit_same(
		json_string_value(json_object_get(v, "")), "\xe4\xb8\xad"));
	json_decref(v);
	CHECK("32 levels", nested(32, "[", "]"));
	CHECK("33 levels", !nested(33, "[", "]"));
	CHECK("33 levels of objects", !nested(33, "{\"a\":", "}"));
	CHECK("2000 levels", !nested(1000, "[[", "]]"));
	v = parse("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"}");
	CHECK("brackets in a string are none", v);
	json_decref(v);
	CHECK("closing brackets first", !parse("]]]]]]{}"));
}

static void
test_strings(json_t *o)
{
	struct json_reason why;
	const char *s = "before";

	CHECK("string",
	    json_get_str(o, "s", 0, 5, &s, &why) == 1 && unit_same(s, "hello"));
	CHECK("string too long",
	    json_get_str(o, "s", 0, 4, &s, &why) == -1 &&
		unit_same(why.text, "s: expected 0 to 4 bytes, found 5"));
	CHECK("string too short", json_get_str(o, "e", 1, 5, &s, &why) == -1);
	s = "before";
	CHECK("string absent", json_get_str(o, "x", 0, 5, &s, &why) == 0 &&
				   unit_same(s, "before"));
	CHECK("no string",
	    json_get_str(o, "i", 0, 5, &s, &why) == -1 &&
		unit_same(why.text, "i: expected a string, found an integer"));
	CHECK("null is not absent", json_get_str(o, "n", 0, 5, &s, &why) == -1);
	CHECK("bytes are counted, not characters",
	    json_get_str(o, "zh", 0, 2, &s, &why) == -1);
}

static void
test_numbers(json_t *o)
{
	struct json_reason why;
	int64_t i = 77;
	bool b = false;

	CHECK("integer", json_get_int(o, "i", -5, 0, &i, &why) == 1 && i == -5);
	i = 77;
	CHECK("integer too small",
	    json_get_int(o, "i", 0, 9, &i, &why) == -1 && i == 77 &&
		unit_same(
		    why.text, "i: expected an integer from 0 to 9, found -5"));
	CHECK("integer absent",
	    json_get_int(o, "x", 0, 9, &i, &why) == 0 && i == 77);
	CHECK("a real is none", json_get_int(o, "r", 0, 9, &i, &why) == -1 &&
				    strstr(why.text, "a real number"));
	CHECK("a string is none", json_get_int(o, "s", 0, 9, &i, &why) == -1);
	CHECK("a boolean is none", json_get_int(o, "t", 0, 9, &i, &why) == -1);
	CHECK("the largest",
	    json_get_int(o, "max", 0, INT64_MAX, &i, &why) == 1 &&
		i == INT64_MAX);
	CHECK("boolean", json_get_bool(o, "t", &b, &why) == 1 && b);
	CHECK("1 is no boolean", json_get_bool(o, "i", &b, &why) == -1);
	CHECK("boolean absent", json_get_bool(o, "x", &b, &why) == 0 && b);
}

static void
test_others(json_t *o)
{
	static const char *const words[] = {"run", "hello", NULL};
	static const char *const many[] = {"a-rather-long-word-to-begin-with",
	    "another-rather-long-word", "and-a-third-of-them",
	    "and-a-fourth-of-them", "fifth", NULL};
	struct json_reason why;
	json_t *v = NULL;
	int w = 9;

	CHECK("word", json_get_word(o, "s", words, &w, &why) == 1 && w == 1);
	CHECK("no such word",
	    json_get_word(o, "zh", words, &w, &why) == -1 && w == 1 &&
		strstr(why.text, "expected one of run, hello"));
	CHECK("more words than fit the reason",
	    json_get_word(o, "s", many, &w, &why) == -1 &&
		strlen(why.text) < JSON_REASON_SIZE);
	CHECK("no word", json_get_word(o, "i", words, &w, &why) == -1);
	CHECK("word absent", json_get_word(o, "x", words, &w, &why) == 0);
	CHECK("array",
	    json_get_array(o, "a", &v, &why) == 1 && json_array_size(v) == 2);
	CHECK("object is no array", json_get_array(o, "o", &v, &why) == -1);
	CHECK("array absent", json_get_array(o, "x", &v, &why) == 0);
	CHECK("object",
	    json_get_object(o, "o", &v, &why) == 1 && json_object_size(v) == 0);
	CHECK("array is no object", json_get_object(o, "a", &v, &why) == -1);
	CHECK("needed and there", json_need(1, "k", &why) == 1);
	CHECK("needed and wrong", json_need(-1, "k", &why) == -1);
	CHECK("needed and absent",
	    json_need(0, "k", &why) == -1 && unit_same(why.text, "k: missing"));
	CHECK("no reason wanted", json_need(0, "k", NULL) == -1);
}

int
main(void)
{
	json_t *o = parse("{\"s\":\"hello\",\"e\":\"\",\"i\":-5,\"r\":1.0,"
			  "\"t\":true,\"n\":null,\"a\":[1,2],\"o\":{},"
			  "\"zh\":\"\xe4\xb8\xad\","
			  "\"max\":9223372036854775807}");

	test_parse();
	test_strings(o);
	test_numbers(o);
	test_others(o);
	json_decref(o);
	return unit_done();
}
