/* SPDX-License-Identifier: ISC */
#include "api/req.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define PATH_BYTES 2048 /* of a path or a query */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes %XX in place. -1 for a bad or a NUL one and for broken UTF-8. */
static int
decode(char *s)
{
	uint32_t code;
	char *to = s;

	for (const char *p = s; *p; p++) {
		int c = (unsigned char)*p;

		if (c == '%') {
			int high = hex(p[1]), low = high == -1 ? -1 : hex(p[2]);

			if (low == -1 || (high == 0 && low == 0))
				return -1;
			c = high * 16 + low;
			p += 2;
		}
		*to++ = (char)c;
	}
	*to = '\0';
	for (size_t n = strlen(s), len; n > 0; s += len, n -= len)
		if ((len = utf8_char(s, n, &code)) == 0)
			return -1;
	return 0;
}

/* Cuts s at the first of c; what is behind it, or NULL. */
static char *
cut(char *s, char c)
{
	char *p = strchr(s, c);

	if (p)
		*p++ = '\0';
	return p;
}

static int
parse_path(struct req *r, char *path, struct json_reason *why)
{
	if (*path != '/') {
		json_why(why, "path: expected one that begins with /");
		return 1;
	}
	for (char *p = path + 1, *next; p; p = next) {
		next = cut(p, '/');
		if (decode(p) == -1) {
			json_why(why, "path: a bad %%XX or broken UTF-8");
			return 1;
		}
		/* A path with too many parts is one that nobody serves. */
		if (r->parts <= REQ_PARTS_MAX)
			r->part[r->parts++] = p;
	}
	if (r->parts > REQ_PARTS_MAX) {
		r->parts = 0;
		r->part[0] = NULL;
	}
	return 0;
}

static int
parse_query(struct req *r, char *query, struct json_reason *why)
{
	for (char *p = query, *next; p; p = next) {
		char *value;

		next = cut(p, '&');
		if (!*p)
			continue;
		value = cut(p, '=');
		if (decode(p) == -1 || (value && decode(value) == -1)) {
			json_why(why, "query: a bad %%XX or broken UTF-8");
			return 1;
		}
		if (req_query(r, p)) {
			json_why(why, "query: %.60s is given twice", p);
			return 1;
		}
		if (r->queries == REQ_QUERY_MAX) {
			json_why(why, "query: more than %d parameters",
			    REQ_QUERY_MAX);
			return 1;
		}
		r->query[r->queries].name = p;
		r->query[r->queries++].value = value ? value : p + strlen(p);
	}
	return 0;
}

static int
split(
    struct req *r, const char *path, const char *query, struct json_reason *why)
{
	size_t n = strlen(path) + 1, m = strlen(query) + 1;

	r->text = mem_calloc(n + m, 1);
	memcpy(r->text, path, n);
	memcpy(r->text + n, query, m);
	if (parse_path(r, r->text, why))
		return 1;
	return parse_query(r, r->text + n, why);
}

int
req_parse(struct req *r, const char *line, size_t len, struct json_reason *why)
{
	const char *query = "";
	json_t *body;

	memset(r, 0, sizeof(*r));
	r->line = json_object_parse(line, len, why);
	if (!r->line)
		return -1;
	if (json_need(json_get_int(r->line, "id", 0, INT64_MAX, &r->id, why),
		"id", why) == -1)
		return -1;
	if (json_need(json_get_str(r->line, "method", 1, 16, &r->method, why),
		"method", why) == -1 ||
	    json_need(
		json_get_str(r->line, "path", 1, PATH_BYTES, &r->path, why),
		"path", why) == -1 ||
	    json_get_str(r->line, "query", 0, PATH_BYTES, &query, why) == -1 ||
	    json_get_str(r->line, "token", 0, 4096, &r->token, why) == -1 ||
	    json_get_str(r->line, "key", 0, 255, &r->key, why) == -1 ||
	    json_get_str(r->line, "peer", 0, 63, &r->peer, why) == -1)
		return 1;
	body = json_object_get(r->line, "body");
	if (body && !json_is_string(body)) {
		json_why(why, "body: expected a string");
		return 1;
	}
	if (body) {
		r->body = json_string_value(body);
		r->body_len = json_string_length(body);
	}
	return split(r, r->path, query, why);
}

void
req_free(struct req *r)
{
	json_decref(r->line);
	json_decref(r->json);
	free(r->text);
	memset(r, 0, sizeof(*r));
}

const char *
req_query(const struct req *r, const char *name)
{
	for (size_t i = 0; i < r->queries; i++)
		if (strcmp(r->query[i].name, name) == 0)
			return r->query[i].value;
	return NULL;
}

json_t *
req_json(struct req *r, struct json_reason *why)
{
	static const char none[] = "{}";

	if (!r->json)
		r->json = r->body_len
			      ? json_object_parse(r->body, r->body_len, why)
			      : json_object_parse(none, sizeof(none) - 1, why);
	return r->json;
}
