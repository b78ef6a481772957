/* SPDX-License-Identifier: ISC */
/*
 * chime-pong: answers the ping-back of the servers.
 *
 * UDP in: {"type":"ping","id":...}; out: the host, its boot, and the age of
 * the newest heartbeat a server answered, read from the agent's folder for
 * each request. {"type":"poll",...} also touches the file `nudge` there, which
 * wakes chime-heartbeat; with a token, polls must be signed with it, and
 * answers are (driver/pingkey.h). A process of its own, so that a hung
 * heartbeat shows as "answers, but silent". Whatever else comes is dropped.
 *
 * exit: 0 stopped by a signal, 100 configuration, 111 no socket
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "core/name.h"
#include "driver/pingkey.h"
#include "line/json.h"
#include "line/ping.h"
#include "os/fs.h"
#include "os/net.h"
#include "os/proc.h"
#include "os/ready.h"

#define SYNOPSIS "[-qvV] [-d FD] [-l ADDRESS:PORT]"
#define FILE_MAX (64 * 1024)
#define BURST    64

struct agent {
	const char *host;
	const char *dir;
	const char *token_file; /* NULL: anybody is believed, nothing signed */
	char key[DIGEST_SIZE];  /* of the token read last; or "" */
	int64_t dropped;
};

static int
path_of(const struct agent *a, const char *name, char path[static PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", a->dir, name) < PATH_MAX ? 0
									  : -1;
}

/* A file of the agent's folder; the folder may come and go. */
static int
read_state(const struct agent *a, const char *name, struct buf *b)
{
	char path[PATH_MAX];

	buf_clear(b);
	if (path_of(a, name, path) == -1 || fs_read(path, b) == -1 || !b->data)
		return -1;
	b->data[strcspn(b->data, "\r\n")] = '\0';
	return 0;
}

/* What lease.jsonl says, when it was written in this boot. */
static void
take_lease(const char *line, struct pong *p)
{
	json_t *o = json_object_parse(line, strlen(line), NULL);
	const char *boot = "";
	int64_t beat, sent, age;

	if (!o)
		return;
	json_get_int(o, "interval_ms", 1, INT64_MAX, &p->interval_ms, NULL);
	if (json_get_str(o, "boot", 1, 36, &boot, NULL) == 1 &&
	    strcmp(boot, p->boot) == 0 &&
	    json_get_int(o, "beat", 0, INT64_MAX, &beat, NULL) == 1 &&
	    json_get_int(o, "sent_ms", 0, INT64_MAX, &sent, NULL) == 1 &&
	    (age = clk_boot_ms() - sent) >= 0) {
		p->beat = beat;
		p->age_ms = age;
	}
	json_decref(o);
}

static void
look(const struct agent *a, struct pong *p)
{
	struct buf b;

	*p = (struct pong){.beat = -1, .age_ms = -1, .interval_ms = -1};
	snprintf(p->host, sizeof(p->host), "%s", a->host);
	buf_init(&b, FILE_MAX);
	if (read_state(a, "boot", &b) == 0 && strlen(b.data) < sizeof(p->boot))
		snprintf(p->boot, sizeof(p->boot), "%s", b.data);
	if (read_state(a, "lease.jsonl", &b) == 0)
		take_lease(b.data, p);
	buf_free(&b);
}

static void
nudge(const struct agent *a)
{
	char path[PATH_MAX];
	int fd = -1;

	if (path_of(a, "nudge", path) == 0)
		fd = open(
		    path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
	if (fd == -1 || futimens(fd, NULL) == -1)
		say_warn("%s: cannot touch: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
}

/* The token may have been replaced: it is read for each answer. */
static void
read_key(struct agent *a)
{
	if (!a->token_file || pingkey_file(a->token_file, a->key) == 0)
		return;
	if (*a->key)
		say_warn(
		    "CHIME_TOKEN_FILE: %s: %s", a->token_file, strerror(errno));
	a->key[0] = '\0';
}

/* Whether a poll comes from a server. */
static bool
believed(const struct agent *a, const char *id, const char *mac)
{
	char good[DIGEST_SIZE];

	if (!a->token_file)
		return true;
	if (!*a->key)
		return false;
	pingkey_poll(a->key, a->host, id, good);
	return digest_same(good, mac);
}

static void
answer(struct agent *a, int fd, const char *text, size_t len,
    const struct sockaddr_storage *from, socklen_t from_len)
{
	char id[PING_ID_SIZE], mac[PING_MAC];
	struct pong p;
	struct buf b;
	bool poll = false;
	int r = ping_request_parse(text, len, id, &poll, mac);

	if (r == 0)
		read_key(a);
	if (r == -1 || (poll && !believed(a, id, mac))) {
		a->dropped++;
		say_debug("dropped a datagram of %zu bytes, %lld so far", len,
		    (long long)a->dropped);
		return;
	}
	if (poll)
		nudge(a);
	look(a, &p);
	if (*a->key)
		pingkey_pong(a->key, &p, id, p.mac);
	buf_init(&b, PING_MAX);
	pong_answer(&b, &p, id);
	/* An answer that is not sent is a lost datagram: they ask again. */
	if (!b.overflow && sendto(fd, b.data, b.len, MSG_NOSIGNAL,
			       (const struct sockaddr *)from, from_len) == -1)
		say_debug("cannot answer: %s", strerror(errno));
	buf_free(&b);
}

/* Answers what has come, in bursts, so that a flood cannot hold up a stop. */
static void
serve(struct agent *a, int fd)
{
	char text[PING_MAX + 1];
	struct sockaddr_storage from;
	socklen_t from_len;
	ssize_t n;

	for (int i = 0; i < BURST; i++) {
		from_len = sizeof(from);
		n = recvfrom(fd, text, sizeof(text), 0,
		    (struct sockaddr *)&from, &from_len);
		if (n == -1)
			return;
		answer(a, fd, text, (size_t)n, &from, from_len);
	}
}

static int
listen_on(const char *where)
{
	struct net_addr addr;
	int fd;

	if (net_parse(where, "8802", &addr) == -1)
		die(RC_USAGE, "%s: expected ADDRESS:PORT to listen on", where);
	fd = net_bind(&addr, SOCK_DGRAM);
	if (fd == -1 && errno == EINVAL)
		die(RC_USAGE, "%s: the address must be a number", where);
	if (fd == -1)
		die(RC_TEMP, "%s: cannot listen: %s", where, strerror(errno));
	return fd;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"ready-fd", required_argument, NULL, 'd'},
	    {"listen", required_argument, NULL, 'l'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	const char *where = opt_env("CHIME_PONG_LISTEN", "0.0.0.0:8802");
	struct agent a = {
	    .dir = opt_env("CHIME_AGENT_DIR", "/run/chime/agent")};
	bool quiet = false, verbose = false;
	int c, stop, fd, ready = -1;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "d:l:qvV", longs, NULL)) != -1)
		switch (c) {
		case 'd':
			ready = (int)opt_int('d', optarg, 3, 1023);
			break;
		case 'l':
			where = optarg;
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
	a.host = opt_env_need("CHIME_HOST");
	if (!name_host(a.host))
		die(RC_USAGE, "CHIME_HOST: '%s' is no host name", a.host);
	a.token_file = opt_env("CHIME_TOKEN_FILE", NULL);
	if (!a.token_file)
		say_warn("CHIME_TOKEN_FILE: not set: polls of anybody are "
			 "believed, and answers are not signed");
	if ((stop = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	fd = listen_on(where);
	ready_notify(ready);
	while (!proc_stopping(stop)) {
		struct pollfd p[2] = {{.fd = fd, .events = POLLIN},
		    {.fd = stop, .events = POLLIN}};

		if (poll(p, 2, -1) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		serve(&a, fd);
	}
	return RC_OK;
}
