/* SPDX-License-Identifier: ISC */
#include "line/scan.h"

#include <string.h>

#include "base/num.h"
#include "base/utf8.h"

#define DEPTH_MAX 32

static const char *
blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Four hex digits at p; -1 when there are none. */
static int
hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		v *= 16;
		if (c >= '0' && c <= '9')
			v += c - '0';
		else if (c >= 'a' && c <= 'f')
			v += c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			v += c - 'A' + 10;
		else
			return -1;
	}
	return v;
}

/* p is behind the 'u'; the end of the escape, both halves of a pair. */
static const char *
unicode_escape(const char *p, const char *end, unsigned long *code)
{
	int v = hex4(p, end), low;

	if (v < 0 || (v >= 0xdc00 && v < 0xe000))
		return NULL;
	*code = (unsigned long)v;
	p += 4;
	if (v < 0xd800 || v >= 0xe000)
		return p;
	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return NULL;
	low = hex4(p + 2, end);
	if (low < 0xdc00 || low >= 0xe000)
		return NULL;
	*code = 0x10000 + ((unsigned long)(v - 0xd800) << 10) +
		(unsigned long)(low - 0xdc00);
	return p + 6;
}

/* p is behind the opening quote; the result behind the closing one. */
static const char *
string_end(const char *p, const char *end)
{
	unsigned long code;
	uint32_t unused;
	size_t n;

	while (p < end) {
		unsigned char c = (unsigned char)*p;

		if (c == '"')
			return p + 1;
		if (c < 0x20)
			return NULL;
		if (c >= 0x80) {
			n = utf8_char(p, (size_t)(end - p), &unused);
			if (!n)
				return NULL;
			p += n;
		} else if (c != '\\') {
			p++;
		} else if (end - p < 2) {
			return NULL;
		} else if (p[1] == 'u') {
			p = unicode_escape(p + 2, end, &code);
			if (!p)
				return NULL;
		} else if (p[1] && strchr("\"\\/bfnrt", p[1])) {
			p += 2;
		} else {
			return NULL;
		}
	}
	return NULL;
}

static const char *
digits(const char *p, const char *end)
{
	const char *from = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p == from ? NULL : p;
}

static const char *
number_end(const char *p, const char *end)
{
	const char *from;

	if (p < end && *p == '-')
		p++;
	from = p;
	if (!(p = digits(p, end)) || (*from == '0' && p - from > 1))
		return NULL;
	if (p < end && *p == '.' && !(p = digits(p + 1, end)))
		return NULL;
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		p = digits(p, end);
	}
	return p;
}

static const char *
literal(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(end - p) < n || memcmp(p, word, n) != 0)
		return NULL;
	return p + n;
}

static const char *
scalar_end(const char *p, const char *end)
{
	switch (*p) {
	case '"':
		return string_end(p + 1, end);
	case 't':
		return literal(p, end, "true");
	case 'f':
		return literal(p, end, "false");
	case 'n':
		return literal(p, end, "null");
	default:
		return number_end(p, end);
	}
}

/* "key" : -- the beginning of its value. */
static const char *
key_end(const char *p, const char *end)
{
	p = blanks(p, end);
	if (p == end || *p != '"' || !(p = string_end(p + 1, end)))
		return NULL;
	p = blanks(p, end);
	return p < end && *p == ':' ? blanks(p + 1, end) : NULL;
}

/*
 * Without recursion: one bit a level says whether it is an object. Each turn
 * reads one value, or opens one, then closes all that end behind it.
 */
const char *
scan_value(const char *p, const char *end)
{
	uint64_t objects = 0;
	int depth = 0;

	for (;;) {
		p = blanks(p, end);
		if (p == end)
			return NULL;
		if (*p == '{' || *p == '[') {
			bool object = *p == '{';
			const char *in = blanks(p + 1, end);

			if (depth == DEPTH_MAX)
				return NULL;
			if (in == end || *in != (object ? '}' : ']')) {
				objects = objects << 1 | object;
				depth++;
				p = object ? key_end(in, end) : in;
				if (!p)
					return NULL;
				continue;
			}
			p = in + 1;
		} else if (!(p = scalar_end(p, end))) {
			return NULL;
		}
		while (depth) {
			p = blanks(p, end);
			if (p == end)
				return NULL;
			if (*p == ',')
				break;
			if (*p != (objects & 1 ? '}' : ']'))
				return NULL;
			p++;
			objects >>= 1;
			depth--;
		}
		if (!depth)
			return p;
		p++;
		if ((objects & 1) && !(p = key_end(p, end)))
			return NULL;
	}
}

int
scan_begin(struct scan *s, const char *text, size_t len)
{
	s->end = text + len;
	s->p = blanks(text, s->end);
	s->first = true;
	if (s->p == s->end || *s->p != '{')
		return -1;
	s->p++;
	return 0;
}

int
scan_next(struct scan *s, struct scan_text *key, struct scan_text *value)
{
	const char *p = blanks(s->p, s->end), *q;

	if (p == s->end)
		return -1;
	if (*p == '}')
		return blanks(p + 1, s->end) == s->end ? 0 : -1;
	if (!s->first) {
		if (*p != ',')
			return -1;
		p = blanks(p + 1, s->end);
	}
	s->first = false;
	if (p == s->end || *p != '"' || !(q = string_end(p + 1, s->end)))
		return -1;
	key->p = p + 1;
	key->n = (size_t)(q - p) - 2;
	if (!(p = key_end(p, s->end)) || !(q = scan_value(p, s->end)))
		return -1;
	value->p = p;
	value->n = (size_t)(q - p);
	s->p = q;
	return 1;
}

bool
scan_is(struct scan_text t, const char *s)
{
	return t.p && strlen(s) == t.n && memcmp(t.p, s, t.n) == 0;
}

int
scan_int(struct scan_text t, int64_t min, int64_t max, int64_t *out)
{
	char text[24];

	if (!t.p || t.n >= sizeof(text))
		return -1;
	memcpy(text, t.p, t.n);
	text[t.n] = '\0';
	return num_int(text, min, max, out);
}

static size_t
put_utf8(char out[static 4], unsigned long c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

int
scan_str(struct scan_text t, char *out, size_t size)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p, *end;
	size_t at = 0;

	if (!size || !t.p || t.n < 2 || *t.p != '"' ||
	    string_end(t.p + 1, t.p + t.n) != t.p + t.n)
		return -1;
	end = t.p + t.n - 1;
	for (p = t.p + 1; p < end;) {
		unsigned long code = (unsigned char)*p;
		char c[4] = {*p};
		size_t n = 1;

		if (code != '\\') {
			p++;
		} else if (p[1] == 'u') {
			p = unicode_escape(p + 2, end, &code);
			if (!p || !code)
				return -1;
			n = put_utf8(c, code);
		} else {
			c[0] = to[strchr(from, p[1]) - from];
			p += 2;
		}
		if (at + n >= size)
			return -1;
		memcpy(out + at, c, n);
		at += n;
	}
	out[at] = '\0';
	return 0;
}
