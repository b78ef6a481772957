/* SPDX-License-Identifier: ISC */
#include "driver/digest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "base/die.h"
#include "base/rc.h"
#include "os/fs.h"

#define SUM_BYTES ((DIGEST_SIZE - 1) / 2)

static void
to_hex(const unsigned char *sum, char hex[static DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SUM_BYTES; i++) {
		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	hex[DIGEST_SIZE - 1] = '\0';
}

void
digest(const char *text, size_t len, char hex[static DIGEST_SIZE])
{
	unsigned char sum[SUM_BYTES];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, text, len, sum) < 0)
		die(RC_TEMP, "SHA-256: the library has none");
	to_hex(sum, hex);
}

int
digest_secret(const char *path, char hex[static DIGEST_SIZE])
{
	char secret[256];

	if (fs_read_secret(path, secret, sizeof(secret)) == -1)
		return -1;
	digest(secret, strlen(secret), hex);
	return 0;
}

void
digest_keyed(const char *key, const char *text, char hex[static DIGEST_SIZE])
{
	unsigned char sum[SUM_BYTES];

	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, strlen(key), text,
		strlen(text), sum) < 0)
		die(RC_TEMP, "HMAC-SHA-256: the library has none");
	to_hex(sum, hex);
}

bool
digest_same(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && gnutls_memcmp(a, b, n) == 0;
}
