/* SPDX-License-Identifier: ISC */
#include "driver/password.h"

#include <crypt.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* yescrypt at its library's own cost. */
#define METHOD "$y$"

static int
run(const char *password, const char *setting,
    char out[static PASSWORD_HASH_SIZE])
{
	struct crypt_data *d = mem_calloc(1, sizeof(*d));
	const char *hash = crypt_r(password, setting, d);
	int r = -1;

	/* Failures are marked by a star. */
	if (hash && *hash != '*' && strlen(hash) < PASSWORD_HASH_SIZE) {
		snprintf(out, PASSWORD_HASH_SIZE, "%s", hash);
		r = 0;
	}
	gnutls_memset(d, 0, sizeof(*d));
	free(d);
	return r;
}

int
password_hash(const char *password, char hash[static PASSWORD_HASH_SIZE])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (!crypt_gensalt_rn(METHOD, 0, NULL, 0, setting, sizeof(setting)))
		return -1;
	return run(password, setting, hash);
}

bool
password_check(const char *password, const char *hash)
{
	char have[PASSWORD_HASH_SIZE];
	size_t n;
	bool same;

	if (!hash) {
		password_hash(password, have);
		return false;
	}
	if (run(password, hash, have) == -1)
		return false;
	n = strlen(hash);
	same = strlen(have) == n && gnutls_memcmp(have, hash, n) == 0;
	gnutls_memset(have, 0, sizeof(have));
	return same;
}
