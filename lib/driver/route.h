/* SPDX-License-Identifier: ISC */
/*
 * What can be said of an HTTP request without knowing what it is about.
 * Paths are as they were received: nothing is decoded here.
 */
#ifndef DRIVER_ROUTE_H
#define DRIVER_ROUTE_H

#include <stdbool.h>

#include "line/wire.h"

/*
 * Whether a path may be passed on: it begins with a slash, is printable
 * ASCII, its escapes are whole and are no control characters, and no segment
 * is "." or "..", escaped or not.
 */
bool route_path_ok(struct scan_text path);

/* Whether a query is printable ASCII with whole escapes, none of them NUL. */
bool route_query_ok(struct scan_text query);

/*
 * Whether a path matches a pattern: segment by segment, a "*" matching any
 * one segment that is not empty, and a last "**" any rest, even none.
 */
bool route_match(const char *pattern, struct scan_text path);

/* Whether a header's value is 1 to max printable characters, no blank. */
bool route_is_plain(const char *s, size_t max);

/* The token in an Authorization header's value (or NULL), or NULL. */
const char *route_bearer(const char *value);

/*
 * Whether a request cannot be passed on: 0 when it can, or the HTTP status
 * with code and message. Method, path, query, key and body are looked at; HEAD
 * is GET by now.
 */
int route_refuse(
    const struct wire_request *r, const char **code, const char **message);

#endif
