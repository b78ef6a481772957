/* SPDX-License-Identifier: ISC */
/*
 * chime-ping: asks silent hosts whether their agent still answers.
 *
 * stdin: `silent` records (chime-stale), ticks, anything else. stdout: the
 * same, each silent record with "ping":"answered" (and "beat_age_ms") or
 * "ping":"no-answer"; ticks at once; other types as they came. All hosts are
 * asked at the same time, three datagrams each; a refusal counts no earlier
 * than silence, because the agent may be just restarting.
 *
 * exit: 0 end of input, or stopped by a signal; 1 some lines were refused;
 * 100 usage; 111 the standing pipe broke
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/rc.h"
#include "line/filter.h"
#include "line/json.h"
#include "driver/pingkey.h"
#include "line/ping.h"
#include "line/rec.h"
#include "os/net.h"
#include "os/proc.h"

#define SYNOPSIS  "[-qvV] [-i INTERVAL] [-t TIMEOUT]"
#define ASKED_MAX 4096 /* hosts asked at a time; the rest waits in the pipe */
#define TRIES     3

/* One host that is being asked. */
struct asked {
	json_t *rec;
	const char *host;      /* inside rec */
	char key[DIGEST_SIZE]; /* its answer is signed with it; empty: not */
	char id[PING_ID_SIZE];
	struct sockaddr_storage to;
	socklen_t to_len; /* 0: no address to send to */
	int64_t last;     /* when it was asked last */
	int sent;
	bool stranger; /* somebody else answered */
};

struct ping {
	int64_t timeout_ms;
	struct asked *asked;
	size_t n;
	int v4, v6; /* UDP sockets, not connected; -1 for none */
	struct filter in;
};

/* A numeric address; nothing is looked up. */
static socklen_t
to_addr(const char *host, uint16_t port, struct sockaddr_storage *to)
{
	struct sockaddr_in *a4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, host, &a4->sin_addr) == 1) {
		a4->sin_family = AF_INET;
		a4->sin_port = htons(port);
		return sizeof(*a4);
	}
	if (inet_pton(AF_INET6, host, &a6->sin6_addr) == 1) {
		a6->sin6_family = AF_INET6;
		a6->sin6_port = htons(port);
		return sizeof(*a6);
	}
	return 0;
}

static int
begin(json_t *rec, struct json_reason *why, void *arg)
{
	struct ping *p = arg;
	const char *host = NULL, *address = NULL, *key = "";
	int64_t port = PING_PORT;
	struct asked *a;

	if (json_need(json_get_str(rec, "host", 1, 63, &host, why), "host",
		why) == -1 ||
	    json_need(json_get_str(rec, "address", 1, 63, &address, why),
		"address", why) == -1 ||
	    json_get_int(rec, "port", 1, 65535, &port, why) == -1 ||
	    json_get_str(
		rec, "key", DIGEST_SIZE - 1, DIGEST_SIZE - 1, &key, why) == -1)
		return -1;
	a = &p->asked[p->n++];
	memset(a, 0, sizeof(*a));
	a->rec = json_incref(rec);
	a->host = host;
	snprintf(a->key, sizeof(a->key), "%s", key);
	/* It goes no further. */
	json_object_del(rec, "key");
	proc_random_hex((PING_ID_SIZE - 1) / 2, a->id);
	a->to_len = to_addr(address, (uint16_t)port, &a->to);
	if (!a->to_len)
		say_warn(
		    "%s: address %s is no number: cannot ask", host, address);
	return 0;
}

/* The host's fate is known: its record goes out. */
static void
finish(struct ping *p, struct asked *a, const struct pong *pong)
{
	rec_str(a->rec, "ping", pong ? "answered" : "no-answer");
	if (pong && pong->age_ms >= 0)
		rec_int(a->rec, "beat_age_ms", pong->age_ms);
	rec_emit(a->rec);
	*a = p->asked[--p->n];
}

/* Whether the host's own agent said this, in answer to this id. */
static bool
proves(struct asked *a, const struct pong *pong)
{
	char mac[DIGEST_SIZE] = "";

	if (*a->key)
		pingkey_pong(a->key, pong, a->id, mac);
	if (strcmp(a->host, pong->host) == 0 &&
	    (!*a->key || digest_same(mac, pong->mac)))
		return true;
	if (!a->stranger)
		say_warn("%s: %s answers at its address%s", a->host, pong->host,
		    strcmp(a->host, pong->host) == 0
			? ", without its key: not believed"
			: "");
	a->stranger = true;
	return false;
}

/*
 * An answer is known by its id, which nobody can guess, and must be the host's:
 * another machine may have its address by now.
 */
