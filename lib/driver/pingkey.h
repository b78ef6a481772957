/* SPDX-License-Identifier: ISC */
/*
 * What proves who speaks in the ping-back (line/ping.h): servers and a host's
 * agent share a key, made of the host's token, which neither can be asked for.
 * A ping's random id is the challenge, and the answer to it is signed; so is a
 * poll, which makes the agent do something.
 */
#ifndef DRIVER_PINGKEY_H
#define DRIVER_PINGKEY_H

#include "driver/digest.h"
#include "line/ping.h"

/* The key, of the SHA-256 of the host's token in hex. */
void pingkey(const char *token_hash, char key[static DIGEST_SIZE]);

/* The key of the token in a file: 0, or -1 with errno. */
int pingkey_file(const char *path, char key[static DIGEST_SIZE]);

/* Signs a poll of this host. */
void pingkey_poll(const char *key, const char *host, const char *id,
    char mac[static DIGEST_SIZE]);

/* Signs an answer. */
void pingkey_pong(const char *key, const struct pong *p, const char *id,
    char mac[static DIGEST_SIZE]);

#endif
