/* SPDX-License-Identifier: ISC */
/*
 * chime-place: names a host for each VM that needs one. A pure filter.
 *
 * in:   host and vm records as for people (chime-records(7)), in any order;
 *       CHIME_CPU_RATIO
 * out:  the vm records in their order, those that need a host with target or
 *       why_not; other types as they came, first; an error record for a bad
 *       line
 * exit: 0 every one has a host; 1 some do not, or lines were refused; 100
 *       wrong usage; 111 stdin or stdout failed, or the stage before ended
 *
 * A tick ends a round: what came before it is placed, and all is forgotten.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "core/name.h"
#include "core/place.h"
#include "driver/placer.h"
#include "line/filter.h"
#include "line/json.h"
#include "line/line.h"
#include "line/rec.h"
#include "line/tick.h"
#include "os/proc.h"

#define SYNOPSIS "[-qvV] [-x host]"

struct app {
	struct placer placer;
	struct tick tick;
	int64_t line;
	bool missed; /* somebody has no host, or a line was refused */
};

static void
refuse(struct app *a, const char *reason)
{
	a->missed = true;
	filter_refuse(a->line, reason);
}

static void
finish_round(struct app *a)
{
	if (!placer_round(&a->placer, rec_emit))
		a->missed = true;
}

static void
take_line(struct app *a, const char *line, size_t len)
{
	struct json_reason why;
	json_t *rec = json_object_parse(line, len, &why);
	const char *type;
	int r = -1;

	if (!rec || json_need(json_get_str(rec, "type", 1, 64, &type, &why),
			"type", &why) == -1) {
		refuse(a, why.text);
		json_decref(rec);
		return;
	}
	if (strcmp(type, "host") == 0) {
		r = placer_host(&a->placer, rec, &why);
	} else if (strcmp(type, "vm") == 0) {
		r = placer_vm(&a->placer, rec, &why);
	} else {
		r = 0;
		if (strcmp(type, "tick") == 0) {
			finish_round(a);
			tick_came(&a->tick, clk_mono_ms());
		}
		filter_pass(line, len);
	}
	if (r == -1)
		refuse(a, why.text);
	json_decref(rec);
}

static void
take_lines(struct app *a, struct line_in *in)
{
	enum line_result r;
	char *line;
	size_t len;

	while (
	    (r = line_next(in, &line, &len)) == LINE_OK || r == LINE_TOO_LONG) {
		a->line++;
		if (r == LINE_TOO_LONG)
			refuse(a, "longer than 64 KiB");
		else if (len)
			take_line(a, line, len);
	}
}

static void
run(struct app *a, int stop)
{
	struct pollfd f[] = {{.fd = STDIN_FILENO, .events = POLLIN},
	    {.fd = stop, .events = POLLIN}};
	struct line_in in;

	line_in_init(&in, STDIN_FILENO, LINE_MAX_RECORD);
	while (!in.eof) {
		int64_t ms = tick_wait_ms(&a->tick, clk_mono_ms());

		if (poll(f, 2, ms > INT_MAX ? INT_MAX : (int)ms) == -1 &&
		    errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (f[1].revents)
			exit(RC_OK);
		if (!f[0].revents && tick_missing(&a->tick, clk_mono_ms()))
			die(RC_TEMP, "stdin: no tick for %" PRId64 " ms",
			    a->tick.limit_ms);
		if (f[0].revents && line_fill(&in) == -1)
			die(RC_TEMP, "stdin: %s", strerror(errno));
		take_lines(a, &in);
	}
	take_lines(a, &in);
	line_in_free(&in);
	if (a->tick.standing)
		die(RC_TEMP, "stdin: the stage before has ended");
	finish_round(a);
}

int
main(int argc, char *argv[])
{
	static const struct option longs[] = {
	    {"without", required_argument, NULL, 'x'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	bool quiet = false, verbose = false;
	const char *without = NULL;
	struct app a = {0};
	int c, stop;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "x:qvV", longs, NULL)) != -1)
		switch (c) {
		case 'x':
			without = optarg;
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
	if (without && !name_host(without))
		die(RC_USAGE, "-x %s: no host's name", without);
	placer_init(&a.placer, without,
	    opt_env_int("CHIME_CPU_RATIO", 4, 1, PLACE_CPU_RATIO_MAX));
	tick_init(
	    &a.tick, opt_env_span_ms("CHIME_INTERVAL", 10000, 200, 60000));
	if ((stop = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	run(&a, stop);
	placer_free(&a.placer);
	return a.missed ? RC_NO : RC_OK;
}
