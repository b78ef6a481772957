/* SPDX-License-Identifier: ISC */
#include "api/nudge.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "line/ping.h"
#include "os/net.h"
#include "os/proc.h"

void
nudge(const char *ip, int64_t port)
{
	struct net_addr to;
	char id[PING_ID_SIZE];
	struct buf b;
	int fd;

	snprintf(to.host, sizeof(to.host), "%s", ip);
	snprintf(to.port, sizeof(to.port), "%" PRId64, port);
	fd = net_udp_connect(&to);
	if (fd == -1)
		return;
	proc_random_hex((PING_ID_SIZE - 1) / 2, id);
	buf_init(&b, PING_MAX);
	ping_request(&b, "poll", id);
	if (!b.overflow)
		(void)!send(fd, b.data, b.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	buf_free(&b);
	close(fd);
}
