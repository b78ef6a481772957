/* SPDX-License-Identifier: ISC */
/*
 * Text that only whoever has the secret can read (AES-256-GCM): kept where
 * many may look, such as a database's copies.
 */
#ifndef DRIVER_SEAL_H
#define DRIVER_SEAL_H

#include <stddef.h>

/*
 * The text of n bytes sealed with secret, as printable text to be freed;
 * dies only when the library has no such cipher.
 */
char *seal(const char *secret, const char *text, size_t n);

/*
 * What was sealed with this secret, NUL-terminated, to be freed; NULL for
 * another secret and for what is not whole.
 */
char *unseal(const char *secret, const char *sealed);

#endif
