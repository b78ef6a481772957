/* SPDX-License-Identifier: ISC */
/*
 * api-heartbeat: chime-apiserver's worker for heartbeats.
 *
 * stdin: the front's request lines (chime-apiserver(8)), of which all that
 * wait are one batch: one transaction, one multi-row statement. stdout: the
 * answers, after the commit. A bad request is refused alone. While the
 * database is away every request is answered with 503 at once.
 *
 * exit: 0 end of input, or stopped by a signal; 100 configuration;
 * 111 the front is gone
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/rc.h"
#include "core/name.h"
#include "driver/db.h"
#include "driver/dbconf.h"
#include "driver/dbonce.h"
#include "line/json.h"
#include "line/line.h"
#include "line/wire.h"
#include "os/proc.h"
#include "store/report.h"
#include "store/token.h"

#define SYNOPSIS    "[-qvV] <requests >answers"
#define BATCH_MAX   256
#define BATCH_BYTES (32 * 1024 * 1024)
#define GATHER_MS   10 /* while many come, the least time between batches */
#define OUT_MAX     (512 * 1024 * 1024)

struct job {
	int64_t id;
	struct report report;
	bool bad; /* the body is none; why says more */
	struct json_reason why;
};

struct worker {
	struct db *db;
	int64_t interval_ms;
	struct peers peers;
	struct line_in in;
	struct job *job;
	size_t n, bytes;
	int64_t next; /* when the next batch may begin; 0: at once */
	bool away;    /* the database; said once */
};

/* "/v1/host/NAME/heartbeat"; no host's name needs percent-encoding. */
static int
host_of(const char *path, char host[static 64])
{
	static const char head[] = "/v1/host/", tail[] = "/heartbeat";
	size_t n = strlen(path), h = sizeof(head) - 1, t = sizeof(tail) - 1;

	if (n <= h + t || n - h - t > NAME_HOST_MAX ||
	    memcmp(path, head, h) != 0 || strcmp(path + n - t, tail) != 0)
		return -1;
	memcpy(host, path + h, n - h - t);
	host[n - h - t] = '\0';
	return name_host(host) ? 0 : -1;
}

static void
take_body(struct job *j, struct scan_text raw)
{
	size_t size = raw.p ? raw.n : 1;
	char *body = mem_calloc(size, 1);

	if (scan_str(raw, body, size) == -1) {
		j->bad = true;
		json_why(&j->why, raw.p ? "body: expected a text without NULs"
					: "body: missing");
	} else if (upload_parse(&j->report.up, body, strlen(body), &j->why) ==
		   -1) {
		j->bad = true;
	} else if (strcmp(j->report.up.host, j->report.host) != 0) {
		j->bad = true;
		json_why(&j->why, "host: %s in the body, %s in the path",
		    j->report.up.host, j->report.host);
	} else if (*j->report.up.bad_vms.text) {
		say_warn("%s: inventory refused: %s", j->report.host,
		    j->report.up.bad_vms.text);
	}
	free(body);
}

static void
take_line(struct worker *w, const char *line, size_t len)
{
	char path[257] = "", method[17] = "", token[4097] = "";
	struct job *j = &w->job[w->n];
	struct wire_raw raw;

	if (wire_take(line, len, &raw) == -1) {
		say_error("stdin: a request that cannot be answered: expected "
			  "one JSON object with an id");
		return;
	}
	memset(j, 0, sizeof(*j));
	buf_init(&j->report.rows, REPORT_ROWS_MAX);
	j->id = raw.id;
	w->n++;
	w->bytes += len;
	(void)scan_str(raw.path, path, sizeof(path));
	(void)scan_str(raw.method, method, sizeof(method));
	/* One that is too long, or absent, is none. */
	if (scan_str(raw.token, token, sizeof(token)) == 0 && *token)
		token_hash(token, j->report.hash);
	if (strcmp(method, "POST") != 0 || host_of(path, j->report.host)) {
		report_error(&j->report, 404, "not_found",
		    "%.16s %.80s: no such route", method, path);
		return;
	}
	take_body(j, raw.body);
}

/*
 * How long to wait for more lines, in ms, -1 for ever. A transaction costs
 * much, a heartbeat in it little: when they do not come one by one, those of
 * a few milliseconds share one.
 */
static int
patience(const struct worker *w)
{
	int64_t now;

	if (!w->n)
		return -1;
	if (!w->next)
		return 0;
	now = clk_mono_ms();
	return now < w->next ? (int)(w->next - now) : 0;
}

