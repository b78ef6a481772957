/* SPDX-License-Identifier: ISC */
/*
 * chime-apiserver: the HTTP front of the server role.
 *
 * In: HTTP requests (or, with --stdio, request lines on stdin). Out: the
 * answers of its worker processes, to whom every request is one line. It
 * knows which path goes to which workers, and nothing of what a path means:
 * no SQL and no secrets are in this process, which strangers talk to. The web
 * page is served beside the API on a port of its own, with connections of its
 * own, so that no browser takes one from an agent.
 *
 * One thread, one loop: libmicrohttpd and the workers' pipes. Ends 0 at
 * SIGTERM, when what is in flight has been answered (3 s at most); 100 when
 * the configuration is wrong, its workers' included; 111 when it cannot
 * listen or start them.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "driver/dispatch.h"
#include "driver/fronts.h"
#include "driver/listen.h"
#include "driver/relay.h"
#include "driver/tls.h"
#include "driver/workers.h"
#include "driver/www.h"
#include "os/loop.h"
#include "os/proc.h"
#include "os/ready.h"

#define SYNOPSIS                                                               \
	"[-qvV] [-l ADDRESS:PORT] [-t TIME] [-d FD] [-H COMMAND] "             \
	"[-C COMMAND] [--stdio]"

#define CONNECTIONS 8000
#define JOBS        1000        /* calls known before the answer is "busy" */
#define BEATS       CONNECTIONS /* heartbeats: an agent sends one at once */
#define CALL_WINDOW 4           /* requests given to one call worker at once */
#define HEALTH_MS   1000        /* what /v1/health waits for a worker */
#define LIMIT_MS    15000       /* a request, and a worker's silence */
#define LINGER_MS   3000        /* from SIGTERM, for what is in flight */
#define LEAVE_MS    500         /* for the workers to end then */
#define HOLD_MS     5000 /* over a client's time, for a handshake to end */
#define SPARE_FILES 160  /* descriptors that are no connections */
#define PAGES       256  /* connections of browsers */
#define PAGE_LISTEN "127.0.0.1:8033"

enum { BEAT, CALL, POOLS };

struct config {
	const char *listen, *cert, *key, *command[POOLS];
	int64_t limit_ms, client_ms;
	unsigned workers;
	int ready;
	bool stdio;
};

struct server {
	int loop;
	bool stopping;
	struct workers *pool[POOLS];
	struct tls *tls; /* of the fronts, or NULL */
	struct fronts fronts;
	struct www *www;
	struct relay *relay; /* instead of fronts */
	struct dispatch dispatch;
};

static struct server server;

static const struct dispatch_route routes[] = {
    {"POST", "/v1/host/*/heartbeat", BEAT, 0},
    {"GET", "/v1/health", CALL, HEALTH_MS},
    {NULL, "/v1/**", CALL, 0},
};

static struct workers *
start_pool(const struct config *c, int which)
{
	static const char *const names[] = {"api-heartbeat", "api-call"};
	/* The pool keeps argv. */
	static char path[POOLS][PATH_MAX];
	static char *argv[POOLS][2];
	struct workers_conf conf = {
	    .name = names[which],
	    .argv = argv[which],
	    .n = which == BEAT ? 1 : c->workers,
	    .window = which == BEAT ? BEATS : CALL_WINDOW,
	    .jobs = which == BEAT ? BEATS : JOBS,
	    .limit_ms = c->limit_ms,
	    .loop = server.loop,
	    .row = dispatch_row,
	    .restart = dispatch_restart,
	    .end = dispatch_end,
	    .info = say_info,
	    .warn = say_warn,
	};
	struct workers *p;

	if (c->command[which])
		snprintf(path[which], PATH_MAX, "%s", c->command[which]);
	else if (proc_libexec(names[which], path[which], PATH_MAX) == -1)
		die(RC_TEMP, "%s: cannot be found: %s", names[which],
		    strerror(errno));
	argv[which][0] = path[which];
	p = workers_new(&conf);
	if (!p)
		die(errno == ENOENT || errno == EACCES ? RC_USAGE : RC_TEMP,
		    "worker %s: cannot start: %s", path[which],
		    strerror(errno));
	return p;
}

