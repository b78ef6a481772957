/* SPDX-License-Identifier: ISC */
/* What a server needs before it serves: its socket and its descriptors. */
#ifndef DRIVER_LISTEN_H
#define DRIVER_LISTEN_H

#include <stdbool.h>

struct listen_result {
	int fd;       /* -1: see rc and reason */
	int rc;       /* enum rc */
	char at[280]; /* ADDRESS:PORT it listens on; port 0 is resolved */
	char reason[400];
};

/*
 * A TCP socket for HTTP on "ADDRESS:PORT". Off loopback it is refused unless
 * safe says that it will speak TLS, or that tokens may be readable there.
 */
struct listen_result listen_open(
    const char *address, const char *default_port, bool safe);

/*
 * Raises the limit of open files to most + spare if that is allowed; what
 * then remains beside spare.
 */
unsigned listen_connections(unsigned most, unsigned spare);

#endif
