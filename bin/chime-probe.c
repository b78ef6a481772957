/* SPDX-License-Identifier: ISC */
/*
 * chime-probe: whether this node's networks carry anything.
 *
 * stdin, read to its end first: `probe` records, a peer each. All peers are
 * asked at the same time, each through its network's interface; one `fact`
 * record a network goes to stdout, each round with -i. A peer that is silent
 * alone is that host's trouble: core/probe.h has what makes a network down.
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
#include "core/probe.h"
#include "line/filter.h"
#include "line/json.h"
#include "line/rec.h"
#include "os/proc.h"
#include "os/reach.h"

#define SYNOPSIS  "[-qvV] [-F FAILS] [-H HOLD] [-i INTERVAL] [-t TIMEOUT]"
#define PEERS_MAX 256
#define NETS      2
#define TRIES     3 /* echo requests a round */

static const char *const net_words[] = {"business", "storage", NULL};

struct net {
	char interface[16]; /* empty: not on the list */
	struct probe_net known;
};

struct peer {
	int net; /* as in net_words */
	char address[64];
	struct reach reach;
};

struct probe {
	struct net net[NETS];
	struct peer peer[PEERS_MAX];
	size_t n;
	struct probe_rule rule;
	int64_t timeout_ms;
	int stop;
	struct filter in;
};

/* One more peer for the list. */
static int
take(json_t *rec, struct json_reason *why, void *arg)
{
	struct probe *p = arg;
	struct peer *new = &p->peer[p->n];
	const char *interface, *address;
	int64_t port = 0;
	int net;

	if (json_need(json_get_word(rec, "net", net_words, &net, why), "net",
		why) == -1 ||
	    json_need(json_get_str(rec, "interface", 1,
			  sizeof(p->net->interface) - 1, &interface, why),
		"interface", why) == -1 ||
	    json_need(json_get_str(rec, "peer", 1, 63, &address, why), "peer",
		why) == -1 ||
	    json_get_int(rec, "port", 1, 65535, &port, why) == -1)
		return -1;
	if (p->n == PEERS_MAX) {
		json_why(why, "more than %d peers", PEERS_MAX);
		return -1;
	}
	if (*p->net[net].interface &&
	    strcmp(p->net[net].interface, interface) != 0) {
		json_why(why, "interface: %s is on %s already", net_words[net],
		    p->net[net].interface);
		return -1;
	}
	if (reach_init(&new->reach, address, (int)port) == -1) {
		json_why(why, "peer: '%s' is no numeric address", address);
		return -1;
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->peer[i].net == net &&
		    strcmp(p->peer[i].address, address) == 0) {
			json_why(why, "peer: %s is on the list", address);
			return -1;
		}
	new->net = net;
	snprintf(new->address, sizeof(new->address), "%s", address);
	snprintf(p->net[net].interface, sizeof(p->net[net].interface), "%s",
	    interface);
	p->n++;
	return 0;
}

