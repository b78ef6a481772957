/* SPDX-License-Identifier: ISC */
/*
 * The worker of chime-apiserver for every route but the heartbeat.
 *
 * in:   requests, one JSON object a line (chime-apiserver(8)); CHIME_DB_*,
 *       CHIME_CPU_RATIO
 * out:  their answers: rows and an end line each; an error record for a line
 *       that cannot be answered; afterwards, "poll now" to the agent concerned
 * exit: 0 at the end of stdin and by SIGTERM, when what was read is answered;
 *       100 wrong configuration; 111 stdin or stdout failed
 *
 * One request is one short transaction, answered after its commit. Without a
 * database every request gets a 503, and the worker goes on.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "api/once.h"
#include "base/clk.h"
#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "driver/dbconf.h"
#include "line/line.h"
#include "line/rec.h"
#include "line/wire.h"
#include "os/proc.h"

#define TIDY_MS      60000
#define TIDY_SOON_MS 1000
#define LOG_EVERY_MS 1000 /* a database that is away is said once a second */

struct worker {
	struct db *db;
	int64_t cpu_ratio;
	struct buf out;
	int64_t line;
	int64_t tidy_ms;
	int64_t logged_ms; /* when the database was complained of last */
};

static const struct option longs[] = {{"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'}, {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0}};

static void
flush(struct worker *w)
{
	if (w->out.len &&
	    line_write(STDOUT_FILENO, w->out.data, w->out.len) == -1)
		die(RC_TEMP, "stdout: cannot write: %s", strerror(errno));
	buf_clear(&w->out);
}

static void
refuse(struct worker *w, const char *reason)
{
	say_warn("line %lld: %s", (long long)w->line, reason);
	flush(w);
	rec_emit(rec_error(w->line, reason));
}

/* Says why the database fails, without a line for every request. */
static void
log_database(struct worker *w)
{
	int64_t now = clk_mono_ms();

	if (w->logged_ms && now - w->logged_ms < LOG_EVERY_MS)
		return;
	w->logged_ms = now;
	say_error("database: %s", db_reason(w->db));
}

static void
answer(struct worker *w, const char *line, size_t len)
{
	struct json_reason why;
	int r;

	r = api_call(w->db, w->cpu_ratio, line, len, &w->out, &why);
	if (r == -1)
		refuse(w, why.text);
	if (r == 1)
		log_database(w);
	flush(w);
	/* Old requests are forgotten when somebody works, after the answer. */
	if (r == 0 && clk_mono_ms() >= w->tidy_ms)
		w->tidy_ms =
		    clk_mono_ms() + (api_tidy(w->db) ? TIDY_SOON_MS : TIDY_MS);
}

static void
answer_all(struct worker *w, struct line_in *in)
{
	enum line_result r;
	char *line;
	size_t len;

	while (
	    (r = line_next(in, &line, &len)) == LINE_OK || r == LINE_TOO_LONG) {
		w->line++;
		if (r == LINE_TOO_LONG)
			refuse(w, "longer than 4 MiB");
		else if (len > 0)
			answer(w, line, len);
	}
}

/* Until stdin ends or a signal says so. */
static void
serve(struct worker *w, int stop)
{
	struct pollfd p[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
	    {.fd = stop, .events = POLLIN}};
	struct line_in in;

	line_in_init(&in, STDIN_FILENO, WIRE_MAX);
	while (!in.eof) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (p[1].revents)
			break;
		if (!p[0].revents)
			continue;
		if (line_fill(&in) == -1)
			die(RC_TEMP, "stdin: cannot read: %s", strerror(errno));
		answer_all(w, &in);
	}
	answer_all(w, &in);
	line_in_free(&in);
}

int
main(int argc, char *argv[])
{
	struct worker w = {0};
	bool quiet = false, verbose = false;
	struct dbconf conf;
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
			opt_usage("[-qvV] <requests >answers");
		}
	if (optind != argc)
		opt_usage("[-qvV] <requests >answers");
	die_verbosity(quiet, verbose);
	w.cpu_ratio = opt_env_int("CHIME_CPU_RATIO", 4, 1, 64);
	if (dbconf_env(&conf) == -1)
		die(RC_USAGE, "%s", conf.reason);
	w.db = db_new(&conf.conf);
	dbconf_wipe(&conf);
	buf_init(&w.out, API_OUT_MAX);
	stop = proc_stop_fd();
	if (stop == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	serve(&w, stop);
	buf_free(&w.out);
	db_free(w.db);
	return RC_OK;
}
