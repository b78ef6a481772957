/* SPDX-License-Identifier: ISC */
#include "driver/pingkey.h"

#include <inttypes.h>
#include <stdio.h>

void
pingkey(const char *token_hash, char key[static DIGEST_SIZE])
{
	digest_keyed(token_hash, "chime ping-back", key);
}

int
pingkey_file(const char *path, char key[static DIGEST_SIZE])
{
	char hash[DIGEST_SIZE];

	if (digest_secret(path, hash) == -1)
		return -1;
	pingkey(hash, key);
	return 0;
}

void
pingkey_poll(const char *key, const char *host, const char *id,
    char mac[static DIGEST_SIZE])
{
	char text[128];

	snprintf(text, sizeof(text), "poll\n%s\n%s\n", host, id);
	digest_keyed(key, text, mac);
}

void
pingkey_pong(const char *key, const struct pong *p, const char *id,
    char mac[static DIGEST_SIZE])
{
	char text[256];

	snprintf(text, sizeof(text),
	    "pong\n%s\n%s\n%s\n%" PRId64 "\n%" PRId64 "\n%" PRId64 "\n",
	    p->host, id, p->boot, p->beat, p->age_ms, p->interval_ms);
	digest_keyed(key, text, mac);
}