static void
stop_ready(void *arg, unsigned events)
{
	(void)arg;
	(void)events;
	server.stopping = true;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	if (a == -1 || b == -1)
		return a == -1 ? b : a;
	return a < b ? a : b;
}

/*
 * One turn: what is ready, what the clients want, what the workers need.
 * -1 when the input of --stdio has ended and is answered.
 */
static int
turn(int64_t wait)
{
	static int64_t next;
	int64_t line;

	if (loop_wait(server.loop, sooner(wait, next)) == -1)
		die(RC_TEMP, "epoll: %s", strerror(errno));
	server.dispatch.now = clk_mono_ms();
	next = fronts_run(&server.fronts, server.dispatch.now);
	if (server.tls)
		next = sooner(next, tls_run(server.tls, server.dispatch.now));
	if (server.relay) {
		line = relay_run(server.relay);
		if (line == RELAY_FAILED)
			die(RC_TEMP, "stdin or stdout: %s", strerror(errno));
		if (line == RELAY_DONE)
			return -1;
		next = sooner(next, line);
	}
	server.dispatch.answered = false;
	for (int i = 0; i < POOLS; i++) {
		next = sooner(
		    next, workers_run(server.pool[i], server.dispatch.now));
		if (workers_misconfigured(server.pool[i]))
			die(RC_USAGE,
			    "the workers end at once with %d: their "
			    "configuration is wrong, see their messages",
			    RC_USAGE);
	}
	if (server.dispatch.answered)
		next = 0;
	return 0;
}

/* Answers what is in flight, then ends everything. */
static void
finish(void)
{
	int64_t end = clk_mono_ms() + LINGER_MS;

	fronts_quiesce(&server.fronts);
	while (fronts_busy(&server.fronts) && clk_mono_ms() < end)
		if (turn(end - clk_mono_ms()) == -1)
			break;
	for (int i = 0; i < POOLS; i++)
		workers_end(server.pool[i]);
	fronts_free(&server.fronts);
	www_free(server.www);
	tls_free(server.tls);
	for (int i = 0; i < POOLS; i++)
		workers_free(server.pool[i], clk_mono_ms() + LEAVE_MS);
	relay_free(server.relay);
}

