/* SPDX-License-Identifier: ISC */
#include "os/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"

int
net_parse(const char *s, const char *default_port, struct net_addr *a)
{
	const char *end = NULL, *port = default_port;
	int64_t n;

	if (*s == '[') {
		s++;
		end = strchr(s, ']');
		if (!end || (end[1] && end[1] != ':'))
			goto bad;
		if (end[1] == ':')
			port = end + 2;
	} else {
		end = strchr(s, ':');
		if (end && strchr(end + 1, ':'))
			end = NULL; /* a bare IPv6 address */
		else if (end)
			port = end + 1;
		if (!end)
			end = s + strlen(s);
	}
	if (end == s || (size_t)(end - s) >= sizeof(a->host) || !port ||
	    *port == '-' || num_int(port, 0, 65535, &n) == -1 ||
	    strlen(port) > 5)
		goto bad;
	memcpy(a->host, s, (size_t)(end - s));
	a->host[end - s] = '\0';
	snprintf(a->port, sizeof(a->port), "%d", (int)n);
	return 0;
bad:
	errno = EINVAL;
	return -1;
}

bool
net_is_ip(const char *s)
{
	unsigned char a[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, s, a) == 1 || inet_pton(AF_INET6, s, a) == 1;
}

bool
net_is_loopback(const char *host)
{
	unsigned char v4[4];
	struct in6_addr v6;

	if (strcmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, v4) == 1)
		return v4[0] == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Name resolution may block for long: only numbers and localhost. */
static struct addrinfo *
resolve(const struct net_addr *a, int type)
{
	const char *host = strcmp(a->host, "localhost") ? a->host : "127.0.0.1";
	struct addrinfo hints, *ai = NULL;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = type;
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	if (getaddrinfo(host, a->port, &hints, &ai) != 0) {
		errno = EINVAL;
		return NULL;
	}
	return ai;
}

static int
open_socket(const struct addrinfo *ai)
{
	return socket(ai->ai_family,
	    ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol);
}

int
net_bind(const struct net_addr *a, int type)
{
	struct addrinfo *ai = resolve(a, type);
	int fd, saved, on = 1;

	if (!ai)
		return -1;
	fd = open_socket(ai);
	if (fd == -1)
		goto out;
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    (type == SOCK_STREAM && listen(fd, 1024) == -1)) {
		saved = errno;
		close(fd);
		errno = saved;
		fd = -1;
	}
out:
	saved = errno;
	freeaddrinfo(ai);
	errno = saved;
	return fd;
}

int
net_udp_connect(const struct net_addr *a)
{
	struct addrinfo *ai = resolve(a, SOCK_DGRAM);
	int fd, saved;

	if (!ai)
		return -1;
	fd = open_socket(ai);
	if (fd != -1 && connect(fd, ai->ai_addr, ai->ai_addrlen) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		fd = -1;
	}
	saved = errno;
	freeaddrinfo(ai);
	errno = saved;
	return fd;
}
