/* SPDX-License-Identifier: ISC */
/*
 * chime-mark: writes down which hosts are unreachable.
 *
 * stdin: `silent` records with "ping" (chime-ping), ticks, anything else.
 * A host that does not answer becomes unreachable, one that answers silent:
 * in one transaction with the event, and only while its (boot, beat) are still
 * what the record says. stdout: a `marked` record for each, ticks at once,
 * other types as they came. -n says what it would do and does nothing.
 *
 * exit: 0 end of input, or stopped by a signal, -n: nothing to do; 1 some
 * lines were refused, -n: something to do; 100 usage, configuration;
 * 111 the database failed, or the standing pipe broke
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

#include "base/clk.h"
#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "core/judge.h"
#include "driver/db.h"
#include "driver/dbconf.h"
#include "driver/dbonce.h"
#include "line/filter.h"
#include "line/json.h"
#include "line/rec.h"
#include "os/proc.h"
#include "store/beat.h"
#include "store/event.h"

#define SYNOPSIS "[-nqvV] [-i INTERVAL] <records"

struct mark {
	struct db *db;
	struct filter in;
	bool plan, failed, todo;
};

/* One host to be marked. */
struct host {
	struct beat_row seen;
	int64_t silent_ms;
	enum judge_health health;
	char reason[160];
	enum beat_marked marked;
	bool plan;
};

static const char *const ping_words[] = {"no-answer", "answered", NULL};

static int
take_record(struct host *h, const json_t *rec, struct json_reason *why)
{
	const char *host = NULL, *boot = NULL;
	int ping = 0;

	if (json_need(json_get_str(rec, "host", 1, 63, &host, why), "host",
		why) == -1 ||
	    json_need(json_get_str(rec, "boot", 1, 36, &boot, why), "boot",
		why) == -1 ||
	    json_need(
		json_get_int(rec, "beat", 0, INT64_MAX, &h->seen.beat, why),
		"beat", why) == -1 ||
	    json_need(json_get_int(
			  rec, "silent_ms", 0, INT64_MAX, &h->silent_ms, why),
		"silent_ms", why) == -1 ||
	    json_need(json_get_word(rec, "ping", ping_words, &ping, why),
		"ping", why) == -1)
		return -1;
	snprintf(h->seen.host, sizeof(h->seen.host), "%s", host);
	snprintf(h->seen.boot, sizeof(h->seen.boot), "%s", boot);
	h->health = judge_silent(ping == 1);
	snprintf(h->reason, sizeof(h->reason),
	    "no heartbeat for %" PRId64 ".%" PRId64 " s, and its agent %s",
	    h->silent_ms / 1000, h->silent_ms % 1000 / 100,
	    ping == 1 ? "answers the ping-back"
		      : "does not answer the ping-back");
	return 0;
}

static int
tell(struct db *db, const struct host *h, enum judge_admin admin)
{
	char text[256];
	struct event e = {
	    /* Whoever took a host out of the cluster may switch it off. */
	    .level = admin == ADMIN_DOWN ? EVENT_INFO : EVENT_ALERT,
	    .kind =
		h->health == HEALTH_SILENT ? "host.silent" : "host.unreachable",
	    .host = h->seen.host,
	    .text = text};

	snprintf(text, sizeof(text), "host %s is %s: %s", h->seen.host,
	    judge_health_words[h->health], h->reason);
	return event_add(db, &e);
}

/* The transaction: a body for db_once; a plan is rolled back. */
static int
transition(struct db *db, void *arg)
{
	struct host *h = arg;
	enum judge_admin admin = ADMIN_RUN;

	if (beat_mark(db, &h->seen, h->health, h->reason, &h->marked, &admin) ==
	    -1)
		return -1;
	if (h->plan || h->marked != BEAT_MARKED)
		return 1;
	return tell(db, h, admin);
}

static const char *
outcome(const struct host *h)
{
	switch (h->marked) {
	case BEAT_MARKED:
		return h->reason;
	case BEAT_SAME:
		return "it was marked before";
	case BEAT_REPORTING:
		return "it has reported since";
	case BEAT_UNKNOWN:
		break;
	}
	return "there is no such host, or it never reported";
}

static void
say(const struct host *h)
{
	json_t *rec = rec_new("marked");

	rec_str(rec, "host", h->seen.host);
	rec_str(rec, "health", judge_health_words[h->health]);
	rec_bool(rec, "changed", h->marked == BEAT_MARKED);
	rec_str(rec, "reason", outcome(h));
	rec_emit(rec);
}

/*
 * A standing pipe names the host again while it is silent, so what a lost
 * database held up is dropped rather than done late.
 */
static int
mark(json_t *rec, struct json_reason *why, void *arg)
{
	struct mark *m = arg;
	struct host h = {.plan = m->plan};
	int r;

	if (take_record(&h, rec, why) == -1)
		return -1;
	r = db_once(m->db, transition, &h);
	if (r == -1 && db_error(m->db) == DB_LOST && !m->in.tick.standing)
		r = db_once(m->db, transition, &h);
	if (r == -1) {
		m->failed = true;
		json_why(
		    why, "%s: database: %.100s", h.seen.host, db_reason(m->db));
		return -1;
	}
	if (h.marked == BEAT_MARKED)
		m->todo = true;
	say(&h);
	return 0;
}

static void
run(struct mark *m, int stop)
{
	struct filter *in = &m->in;
	struct pollfd f[] = {{.fd = STDIN_FILENO, .events = POLLIN},
	    {.fd = stop, .events = POLLIN}};

	while (!in->eof) {
		int64_t wait = tick_wait_ms(&in->tick, clk_mono_ms());

		if (poll(f, 2, (int)wait) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (f[1].revents)
			exit(RC_OK);
		filter_turn(in, f[0].revents, SIZE_MAX);
	}
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

static int
result(const struct mark *m)
{
	if (m->failed)
		return RC_TEMP;
	if (m->in.refused || (m->plan && m->todo))
		return RC_NO;
	return RC_OK;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"interval", required_argument, NULL, 'i'},
	    {"dry-run", no_argument, NULL, 'n'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	bool quiet = false, verbose = false;
	int64_t interval = -1;
	struct mark m = {0};
	int c, stop;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "i:nqvV", longs, NULL)) != -1)
		switch (c) {
		case 'i':
			interval = opt_span_ms('i', optarg, 200, 60000);
			break;
		case 'n':
			m.plan = true;
			break;
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
	if (interval == -1)
		interval = opt_env_span_ms("CHIME_INTERVAL", 10000, 200, 60000);
	m.in = (struct filter){.type = "silent", .work = mark, .arg = &m};
	filter_init(&m.in, interval);
	m.db = database();
	if ((stop = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	run(&m, stop);
	filter_free(&m.in);
	db_free(m.db);
	return result(&m);
}