/* Waits for what f holds and for a signal, at which it ends. */
static void
wait_for(struct probe *p, struct pollfd *f, nfds_t n, int64_t ms)
{
	f[n] = (struct pollfd){.fd = p->stop, .events = POLLIN};
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
read_list(struct probe *p)
{
	struct pollfd f[2] = {{.fd = STDIN_FILENO, .events = POLLIN}};

	while (!p->in.eof) {
		wait_for(p, f, 1, tick_wait_ms(&p->in.tick, clk_mono_ms()));
		filter_turn(&p->in, f[0].revents, SIZE_MAX);
	}
}

/*
 * Takes the answers that are there within ms; how many peers still owe one.
 */
static size_t
collect(struct probe *p, int64_t ms)
{
	struct pollfd f[PEERS_MAX + 1];
	size_t waiting = 0;

	for (size_t i = 0; i < p->n; i++)
		f[i] = (struct pollfd){.fd = p->peer[i].reach.fd,
		    .events = p->peer[i].reach.port ? POLLOUT : POLLIN};
	wait_for(p, f, p->n, ms);
	for (size_t i = 0; i < p->n; i++) {
		if (f[i].revents)
			reach_look(&p->peer[i].reach);
		waiting += p->peer[i].reach.fd != -1;
	}
	return waiting;
}

/* Asks all of them, TRIES times at most. */
static void
ask(struct probe *p)
{
	size_t waiting = 0;
	int64_t left;

	for (size_t i = 0; i < p->n; i++) {
		struct peer *q = &p->peer[i];

		reach_ask(&q->reach, p->net[q->net].interface);
		waiting += q->reach.fd != -1;
	}
	for (int i = 1; i <= TRIES && waiting; i++) {
		int64_t end = clk_mono_ms() + p->timeout_ms / TRIES;

		while (waiting && (left = end - clk_mono_ms()) > 0)
			waiting = collect(p, left);
		/* After a stop, what came meanwhile counts. */
		waiting = collect(p, 0);
		for (size_t j = 0; j < p->n && i < TRIES; j++)
			reach_again(&p->peer[j].reach);
	}
	for (size_t i = 0; i < p->n; i++)
		reach_end(&p->peer[i].reach);
}

static enum probe_link
link_of(const char *interface)
{
	int up = reach_link(interface);

	if (up == -1 && errno != ENODEV)
		die(RC_TEMP, "%s: %s", interface, strerror(errno));
	return up == -1 ? PROBE_NO_LINK : up ? PROBE_CARRIER : PROBE_NO_CARRIER;
}

/* What the round found of one network; -v tells it peer by peer. */
static struct probe_round
count(const struct probe *p, int net)
{
	struct probe_round r = {
	    .now_ms = clk_mono_ms(), .link = link_of(p->net[net].interface)};

	for (size_t i = 0; i < p->n; i++) {
		const struct peer *q = &p->peer[i];

		if (q->net != net)
			continue;
		r.peers++;
		r.answered += q->reach.state == REACH_ANSWERED;
		r.unable += q->reach.state == REACH_UNABLE;
		if (q->reach.state == REACH_UNABLE)
			say_warn("%s: %s: cannot ask: %s", net_words[net],
			    q->address, strerror(q->reach.error));
		else if (q->reach.state != REACH_ANSWERED)
			say_debug("%s: %s: no answer%s%s", net_words[net],
			    q->address, q->reach.error ? ": " : "",
			    q->reach.error ? strerror(q->reach.error) : "");
	}
	return r;
}

/* One round of all networks; whether all are up. */
static bool
round_once(struct probe *p)
{
	char why[PROBE_WHY_SIZE];
	bool good = true;

	ask(p);
	for (int i = 0; i < NETS; i++) {
		struct net *n = &p->net[i];
		struct probe_round r;
		json_t *rec;

		if (!*n->interface)
			continue;
		r = count(p, i);
		n->known = probe_judge(n->known, &p->rule, &r);
		probe_why(&n->known, &p->rule, &r, why);
		good = good && n->known.state == PROBE_UP;
		rec = rec_new("fact");
		rec_str(rec, "net", net_words[i]);
		rec_str(rec, "interface", n->interface);
		rec_str(rec, "state", probe_state_words[n->known.state]);
		rec_int(rec, "peers", (int64_t)r.peers);
		rec_int(rec, "answered", (int64_t)r.answered);
		rec_str(rec, "reason", *why ? why : NULL);
		rec_emit(rec);
	}
	return good;
}

/* Rounds begin `interval` apart, until a signal ends the program. */
static void
run(struct probe *p, int64_t interval)
{
	struct pollfd f[1];

	for (;;) {
		int64_t next = clk_mono_ms() + interval, left;

		round_once(p);
		while ((left = next - clk_mono_ms()) > 0)
			wait_for(p, f, 0, left);
	}
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"fails", required_argument, NULL, 'F'},
	    {"hold", required_argument, NULL, 'H'},
	    {"interval", required_argument, NULL, 'i'},
	    {"timeout", required_argument, NULL, 't'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	static struct probe p = {.rule = {.hold_ms = -1}, .timeout_ms = 1000};
	bool quiet = false, verbose = false, good;
	int64_t interval = 0;
	int c;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "F:H:i:t:qvV", longs, NULL)) != -1)
		switch (c) {
		case 'F':
			p.rule.fails = (int)opt_int('F', optarg, 1, 100);
			break;
		case 'H':
			p.rule.hold_ms = opt_span_ms('H', optarg, 0, 3600000);
			break;
		case 'i':
			interval = opt_span_ms('i', optarg, 100, 3600000);
			break;
		case 't':
			p.timeout_ms = opt_span_ms('t', optarg, 10, 60000);
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
	if (interval && interval < p.timeout_ms)
		die(RC_USAGE, "-i: shorter than the timeout, %lld ms",
		    (long long)p.timeout_ms);
	if (!interval && (p.rule.fails || p.rule.hold_ms >= 0))
		die(RC_USAGE, "-F, -H: one round has neither; give -i too");
	if (!p.rule.fails)
		p.rule.fails = interval ? 3 : 1;
	if (p.rule.hold_ms < 0)
		p.rule.hold_ms = 2 * interval;
	p.rule.gap_ms = interval + p.timeout_ms;
	if ((p.stop = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	p.in = (struct filter){.type = "probe", .work = take, .arg = &p};
	filter_init(&p.in, interval ? interval : 10000);
	read_list(&p);
	if (interval)
		run(&p, interval);
	good = round_once(&p);
	filter_free(&p.in);
	return good && !p.in.refused ? RC_OK : RC_NO;
}
