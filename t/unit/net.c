/* SPDX-License-Identifier: ISC */
#include "os/net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "unit.h"

static const struct {
	const char *text, *def;
	const char *host, *port; /* NULL = refused */
} addrs[] = {
    {"10.0.0.1:80", "1", "10.0.0.1", "80"},
    {"10.0.0.1", "8801", "10.0.0.1", "8801"},
    {"node-a:1", NULL, "node-a", "1"},
    {"[::1]:80", "1", "::1", "80"},
    {"[::1]", "7", "::1", "7"},
    {"::1", "7", "::1", "7"},
    {"fe80::1:2", "7", "fe80::1:2", "7"},
    {"a:0", "7", "a", "0"},
    {"a:65535", "7", "a", "65535"},
    {"a:65536", "7", NULL, NULL},
    {"a:-1", "7", NULL, NULL},
    {"a:-0", "7", NULL, NULL},
    {"a:", "7", NULL, NULL},
    {"a:x", "7", NULL, NULL},
    {"a:80x", "7", NULL, NULL},
    {"a: 80", "7", NULL, NULL},
    {"a:000080", "7", NULL, NULL},
    {"a", NULL, NULL, NULL},
    {"", "7", NULL, NULL},
    {":80", "7", NULL, NULL},
    {"[]:80", "7", NULL, NULL},
    {"[::1", "7", NULL, NULL},
    {"[::1]80", "7", NULL, NULL},
    {"[::1]:", "7", NULL, NULL},
};

static void
test_parse(void)
{
	char longest[400];
	struct net_addr a;
	int r;

	for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		errno = 0;
		r = net_parse(addrs[i].text, addrs[i].def, &a);
		unit_check(addrs[i].text,
		    addrs[i].host
			? r == 0 && unit_same(a.host, addrs[i].host) &&
			      unit_same(a.port, addrs[i].port)
			: r == -1 && errno == EINVAL);
	}
	memset(longest, 'a', sizeof(longest));
	longest[NET_HOST_SIZE - 1] = '\0';
	CHECK("the longest name", net_parse(longest, "1", &a) == 0);
	longest[NET_HOST_SIZE - 1] = 'a';
	longest[NET_HOST_SIZE] = '\0';
	CHECK("a longer one", net_parse(longest, "1", &a) == -1);
}

static void
test_kinds(void)
{
	CHECK("127.0.0.1", net_is_loopback("127.0.0.1"));
	CHECK("127.9.9.9", net_is_loopback("127.9.9.9"));
	CHECK("::1", net_is_loopback("::1"));
	CHECK("localhost", net_is_loopback("localhost"));
	CHECK("0.0.0.0 is everybody", !net_is_loopback("0.0.0.0"));
	CHECK(":: is everybody", !net_is_loopback("::"));
	CHECK("10.0.0.1", !net_is_loopback("10.0.0.1"));
	CHECK("127.1 is no number", !net_is_loopback("127.1"));
	CHECK("a name that begins so", !net_is_loopback("127.0.0.1.example"));
	CHECK("v4 number", net_is_ip("192.0.2.1"));
	CHECK("v6 number", net_is_ip("2001:db8::1"));
	CHECK("name", !net_is_ip("node-a"));
	CHECK("v4 with a port", !net_is_ip("192.0.2.1:80"));
	CHECK("five parts", !net_is_ip("1.2.3.4.5"));
	CHECK("nothing", !net_is_ip(""));
}

/* The port the kernel gave. */
static int
port_of(int fd)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) == -1)
		return -1;
	return ntohs(sa.sin_port);
}

static void
test_sockets(void)
{
	struct net_addr a = {"127.0.0.1", "0"}, b = a;
	struct pollfd p = {.events = POLLIN};
	int s = net_bind(&a, SOCK_STREAM), u = net_bind(&a, SOCK_DGRAM), c;
	char got[8] = "";

	CHECK("listening", s >= 0 && port_of(s) > 0);
	CHECK("does not block", accept(s, NULL, NULL) == -1 && errno == EAGAIN);
	CHECK("closed on exec", fcntl(s, F_GETFD) & FD_CLOEXEC);
	snprintf(b.port, sizeof(b.port), "%d", port_of(s));
	CHECK("in use", net_bind(&b, SOCK_STREAM) == -1 && errno == EADDRINUSE);
	close(s);
	s = net_bind(&b, SOCK_STREAM);
	CHECK("free again at once", s >= 0);
	close(s);
	snprintf(b.port, sizeof(b.port), "%d", port_of(u));
	CHECK("a datagram port in use",
	    net_bind(&b, SOCK_DGRAM) == -1 && errno == EADDRINUSE);
	c = net_udp_connect(&b);
	CHECK("datagram", c >= 0 && send(c, "hello", 5, 0) == 5);
	p.fd = u;
	CHECK("arrives", poll(&p, 1, 2000) == 1 &&
			     recv(u, got, sizeof(got), 0) == 5 &&
			     unit_same(got, "hello"));
	CHECK("does not block either",
	    recv(u, got, sizeof(got), 0) == -1 && errno == EAGAIN);
	close(c);
	close(u);
}

static void
test_refused(void)
{
	struct net_addr name = {"node-a.example", "80"};
	struct net_addr local = {"localhost", "0"};
	struct net_addr strange = {"192.0.2.1", "0"};
	int s = net_bind(&local, SOCK_STREAM);

	CHECK("localhost is a number here", s >= 0);
	close(s);
	CHECK("a name is not resolved",
	    net_bind(&name, SOCK_STREAM) == -1 && errno == EINVAL);
	CHECK("nor for datagrams",
	    net_udp_connect(&name) == -1 && errno == EINVAL);
	CHECK("an address of somebody else",
	    net_bind(&strange, SOCK_STREAM) == -1 && errno == EADDRNOTAVAIL);
}

int
main(void)
{
	test_parse();
	test_kinds();
	test_sockets();
	test_refused();
	return unit_done();
}
