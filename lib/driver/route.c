/* SPDX-License-Identifier: ISC */
#include "driver/route.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define KEY_MAX   64 /* an Idempotency-Key */
#define TOKEN_MAX 256

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte at p and, in *n, how long it is written; -1 for none. */
static int
byte_at(const char *p, const char *end, size_t *n)
{
	int high, low;

	*n = 1;
	if (*p != '%')
		return *p > 0x20 && *p < 0x7f ? *p : -1;
	if (end - p < 3 || (high = hex(p[1])) < 0 || (low = hex(p[2])) < 0)
		return -1;
	*n = 3;
	return high * 16 + low;
}

bool
route_path_ok(struct scan_text path)
{
	const char *p = path.p, *end = path.p + path.n;
	size_t n, length = 0, dots = 0; /* of the segment */

	if (!path.n || *p != '/')
		return false;
	for (; p < end; p += n) {
		int c = byte_at(p, end, &n);

		if (c < 0x20 || c == 0x7f)
			return false;
		if (c == '/' && n == 1) {
			if (length && length <= 2 && dots == length)
				return false;
			length = dots = 0;
			continue;
		}
		length++;
		dots += c == '.';
	}
	return !length || length > 2 || dots != length;
}

bool
route_query_ok(struct scan_text query)
{
	const char *p = query.p, *end = query.p + query.n;
	size_t n;

	for (; p < end; p += n)
		if (byte_at(p, end, &n) <= 0)
			return false;
	return true;
}

bool
route_match(const char *pattern, struct scan_text path)
{
	const char *p = path.p, *end = path.p + path.n;

	while (*pattern == '/' && p < end && *p == '/') {
		size_t want, have;

		pattern++;
		p++;
		want = strcspn(pattern, "/");
		have = 0;
		while (p + have < end && p[have] != '/')
			have++;
		if (want == 2 && memcmp(pattern, "**", 2) == 0)
			return true;
		if (want == 1 && *pattern == '*'
			? have == 0
			: want != have || memcmp(pattern, p, want) != 0)
			return false;
		pattern += want;
		p += have;
	}
	return !*pattern && p == end;
}

bool
route_is_plain(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (!n || n > max)
		return false;
	for (; *s; s++)
		if (*s <= 0x20 || *s >= 0x7f)
			return false;
	return true;
}

const char *
route_bearer(const char *value)
{
	if (!value || strncasecmp(value, "Bearer ", 7) != 0)
		return NULL;
	return route_is_plain(value + 7, TOKEN_MAX) ? value + 7 : NULL;
}

/* What no JSON text contains, nor the string it is passed on in. */
static bool
is_text(const char *p, size_t n)
{
	const char *end = p + n;
	uint32_t code;
	size_t c;

	for (; p < end; p += c) {
		unsigned char byte = (unsigned char)*p;

		c = 1;
		if (byte >= 0x80)
			c = utf8_char(p, (size_t)(end - p), &code);
		else if (byte < 0x20 && byte != '\t' && byte != '\r' &&
			 byte != '\n')
			c = 0;
		if (!c)
			return false;
	}
	return true;
}

static bool
known_method(const char *method)
{
	static const char *const known[] = {"GET", "POST", "DELETE"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(method, known[i]) == 0)
			return true;
	return false;
}

int
route_refuse(
    const struct wire_request *r, const char **code, const char **message)
{
	if (!known_method(r->method)) {
		*code = "method_not_allowed";
		*message = "the methods are GET, HEAD, POST and DELETE";
		return 405;
	}
	*code = "bad_request";
	if (!route_path_ok(r->path) || !route_query_ok(r->query))
		*message = "the path or query is not well formed; all but "
			   "plain characters is written as %XX";
	else if (r->key && !route_is_plain(r->key, KEY_MAX))
		*message = "Idempotency-Key: expected 1 to 64 printable "
			   "characters";
	else if (r->body.n && !is_text(r->body.p, r->body.n))
		*message = "the body is not UTF-8 text without control "
			   "characters";
	else
		return 0;
	return 400;
}
