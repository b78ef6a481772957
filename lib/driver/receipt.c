/* SPDX-License-Identifier: ISC */
#include "driver/receipt.h"

#include <stdio.h>
#include <string.h>

#include "line/rec.h"

/* A newline is in none of the fields, so no two receipts make one text. */
static void
text_of(const struct receipt *r, char *text, size_t size)
{
	char gen[GEN_SIZE];

	gen_format(r->gen, gen);
	snprintf(text, size, "chime receipt\n%s\n%s\n%s\n%s\n%s\n", r->ts,
	    r->host, r->vm, r->ledger, gen);
}

static void
mac_of(const struct receipt *r, const char *key, char mac[static DIGEST_SIZE])
{
	char text[384];

	text_of(r, text, sizeof(text));
	digest_keyed(key, text, mac);
}

void
receipt_sign(struct receipt *r, const char *key)
{
	mac_of(r, key, r->mac);
}

bool
receipt_signed(const struct receipt *r, const char *key)
{
	char mac[DIGEST_SIZE];

	mac_of(r, key, mac);
	return digest_same(mac, r->mac);
}

json_t *
receipt_record(const struct receipt *r)
{
	json_t *o = json_object();
	char gen[GEN_SIZE];

	gen_format(r->gen, gen);
	rec_str(o, "type", "receipt");
	rec_str(o, "ts", r->ts);
	rec_str(o, "host", r->host);
	rec_str(o, "vm", r->vm);
	rec_str(o, "ledger", r->ledger);
	rec_str(o, "generation", gen);
	rec_str(o, "mac", r->mac);
	return o;
}

/* A text of min to size - 1 bytes, without a newline. */
static int
get(const json_t *o, const char *key, size_t min, char *out, size_t size,
    struct json_reason *why)
{
	const char *s = NULL;

	if (json_need(json_get_str(o, key, min, size - 1, &s, why), key, why) ==
	    -1)
		return -1;
	if (strpbrk(s, "\r\n")) {
		json_why(why, "%s: a line break", key);
		return -1;
	}
	snprintf(out, size, "%s", s);
	return 0;
}

int
receipt_parse(struct receipt *r, const json_t *o, struct json_reason *why)
{
	char type[16], gen[GEN_SIZE];

	memset(r, 0, sizeof(*r));
	if (get(o, "type", 1, type, sizeof(type), why) == -1)
		return -1;
	if (strcmp(type, "receipt") != 0) {
		json_why(why, "type: '%s': expected receipt", type);
		return -1;
	}
	if (get(o, "ts", 1, r->ts, sizeof(r->ts), why) == -1 ||
	    get(o, "host", 1, r->host, sizeof(r->host), why) == -1 ||
	    get(o, "vm", NAME_UUID_SIZE - 1, r->vm, sizeof(r->vm), why) == -1 ||
	    get(o, "ledger", LEDGERFILE_ID_SIZE - 1, r->ledger,
		sizeof(r->ledger), why) == -1 ||
	    get(o, "generation", 1, gen, sizeof(gen), why) == -1 ||
	    get(o, "mac", DIGEST_SIZE - 1, r->mac, sizeof(r->mac), why) == -1)
		return -1;
	if (gen_parse(gen, &r->gen) == -1) {
		json_why(why, "generation: '%s' is none", gen);
		return -1;
	}
	if (name_uuid(r->vm) && name_host(r->host))
		return 0;
	json_why(
	    why, "%s", name_host(r->host) ? "vm: no UUID" : "host: no name");
	return -1;
}
