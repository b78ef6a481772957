/* SPDX-License-Identifier: ISC */
/* lib/driver/conns: who is hung up on. */
#include "driver/conns.h"

#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

static struct conns all = {.max = 32, .read_ms = 1000, .send_ms = 2000};
static int told;

static void __attribute__((format(printf, 1, 2))) debug(const char *fmt, ...)
{
	(void)fmt;
	told++;
}

/* A connection and, in *peer, its other end. */
static struct conn *
add(int *peer)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int s[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) == -1)
		abort();
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*peer = s[1];
	return conns_add(&all, s[0], (struct sockaddr *)&a);
}

static bool
hung_up(int peer)
{
	char c;

	return read(peer, &c, 1) == 0;
}

int
main(void)
{
	struct conn *c[40];
	int peer[40];

	all.debug = debug;
	c[0] = add(&peer[0]);
	c[1] = add(&peer[1]);
	c[2] = add(&peer[2]);
	CHECK("a connection has a name", strcmp(c[0]->peer, "127.0.0.1") == 0);
	CHECK("none is busy", all.n == 3 && all.busy == 0);
	conns_enter(&all, c[1], CONN_ANSWERING);
	conns_enter(&all, c[2], CONN_SENDING);
	CHECK("two are", all.busy == 2);
	all.now = 999;
	conns_sweep(&all);
	CHECK("nobody is late", told == 0);
	all.now = 1999;
	conns_sweep(&all);
	CHECK("a slow reader is hung up on, no other",
	    hung_up(peer[0]) && !hung_up(peer[1]) && !hung_up(peer[2]));
	all.now = 2000;
	conns_sweep(&all);
	CHECK("so is a slow taker; who waits for us is not",
	    hung_up(peer[2]) && !hung_up(peer[1]));
	conns_remove(&all, c[0]);
	conns_remove(&all, c[2]);
	CHECK("they are forgotten", all.n == 1 && all.busy == 1);
	for (int i = 2; i <= 30; i++) {
		all.now++;
		c[i] = add(&peer[i]);
	}
	CHECK(
	    "room enough: nobody is evicted", all.n == 30 && !hung_up(peer[2]));
	conns_enter(&all, c[2], CONN_ANSWERING);
	all.now++;
	c[31] = add(&peer[31]);
	CHECK("hardly any: who has asked nothing for longest is",
	    hung_up(peer[3]) && !hung_up(peer[2]) && !hung_up(peer[4]));
	while (all.first)
		conns_remove(&all, all.first);
	CHECK("all gone", all.n == 0 && all.busy == 0);
	return unit_done();
}
