/* SPDX-License-Identifier: ISC */
#include "line/reply.h"

#include <stdio.h>
#include <string.h>

void
reply_init(struct reply *r, const char *request_id, bool ndjson, size_t max)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->body, max);
	snprintf(r->request, sizeof(r->request), "%s", request_id);
	r->ndjson = ndjson;
}

void
reply_free(struct reply *r)
{
	buf_free(&r->body);
}

void
reply_restart(struct reply *r)
{
	buf_clear(&r->body);
	r->rows = false;
}

static void
add_text(struct reply *r, struct scan_text t)
{
	buf_add(&r->body, t.p, t.n);
}

static void
begin(struct reply *r, const char *member)
{
	buf_printf(
	    &r->body, "{\"requestId\":\"%s\",\"%s\":", r->request, member);
}

void
reply_row(struct reply *r, struct scan_text row)
{
	if (!r->ndjson && !r->rows)
		begin(r, "result");
	if (!r->ndjson)
		buf_add(&r->body, r->rows ? "," : "[", 1);
	add_text(r, row);
	if (r->ndjson)
		buf_add(&r->body, "\n", 1);
	r->rows = true;
}

static void
fail(struct reply *r, int status, struct scan_text code,
    struct scan_text message, struct scan_text details)
{
	r->status = status;
	reply_restart(r);
	begin(r, "error");
	buf_puts(&r->body, "{\"code\":");
	add_text(r, code);
	buf_puts(&r->body, ",\"message\":");
	add_text(r, message);
	buf_printf(&r->body, ",\"status\":%d", status);
	if (details.p) {
		buf_puts(&r->body, ",\"details\":");
		add_text(r, details);
	}
	buf_puts(&r->body, "}}\n");
}

void
reply_error(struct reply *r, int status, const char *code, const char *message)
{
	struct scan_text c, m;
	struct buf text;

	buf_init(&text, 4096);
	wire_string(&text, code, strlen(code));
	c.n = text.len;
	wire_string(&text, message, strlen(message));
	c.p = text.data;
	m.p = text.data + c.n;
	m.n = text.len - c.n;
	fail(r, status, c, m, (struct scan_text){0});
	buf_free(&text);
}

/*
 * A key may hold any text (a VM's name): in the header, and in the query it
 * comes back in, it is percent-encoded.
 */
static int
set_next(struct reply *r, struct scan_text next)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	char key[REPLY_NEXT_SIZE / 3];
	size_t at = 0;

	if (!next.p)
		return 0;
	if (scan_str(next, key, sizeof(key)) == -1)
		return -1;
	for (const char *p = key; *p; p++) {
		if (strchr(plain, *p))
			r->next[at++] = *p;
		else
			at += (size_t)snprintf(r->next + at, 4, "%%%02X",
			    (unsigned)(unsigned char)*p);
	}
	r->next[at] = '\0';
	return 0;
}

static void
end_list(struct reply *r, struct scan_text next)
{
	if (r->ndjson)
		return;
	if (!r->rows) {
		begin(r, "result");
		buf_add(&r->body, "[", 1);
	}
	buf_add(&r->body, "]", 1);
	if (next.p) {
		buf_puts(&r->body, ",\"next\":");
		add_text(r, next);
	}
	buf_puts(&r->body, "}\n");
}

void
reply_end(struct reply *r, const struct wire_answer *end)
{
	if (end->status >= 400) {
		if (end->retry_s)
			snprintf(
			    r->retry, sizeof(r->retry), "%d", end->retry_s);
		fail(r, end->status, end->code, end->message, end->details);
		return;
	}
	r->status = end->status;
	if (set_next(r, end->next) == -1) {
		reply_error(r, 500, "next", "the next page's key is too long");
		return;
	}
	if (end->result.p && !r->rows) {
		if (!r->ndjson)
			begin(r, "result");
		add_text(r, end->result);
		buf_puts(&r->body, r->ndjson ? "\n" : "}\n");
	} else {
		end_list(r, end->next);
	}
	if (r->body.overflow) {
		r->next[0] = '\0';
		reply_error(r, 500, "too_large",
		    "the answer is larger than this server keeps; "
		    "ask for fewer with limit=");
	}
}
