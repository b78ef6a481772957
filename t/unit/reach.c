/* SPDX-License-Identifier: ISC */
/* lib/os/reach: who answers, on loopback. */
#include "os/reach.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "unit.h"

/* A TCP socket on a port of its own, listening or only holding it. */
static int
server(int listening, int *port)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    (listening && listen(fd, 8) == -1) ||
	    getsockname(fd, (struct sockaddr *)&a, &len) == -1)
		return -1;
	*port = ntohs(a.sin_port);
	return fd;
}

/* What comes of asking, within 5 s. */
static enum reach_state
ask(struct reach *r, const char *interface)
{
	struct pollfd p;

	reach_ask(r, interface);
	reach_again(r);
	p = (struct pollfd){.fd = r->fd, .events = r->port ? POLLOUT : POLLIN};
	while (r->fd != -1 && poll(&p, 1, 5000) == 1)
		reach_look(r);
	reach_end(r);
	return r->state;
}

static void
addresses(void)
{
	struct reach r;

	CHECK("an IPv4 address", reach_init(&r, "10.0.0.1", 0) == 0 &&
				     r.to.ss_family == AF_INET && r.fd == -1);
	CHECK("an IPv6 address",
	    reach_init(&r, "fe80::1", 22) == 0 && r.to.ss_family == AF_INET6);
	CHECK("a name is none", reach_init(&r, "localhost", 22) == -1);
	CHECK("half an address is none", reach_init(&r, "10.0.0", 22) == -1);
	CHECK("nothing is none", reach_init(&r, "", 22) == -1);
}

static void
tcp(void)
{
	struct reach r;
	int port, fd = server(1, &port), closed = server(0, &port);

	/* The port of the one that only holds it refuses. */
	reach_init(&r, "127.0.0.1", port);
	CHECK("a refusal is an answer", ask(&r, "lo") == REACH_ANSWERED);
	close(closed);
	close(fd);
	fd = server(1, &port);
	reach_init(&r, "127.0.0.1", port);
	CHECK("a connection is an answer", ask(&r, "lo") == REACH_ANSWERED);
	CHECK("and can be asked for again", ask(&r, "lo") == REACH_ANSWERED);
	CHECK("the descriptor is closed", r.fd == -1);
	close(fd);
}

static void
echo(void)
{
	struct reach r;

	reach_init(&r, "127.0.0.1", 0);
	if (ask(&r, "lo") == REACH_UNABLE) {
		CHECK("without the right to, it cannot be asked",
		    r.error == EPERM || r.error == EACCES);
		return;
	}
	CHECK("loopback answers an echo", r.state == REACH_ANSWERED);
	reach_init(&r, "::1", 0);
	if (ask(&r, "lo") != REACH_UNABLE && r.error != ENETUNREACH)
		CHECK("and that of IPv6", r.state == REACH_ANSWERED);
}

static void
links(void)
{
	struct reach r;

	CHECK("loopback has a carrier", reach_link("lo") == 1);
	CHECK("what is not there has none",
	    reach_link("no-such-if") == -1 && errno == ENODEV);
	reach_init(&r, "127.0.0.1", 0);
	CHECK("nobody answers there", ask(&r, "no-such-if") != REACH_ANSWERED);
	reach_init(&r, "127.0.0.1", 22);
	CHECK("nor by TCP", ask(&r, "no-such-if") == REACH_SILENT);
}

static void
interfaces(void)
{
	char name[REACH_IF_SIZE] = "";

	CHECK("an address leads to its interface",
	    reach_interface("127.0.0.1", name) == 0 && unit_same(name, "lo"));
	CHECK("one that nobody has, to none",
	    reach_interface("192.0.2.1", name) == -1 && errno == ENODEV);
	CHECK("nor of the other family",
	    reach_interface("2001:db8::1", name) == -1 && errno == ENODEV);
	CHECK("a name is none",
	    reach_interface("localhost", name) == -1 && errno == EINVAL);
}

int
main(void)
{
	addresses();
	tcp();
	echo();
	links();
	interfaces();
	return unit_done();
}
