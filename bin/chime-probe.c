/* SPDX-License-Identifier: ISC */
/*
 * chime-probe: whether this node's networks carry anything.
 *
 * stdin, read to its end first: `probe` records, a peer each. All peers are
 * asked at the same time, each through its network's interface; one `fact`
 * record a network goes to stdout, each round with -i. A peer that is silent
 * alone is that host's trouble: core/probe.h has what makes a network down.
 *
 * With -a the peers are those of CHIME_AGENT_DIR/desired.jsonl, which is
 * watched, and the facts go to networks.jsonl beside it, each round.
 *
 * exit: 0 all up, or stopped by a signal; 1 some are not, or some lines were
 * refused; 100 usage; 111 the system failed
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
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
#include "driver/agentdir.h"
#include "driver/desired.h"
#include "driver/netconf.h"
#include "driver/nets.h"
#include "driver/prober.h"
#include "line/filter.h"
#include "line/rec.h"
#include "os/fs.h"
#include "os/proc.h"
#include "os/ready.h"

#define SYNOPSIS                                                               \
	"[-qvV] [-F FAILS] [-H HOLD] [-i INTERVAL] [-t TIMEOUT] [-a [-d FD]]"
#define BEAT_MS 10000 /* between heartbeats, until the server tells */

struct app {
	struct prober p;
	struct filter in;
	/* As given: 0, or -1 for the hold, when they are not. */
	int fails;
	int64_t hold, interval, timeout;
	/* With -a: */
	const char *dir;
	struct netconf conf;
	int64_t beat_ms;
	bool look;   /* desired.jsonl may have changed */
	int trouble; /* the errno of networks.jsonl, said once */
};

/* One more peer for the list. */
static int
take(json_t *rec, struct json_reason *why, void *arg)
{
	struct app *a = arg;
	const char *interface, *address;
	int64_t port = 0;
	int net;

	if (json_need(json_get_word(rec, "net", nets_words, &net, why), "net",
		why) == -1 ||
	    json_need(json_get_str(rec, "interface", 1, REACH_IF_SIZE - 1,
			  &interface, why),
		"interface", why) == -1 ||
	    json_need(json_get_str(
			  rec, "peer", 1, NETS_ADDRESS_SIZE - 1, &address, why),
		"peer", why) == -1 ||
	    json_get_int(rec, "port", 1, 65535, &port, why) == -1)
		return -1;
	return prober_add(&a->p, net, interface, address, (int)port, why);
}

