/* SPDX-License-Identifier: ISC */
#include "api/nudge.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/pingkey.h"
#include "os/net.h"
#include "os/proc.h"

void
nudge(const char *host, const char *ip, int64_t port, const char *hash)
{
	char key[DIGEST_SIZE], mac[DIGEST_SIZE];
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
	pingkey(hash, key);
	pingkey_poll(key, host, id, mac);
	ping_request(&b, "poll", id, *hash ? mac : NULL);
	if (!b.overflow)
		(void)!send(fd, b.data, b.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	buf_free(&b);
	close(fd);
}
