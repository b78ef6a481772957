/* SPDX-License-Identifier: ISC */
/*
 * Whether a machine answers over one interface: by TCP, where a refusal is an
 * answer too, or by ICMP echo. Never blocks; the caller polls fd and keeps the
 * time.
 */
#ifndef OS_REACH_H
#define OS_REACH_H

#include <stdint.h>
#include <sys/socket.h>

#define REACH_IF_SIZE 16 /* of an interface's name, and the NUL */

enum reach_state {
	REACH_WAITING,
	REACH_ANSWERED,
	REACH_SILENT, /* it will not answer: no route, unreachable */
	REACH_UNABLE  /* it could not be asked, for the reason in error */
};

struct reach {
	struct sockaddr_storage to;
	socklen_t to_len;
	int port; /* 0: ICMP echo */
	enum reach_state state;
	int fd;    /* -1 unless waiting */
	int error; /* an errno; 0: none */
	char nonce[17];
};

/* A peer by its numeric address; port 0 for ICMP. 0, or -1. */
int reach_init(struct reach *r, const char *address, int port);

/*
 * Asks it through the interface; state is set. Poll fd for POLLOUT with a
 * port, for POLLIN without. reach_end is to follow.
 */
void reach_ask(struct reach *r, const char *interface);

/* Takes what has come; to be called when fd is ready. */
void reach_look(struct reach *r);

/* Sends one more echo request: the first may be lost. Nothing for TCP. */
void reach_again(struct reach *r);

/* Closes fd; state stays. */
void reach_end(struct reach *r);

/*
 * Whether the interface is up with a carrier: 1, 0, or -1 with errno (ENODEV
 * when there is none of that name).
 */
int reach_link(const char *interface);

/*
 * The interface that has this numeric address: 0 with its name, -1 with errno
 * (ENODEV when there is none).
 */
int reach_interface(const char *address, char name[static REACH_IF_SIZE]);

#endif
