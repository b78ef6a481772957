/* SPDX-License-Identifier: ISC */
/* Addresses and sockets. */
#ifndef OS_NET_H
#define OS_NET_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define NET_HOST_SIZE 256
#define NET_PORT_SIZE 6

struct net_addr {
	char host[NET_HOST_SIZE]; /* name or numeric address, no brackets */
	char port[NET_PORT_SIZE]; /* decimal */
};

/*
 * "HOST:PORT", "[V6]:PORT" or "HOST" with the default port. 0, or -1 with
 * errno EINVAL.
 */
int net_parse(const char *s, const char *default_port, struct net_addr *a);

/* Whether host is localhost or a numeric address in 127/8 or ::1. */
bool net_is_loopback(const char *host);

/* Whether s is a numeric IPv4 or IPv6 address. */
bool net_is_ip(const char *s);

/*
 * A socket of type SOCK_STREAM (listening) or SOCK_DGRAM bound to a, which
 * must be numeric or localhost; non-blocking, SO_REUSEADDR for streams.
 * -1 with errno; EADDRINUSE is the one to explain.
 */
int net_bind(const struct net_addr *a, int type);

/*
 * A non-blocking UDP socket connected to a numeric address. -1 with errno,
 * EINVAL when the address is no number.
 */
int net_udp_connect(const struct net_addr *a);

#endif