static struct config
configure(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"stdio", no_argument, NULL, 's'},
	    {"listen", required_argument, NULL, 'l'},
	    {"timeout", required_argument, NULL, 't'},
	    {"ready-fd", required_argument, NULL, 'd'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	struct config c = {.ready = -1, .limit_ms = LIMIT_MS};
	bool quiet = false, verbose = false;
	int o;

	c.listen = opt_env("CHIME_API_LISTEN", "127.0.0.1:8801");
	c.cert = opt_env("CHIME_TLS_CERT", NULL);
	c.key = opt_env("CHIME_TLS_KEY", NULL);
	c.workers =
	    (unsigned)opt_env_int("CHIME_API_WORKERS", 4, 1, WORKERS_MAX);
	c.client_ms =
	    opt_env_span_ms("CHIME_API_CLIENT_TIMEOUT", 30000, 1000, 300000);
	while (
	    (o = getopt_long(argc, argv, "l:t:d:H:C:qvV", longs, NULL)) != -1) {
		switch (o) {
		case 's':
			c.stdio = true;
			break;
		case 'l':
			c.listen = optarg;
			break;
		case 't':
			c.limit_ms = opt_span_ms('t', optarg, 1000, 300000);
			break;
		case 'd':
			c.ready = (int)opt_int('d', optarg, 3, 1023);
			break;
		case 'H':
			c.command[BEAT] = optarg;
			break;
		case 'C':
			c.command[CALL] = optarg;
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
	}
	if (optind != argc)
		opt_usage(SYNOPSIS);
	die_verbosity(quiet, verbose);
	return c;
}

/* Whether this server speaks TLS: it has a certificate and its key. */
static bool
serve_tls(const struct config *c)
{
	char reason[TLS_REASON_SIZE];
	struct tls_conf conf = {
	    .cert = c->cert,
	    .key = c->key,
	    .hold_ms = c->client_ms + HOLD_MS,
	    .info = say_info,
	    .warn = say_warn,
	};

	if (!c->cert && !c->key)
		return false;
	if (!c->cert || !c->key)
		die(RC_USAGE,
		    "CHIME_TLS_CERT, CHIME_TLS_KEY: only one of them is set");
	server.tls = tls_new(&conf, reason);
	if (!server.tls)
		die(RC_USAGE, "CHIME_TLS_CERT, CHIME_TLS_KEY: %s", reason);
	return true;
}

/* One of the two ports; conf has what is its own. */
static void
serve(const struct config *c, struct front_conf conf,
    const struct listen_result *at)
{
	conf.fd = at->fd;
	conf.tls = server.tls != NULL;
	conf.read_ms = c->client_ms;
	conf.send_ms = 2 * c->client_ms;
	conf.request = dispatch_http;
	conf.arg = &server.dispatch;
	conf.debug = say_debug;
	if (fronts_add(&server.fronts, server.loop, &conf) == -1)
		die(RC_TEMP, "libmicrohttpd does not start");
	say_info("%s %s%s", conf.www ? "the page is on" : "listening on",
	    at->at, conf.tls ? " with TLS" : "");
}

/*
 * The page's port. Taken by somebody else, it costs the page alone when
 * nobody asked for this port: agents need the API.
 */
static void
serve_page(const struct config *c, bool safe)
{
	char home[PATH_MAX], dir[PATH_MAX + 32], reason[WWW_REASON_SIZE];
	struct front_conf conf = {.connections = PAGES};
	const char *page = getenv("CHIME_PAGE_LISTEN");
	struct listen_result at;

	if (page && (!*page || strcmp(page, "none") == 0))
		return;
	at = listen_open(page ? page : PAGE_LISTEN, "8033", safe);
	if (at.fd == -1 && !page) {
		say_warn("no page on " PAGE_LISTEN ": %s", at.reason);
		return;
	}
	if (at.fd == -1)
		die(at.rc, "CHIME_PAGE_LISTEN %s: %s", page, at.reason);
	if (proc_home(home, sizeof(home)) == -1)
		die(RC_TEMP, "share/chime/www: %s", strerror(errno));
	snprintf(dir, sizeof(dir), "%s/share/chime/www", home);
	server.www = conf.www = www_new(dir, reason);
	if (!conf.www)
		die(RC_TEMP, "the page: %s", reason);
	serve(c, conf, &at);
}

static void
serve_http(const struct config *c)
{
	bool safe = serve_tls(c) ||
		    strcmp(opt_env("CHIME_ALLOW_PLAINTEXT", "0"), "1") == 0;
	struct front_conf conf = {
	    .connections = listen_connections(CONNECTIONS, SPARE_FILES + PAGES),
	};
	struct listen_result at = listen_open(c->listen, "8801", safe);

	if (at.fd == -1)
		die(at.rc, "CHIME_API_LISTEN %s: %s", c->listen, at.reason);
	if (conf.connections < SPARE_FILES)
		die(RC_TEMP, "open files: the limit (ulimit -n) is too low");
	serve(c, conf, &at);
	serve_page(c, safe);
}

int
main(int argc, char **argv)
{
	static struct loop_watch stop;
	struct relay_conf lines = {
	    .in = STDIN_FILENO,
	    .out = STDOUT_FILENO,
	    .most = JOBS / 2,
	    .request = dispatch_line,
	    .arg = &server.dispatch,
	};
	struct config c;

	die_name(argv[0]);
	proc_init();
	c = configure(argc, argv);
	server.dispatch = (struct dispatch){.routes = routes,
	    .nroutes = sizeof(routes) / sizeof(routes[0]),
	    .pool = server.pool,
	    .limit_ms = c.limit_ms,
	    .now = clk_mono_ms()};
	stop.fd = proc_stop_fd();
	stop.ready = stop_ready;
	lines.loop = server.loop = loop_new();
	if (stop.fd == -1 || server.loop == -1 ||
	    loop_set(server.loop, &stop, LOOP_IN) == -1)
		die(RC_TEMP, "epoll: %s", strerror(errno));
	if (!c.stdio)
		serve_http(&c);
	for (int i = 0; i < POOLS; i++)
		server.pool[i] = start_pool(&c, i);
	if (c.stdio)
		server.relay = relay_new(&lines);
	ready_notify(c.ready);
	while (!server.stopping && turn(-1) == 0)
		continue;
	loop_set(server.loop, &stop, 0);
	finish();
	return RC_OK;
}
