/* SPDX-License-Identifier: ISC */
/*
 * chime-events: prints events as lines.
 *
 * in: the database. out: `event` records by ascending id: the last -n, or all
 * behind --after; with --follow what comes then, for ever. Transactions commit
 * in another order than their ids, so that the newest events are read again
 * and again and what was printed is left out: a late one comes out of order,
 * but it comes, once. While the database is away --follow waits.
 *
 * exit: 0 done, or stopped by a signal; 100 usage, configuration; 111 the
 * database failed (without --follow), or nobody reads
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "core/name.h"
#include "core/overlap.h"
#include "driver/db.h"
#include "driver/dbconf.h"
#include "line/rec.h"
#include "os/proc.h"
#include "store/event.h"

#define SYNOPSIS                                                               \
	"[-FqvV] [-a ID | -n N] [-H HOST] [-i INTERVAL] [-k KIND] [-m VM]"
#define PAGE       1000
#define WINDOW_MS  30000 /* longer than any transaction lives */
#define WINDOW_MAX 10000
#define BACKLOG    1000 /* events a follower knows of from the start */

struct events {
	struct db *db;
	struct event_filter filter;
	struct overlap *overlap; /* NULL: nothing was read yet */
	int64_t last_n;          /* -n; -1: all behind filter.after */
	json_t *first;           /* an array: the first reading of the newest */
	int64_t rows, last;      /* of this page: how many, the last id */
	bool follow, away;
};

static int
keep_row(const struct event_row *row, void *arg)
{
	struct events *e = arg;

	json_array_append_new(e->first, event_record(row));
	return 0;
}

/* The newest events: the last -n are printed, the others are known from now. */
static int
read_newest(struct events *e)
{
	struct event_filter f = e->filter;
	int64_t now = clk_mono_ms(), floor = 0;
	size_t i, n;
	json_t *rec;

	f.newest = true;
	f.limit = e->last_n;
	if (e->follow && f.limit < BACKLOG)
		f.limit = BACKLOG;
	json_decref(e->first);
	e->first = json_array();
	if (f.limit && event_list(e->db, &f, keep_row, e) == -1)
		return -1;
	n = json_array_size(e->first);
	if (n && (int64_t)n == f.limit)
		floor = json_integer_value(json_object_get(
			    json_array_get(e->first, 0), "id")) -
			1;
	e->overlap = overlap_new(floor, WINDOW_MS, WINDOW_MAX);
	json_array_foreach(e->first, i, rec)
	{
		overlap_see(e->overlap,
		    json_integer_value(json_object_get(rec, "id")), now);
		if ((int64_t)(n - i) <= e->last_n)
			rec_emit(json_incref(rec));
	}
	json_array_clear(e->first);
	return 0;
}

static int
take_row(const struct event_row *row, void *arg)
{
	struct events *e = arg;

	e->rows++;
	e->last = row->id;
	if (overlap_see(e->overlap, row->id, clk_mono_ms()))
		rec_emit(event_record(row));
	return 0;
}

/* All behind the floor, a page at a time. */
static int
read_on(struct events *e)
{
	struct event_filter f = e->filter;

	f.limit = PAGE;
	f.after = overlap_floor(e->overlap);
	do {
		e->rows = 0;
		if (event_list(e->db, &f, take_row, e) == -1)
			return -1;
		f.after = e->last;
		overlap_settle(e->overlap, clk_mono_ms());
	} while (e->rows == PAGE);
	return 0;
}

/*
 * A database that comes back may be an older copy of itself, whose next ids
 * were all given out before.
 */
static int
look_back(struct events *e)
{
	int64_t newest = 0;

	if (event_newest(e->db, &newest) == -1)
		return -1;
	if (!e->overlap || newest >= overlap_newest(e->overlap))
		return 0;
	say_warn("the database has gone back: its newest event is %lld, "
		 "%lld was printed",
	    (long long)newest, (long long)overlap_newest(e->overlap));
	overlap_free(e->overlap);
	e->overlap = overlap_new(newest, WINDOW_MS, WINDOW_MAX);
	return 0;
}

static int
read_all(struct events *e)
{
	if (e->away && look_back(e) == -1)
		return -1;
	if (!e->overlap && e->last_n == -1)
		e->overlap =
		    overlap_new(e->filter.after, WINDOW_MS, WINDOW_MAX);
	return e->overlap ? read_on(e) : read_newest(e);
}

static void
note(struct events *e, int r)
{
	if (r == -1 && !e->follow)
		die(RC_TEMP, "database: %s", db_reason(e->db));
	if (r == -1 && !e->away)
		say_error("database: %s; waiting for it", db_reason(e->db));
	if (r == 0 && e->away)
		say_info("database: answers again");
	e->away = r == -1;
}

static void
run(struct events *e, int stop, int64_t interval_ms)
{
	/* A pipe nobody reads any more is told even when nothing happens. */
	struct pollfd p[2] = {
	    {.fd = stop, .events = POLLIN}, {.fd = STDOUT_FILENO, .events = 0}};

	do {
		note(e, read_all(e));
		if (!e->follow)
			return;
		if (poll(p, 2, (int)interval_ms) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (p[1].revents & (POLLERR | POLLNVAL))
			die(RC_TEMP, "stdout: nobody reads");
	} while (!p[0].revents);
}

/* What cannot be in the table is a mistake, not an empty answer. */
static void
check_filter(const struct event_filter *f)
{
	if (f->host && !name_host(f->host))
		die(RC_USAGE, "-H %s: no host's name", f->host);
	if (f->vm && !name_uuid(f->vm))
		die(RC_USAGE, "-m %s: expected a UUID in lower case", f->vm);
	if (f->kind &&
	    strspn(f->kind, "abcdefghijklmnopqrstuvwxyz.-") != strlen(f->kind))
		die(RC_USAGE, "-k %s: no event's kind", f->kind);
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
	    {"after", required_argument, NULL, 'a'},
	    {"follow", no_argument, NULL, 'F'},
	    {"host", required_argument, NULL, 'H'},
	    {"interval", required_argument, NULL, 'i'},
	    {"kind", required_argument, NULL, 'k'},
	    {"vm", required_argument, NULL, 'm'},
	    {"lines", required_argument, NULL, 'n'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	struct events e = {.last_n = 20};
	bool quiet = false, verbose = false, after = false, lines = false;
	int64_t interval = 500;
	int c, stop;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "a:FH:i:k:m:n:qvV", longs, NULL)) !=
	       -1)
		switch (c) {
		case 'a':
			e.filter.after = opt_int('a', optarg, 0, INT64_MAX - 1);
			e.last_n = -1;
			after = true;
			break;
		case 'F':
			e.follow = true;
			break;
		case 'H':
			e.filter.host = optarg;
			break;
		case 'i':
			interval = opt_span_ms('i', optarg, 50, 60000);
			break;
		case 'k':
			e.filter.kind = optarg;
			break;
		case 'm':
			e.filter.vm = optarg;
			break;
		case 'n':
			e.last_n = opt_int('n', optarg, 0, 100000);
			lines = true;
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
	if (argc > optind || (after && lines))
		opt_usage(SYNOPSIS);
	die_verbosity(quiet, verbose);
	check_filter(&e.filter);
	e.db = database();
	if ((stop = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	run(&e, stop, interval);
	overlap_free(e.overlap);
	json_decref(e.first);
	db_free(e.db);
	return RC_OK;
}
