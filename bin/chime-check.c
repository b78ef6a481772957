/* SPDX-License-Identifier: ISC */
/*
 * chime-check: is the server, the agent or the database healthy? For
 * keepalived and other watchers.
 *
 * out: one `check` record. It ends within 1 s whatever the peer does: a peer
 * that hangs, drips or swallows everything is not healthy. The server is when
 * its API says that its database answers, the agent when its newest answered
 * heartbeat is younger than three intervals, the database when it lets a user
 * without rights in and takes writes.
 *
 * exit: 0 healthy; 1 not; 100 usage
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/die.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/rc.h"
#include "driver/db.h"
#include "driver/http.h"
#include "line/json.h"
#include "line/line.h"
#include "line/ping.h"
#include "line/rec.h"
#include "os/fs.h"
#include "os/net.h"
#include "os/proc.h"
#include "store/dbcheck.h"

#define SYNOPSIS                                                               \
	"[-qvV] server [--api URL] [--ca-file FILE] | agent "                  \
	"[--address IP:PORT] | mysql [--address IP:PORT | --socket PATH] "     \
	"[--user USER] [--password-file FILE]"
#define TRY_MS    900 /* for the peer; the rest of the second is ours */
#define DATAGRAMS 3
#define INTERVAL  10000
#define MISSED    3

struct check {
	const char *what; /* "server", "agent" or "mysql" */
	bool (*ask)(struct check *c);
	const char *where; /* what the reason calls it */
	const char *ca_file, *socket, *user, *password_file;
	int64_t end; /* clk_mono_ms */
	char reason[400];
};

/* Ready before the peer is asked: all the alarm may do is write. */
static char late[512];
static size_t late_len;
static volatile sig_atomic_t answered;

static void
on_alarm(int sig)
{
	(void)sig;
	if (!answered && late_len &&
	    write(STDOUT_FILENO, late, late_len) != (ssize_t)late_len)
		_exit(RC_TEMP);
	_exit(RC_NO);
}

static json_t *
record(const struct check *c, bool healthy)
{
	json_t *rec = rec_new("check");

	rec_str(rec, "check", c->what);
	rec_bool(rec, "healthy", healthy);
	rec_str(rec, "reason", c->reason);
	return rec;
}

/* Whatever blocks, and be it the resolver, is over after a second. */
static void
arm(struct check *c)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	struct buf b;
	json_t *rec;

	snprintf(c->reason, sizeof(c->reason),
	    "%.200s: no answer within a second", c->where);
	rec = record(c, false);
	buf_init(&b, sizeof(late));
	if (rec_dump(rec, &b) == 0) {
		memcpy(late, b.data, b.len);
		late_len = b.len;
	}
	buf_free(&b);
	json_decref(rec);
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	c->end = clk_mono_ms() + TRY_MS;
}

/* The words of {"result":{"status":...,"database":...}} or of an error. */
static bool
judge_health(struct check *c, int status, const char *text, size_t len)
{
	const char *word = "", *database = "", *message = "no reason given";
	json_t *o = json_object_parse(text, len, NULL), *in = NULL;
	bool ok;

	if (o && json_get_object(o, "result", &in, NULL) != 1 &&
	    json_get_object(o, "error", &in, NULL) != 1)
		in = NULL;
	if (in) {
		json_get_str(in, "status", 0, 64, &word, NULL);
		json_get_str(in, "database", 0, 64, &database, NULL);
		json_get_str(in, "message", 0, SIZE_MAX, &message, NULL);
	}
	ok = status == 200 && strcmp(word, "ok") == 0 &&
	     strcmp(database, "ok") == 0;
	if (ok)
		snprintf(c->reason, sizeof(c->reason),
		    "%.200s: its database answers", c->where);
	else
		snprintf(c->reason, sizeof(c->reason),
		    "%.160s: HTTP status %d: %.160s", c->where, status,
		    *database ? database : message);
	json_decref(o);
	return ok;
}

static bool
check_server(struct check *c)
{
	struct http_conf conf = {.bases = c->where,
	    .ca_file = c->ca_file,
	    .answer_max = LINE_MAX_RECORD,
	    .stop_fd = -1};
	struct http_request r = {
	    .method = "GET", .path = "/v1/health", .deadline = c->end};
	char reason[HTTP_REASON_SIZE];
	const struct http_answer *a;
	struct http *h;
	bool ok = false;

	h = http_new(&conf, reason);
	if (!h)
		die(RC_USAGE, "%s", reason);
	if (http_try(h, 0, &r, &a) == HTTP_OK)
		ok = judge_health(c, a->status,
		    a->body.data ? a->body.data : "", a->body.len);
	else
		snprintf(
		    c->reason, sizeof(c->reason), "%.380s", http_reason(h));
	http_free(h);
	return ok;
}

static bool
judge_pong(struct check *c, const struct pong *p)
{
	int64_t interval = p->interval_ms == -1 ? INTERVAL : p->interval_ms;

	if (p->age_ms == -1) {
		snprintf(c->reason, sizeof(c->reason),
		    "%s: no server answered a heartbeat since it started",
		    p->host);
		return false;
	}
	snprintf(c->reason, sizeof(c->reason),
	    "%s: a server answered the heartbeat of %" PRId64 " ms ago",
	    p->host, p->age_ms);
	return p->age_ms / MISSED < interval;
}