static void
receive(struct ping *p, int fd)
{
	char text[PING_MAX + 1], id[PING_ID_SIZE];
	struct pong pong;
	ssize_t n;

	while (fd != -1 && (n = recv(fd, text, sizeof(text), 0)) != -1) {
		if (pong_parse(text, (size_t)n, id, &pong) == -1)
			continue;
		for (size_t i = 0; i < p->n; i++) {
			struct asked *a = &p->asked[i];

			if (strcmp(a->id, id) != 0)
				continue;
			if (proves(a, &pong))
				finish(p, a, &pong);
			break;
		}
	}
}

static void
ask(struct ping *p, struct asked *a)
{
	int fd = a->to.ss_family == AF_INET6 ? p->v6 : p->v4;
	struct buf b;

	a->sent++;
	if (fd == -1 || !a->to_len)
		return;
	buf_init(&b, PING_MAX);
	ping_request(&b, "ping", a->id, NULL);
	/* No route or a full queue is a lost datagram: there are two more. */
	if (sendto(fd, b.data, b.len, MSG_NOSIGNAL, (struct sockaddr *)&a->to,
		a->to_len) == -1)
		say_debug("%s: cannot ask: %s", a->host, strerror(errno));
	buf_free(&b);
}

/*
 * Sends what is due and ends what has waited long enough; ms to the next. The
 * time counts from what was really sent, so that a stage that was stopped
 * meanwhile still waits for its answers.
 */
static int64_t
turn(struct ping *p)
{
	int64_t step = p->timeout_ms / TRIES, next = INT64_MAX;
	int64_t now = clk_mono_ms();

	for (size_t i = 0; i < p->n;) {
		struct asked *a = &p->asked[i];

		if (a->sent == 0 || now >= a->last + step) {
			if (a->sent == TRIES) {
				finish(p, a, NULL);
				continue;
			}
			ask(p, a);
			a->last = now;
		}
		if (a->last + step - now < next)
			next = a->last + step - now;
		i++;
	}
	return next;
}

static int
wait_ms(const struct ping *p, int64_t next)
{
	int64_t tick = tick_wait_ms(&p->in.tick, clk_mono_ms());

	if (tick >= 0 && tick < next)
		next = tick;
	return next > INT_MAX ? -1 : (int)next;
}

static void
run(struct ping *p, int stop)
{
	bool full = false; /* lines may wait that were already read */

	for (;;) {
		int64_t next;
		size_t room;
		struct pollfd f[] = {{.fd = STDIN_FILENO, .events = POLLIN},
		    {.fd = p->v4, .events = POLLIN},
		    {.fd = p->v6, .events = POLLIN},
		    {.fd = stop, .events = POLLIN}};

		receive(p, p->v4);
		receive(p, p->v6);
		next = turn(p);
		if (p->in.eof && !p->n)
			return;
		room = p->in.eof ? 0 : ASKED_MAX - p->n;
		f[0].fd = room ? STDIN_FILENO : -1;
		if (full && room)
			next = 0;
		if (poll(f, 4, wait_ms(p, next)) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (f[3].revents)
			exit(RC_OK);
		full = filter_turn(&p->in, f[0].revents, room) == 0;
	}
}

static int
udp(const char *any)
{
	struct net_addr a = {.port = "0"};

	snprintf(a.host, sizeof(a.host), "%s", any);
	return net_bind(&a, SOCK_DGRAM);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"interval", required_argument, NULL, 'i'},
	    {"timeout", required_argument, NULL, 't'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	bool quiet = false, verbose = false;
	const char *interval_arg = NULL, *timeout_arg = NULL;
	int64_t interval;
	struct ping p;
	int c, stop;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "i:t:qvV", longs, NULL)) != -1)
		switch (c) {
		case 'i':
			interval_arg = optarg;
			break;
		case 't':
			timeout_arg = optarg;
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
	memset(&p, 0, sizeof(p));
	interval = interval_arg
		       ? opt_span_ms('i', interval_arg, 200, 60000)
		       : opt_env_span_ms("CHIME_INTERVAL", 10000, 200, 60000);
	p.timeout_ms = timeout_arg ? opt_span_ms('t', timeout_arg, 10, 60000)
				   : opt_env_span_ms("CHIME_PING_TIMEOUT",
					 interval / 4, 10, 60000);
	p.in = (struct filter){.type = "silent", .work = begin, .arg = &p};
	filter_init(&p.in, interval);
	p.asked = mem_calloc(ASKED_MAX, sizeof(*p.asked));
	p.v4 = udp("0.0.0.0");
	p.v6 = udp("::"); /* a machine without IPv6 has no such hosts */
	if (p.v4 == -1 && p.v6 == -1)
		die(RC_TEMP, "no UDP socket: %s", strerror(errno));
	if ((stop = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	run(&p, stop);
	filter_free(&p.in);
	free(p.asked);
	return p.in.refused ? RC_NO : RC_OK;
}