/* Waits for what f holds and for a signal, at which it ends. */
static void
wait_for(const struct app *a, struct pollfd *f, nfds_t n, int64_t ms)
{
	f[n] = (struct pollfd){.fd = a->p.stop_fd, .events = POLLIN};
	if (poll(f, n + 1, ms > INT_MAX ? INT_MAX : (int)ms) == -1) {
		if (errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		for (nfds_t i = 0; i <= n; i++)
			f[i].revents = 0;
	}
	if (f[n].revents)
		exit(RC_OK);
}

static void
read_list(struct app *a)
{
	struct pollfd f[2] = {{.fd = STDIN_FILENO, .events = POLLIN}};

	while (!a->in.eof) {
		wait_for(a, f, 1, tick_wait_ms(&a->in.tick, clk_mono_ms()));
		filter_turn(&a->in, f[0].revents, SIZE_MAX);
	}
}

/* What is the node's own trouble is said once; -v tells of the others. */
static void
tell(struct app *a)
{
	for (size_t i = 0; i < a->p.n; i++) {
		struct prober_peer *q = &a->p.peer[i];
		const char *net = nets_words[q->net];
		bool unable = q->reach.state == REACH_UNABLE;
		int error = q->reach.error;

		if (unable && q->told != error)
			say_warn("%s: %s: cannot ask: %s", net, q->address,
			    strerror(error));
		else if (!unable && q->reach.state != REACH_ANSWERED)
			say_debug("%s: %s: no answer%s%s", net, q->address,
			    error ? ": " : "", error ? strerror(error) : "");
		q->told = unable ? error : 0;
	}
}

static void
round_once(struct app *a)
{
	int r = prober_round(&a->p);

	if (r == 1)
		exit(RC_OK);
	if (r == -1)
		die(RC_TEMP, "networks: %s", strerror(errno));
	tell(a);
}

static void
emit(const struct app *a)
{
	for (int i = 0; i < NETS_N; i++)
		if (a->p.net[i].listed)
			rec_emit(prober_fact(&a->p, i));
}

/* What follows from how often a round is made; 0 for one round only. */
static void
set_rule(struct app *a, int64_t interval)
{
	struct probe_rule *r = &a->p.rule;
	bool short_of = interval && interval < a->timeout;

	a->p.timeout_ms = short_of ? interval : a->timeout;
	r->fails = a->fails ? a->fails : interval ? 3 : 1;
	r->hold_ms = a->hold < 0 ? 2 * interval : a->hold;
	r->gap_ms = interval + a->p.timeout_ms;
}

/* Rounds begin `interval` apart, until a signal ends the program. */
static void
run(struct app *a)
{
	struct pollfd f[1];

	for (;;) {
		int64_t next = clk_mono_ms() + a->interval, left;

		round_once(a);
		emit(a);
		while ((left = next - clk_mono_ms()) > 0)
			wait_for(a, f, 0, left);
	}
}

static void
refused(int net, const char *reason)
{
	say_warn("%s: not asked: %s", nets_words[net], reason);
}

/* -a: the list that is in force stays when there is no sound one. */
static void
load(struct app *a)
{
	struct json_reason why;
	struct nets told;
	struct buf b;

	a->look = false;
	buf_init(&b, DESIRED_MAX);
	if (agentdir_read(a->dir, "desired.jsonl", &b) == -1) {
		if (errno != ENOENT)
			say_warn("desired.jsonl: %s", strerror(errno));
	} else if (nets_parse(&told, b.data ? b.data : "", b.len, &why) == -1) {
		say_warn("desired.jsonl: %s", why.text);
	} else {
		prober_list(&a->p, &told, &a->conf, refused);
		if (told.interval_ms)
			a->beat_ms = told.interval_ms;
	}
	buf_free(&b);
}

/* -a: what was found goes beside it. */
static void
keep(struct app *a, int64_t interval)
{
	struct buf b;
	int error = 0;

	buf_init(&b, LINE_MAX_RECORD);
	if (prober_state(&a->p, interval, &b) == -1 ||
	    agentdir_replace(a->dir, NETS_FILE, b.data, b.len) == -1)
		error = errno;
	if (error && error != a->trouble)
		say_warn(NETS_FILE ": cannot be written: %s", strerror(error));
	a->trouble = error;
	buf_free(&b);
}

static void
on_file(const char *name, void *arg)
{
	struct app *a = arg;

	if (!name || strcmp(name, "desired.jsonl") == 0)
		a->look = true;
}

static bool
has_nets(const struct app *a)
{
	return a->p.net[NETS_BUSINESS].listed || a->p.net[NETS_STORAGE].listed;
}

static void
recall(struct app *a)
{
	struct buf b;

	buf_init(&b, LINE_MAX_RECORD);
	if (agentdir_read(a->dir, NETS_FILE, &b) == 0 && b.len)
		prober_recall(&a->p, b.data, b.len, clk_boot_ms());
	buf_free(&b);
}

/*
 * -a: a new list is asked when its time comes, not at once, or some changes
 * in a row would make three failed rounds of a moment; only the first one is.
 */
static void
follow(struct app *a, int watch, int ready)
{
	struct pollfd f[2] = {{.fd = watch, .events = POLLIN}};
	int64_t next = 0, now;

	recall(a);
	a->look = true;
	for (;;) {
		bool had = has_nets(a);
		int64_t interval;

		if (a->look)
			load(a);
		ready_notify(ready);
		ready = -1;
		interval = a->interval ? a->interval : NETS_BEATS * a->beat_ms;
		now = clk_mono_ms();
		if (now >= next || (!had && has_nets(a))) {
			next = now + interval;
			set_rule(a, interval);
			prober_locate(&a->p, &a->conf);
			round_once(a);
			keep(a, interval);
		}
		now = clk_mono_ms();
		wait_for(a, f, 1, next > now ? next - now : 0);
		fs_watch_drain(watch, on_file, a);
	}
}

static void
serve(struct app *a, int ready)
{
	int watch;

	a->dir = opt_env("CHIME_AGENT_DIR", "/run/chime/agent");
	if (netconf_env(&a->conf) == -1)
		die(RC_USAGE, "%s", a->conf.reason);
	a->beat_ms = BEAT_MS;
	watch = fs_watch(a->dir);
	if (watch == -1)
		die(RC_TEMP, "%s: cannot be watched: %s", a->dir,
		    strerror(errno));
	if (agentdir_lock(a->dir, "probe.lock") == -1)
		die(RC_TEMP, "%s/probe.lock: %s", a->dir,
		    errno == EAGAIN || errno == EACCES
			? "another chime-probe runs here"
			: strerror(errno));
	follow(a, watch, ready);
}

static void
check_options(const struct app *a, bool agent, int ready)
{
	if (a->interval && a->interval < a->timeout)
		die(RC_USAGE, "-i: shorter than the timeout, %lld ms",
		    (long long)a->timeout);
	if (!a->interval && !agent && (a->fails || a->hold >= 0))
		die(RC_USAGE, "-F, -H: one round has neither; give -i too");
	if (ready != -1 && !agent)
		die(RC_USAGE, "-d: without -a nobody waits for it");
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"agent", no_argument, NULL, 'a'},
	    {"ready-fd", required_argument, NULL, 'd'},
	    {"fails", required_argument, NULL, 'F'},
	    {"hold", required_argument, NULL, 'H'},
	    {"interval", required_argument, NULL, 'i'},
	    {"timeout", required_argument, NULL, 't'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	static struct app a = {.hold = -1, .timeout = 1000};
	bool quiet = false, verbose = false, agent = false;
	int c, ready = -1;

	die_name(argv[0]);
	proc_init();
	while (
	    (c = getopt_long(argc, argv, "ad:F:H:i:t:qvV", longs, NULL)) != -1)
		switch (c) {
		case 'a':
			agent = true;
			break;
		case 'd':
			ready = (int)opt_int('d', optarg, 3, 1023);
			break;
		case 'F':
			a.fails = (int)opt_int('F', optarg, 1, 100);
			break;
		case 'H':
			a.hold = opt_span_ms('H', optarg, 0, 3600000);
			break;
		case 'i':
			a.interval = opt_span_ms('i', optarg, 100, 3600000);
			break;
		case 't':
			a.timeout = opt_span_ms('t', optarg, 10, 60000);
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
	check_options(&a, agent, ready);
	if ((a.p.stop_fd = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	if (agent)
		serve(&a, ready);
	set_rule(&a, a.interval);
	a.in = (struct filter){.type = "probe", .work = take, .arg = &a};
	filter_init(&a.in, a.interval ? a.interval : 10000);
	read_list(&a);
	if (a.interval)
		run(&a);
	round_once(&a);
	emit(&a);
	filter_free(&a.in);
	return prober_up(&a.p) && !a.in.refused ? RC_OK : RC_NO;
}