/* Waits for the answer until a time: 1 with it, 0 late, -1 with errno. */
static int
await_pong(int fd, const char *id, int64_t until, struct pong *p)
{
	struct pollfd f = {.fd = fd, .events = POLLIN};
	char text[PING_MAX + 1], got[PING_ID_SIZE];
	int64_t left;
	ssize_t n;

	while ((left = until - clk_mono_ms()) > 0) {
		if (poll(&f, 1, (int)left) == -1 && errno != EINTR)
			return -1;
		n = recv(fd, text, sizeof(text), 0);
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (n != -1 && pong_parse(text, (size_t)n, got, p) == 0 &&
		    strcmp(got, id) == 0)
			return 1;
	}
	return 0;
}

static bool
check_agent(struct check *c)
{
	char id[PING_ID_SIZE];
	struct net_addr addr;
	struct pong p;
	struct buf b;
	int fd, r = 0;

	if (net_parse(c->where, "8802", &addr) == -1)
		die(RC_USAGE, "--address %s: expected IP:PORT", c->where);
	fd = net_udp_connect(&addr);
	if (fd == -1 && errno == EINVAL)
		die(RC_USAGE, "--address %s: expected IP:PORT", c->where);
	proc_random_hex((PING_ID_SIZE - 1) / 2, id);
	buf_init(&b, PING_MAX);
	ping_request(&b, "ping", id, NULL);
	for (int i = 1; fd != -1 && r == 0 && i <= DATAGRAMS; i++) {
		int64_t rest = (DATAGRAMS - i) * TRY_MS / DATAGRAMS;

		r = send(fd, b.data, b.len, MSG_NOSIGNAL) == -1
			? -1
			: await_pong(fd, id, c->end - rest, &p);
	}
	buf_free(&b);
	if (fd == -1 || r == -1)
		snprintf(c->reason, sizeof(c->reason), "%.200s: %s", c->where,
		    strerror(errno));
	if (fd != -1)
		close(fd);
	return r == 1 && judge_pong(c, &p);
}

static bool
check_mysql(struct check *c)
{
	char secret[256] = "";
	struct db_conf conf = {
	    .socket = c->socket, .user = c->user, .answer_s = 1};
	struct net_addr addr;
	struct dbcheck found;
	struct db *db;
	int64_t port;
	bool done;

	if (!c->socket && (net_parse(c->where, "3306", &addr) == -1 ||
			      num_int(addr.port, 1, 65535, &port) == -1))
		die(RC_USAGE, "--address %s: expected IP:PORT", c->where);
	if (c->password_file &&
	    fs_read_secret(c->password_file, secret, sizeof(secret)) == -1)
		die(RC_USAGE, "--password-file %s: %s", c->password_file,
		    errno == EACCES ? "it must be readable, by its owner alone"
				    : strerror(errno));
	if (!c->socket) {
		conf.host = addr.host;
		conf.port = (unsigned)port;
	}
	conf.password = c->password_file ? secret : NULL;
	db = db_new(&conf);
	done = db_open(db) == 0 && dbcheck_writable(db, &found) == 0;
	snprintf(c->reason, sizeof(c->reason), "%.120s: %.260s", c->where,
	    done ? found.reason : db_reason(db));
	db_free(db);
	return done && found.good;
}

static bool
run(struct check *c)
{
	bool healthy;
	json_t *rec;

	arm(c);
	healthy = c->ask(c);
	rec = record(c, healthy);
	answered = 1;
	rec_emit(rec);
	return healthy;
}

/* What is asked, and where; other options than its own are wrong usage. */
static void
choose(struct check *c, const char *api, const char *address)
{
	if (strcmp(c->what, "server") == 0) {
		c->ask = check_server;
		c->where = api ? api : "http://127.0.0.1:8801";
	} else if (strcmp(c->what, "agent") == 0) {
		c->ask = check_agent;
		c->where = address ? address : "127.0.0.1:8802";
	} else if (strcmp(c->what, "mysql") == 0) {
		c->ask = check_mysql;
		c->where = address ? address : "127.0.0.1:3306";
	} else {
		opt_usage(SYNOPSIS);
	}
	if ((api && c->ask != check_server) ||
	    (address && (c->ask == check_server || c->socket)) ||
	    ((c->socket || c->user || c->password_file) &&
		c->ask != check_mysql))
		opt_usage(SYNOPSIS);
	if (c->socket)
		c->where = c->socket;
	if (!c->user)
		c->user = "chimecheck";
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"address", required_argument, NULL, 'a'},
	    {"api", required_argument, NULL, 'u'},
	    {"ca-file", required_argument, NULL, 'c'},
	    {"password-file", required_argument, NULL, 'p'},
	    {"socket", required_argument, NULL, 's'},
	    {"user", required_argument, NULL, 'U'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	const char *api = NULL, *address = NULL;
	bool quiet = false, verbose = false;
	struct check c = {.ca_file = opt_env("CHIME_CA_FILE", NULL)};
	int o;

	die_name(argv[0]);
	proc_init();
	while (
	    (o = getopt_long(argc, argv, "a:c:p:s:u:U:qvV", longs, NULL)) != -1)
		switch (o) {
		case 'a':
			address = optarg;
			break;
		case 'c':
			c.ca_file = optarg;
			break;
		case 'p':
			c.password_file = optarg;
			break;
		case 's':
			c.socket = optarg;
			break;
		case 'U':
			c.user = optarg;
			break;
		case 'u':
			api = optarg;
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
	if (argc != optind + 1)
		opt_usage(SYNOPSIS);
	die_verbosity(quiet, verbose);
	c.what = argv[optind];
	choose(&c, api, address);
	return run(&c) ? RC_OK : RC_NO;
}
