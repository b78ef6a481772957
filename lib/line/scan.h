/* SPDX-License-Identifier: ISC */
/*
 * A strict JSON scanner that builds nothing: it finds where values begin and
 * end, so that they can be passed on as they are. For the places where every
 * row of every answer goes by, which would not look at most of a jansson tree.
 * Everything else parses with line/json.h.
 */
#ifndef LINE_SCAN_H
#define LINE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text inside somebody else's buffer; p is NULL when it is absent. */
struct scan_text {
	const char *p;
	size_t n;
};

/* A walk over the members of one object. */
struct scan {
	const char *p;
	const char *end;
	bool first;
};

/*
 * The end of the JSON value that begins at p, or NULL when there is none that
 * is whole and valid: grammar, UTF-8, escapes, at most 32 levels.
 */
const char *scan_value(const char *p, const char *end);

/* Begins to walk text, which must be one object; 0, or -1. */
int scan_begin(struct scan *s, const char *text, size_t len);

/*
 * The next member: 1 with the key (between its quotes, as written) and the
 * raw value; 0 at the end of the object with nothing but blanks behind it;
 * -1 when the text is no valid object. Duplicate keys are not looked for.
 */
int scan_next(struct scan *s, struct scan_text *key, struct scan_text *value);

/* Whether a text is equal to s. */
bool scan_is(struct scan_text t, const char *s);

/* The raw value as an integer in [min, max]; 0, or -1. */
int scan_int(struct scan_text t, int64_t min, int64_t max, int64_t *out);

/*
 * The raw value, a string, decoded into out with a NUL behind it. 0, or -1
 * when it is no string, has a NUL in it, or needs more than size bytes.
 */
int scan_str(struct scan_text t, char *out, size_t size);

#endif
