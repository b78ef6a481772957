/* SPDX-License-Identifier: ISC */
/* driver/receipt and driver/digest: what is signed cannot be changed. */
#include "driver/receipt.h"

#include "unit.h"

#define KEY "a4f1b0c6d5e2"

static struct receipt
sample(void)
{
	struct receipt r = {.ts = "2026-01-02T03:04:05.678Z",
	    .host = "n1",
	    .vm = "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c01",
	    .ledger = "00112233445566778899aabbccddeeff",
	    .gen = {1, 7, 0}};

	receipt_sign(&r, KEY);
	return r;
}

/* RFC 4231, test case 2; FIPS 180-2, appendix B.1. */
static void
test_digest(void)
{
	char hex[DIGEST_SIZE];

	digest("abc", 3, hex);
	CHECK("SHA-256", unit_same(hex, "ba7816bf8f01cfea414140de5dae2223"
					"b00361a396177a9cb410ff61f20015ad"));
	digest_keyed("Jefe", "what do ya want for nothing?", hex);
	CHECK(
	    "HMAC-SHA-256", unit_same(hex, "5bdcc146bf60754e6a042426089575c7"
					   "5a003f089d2739839dec58b964ec3843"));
	CHECK("same", digest_same("abc", "abc"));
	CHECK("not the same", !digest_same("abc", "abd"));
	CHECK("not as long", !digest_same("abc", "ab"));
}

static void
test_signed(void)
{
	struct receipt r = sample(), other;
	struct json_reason why;
	json_t *o = receipt_record(&r);

	CHECK("it comes back as it was",
	    receipt_parse(&other, o, &why) == 0 && receipt_signed(&other, KEY));
	json_decref(o);
	CHECK("another key signed something else", !receipt_signed(&r, "b"));
	other = r;
	other.gen.n++;
	CHECK("another generation", !receipt_signed(&other, KEY));
	other = r;
	other.host[1] = '2';
	CHECK("another host", !receipt_signed(&other, KEY));
	other = r;
	other.vm[0] = '7';
	CHECK("another VM", !receipt_signed(&other, KEY));
	other = r;
	other.ledger[0] = '1';
	CHECK("another ledger", !receipt_signed(&other, KEY));
	other = r;
	other.ts[0] = '1';
	CHECK("another time", !receipt_signed(&other, KEY));
}

static void
test_bad(void)
{
	static const struct {
		const char *key, *value, *why;
	} rows[] = {
	    {"type", "vm", "expected receipt"},
	    {"host", "a\nb", "host: a line break"},
	    {"host", "N 1", "host: no name"},
	    {"vm", "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9cXX", "vm: no UUID"},
	    {"generation", "7", "generation: '7' is none"},
	    {"mac", "12", "mac"},
	};
	struct receipt r = sample(), got;
	struct json_reason why;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *o = receipt_record(&r);

		json_object_set_new(o, rows[i].key, json_string(rows[i].value));
		unit_check(rows[i].why, receipt_parse(&got, o, &why) == -1 &&
					    strstr(why.text, rows[i].why));
		json_decref(o);
	}
}

int
main(void)
{
	test_digest();
	test_signed();
	test_bad();
	return unit_done();
}
