/* SPDX-License-Identifier: ISC */
#include "driver/heart.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clk.h"
#include "base/rc.h"
#include "driver/nets.h"
#include "line/line.h"
#include "os/fs.h"
#include "os/proc.h"

/* Kinds of trouble; HTTP statuses and errnos are others. */
enum { NOT_ANSWERED = 1, NOT_USED = 2, NOT_REPORTED = 1 };

static void __attribute__((format(printf, 3, 4)))
set(struct heart_trouble *t, int kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->text, sizeof(t->text), fmt, ap);
	va_end(ap);
	t->kind = kind;
}

static int
read_text(const struct heart *h, struct buf *b)
{
	if (h->observed_file)
		return fs_read(h->observed_file, b);
	return agentdir_read(h->dir, "observed.jsonl", b);
}

/* A missing file is no error for a while: chime-reconcile may just start. */
static void
read_observed(struct heart *h)
{
	struct json_reason why = {"there is no such file"};
	int64_t now = clk_mono_ms();
	struct buf b;
	int r;

	buf_init(&b, EXCHANGE_MAX);
	exchange_observed_free(&h->observed);
	r = read_text(h, &b);
	if (r == -1 && errno != ENOENT)
		json_why(&why, "%s", strerror(errno));
	/* Without a text there is "nothing yet". */
	if (exchange_observed(&h->observed, b.data, r == -1 ? 0 : b.len,
		&h->self, r == -1 ? NULL : &why) == 0) {
		h->missing = 0;
		h->report.kind = 0;
	} else if (!h->missing) {
		h->missing = now;
	}
	if (h->missing && now - h->missing >= h->report_ms)
		set(&h->report, NOT_REPORTED,
		    "chime-reconcile has not reported: %s: %s",
		    h->observed_file ? h->observed_file : "observed.jsonl",
		    why.text);
	buf_free(&b);
}

bool
heart_news(struct heart *h)
{
	read_observed(h);
	return strcmp(h->observed.rev, h->told) != 0;
}

/* Which networks are down, by chime-probe; "" for none. */
static void
read_nets(const struct heart *h, char why[static EXCHANGE_REASON_SIZE])
{
	struct buf b;

	why[0] = '\0';
	buf_init(&b, LINE_MAX_RECORD);
	if (agentdir_read(h->dir, NETS_FILE, &b) == 0 && b.len)
		nets_down(
		    b.data, b.len, clk_boot_ms(), why, EXCHANGE_REASON_SIZE);
	buf_free(&b);
}

bool
heart_nets(const struct heart *h)
{
	char why[EXCHANGE_REASON_SIZE];

	read_nets(h, why);
	return strcmp(why, h->nets_told) != 0;
}

/*
 * What is wrong with this process's own work is wrong with the host, and so
 * is a network that is down.
 */
static void
add_health(struct heart *h, struct exchange_observed *o)
{
	const struct heart_trouble *t = h->disk.kind ? &h->disk : &h->report;
	size_t n;

	read_nets(h, h->nets_told);
	if (t->kind)
		snprintf(o->reason, sizeof(o->reason), "%.250s", t->text);
	else if (!o->error)
		o->reason[0] = '\0';
	o->error = o->error || t->kind || *h->nets_told;
	n = strlen(o->reason);
	snprintf(o->reason + n, sizeof(o->reason) - n, "%s%s",
	    n && *h->nets_told ? "; " : "", h->nets_told);
}

/* The body of the next beat, which is a new one. */
static void
compose(struct heart *h, const char *rev, struct buf *b)
{
	struct exchange_observed o = h->observed;
	bool full = !h->missing &&
		    (h->out != -1 || strcmp(h->observed.rev, h->known) != 0);

	h->self.beat++;
	agentdir_facts(h->dir, &h->self.vcpus, &h->self.memory_mib);
	if (h->vcpus)
		h->self.vcpus = h->vcpus;
	if (h->memory_mib)
		h->self.memory_mib = h->memory_mib;
	add_health(h, &o);
	if (exchange_request(b, &h->self, rev, &o, full) == 0)
		return;
	o.error = true;
	snprintf(o.reason, sizeof(o.reason),
	    "observed.jsonl: larger than the 1 MiB a heartbeat can carry");
	buf_clear(b);
	exchange_request(b, &h->self, rev, &o, false);
}

/*
 * The desired file first: a lease for what was not kept would let the host go
 * on with what it was told before.
 */
static void
keep(struct heart *h, const struct exchange_answer *a, const struct buf *old,
    int64_t sent_ms)
{
	const char *what = "desired.jsonl";
	struct buf b;
	int r;

	buf_init(&b, EXCHANGE_MAX);
	r = exchange_desired(a, old->data ? old->data : "", old->len, &b);
	if (r == 1 && h->out != -1)
		r = line_write(h->out, b.data, b.len);
	else if (r == 1)
		r = agentdir_replace(h->dir, what, b.data, b.len);
	buf_free(&b);
	if (r == 0 && h->dir) {
		what = "lease.jsonl";
		r = agentdir_lease(h->dir, h->self.host, h->self.boot,
		    h->self.beat, sent_ms, a->interval_ms);
	}
	if (r == -1)
		set(&h->disk, errno, "%s: cannot be written: %s", what,
		    strerror(errno));
	else
		h->disk.kind = 0;
}

