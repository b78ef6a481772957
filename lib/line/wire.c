/* SPDX-License-Identifier: ISC */
#include "line/wire.h"

#include <inttypes.h>
#include <string.h>

int
wire_string(struct buf *b, const char *s, size_t n)
{
	const char *end = s + n, *from = s;

	buf_add(b, "\"", 1);
	for (; s < end; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(b, from, (size_t)(s - from));
		from = s + 1;
		if (c == '"' || c == '\\')
			buf_add(b, c == '"' ? "\\\"" : "\\\\", 2);
		else if (c == '\n')
			buf_add(b, "\\n", 2);
		else
			buf_printf(b, "\\u%04x", c);
	}
	buf_add(b, from, (size_t)(s - from));
	return buf_add(b, "\"", 1);
}

static void
member(struct buf *b, const char *key, struct scan_text t)
{
	if (!t.p || !t.n)
		return;
	buf_add(b, ",\"", 2);
	buf_puts(b, key);
	buf_add(b, "\":", 2);
	wire_string(b, t.p, t.n);
}

static struct scan_text
text(const char *s)
{
	struct scan_text t = {s, s ? strlen(s) : 0};

	return t;
}

int
wire_request(struct buf *b, const struct wire_request *r)
{
	buf_printf(b, "{\"id\":%" PRIu64, r->id);
	member(b, "method", text(r->method));
	member(b, "path", r->path);
	member(b, "query", r->query);
	member(b, "token", text(r->token));
	member(b, "key", text(r->key));
	member(b, "request", text(r->request));
	member(b, "peer", text(r->peer));
	member(b, "body", r->body);
	return buf_add(b, "}\n", 2);
}

static int
parse_error(struct scan_text t, struct wire_answer *a)
{
	struct scan_text key, value;
	struct scan s;
	int r;

	if (scan_begin(&s, t.p, t.n) == -1)
		return -1;
	while ((r = scan_next(&s, &key, &value)) == 1) {
		if (scan_is(key, "code"))
			a->code = value;
		else if (scan_is(key, "message"))
			a->message = value;
		else if (scan_is(key, "details"))
			a->details = value;
	}
	return r;
}

static bool
is_string(struct scan_text t)
{
	return t.p && *t.p == '"';
}

static int
parse_end(struct scan_text t, struct wire_answer *a)
{
	struct scan_text key, value;
	struct scan s;
	int64_t n = 0, retry = 0;
	int r;

	if (scan_begin(&s, t.p, t.n) == -1)
		return -1;
	while ((r = scan_next(&s, &key, &value)) == 1) {
		if (scan_is(key, "status") && scan_int(value, 200, 599, &n))
			return -1;
		if (scan_is(key, "retry_s") &&
		    scan_int(value, 0, 86400, &retry))
			return -1;
		if (scan_is(key, "result"))
			a->result = value;
		else if (scan_is(key, "next"))
			a->next = value;
		else if (scan_is(key, "error") && parse_error(value, a) == -1)
			return -1;
	}
	a->status = (int)n;
	a->retry_s = (int)retry;
	if (r == -1 || !n || (a->next.p && !is_string(a->next)))
		return -1;
	if (n >= 400 && (!is_string(a->code) || !is_string(a->message) ||
			    (a->details.p && *a->details.p != '[')))
		return -1;
	return 0;
}

int
wire_answer(const char *line, size_t len, struct wire_answer *a)
{
	struct scan_text key, value, end = {0};
	struct scan s;
	int64_t id = 0;
	int r;

	memset(a, 0, sizeof(*a));
	if (scan_begin(&s, line, len) == -1)
		return -1;
	while ((r = scan_next(&s, &key, &value)) == 1) {
		if (scan_is(key, "id") && scan_int(value, 1, INT64_MAX, &id))
			return -1;
		if (scan_is(key, "row"))
			a->row = value;
		else if (scan_is(key, "end"))
			end = value;
	}
	a->id = (uint64_t)id;
	if (r == -1 || !id || !a->row.p == !end.p)
		return -1;
	if (a->row.p)
		return *a->row.p == '{' ? 0 : -1;
	return parse_end(end, a);
}

int
wire_take(const char *line, size_t len, struct wire_raw *r)
{
	struct scan_text key, value;
	struct scan s;
	int rc;

	memset(r, 0, sizeof(*r));
	r->id = -1;
	if (scan_begin(&s, line, len) == -1)
		return -1;
	while ((rc = scan_next(&s, &key, &value)) == 1) {
		if (scan_is(key, "id") &&
		    scan_int(value, 0, INT64_MAX, &r->id) == -1)
			return -1;
		if (scan_is(key, "method"))
			r->method = value;
		else if (scan_is(key, "path"))
			r->path = value;
		else if (scan_is(key, "token"))
			r->token = value;
		else if (scan_is(key, "body"))
			r->body = value;
	}
	return rc == 0 && r->id >= 0 ? 0 : -1;
}
