/* SPDX-License-Identifier: ISC */
#include "driver/conns.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static void
hang_up(struct conns *all, struct conn *c, const char *why)
{
	all->debug("client %s: %s: connection closed", c->peer, why);
	shutdown(c->fd, SHUT_RDWR);
}

static void
evict(struct conns *all)
{
	struct conn *oldest = NULL;

	for (struct conn *c = all->first; c; c = c->next)
		if (c->state == CONN_READING &&
		    (!oldest || c->since <= oldest->since))
			oldest = c;
	if (!oldest)
		return;
	hang_up(all, oldest,
	    "few connections are left and it has asked nothing for longest");
	/* Not the oldest any more, if its end takes a while to be seen. */
	oldest->since = all->now;
}

static void
name_peer(struct conn *c, const struct sockaddr *a)
{
	const void *ip = NULL;

	if (a->sa_family == AF_INET)
		ip = &((const struct sockaddr_in *)(const void *)a)->sin_addr;
	else if (a->sa_family == AF_INET6)
		ip = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
	if (!ip || !inet_ntop(a->sa_family, ip, c->peer, sizeof(c->peer)))
		snprintf(c->peer, sizeof(c->peer), "unknown");
}

struct conn *
conns_add(struct conns *all, int fd, const struct sockaddr *peer)
{
	struct conn *c = mem_calloc(1, sizeof(*c));

	if (all->n + all->max / 16 >= all->max)
		evict(all);
	c->fd = fd;
	c->since = all->now;
	name_peer(c, peer);
	c->next = all->first;
	if (c->next)
		c->next->prev = c;
	all->first = c;
	all->n++;
	return c;
}

void
conns_remove(struct conns *all, struct conn *c)
{
	conns_enter(all, c, CONN_READING);
	*(c->prev ? &c->prev->next : &all->first) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	all->n--;
	free(c);
}

void
conns_enter(struct conns *all, struct conn *c, enum conn_state state)
{
	if (c->state != CONN_READING)
		all->busy--;
	if (state != CONN_READING)
		all->busy++;
	c->state = state;
	c->since = all->now;
}

void
conns_sweep(struct conns *all)
{
	for (struct conn *c = all->first; c; c = c->next) {
		int64_t age = all->now - c->since;

		if (c->state == CONN_READING && age >= all->read_ms)
			hang_up(all, c, "no whole request in time");
		else if (c->state == CONN_SENDING && age >= all->send_ms)
			hang_up(all, c, "takes its answer too slowly");
	}
}
