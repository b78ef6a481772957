/* SPDX-License-Identifier: ISC */
/*
 * chime-stale: names the hosts that are silent.
 *
 * in: the database. out: a `silent` record for every host whose (boot, beat)
 * stayed unchanged for CHIME_MISSED heartbeat intervals on this process's own
 * clock since it first read it, again every interval while it stays so; and a
 * tick each half interval. Only time counts in which it could look: a lost
 * connection begins all counting anew. -1 looks for that long, says who was
 * silent all the time, and sends no ticks.
 *
 * exit: 0 stopped by a signal, or -1: done; 100 usage, configuration;
 * 111 the standing pipe broke, or -1: no database
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/rc.h"
#include "core/judge.h"
#include "driver/db.h"
#include "driver/dbconf.h"
#include "driver/pingkey.h"
#include "line/json.h"
#include "line/rec.h"
#include "line/tick.h"
#include "os/proc.h"
#include "os/ready.h"
#include "store/beat.h"
#include "store/token.h"

#define SYNOPSIS "[-1qvV] [-d FD] [-i INTERVAL] [-m MISSED]"

struct stale {
	struct db *db;
	struct judge_track *track;
	int64_t silent_ms, period_ms, round_ms;
	json_t *out;   /* an array: the records of the reading that goes on */
	int64_t round; /* of ticks */
	int64_t tick_due; /* when the next tick is */
	int64_t read_due; /* when the next reading is */
	int64_t end;      /* -1: when this process has looked long enough */
	bool once, away;
};

static void
found(const struct beat_watch *w, void *arg)
{
	struct stale *s = arg;
	int64_t silent = judge_seen(s->track, w->host, w->boot, w->beat);
	json_t *rec;

	if (silent == -1)
		return;
	rec = rec_new("silent");
	rec_str(rec, "host", w->host);
	rec_str(rec, "boot", w->boot);
	rec_int(rec, "beat", w->beat);
	rec_int(rec, "silent_ms", silent);
	rec_str(rec, "address", w->address);
	rec_int(rec, "port", w->port);
	json_array_append_new(s->out, rec);
}

static void
lost(struct stale *s)
{
	judge_forget(s->track);
	if (s->once)
		die(RC_TEMP, "database: %s", db_reason(s->db));
	if (!s->away)
		say_error(
		    "database: %s; counting begins anew", db_reason(s->db));
	s->away = true;
	/* Whatever it was: counting begins anew, so may the connection. */
	db_close(s->db);
}

/* What each host's agent must prove that it has: 0, -1. */
static int
add_keys(struct stale *s)
{
	char hash[TOKEN_SIZE], key[DIGEST_SIZE];
	size_t i;
	json_t *rec;

	json_array_foreach(s->out, i, rec)
	{
		const char *host = NULL;
		int r;

		json_get_str(rec, "host", 1, 63, &host, NULL);
		r = token_of_host(s->db, host, hash);
		if (r == -1)
			return -1;
		if (r == 1) {
			pingkey(hash, key);
			rec_str(rec, "key", key);
		}
	}
	return 0;
}

/* One reading of all hosts; what it found goes out when it is whole. */
static void
look(struct stale *s)
{
	int64_t next, now = clk_mono_ms();
	size_t i;
	json_t *rec;
	int r;

	s->read_due = now + s->period_ms;
	s->out = json_array();
	judge_round(s->track, now);
	r = beat_watch(s->db, found, s);
	if (r == -1) {
		lost(s);
		goto out;
	}
	if (s->away)
		say_info("database: answers again");
	s->away = false;
	now = clk_mono_ms();
	next = judge_round_end(s->track, now);
	/* Looking exactly when somebody may be due makes nobody wait. */
	if (next < s->read_due - now)
		s->read_due = now + next;
	if (!s->end)
		s->end = now + s->silent_ms;
	if (add_keys(s) == -1) {
		lost(s);
		goto out;
	}
	json_array_foreach(s->out, i, rec) rec_emit(json_incref(rec));
out:
	json_decref(s->out);
}

static void
tick(struct stale *s, int64_t now)
{
	json_t *rec = rec_new("tick");

	rec_int(rec, "round", ++s->round);
	rec_emit(rec);
	s->tick_due = now + s->round_ms;
}

static void
run(struct stale *s, int stop)
{
	struct pollfd p = {.fd = stop, .events = POLLIN};

	for (;;) {
		int64_t next, now = clk_mono_ms();
		bool last = s->once && s->end && now >= s->end;

		if (!s->once && now >= s->tick_due)
			tick(s, now);
		if (now >= s->read_due || last)
			look(s);
		if (last)
			return;
		now = clk_mono_ms();
		next = s->read_due;
		if (!s->once && s->tick_due < next)
			next = s->tick_due;
		if (s->once && s->end && s->end < next)
			next = s->end;
		next = next > now ? next - now : 0;
		if (poll(&p, 1, (int)next) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (p.revents)
			return;
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

/* A twentieth of an interval; small fleets are read in a millisecond. */
static int64_t
period(int64_t interval_ms)
{
	int64_t ms = interval_ms / 20;

	return ms < 50 ? 50 : ms > 1000 ? 1000 : ms;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"once", no_argument, NULL, '1'},
	    {"ready-fd", required_argument, NULL, 'd'},
	    {"interval", required_argument, NULL, 'i'},
	    {"missed", required_argument, NULL, 'm'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	int64_t interval = -1, missed = -1;
	bool quiet = false, verbose = false;
	struct stale s = {0};
	int c, stop, ready = -1;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "1d:i:m:qvV", longs, NULL)) != -1)
		switch (c) {
		case '1':
			s.once = true;
			break;
		case 'd':
			ready = (int)opt_int('d', optarg, 0, 1023);
			break;
		case 'i':
			interval = opt_span_ms('i', optarg, 200, 60000);
			break;
		case 'm':
			missed = opt_int('m', optarg, 2, 100);
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
	if (missed == -1)
		missed = opt_env_int("CHIME_MISSED", 3, 2, 100);
	s.silent_ms = interval * missed;
	s.period_ms = period(interval);
	s.round_ms = tick_round_ms(interval);
	s.track = judge_track_new(s.silent_ms, interval, interval / 2);
	s.db = database();
	if ((stop = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	ready_notify(ready);
	run(&s, stop);
	judge_track_free(s.track);
	db_free(s.db);
	return RC_OK;
}
