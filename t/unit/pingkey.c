/* SPDX-License-Identifier: ISC */
/* driver/pingkey: every field of what is signed counts. */
#include "driver/pingkey.h"

#include "unit.h"

#define ID "0123456789abcdef"

int
main(void)
{
	const struct pong p = {.host = "n1",
	    .boot = "11111111-1111-4111-8111-111111111111",
	    .beat = 7,
	    .age_ms = 8,
	    .interval_ms = 9};
	char key[DIGEST_SIZE], other[DIGEST_SIZE];
	char mac[DIGEST_SIZE], got[DIGEST_SIZE];
	struct pong q;

	pingkey("aa", key);
	pingkey("ab", other);
	CHECK("each token has a key", strcmp(key, other) != 0);
	pingkey_pong(key, &p, ID, mac);
	pingkey_pong(key, &p, ID, got);
	CHECK("the same is signed the same", digest_same(mac, got));
	pingkey_pong(other, &p, ID, got);
	CHECK("another key", !digest_same(mac, got));
	pingkey_pong(key, &p, "0123456789abcdee", got);
	CHECK("another challenge", !digest_same(mac, got));
#define OTHER(name, change)                                                    \
	q = p;                                                                 \
	change;                                                                \
	pingkey_pong(key, &q, ID, got);                                        \
	CHECK(name, !digest_same(mac, got))
	OTHER("another host", q.host[1] = '2');
	OTHER("another boot", q.boot[0] = '2');
	OTHER("another beat", q.beat++);
	OTHER("another age", q.age_ms++);
	OTHER("another interval", q.interval_ms++);
	pingkey_poll(key, "n1", ID, mac);
	pingkey_poll(key, "n2", ID, got);
	CHECK("a poll of another host", !digest_same(mac, got));
	return unit_done();
}
