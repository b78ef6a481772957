/* SPDX-License-Identifier: ISC */
#include "driver/seal.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/rc.h"

#define NONCE 12
#define TAG   16

static gnutls_aead_cipher_hd_t
cipher(const char *secret)
{
	unsigned char key[32];
	gnutls_datum_t datum = {.data = key, .size = sizeof(key)};
	gnutls_aead_cipher_hd_t h;

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, secret, strlen(secret), key) <
		0 ||
	    gnutls_aead_cipher_init(&h, GNUTLS_CIPHER_AES_256_GCM, &datum) < 0)
		die(RC_TEMP, "AES-256-GCM: the library has none");
	gnutls_memset(key, 0, sizeof(key));
	return h;
}

char *
seal(const char *secret, const char *text, size_t n)
{
	gnutls_aead_cipher_hd_t h = cipher(secret);
	size_t len = n + TAG;
	gnutls_datum_t raw = {.data = mem_calloc(1, NONCE + len),
	    .size = (unsigned)(NONCE + len)};
	gnutls_datum_t out;
	char *copy;

	if (gnutls_rnd(GNUTLS_RND_NONCE, raw.data, NONCE) < 0 ||
	    gnutls_aead_cipher_encrypt(h, raw.data, NONCE, NULL, 0, TAG, text,
		n, raw.data + NONCE, &len) < 0 ||
	    gnutls_base64_encode2(&raw, &out) < 0)
		die(RC_TEMP, "AES-256-GCM: cannot encrypt");
	gnutls_aead_cipher_deinit(h);
	free(raw.data);
	copy = mem_calloc(1, out.size + 1);
	memcpy(copy, out.data, out.size);
	gnutls_free(out.data);
	return copy;
}

char *
unseal(const char *secret, const char *sealed)
{
	gnutls_datum_t in = {.data = (unsigned char *)(uintptr_t)sealed,
	    .size = (unsigned)strlen(sealed)};
	gnutls_aead_cipher_hd_t h;
	gnutls_datum_t raw;
	char *text = NULL;
	size_t len;

	if (gnutls_base64_decode2(&in, &raw) < 0)
		return NULL;
	if (raw.size >= NONCE + TAG) {
		h = cipher(secret);
		len = raw.size - NONCE - TAG;
		text = mem_calloc(1, len + 1);
		if (gnutls_aead_cipher_decrypt(h, raw.data, NONCE, NULL, 0, TAG,
			raw.data + NONCE, raw.size - NONCE, text, &len) < 0) {
			free(text);
			text = NULL;
		}
		gnutls_aead_cipher_deinit(h);
	}
	gnutls_free(raw.data);
	return text;
}