static int
take(struct heart *h, const struct http_answer *got, const struct buf *old,
    const char *rev, int64_t sent_ms)
{
	struct exchange_answer a;
	struct json_reason why;
	int rc = RC_OK;

	if (exchange_answer(&a, got->body.data ? got->body.data : "",
		got->body.len, &h->self, rev, &why) == -1) {
		set(&h->call, NOT_USED, "%s: its answer is not used: %s",
		    http_server(h->http), why.text);
		/* lease.jsonl was lost, and the count with it. */
		if (a.beat > h->self.beat)
			h->self.beat = a.beat;
		rc = RC_TEMP;
	} else {
		h->call.kind = 0;
		h->interval_ms = a.interval_ms;
		snprintf(h->known, sizeof(h->known), "%s", a.observed_rev);
		keep(h, &a, old, sent_ms);
	}
	exchange_answer_free(&a);
	return rc;
}

/* lease.jsonl was lost, and the count with it: the server knows it. */
static bool
take_count(struct heart *h, const json_t *error)
{
	json_t *details = NULL;
	int64_t beat = 0;

	if (json_get_array(error, "details", &details, NULL) != 1 ||
	    json_get_int(json_array_get(details, 0), "beat", 0,
		EXCHANGE_BEAT_MAX, &beat, NULL) != 1 ||
	    beat <= h->self.beat)
		return false;
	h->self.beat = beat;
	return true;
}

/* The server's words about a beat it refused. */
static int
refused(struct heart *h, const struct http_answer *got)
{
	const char *message = "no reason given";
	json_t *o = NULL, *e = NULL;
	bool counted = false;

	if (got->body.len)
		o = json_object_parse(got->body.data, got->body.len, NULL);
	if (o && json_get_object(o, "error", &e, NULL) == 1) {
		json_get_str(e, "message", 1, 1024, &message, NULL);
		counted = got->status == 409 && take_count(h, e);
	}
	set(&h->call, got->status, "%s: refuses heartbeats: %s (%d)",
	    http_server(h->http), message, got->status);
	json_decref(o);
	/* The next server may have the next beat. */
	return got->status < 500 && !counted ? RC_USAGE : RC_TEMP;
}

static int
post(struct heart *h, unsigned i, const struct buf *old)
{
	char rev[EXCHANGE_REV_SIZE], path[128];
	const char *sent = NULL;
	const struct http_answer *got;
	struct http_request r = {
	    .method = "POST", .path = path, .accept = "application/x-ndjson"};
	struct buf body;
	enum http_error e;
	int64_t sent_ms;

	if (old->len &&
	    exchange_rev(old->data, old->len, h->self.host, rev) == 0)
		sent = rev;
	buf_init(&body, EXCHANGE_BODY_MAX);
	compose(h, sent, &body);
	snprintf(path, sizeof(path), "/v1/host/%s/heartbeat", h->self.host);
	r.body = body.data;
	r.len = body.len;
	r.deadline = clk_mono_ms() + h->patience_ms;
	sent_ms = clk_boot_ms();
	e = http_try(h->http, i, &r, &got);
	buf_free(&body);
	if (e == HTTP_OK && got->status == 200)
		return take(h, got, old, sent, sent_ms);
	if (e == HTTP_OK)
		return refused(h, got);
	if (e != HTTP_STOPPED)
		set(&h->call, NOT_ANSWERED, "no answer: %s",
		    http_reason(h->http));
	return e == HTTP_CONNECTION ? RC_TEMP : RC_TIMEOUT;
}

int
heart_beat(struct heart *h, int stop)
{
	unsigned n = http_servers(h->http), first = h->server;
	struct buf old;
	int rc = RC_TEMP;

	if (!h->observed_file)
		read_observed(h);
	snprintf(h->told, sizeof(h->told), "%s", h->observed.rev);
	buf_init(&old, EXCHANGE_MAX);
	if (h->out == -1 && agentdir_read(h->dir, "desired.jsonl", &old) == -1)
		buf_clear(&old);
	for (unsigned i = 0; i < n; i++) {
		rc = post(h, first + i, &old);
		if (rc == RC_OK)
			h->server = (first + i) % n;
		/* Refused by one is refused by all: one database. */
		if (rc == RC_OK || rc == RC_USAGE ||
		    (stop != -1 && proc_stopping(stop)))
			break;
	}
	buf_free(&old);
	return rc;
}

void
heart_free(struct heart *h)
{
	exchange_observed_free(&h->observed);
}
