/* SPDX-License-Identifier: ISC */
/*
 * Who is connected, since when and doing what: what the front needs to know
 * to hang up on those who take too long, whatever else they do.
 */
#ifndef DRIVER_CONNS_H
#define DRIVER_CONNS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum conn_state { CONN_READING, CONN_ANSWERING, CONN_SENDING };

/* A connection, through all its requests. */
struct conn {
	struct conn *prev, *next;
	enum conn_state state;
	int64_t since; /* when that state began */
	int fd;
	char peer[INET6_ADDRSTRLEN];
};

struct conns {
	struct conn *first;
	unsigned n, max;
	unsigned busy; /* not reading */
	int64_t read_ms, send_ms;
	int64_t now; /* set by the caller, on CLOCK_MONOTONIC */
	void (*debug)(const char *fmt, ...);
};

/*
 * A new connection, reading. When less than 1 in 16 of max is left, the one
 * that has been reading for longest is hung up on.
 */
struct conn *conns_add(struct conns *all, int fd, const struct sockaddr *peer);

/* Forgets a connection that was closed. */
void conns_remove(struct conns *all, struct conn *c);

/* A state begins now. */
void conns_enter(struct conns *all, struct conn *c, enum conn_state state);

/*
 * Hangs up on all who have read or sent for too long: their sockets are shut
 * down, which their owner finds out by reading.
 */
void conns_sweep(struct conns *all);

#endif
