/* SPDX-License-Identifier: ISC */
/* Passwords as the database keeps them: crypt(3)'s yescrypt, "$y$...". */
#ifndef DRIVER_PASSWORD_H
#define DRIVER_PASSWORD_H

#include <stdbool.h>

#define PASSWORD_MIN       8   /* bytes */
#define PASSWORD_MAX       256 /* bytes */
#define PASSWORD_HASH_SIZE 256

/* Hashes a password with a new salt; 0, or -1 with errno. */
int password_hash(const char *password, char hash[static PASSWORD_HASH_SIZE]);

/*
 * Whether the hash is that of the password. A NULL hash is nobody's, and takes
 * as long to find that out: nobody learns from the time who has one.
 */
bool password_check(const char *password, const char *hash);

#endif
