/* SPDX-License-Identifier: ISC */
/* SHA-256 in hexadecimal, of text alone and of text with a key. */
#ifndef DRIVER_DIGEST_H
#define DRIVER_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_SIZE 65 /* 64 hex digits and the NUL */

/* All die (RC_TEMP) only when the library has no SHA-256. */
void digest(const char *text, size_t len, char hex[static DIGEST_SIZE]);

/* SHA-256 of the secret in a file (os/fs.h): 0, or -1 with errno. */
int digest_secret(const char *path, char hex[static DIGEST_SIZE]);

/* HMAC-SHA-256 (RFC 2104) of the text. */
void digest_keyed(
    const char *key, const char *text, char hex[static DIGEST_SIZE]);

/* Whether both are the same, in the same time for every difference. */
bool digest_same(const char *a, const char *b);

#endif
