/* SPDX-License-Identifier: ISC */
#include "driver/relay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "driver/route.h"
#include "line/json.h"
#include "line/line.h"
#include "line/rec.h"
#include "os/loop.h"

#define ANSWER_MAX (16 * 1024 * 1024)

struct relay {
	struct relay_conf conf;
	struct loop_watch watch;
	struct line_in lines;
	bool watched; /* a regular file is always ready, and cannot be */
	bool ready;
	int error; /* errno of what failed */
	int64_t line;
	unsigned waiting;
};

struct relay_request {
	struct relay *relay;
	int64_t id;
	struct buf rows;
};

static void
put(struct relay *y, const struct buf *b)
{
	if (!y->error && line_write(y->conf.out, b->data, b->len) == -1)
		y->error = errno;
}

static void
finish(struct relay_request *q, struct buf *end)
{
	buf_puts(end, "}}\n");
	put(q->relay, &q->rows);
	put(q->relay, end);
	q->relay->waiting--;
	buf_free(end);
	buf_free(&q->rows);
	free(q);
}

void
relay_row(struct relay_request *q, struct scan_text row)
{
	buf_printf(&q->rows, "{\"id\":%" PRId64 ",\"row\":", q->id);
	buf_add(&q->rows, row.p, row.n);
	buf_puts(&q->rows, "}\n");
}

void
relay_restart(struct relay_request *q)
{
	buf_clear(&q->rows);
}

static void
member(struct buf *b, const char *key, struct scan_text t)
{
	if (!t.p)
		return;
	buf_printf(b, ",\"%s\":", key);
	buf_add(b, t.p, t.n);
}

static void
begin(struct relay_request *q, struct buf *b, int status)
{
	buf_init(b, WIRE_MAX);
	buf_printf(
	    b, "{\"id\":%" PRId64 ",\"end\":{\"status\":%d", q->id, status);
}

void
relay_error(
    struct relay_request *q, int status, const char *code, const char *message)
{
	struct buf b;

	buf_clear(&q->rows);
	begin(q, &b, status);
	buf_printf(&b, ",\"error\":{\"code\":\"%s\",\"message\":", code);
	wire_string(&b, message, strlen(message));
	buf_puts(&b, "}");
	finish(q, &b);
}

void
relay_end(struct relay_request *q, const struct wire_answer *end)
{
	struct buf b;

	if (q->rows.overflow) {
		relay_error(q, 500, "too_large",
		    "the answer is larger than this server keeps; "
		    "ask for fewer with limit=");
		return;
	}
	begin(q, &b, end->status);
	member(&b, "result", end->result);
	member(&b, "next", end->next);
	if (end->retry_s)
		buf_printf(&b, ",\"retry_s\":%d", end->retry_s);
	if (end->status >= 400) {
		buf_puts(&b, ",\"error\":{\"code\":");
		buf_add(&b, end->code.p, end->code.n);
		member(&b, "message", end->message);
		member(&b, "details", end->details);
		buf_puts(&b, "}");
	}
	finish(q, &b);
}

static int
text(const json_t *o, const char *key, struct scan_text *t,
    struct json_reason *why)
{
	int r = json_get_str(o, key, 0, WIRE_MAX, &t->p, why);

	t->n = t->p ? strlen(t->p) : 0;
	return r;
}

/* r points into o. */
static int
parse(const json_t *o, struct wire_request *r, int64_t *id,
    struct json_reason *why)
{
	struct scan_text method = {0}, token = {0}, key = {0}, request = {0},
			 peer = {0};

	if (json_need(json_get_int(o, "id", 1, INT64_MAX, id, why), "id",
		why) == -1 ||
	    json_need(text(o, "method", &method, why), "method", why) == -1 ||
	    json_need(text(o, "path", &r->path, why), "path", why) == -1 ||
	    text(o, "query", &r->query, why) == -1 ||
	    text(o, "token", &token, why) == -1 ||
	    text(o, "key", &key, why) == -1 ||
	    text(o, "request", &request, why) == -1 ||
	    text(o, "peer", &peer, why) == -1 ||
	    text(o, "body", &r->body, why) == -1)
		return -1;
	r->method = method.p;
	r->token = token.p;
	r->key = key.p;
	r->request = request.p;
	r->peer = peer.p;
	return 0;
}

static void
refuse(struct relay *y, const char *reason)
{
	json_t *e = rec_error(y->line, reason);

	if (!y->error && rec_write(y->conf.out, e) == -1)
		y->error = errno;
	json_decref(e);
}

static void
take(struct relay *y, const char *line, size_t len)
{
	struct wire_request r = {0};
	struct relay_request *q;
	struct json_reason why;
	const char *code, *message;
	json_t *o = json_object_parse(line, len, &why);
	int64_t id = 0;
	int refused;

	if (!o || parse(o, &r, &id, &why) == -1) {
		refuse(y, why.text);
		json_decref(o);
		return;
	}
	q = mem_calloc(1, sizeof(*q));
	q->relay = y;
	q->id = id;
	buf_init(&q->rows, ANSWER_MAX);
	y->waiting++;
	if ((refused = route_refuse(&r, &code, &message)))
		relay_error(q, refused, code, message);
	else
		y->conf.request(y->conf.arg, q, &r);
	json_decref(o);
}

static void
read_ready(void *arg, unsigned events)
{
	struct relay *y = arg;

	(void)events;
	y->ready = true;
}

struct relay *
relay_new(const struct relay_conf *conf)
{
	struct relay *y = mem_calloc(1, sizeof(*y));

	y->conf = *conf;
	line_in_init(&y->lines, conf->in, WIRE_MAX);
	y->watch.fd = conf->in;
	y->watch.ready = read_ready;
	y->watch.arg = y;
	y->watched = loop_set(conf->loop, &y->watch, LOOP_IN) == 0;
	return y;
}

/* Hands out the buffered lines; true when a new read would be of use. */
static bool
drain(struct relay *y)
{
	enum line_result r;
	char *line;
	size_t len;

	while (y->waiting < y->conf.most) {
		r = line_next(&y->lines, &line, &len);
		if (r == LINE_NONE)
			return true;
		if (r == LINE_EOF)
			return false;
		y->line++;
		if (r == LINE_OK)
			take(y, line, len);
		else
			refuse(y, "longer than 4 MiB");
	}
	return false;
}

int64_t
relay_run(struct relay *y)
{
	bool more = drain(y);

	if (more && (y->ready || !y->watched)) {
		y->ready = false;
		if (line_fill(&y->lines) == -1)
			y->error = errno;
		more = drain(y);
	}
	if (y->error) {
		errno = y->error;
		return RELAY_FAILED;
	}
	if (y->lines.eof && !more && !y->waiting)
		return RELAY_DONE;
	if (y->watched)
		loop_set(y->conf.loop, &y->watch, more ? LOOP_IN : 0);
	return more && !y->watched ? 0 : -1;
}

void
relay_free(struct relay *y)
{
	if (!y)
		return;
	loop_set(y->conf.loop, &y->watch, 0);
	line_in_free(&y->lines);
	free(y);
}
