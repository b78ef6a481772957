/* SPDX-License-Identifier: ISC */
#include "os/reach.h"

#include <arpa/inet.h>
#include <asm/socket.h> /* SO_BINDTODEVICE: not in POSIX */
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if.h> /* struct ifreq and the IFF_ flags: the same */
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "os/proc.h"

#define ECHO_HEAD 8 /* bytes before the nonce, the same for both families */

int
reach_init(struct reach *r, const char *address, int port)
{
	struct sockaddr_in *a4 = (struct sockaddr_in *)&r->to;
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)&r->to;

	memset(r, 0, sizeof(*r));
	r->fd = -1;
	r->port = port;
	if (inet_pton(AF_INET, address, &a4->sin_addr) == 1) {
		a4->sin_family = AF_INET;
		a4->sin_port = htons((uint16_t)port);
		r->to_len = sizeof(*a4);
		return 0;
	}
	memset(&r->to, 0, sizeof(r->to));
	if (inet_pton(AF_INET6, address, &a6->sin6_addr) == 1) {
		a6->sin6_family = AF_INET6;
		a6->sin6_port = htons((uint16_t)port);
		r->to_len = sizeof(*a6);
		return 0;
	}
	return -1;
}

/* An unprivileged echo socket where the kernel gives one, else a raw one. */
static int
open_socket(const struct reach *r)
{
	int family = r->to.ss_family, flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	int icmp = family == AF_INET6 ? (int)IPPROTO_ICMPV6 : IPPROTO_ICMP;
	int fd;

	if (r->port)
		return socket(family, SOCK_STREAM | flags, 0);
	fd = socket(family, SOCK_DGRAM | flags, icmp);
	return fd != -1 ? fd : socket(family, SOCK_RAW | flags, icmp);
}

/* What an error of the network says of the peer. */
static enum reach_state
meaning(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return REACH_ANSWERED;
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETUNREACH:
	case ENETDOWN:
	case ENODEV:
	case ENXIO:
	case ETIMEDOUT:
	case ECONNRESET:
		return REACH_SILENT;
	default:
		return REACH_UNABLE;
	}
}

static void
settle(struct reach *r, enum reach_state state, int error)
{
	r->state = state;
	r->error = error;
	reach_end(r);
}

static uint16_t
checksum(const unsigned char *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The kernel fills in the identifier and ICMPv6's checksum. */
void
reach_again(struct reach *r)
{
	unsigned char m[ECHO_HEAD + sizeof(r->nonce) - 1] = {0};
	uint16_t sum;

	if (r->fd == -1 || r->port)
		return;
	m[0] = r->to.ss_family == AF_INET6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	memcpy(m + ECHO_HEAD, r->nonce, sizeof(m) - ECHO_HEAD);
	if (r->to.ss_family == AF_INET) {
		sum = checksum(m, sizeof(m));
		m[2] = (unsigned char)(sum >> 8);
		m[3] = (unsigned char)sum;
	}
	/* What a router said of the last one comes as this one's error. */
	if (send(r->fd, m, sizeof(m), MSG_NOSIGNAL) == -1 &&
	    meaning(errno) == REACH_UNABLE && errno != EAGAIN)
		settle(r, REACH_UNABLE, errno);
}

void
reach_ask(struct reach *r, const char *interface)
{
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)&r->to;

	r->state = REACH_WAITING;
	r->error = 0;
	proc_random_hex((sizeof(r->nonce) - 1) / 2, r->nonce);
	if (r->to.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL(&a6->sin6_addr))
		a6->sin6_scope_id = if_nametoindex(interface);
	if ((r->fd = open_socket(r)) == -1 ||
	    setsockopt(r->fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
		(socklen_t)strlen(interface) + 1) == -1) {
		settle(r, errno == ENODEV ? REACH_SILENT : REACH_UNABLE, errno);
		return;
	}
	if (connect(r->fd, (struct sockaddr *)&r->to, r->to_len) == -1) {
		if (errno != EINPROGRESS)
			settle(r, meaning(errno), errno);
	} else if (r->port) {
		settle(r, REACH_ANSWERED, 0);
	} else {
		reach_again(r);
	}
}

/* Whether the message answers our echo; a raw IPv4 one has its IP header. */
static bool
is_reply(const struct reach *r, bool raw, const unsigned char *m, size_t n)
{
	bool v4 = r->to.ss_family == AF_INET;
	size_t skip = raw && v4 && n ? (size_t)(m[0] & 15) * 4 : 0;

	return n >= skip + ECHO_HEAD + sizeof(r->nonce) - 1 &&
	       m[skip] == (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) &&
	       memcmp(m + skip + ECHO_HEAD, r->nonce, sizeof(r->nonce) - 1) ==
		   0;
}

void
reach_look(struct reach *r)
{
	unsigned char m[512];
	int value = 0;
	socklen_t len = sizeof(value);
	bool raw;
	ssize_t n;

	if (r->fd == -1)
		return;
	if (r->port) {
		if (getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &value, &len) == -1)
			value = errno;
		settle(r, value ? meaning(value) : REACH_ANSWERED, value);
		return;
	}
	raw = getsockopt(r->fd, SOL_SOCKET, SO_TYPE, &value, &len) == 0 &&
	      value == SOCK_RAW;
	/* An error in the queue is only one lost request's. */
	while ((n = recv(r->fd, m, sizeof(m), 0)) != -1 || errno != EAGAIN) {
		if (n == -1)
			r->error = errno;
		else if (is_reply(r, raw, m, (size_t)n)) {
			settle(r, REACH_ANSWERED, 0);
			return;
		}
	}
}

void
reach_end(struct reach *r)
{
	if (r->fd != -1)
		close(r->fd);
	r->fd = -1;
}

int
reach_link(const char *interface)
{
	struct ifreq q;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r, saved;

	if (fd == -1)
		return -1;
	memset(&q, 0, sizeof(q));
	snprintf(q.ifr_name, sizeof(q.ifr_name), "%s", interface);
	r = ioctl(fd, SIOCGIFFLAGS, &q);
	saved = errno;
	close(fd);
	errno = saved;
	if (r == -1)
		return -1;
	return (q.ifr_flags & IFF_UP) && (q.ifr_flags & IFF_RUNNING);
}

static bool
same_address(const struct sockaddr *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in *x4 = (const struct sockaddr_in *)a;
	const struct sockaddr_in *y4 = (const struct sockaddr_in *)b;
	const struct sockaddr_in6 *x6 = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in6 *y6 = (const struct sockaddr_in6 *)b;

	if (!a || a->sa_family != b->ss_family)
		return false;
	return a->sa_family == AF_INET
		   ? x4->sin_addr.s_addr == y4->sin_addr.s_addr
		   : IN6_ARE_ADDR_EQUAL(&x6->sin6_addr, &y6->sin6_addr);
}

int
reach_interface(const char *address, char name[static REACH_IF_SIZE])
{
	struct ifaddrs *all, *i;
	struct reach r;

	if (reach_init(&r, address, 0) == -1) {
		errno = EINVAL;
		return -1;
	}
	if (getifaddrs(&all) == -1)
		return -1;
	for (i = all; i && !same_address(i->ifa_addr, &r.to); i = i->ifa_next)
		continue;
	/* "eth0:1" is a label of eth0. */
	if (i)
		snprintf(name, REACH_IF_SIZE, "%.*s",
		    (int)strcspn(i->ifa_name, ":"), i->ifa_name);
	freeifaddrs(all);
	if (i)
		return 0;
	errno = ENODEV;
	return -1;
}