/* A batch; blocks for its first line. 0 at the end of input. */
static int
collect(struct worker *w, int stop)
{
	struct pollfd p[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
	    {.fd = stop, .events = POLLIN}};
	enum line_result r = LINE_NONE;
	size_t len;
	char *line;

	while (w->n < BATCH_MAX && w->bytes < BATCH_BYTES) {
		r = line_next(&w->in, &line, &len);
		if (r == LINE_OK && len)
			take_line(w, line, len);
		if (r == LINE_TOO_LONG)
			say_error("stdin: a request longer than 4 MiB");
		if (r == LINE_EOF)
			break;
		if (r != LINE_NONE)
			continue;
		if (poll(p, 2, patience(w)) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (p[1].revents || (w->n && !p[0].revents))
			break;
		if (p[0].revents && line_fill(&w->in) == -1)
			die(RC_TEMP, "stdin: %s", strerror(errno));
	}
	w->next = w->n > 1 ? clk_mono_ms() + GATHER_MS : 0;
	return w->n > 0;
}

/* Refuses what has no answer yet. */
static void
refuse(struct report **r, size_t n, const char *reason)
{
	for (size_t i = 0; i < n; i++)
		report_error(r[i], 503, "database",
		    "the database does not answer (%.100s): the heartbeat "
		    "may not have counted, send another",
		    reason);
}

/* The outcome of a call on the database, said when it changes. */
static int
note(struct worker *w, int r)
{
	if (r == -1 && !w->away)
		say_error("database: %s", db_reason(w->db));
	if (r != -1 && w->away)
		say_info("database: answers again");
	w->away = r == -1;
	return r;
}

static int
write_batch(struct worker *w, struct report **r, size_t n)
{
	struct report_batch b = {
	    .r = r, .n = n, .interval_ms = w->interval_ms, .peers = &w->peers};
	int rc = db_once(w->db, report_write, &b);

	/* The server may have restarted since the last batch: once more. */
	b.again = true;
	if (rc == -1 && db_error(w->db) == DB_LOST)
		rc = db_once(w->db, report_write, &b);
	return note(w, rc);
}

/*
 * What the database refuses rather than fails at is refused alone: each
 * heartbeat then gets a transaction of its own.
 */
static void
write_all(struct worker *w, struct report **r, size_t n)
{
	if (!n || write_batch(w, r, n) == 0)
		return;
	if (n == 1 || db_error(w->db) == DB_LOST) {
		refuse(r, n, db_reason(w->db));
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (write_batch(w, &r[i], 1) == -1)
			refuse(&r[i], 1, db_reason(w->db));
}

static void
process(struct worker *w)
{
	struct report **r = mem_calloc(w->n, sizeof(struct report *));
	size_t n = 0, good = 0;
	int rc;

	for (size_t i = 0; i < w->n; i++)
		if (w->job[i].report.status == 0)
			r[n++] = &w->job[i].report;
	rc = n ? report_auth(w->db, r, n) : 0;
	if (rc == -1 && db_error(w->db) == DB_LOST)
		rc = report_auth(w->db, r, n);
	/* That these are refused does not hang on telling of it. */
	if (rc == 0)
		report_alert(w->db, r, n);
	if (note(w, rc) == -1) {
		refuse(r, n, db_reason(w->db));
		n = 0;
	}
	for (size_t i = 0; n && i < w->n; i++) {
		struct job *j = &w->job[i];

		if (j->report.status != 0)
			continue;
		if (j->bad)
			report_error(
			    &j->report, 400, "bad_request", "%s", j->why.text);
		else
			r[good++] = &j->report;
	}
	write_all(w, r, good);
	free(r);
}

/* A job's answer: each row a line, then the end. */
static void
add_answer(struct buf *out, const struct job *j)
{
	const struct report *r = &j->report;
	const char *p = r->rows.data, *nl;

	if (r->status == 200)
		for (; p && (nl = strchr(p, '\n')); p = nl + 1) {
			buf_printf(out, "{\"id\":%" PRId64 ",\"row\":", j->id);
			buf_add(out, p, (size_t)(nl - p));
			buf_puts(out, "}\n");
		}
	buf_printf(out, "{\"id\":%" PRId64 ",\"end\":{\"status\":%d", j->id,
	    r->status);
	if (r->status != 200) {
		buf_printf(
		    out, ",\"error\":{\"code\":\"%s\",\"message\":", r->code);
		wire_string(out, r->message, strlen(r->message));
		/* An agent that lost its count goes on from there. */
		if (strcmp(r->code, "replayed") == 0)
			buf_printf(out, ",\"details\":[{\"beat\":%" PRId64 "}]",
			    r->beat);
		buf_puts(out, "}");
	}
	buf_puts(out, "}}\n");
}

static void
answer(struct worker *w)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	for (size_t i = 0; i < w->n; i++) {
		struct job *j = &w->job[i];

		add_answer(&out, j);
		buf_free(&j->report.rows);
		upload_free(&j->report.up);
	}
	if (out.overflow)
		die(RC_BUG, "answers of %zu requests do not fit", w->n);
	if (line_write(STDOUT_FILENO, out.data, out.len) == -1)
		die(RC_TEMP, "stdout: cannot write: %s", strerror(errno));
	buf_free(&out);
	w->n = 0;
	w->bytes = 0;
}

static struct db *
database(void)
{
	struct dbconf conf;
	struct db *db;

	if (dbconf_env(&conf) == -1)
		die(RC_USAGE, "%s", conf.reason);
	db = db_new(&conf.conf);
	dbconf_wipe(&conf);
	return db;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	bool quiet = false, verbose = false;
	struct worker w;
	int c, stop;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "qvV", longs, NULL)) != -1)
		switch (c) {
		case 'q':
			quiet = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'V':
			opt_version();
		default:
			opt_usage(SYNOPSIS);
		}
	if (argc > optind)
		opt_usage(SYNOPSIS);
	die_verbosity(quiet, verbose);
	memset(&w, 0, sizeof(w));
	w.interval_ms = opt_env_span_ms("CHIME_INTERVAL", 10000, 200, 60000);
	w.db = database();
	w.job = mem_calloc(BATCH_MAX, sizeof(*w.job));
	line_in_init(&w.in, STDIN_FILENO, WIRE_MAX);
	if ((stop = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	while (collect(&w, stop)) {
		process(&w);
		answer(&w);
	}
	line_in_free(&w.in);
	peers_free(&w.peers);
	free(w.job);
	db_free(w.db);
	return RC_OK;
}
