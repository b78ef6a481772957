/* SPDX-License-Identifier: ISC */
/*
 * beats: agents by the thousand, as load: beats PORT AGENTS
 *
 * Connects so many agents to 127.0.0.1:PORT and keeps them connected. Host I
 * (from 1) is "nI", its token and its machine are I in 64 digits.
 *
 * in    lines "beat RATE MS AGENTS" or "front RATE MS AGENTS": for so long,
 *       so many requests a second, of the first so many agents in turn.
 *       A heartbeat; or the same request for a path that is none.
 * out   "connected", then a line for each: the answers a second, from the
 *       first planned request to the last answer; answers, and those among
 *       them with another status than expected; the median, 99th percentile
 *       and maximum of the latency in microseconds
 *
 * The load is open loop: when a request is to be sent is planned beforehand,
 * and its latency counts from then, also when its agent still waits for the
 * answer before, so that a slow server does not slow the load down. What is
 * not answered 10 s after the last planned request counts as 10 s late.
 * exit  0 end of input; 1 a connection failed
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LATE_US INT64_C(10000000)
#define BOOT    "11111111-1111-4111-8111-111111111111"

struct agent {
	int fd;
	unsigned due, done; /* of this load: planned by now, answered */
	bool waits;         /* for an answer */
	int64_t beat;
	size_t have;
	char in[2048];
};

struct load {
	bool beat;
	unsigned agents, planned, n, bad;
	int64_t start, rate;
	uint32_t *late; /* of each answer, in microseconds */
};

static struct agent *agents;
static int loop;

static void
fail(const char *what)
{
	fprintf(stderr, "beats: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
dial(unsigned i, int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct epoll_event e = {.events = EPOLLIN};
	int one = 1;

	to.sin_port = htons((uint16_t)port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	agents[i].fd = socket(AF_INET, SOCK_STREAM, 0);
	if (agents[i].fd == -1 ||
	    connect(agents[i].fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		fail("connect");
	setsockopt(agents[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	e.data.u32 = i;
	if (epoll_ctl(loop, EPOLL_CTL_ADD, agents[i].fd, &e) == -1)
		fail("epoll_ctl");
}

static void
ask(const struct load *l, unsigned i)
{
	struct agent *a = &agents[i];
	char body[512], text[1024];
	int n;

	a->beat++;
	n = snprintf(body, sizeof(body),
	    "{\"type\":\"heartbeat\",\"ts\":\"2026-01-01T00:00:00.000Z\","
	    "\"host\":\"n%u\",\"proto\":1,\"boot\":\"" BOOT "\","
	    "\"machine\":\"%064u\",\"beat\":%lld,"
	    "\"desired_rev\":\"0000000000000000\","
	    "\"observed_rev\":\"0123456789abcdef\",\"health\":\"ok\","
	    "\"vcpus\":2,\"memory_mib\":2048,\"pong_port\":8802%s}\n",
	    i + 1, i + 1, (long long)a->beat,
	    a->beat == 1 ? ",\"full\":true" : "");
	n = snprintf(text, sizeof(text),
	    "POST /%s/host/n%u/heartbeat HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	    "Authorization: Bearer %064u\r\nAccept: application/x-ndjson\r\n"
	    "Content-Type: application/x-ndjson\r\nContent-Length: %d\r\n"
	    "\r\n%s",
	    l->beat ? "v1" : "v0", i + 1, i + 1, n, body);
	if (write(a->fd, text, (size_t)n) != n)
		fail("write");
	a->waits = true;
}

/* Plans what is to be sent by now. */
static void
plan(struct load *l, int64_t elapsed, unsigned total)
{
	int64_t want = elapsed * l->rate / 1000000 + 1;

	while (l->planned < total && l->planned < want) {
		unsigned i = l->planned++ % l->agents;

		agents[i].due++;
		if (!agents[i].waits)
			ask(l, i);
	}
}

/* Whether the answer is whole; its status then. */
static int
whole(const struct agent *a)
{
	const char *end = strstr(a->in, "\r\n\r\n"), *p;

	if (!end)
		return 0;
	p = strstr(a->in, "Content-Length: ");
	if (!p || p > end)
		fail("an answer without its length");
	if (a->have < (size_t)(end + 4 - a->in) + strtoul(p + 16, NULL, 10))
		return 0;
	return (int)strtol(a->in + 9, NULL, 10);
}

static void
hear(struct load *l, unsigned i)
{
	struct agent *a = &agents[i];
	ssize_t n = read(a->fd, a->in + a->have, sizeof(a->in) - 1 - a->have);
	int64_t planned;
	int status;

	if (n <= 0)
		fail("read: the server hung up");
	a->have += (size_t)n;
	a->in[a->have] = '\0';
	if (!(status = whole(a)))
		return;
	planned = ((int64_t)a->done * l->agents + i) * 1000000 / l->rate;
	l->late[l->n++] = (uint32_t)(now_us() - l->start - planned);
	if (status != (l->beat ? 200 : 404))
		l->bad++;
	a->done++;
	a->have = 0;
	a->waits = false;
	if (a->done < a->due)
		ask(l, i);
}

static int
by_size(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
run(struct load *l, int64_t ms)
{
	unsigned total = (unsigned)(l->rate * ms / 1000), answers;
	struct epoll_event e[256];
	int64_t end, now;
	int n;

	l->late = calloc(total ? total : 1, sizeof(*l->late));
	if (!l->late)
		fail("calloc");
	for (unsigned i = 0; i < l->agents; i++)
		agents[i].due = agents[i].done = 0;
	l->start = now = now_us();
	end = now + ms * 1000 + LATE_US;
	while (l->n < total && now < end) {
		plan(l, now - l->start, total);
		n = epoll_wait(loop, e, 256, 1);
		for (int i = 0; i < n; i++)
			hear(l, e[i].data.u32);
		now = now_us();
	}
	answers = l->n;
	while (l->n < total)
		l->late[l->n++] = (uint32_t)LATE_US;
	qsort(l->late, total, sizeof(*l->late), by_size);
	printf("%lld %u %u %u %u %u\n",
	    (long long)(answers * INT64_C(1000000) / (now - l->start)), answers,
	    l->bad, l->late[total / 2], l->late[(size_t)total * 99 / 100],
	    l->late[total - 1]);
	fflush(stdout);
	free(l->late);
	if (answers < total)
		fail("answers are missing");
}

int
main(int argc, char **argv)
{
	unsigned n = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	char line[128], word[16];
	long rate, ms;

	agents = calloc(n ? n : 1, sizeof(*agents));
	loop = epoll_create1(0);
	if (!agents || loop == -1 || !n)
		fail("usage: beats PORT AGENTS");
	for (unsigned i = 0; i < n; i++)
		dial(i, (int)strtol(argv[1], NULL, 10));
	puts("connected");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		struct load l = {0};

		if (sscanf(line, "%15s %ld %ld %u", word, &rate, &ms,
			&l.agents) != 4 ||
		    rate < 1 || ms < 1 || l.agents < 1 || l.agents > n ||
		    rate * ms < 1000)
			fail("a line that is none");
		l.beat = strcmp(word, "beat") == 0;
		l.rate = rate;
		run(&l, ms);
	}
	return 0;
}
