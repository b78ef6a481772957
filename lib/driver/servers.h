/* SPDX-License-Identifier: ISC */
/* Which servers a client speaks to, and as whom. */
#ifndef DRIVER_SERVERS_H
#define DRIVER_SERVERS_H

#include <stdbool.h>

#define SERVERS_MAX         8
#define SERVERS_REASON_SIZE 320
#define SERVERS_TOKEN_SIZE  256

struct servers {
	char *base[SERVERS_MAX]; /* "http://HOST:PORT", no slash at the end */
	unsigned n;
	char token[SERVERS_TOKEN_SIZE]; /* empty for none */
};

/*
 * Reads bases ("http://a:8801,http://b:8801") and the token in token_file
 * (NULL for none). 0, or -1 with a reason when a base is no http(s) URL of a
 * server, when the file cannot be read or others can read it too, or when
 * it is plain HTTP off loopback and plaintext does not allow that. To be freed
 * either way.
 */
int servers_read(struct servers *s, const char *bases, const char *token_file,
    bool plaintext, char reason[static SERVERS_REASON_SIZE]);

void servers_free(struct servers *s);

#endif
