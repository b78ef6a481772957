/* SPDX-License-Identifier: ISC */
#include "line/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 32

void
json_why(struct json_reason *why, const char *fmt, ...)
{
	va_list ap;

	if (!why)
		return;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
}

/*
 * jansson's own depth limit is 2048, far more than any record needs and
 * enough to be a nuisance to whoever walks the tree; strings are skipped so
 * that brackets inside them do not count.
 */
static bool
too_deep(const char *s, size_t len)
{
	int depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				in_string = false;
		} else if (s[i] == '"') {
			in_string = true;
		} else if (s[i] == '{' || s[i] == '[') {
			if (++depth > DEPTH_MAX)
				return true;
		} else if (s[i] == '}' || s[i] == ']') {
			depth--;
		}
	}
	return false;
}

json_t *
json_object_parse(const char *text, size_t len, struct json_reason *why)
{
	json_error_t e;
	json_t *v;

	/* jansson skips a NUL byte behind a number. */
	if (memchr(text, '\0', len)) {
		json_why(why, "not JSON: a NUL byte");
		return NULL;
	}
	if (too_deep(text, len)) {
		json_why(why, "nested deeper than %d levels", DEPTH_MAX);
		return NULL;
	}
	v = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (!v) {
		json_why(why, "not JSON at byte %d: %s", e.position, e.text);
		return NULL;
	}
	if (!json_is_object(v)) {
		json_why(why, "a JSON object was expected");
		json_decref(v);
		return NULL;
	}
	return v;
}

static const char *
type_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a real number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		return "null";
	}
	return "an unknown type";
}

static int
wrong_type(const char *key, const json_t *v, const char *expected,
    struct json_reason *why)
{
	json_why(why, "%s: expected %s, found %s", key, expected, type_name(v));
	return -1;
}

int
json_get_str(const json_t *obj, const char *key, size_t min, size_t max,
    const char **out, struct json_reason *why)
{
	const json_t *v = json_object_get(obj, key);
	size_t len;

	if (!v)
		return 0;
	if (!json_is_string(v))
		return wrong_type(key, v, "a string", why);
	len = json_string_length(v);
	if (len < min || len > max) {
		json_why(why, "%s: expected %zu to %zu bytes, found %zu", key,
		    min, max, len);
		return -1;
	}
	*out = json_string_value(v);
	return 1;
}

int
json_get_int(const json_t *obj, const char *key, int64_t min, int64_t max,
    int64_t *out, struct json_reason *why)
{
	const json_t *v = json_object_get(obj, key);
	int64_t n;

	if (!v)
		return 0;
	if (!json_is_integer(v))
		return wrong_type(key, v, "an integer", why);
	n = json_integer_value(v);
	if (n < min || n > max) {
		json_why(why,
		    "%s: expected an integer from %" PRId64 " to %" PRId64
		    ", found %" PRId64,
		    key, min, max, n);
		return -1;
	}
	*out = n;
	return 1;
}

int
json_get_bool(
    const json_t *obj, const char *key, bool *out, struct json_reason *why)
{
	const json_t *v = json_object_get(obj, key);

	if (!v)
		return 0;
	if (!json_is_boolean(v))
		return wrong_type(key, v, "true or false", why);
	*out = json_is_true(v);
	return 1;
}

int
json_get_word(const json_t *obj, const char *key, const char *const *words,
    int *out, struct json_reason *why)
{
	char all[96] = "";
	const char *s = NULL;
	int r = json_get_str(obj, key, 0, 256, &s, why);

	if (r != 1)
		return r;
	for (int i = 0; words[i]; i++) {
		size_t at = strlen(all);

		if (strcmp(words[i], s) == 0) {
			*out = i;
			return 1;
		}
		snprintf(all + at, sizeof(all) - at, "%s%s", i ? ", " : "",
		    words[i]);
	}
	json_why(why, "%s: expected one of %s, found %.40s", key, all, s);
	return -1;
}

int
json_get_array(
    const json_t *obj, const char *key, json_t **out, struct json_reason *why)
{
	json_t *v = json_object_get(obj, key);

	if (!v)
		return 0;
	if (!json_is_array(v))
		return wrong_type(key, v, "an array", why);
	*out = v;
	return 1;
}

int
json_get_object(
    const json_t *obj, const char *key, json_t **out, struct json_reason *why)
{
	json_t *v = json_object_get(obj, key);

	if (!v)
		return 0;
	if (!json_is_object(v))
		return wrong_type(key, v, "an object", why);
	*out = v;
	return 1;
}

int
json_need(int r, const char *key, struct json_reason *why)
{
	if (r != 0)
		return r;
	json_why(why, "%s: missing", key);
	return -1;
}
