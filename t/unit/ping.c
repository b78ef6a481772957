/* SPDX-License-Identifier: ISC */
/* lib/line/ping: the ping-back's datagrams there and back. */
#include "line/ping.h"

#include "unit.h"

#define ID "0123456789abcdef"

static const char *const bad_requests[] = {
    "",
    "{}",
    "[]",
    "ping",
    "{\"type\":\"ping\"}",
    "{\"type\":\"ping\",\"id\":7}",
    "{\"type\":\"ping\",\"id\":\"0123456789abcde\"}",
    "{\"type\":\"ping\",\"id\":\"0123456789abcdeG\"}",
    "{\"type\":\"ping\",\"id\":\"0123456789abcdef0\"}",
    "{\"type\":\"pong\",\"id\":\"0123456789abcdef\"}",
    "{\"type\":1,\"id\":\"0123456789abcdef\"}",
    "{\"type\":\"ping\",\"type\":\"ping\",\"id\":\"0123456789abcdef\"}",
    "{\"type\":\"ping\",\"id\":\"0123456789abcdef\"} {}",
};

static const char *const bad_pongs[] = {
    "{\"type\":\"pong\",\"id\":\"0123456789abcdef\"}",
    "{\"type\":\"ping\",\"id\":\"0123456789abcdef\",\"host\":\"n1\"}",
    "{\"type\":\"pong\",\"id\":\"0123456789abcdef\",\"host\":1}",
    "{\"type\":\"pong\",\"id\":\"0123456789abcdef\",\"host\":\"\"}",
    "{\"type\":\"pong\",\"id\":\"0123456789abcdef\",\"host\":\"n1\","
    "\"beat\":1}",
    "{\"type\":\"pong\",\"id\":\"0123456789abcdef\",\"host\":\"n1\","
    "\"beat\":1,\"beat_age_ms\":-1}",
    "{\"type\":\"pong\",\"id\":\"0123456789abcdef\",\"host\":\"n1\","
    "\"interval_ms\":0}",
};

static void
requests(void)
{
	char id[PING_ID_SIZE], mac[PING_MAC], big[PING_MAX + 64];
	struct buf b;
	bool poll = true;
	int n;

	buf_init(&b, PING_MAX);
	ping_request(&b, "ping", ID, NULL);
	CHECK("a ping is read back",
	    ping_request_parse(b.data, b.len, id, &poll, mac) == 0 &&
		unit_same(id, ID) && !poll);
	buf_clear(&b);
	ping_request(&b, "poll", ID, NULL);
	CHECK("so is a poll",
	    ping_request_parse(b.data, b.len, id, &poll, mac) == 0 && poll);
	buf_free(&b);
	for (size_t i = 0; i < sizeof(bad_requests) / sizeof(*bad_requests);
	     i++)
		unit_check(bad_requests[i],
		    ping_request_parse(bad_requests[i], strlen(bad_requests[i]),
			id, &poll, mac) == -1);
	n = snprintf(big, sizeof(big), "{\"type\":\"ping\",\"id\":\"%s\",%*s}",
	    ID, PING_MAX - 40, "\"x\":1");
	CHECK("the greatest request is good",
	    n == PING_MAX &&
		ping_request_parse(big, (size_t)n, id, &poll, mac) == 0);
	n = snprintf(big, sizeof(big), "{\"type\":\"ping\",\"id\":\"%s\",%*s}",
	    ID, PING_MAX - 39, "\"x\":1");
	CHECK("one byte more is not",
	    n == PING_MAX + 1 &&
		ping_request_parse(big, (size_t)n, id, &poll, mac) == -1);
}

static void
answers(void)
{
	struct pong p = {.host = "n1",
	    .boot = "11111111-1111-4111-8111-111111111111",
	    .beat = 17,
	    .age_ms = 1234,
	    .interval_ms = 10000};
	struct pong none = {
	    .host = "n1", .beat = -1, .age_ms = -1, .interval_ms = -1};
	struct pong q;
	char id[PING_ID_SIZE];
	struct buf b;

	buf_init(&b, PING_MAX);
	pong_answer(&b, &p, ID);
	CHECK("a pong is read back",
	    pong_parse(b.data, b.len, id, &q) == 0 && unit_same(id, ID) &&
		unit_same(q.host, "n1") && unit_same(q.boot, p.boot) &&
		q.beat == 17 && q.age_ms == 1234 && q.interval_ms == 10000);
	buf_clear(&b);
	pong_answer(&b, &none, ID);
	CHECK("without a beat it names none", !strstr(b.data, "beat"));
	CHECK("and is read back as that",
	    pong_parse(b.data, b.len, id, &q) == 0 && !*q.boot &&
		q.beat == -1 && q.age_ms == -1 && q.interval_ms == -1);
	buf_free(&b);
	for (size_t i = 0; i < sizeof(bad_pongs) / sizeof(*bad_pongs); i++)
		unit_check(bad_pongs[i],
		    pong_parse(bad_pongs[i], strlen(bad_pongs[i]), id, &q) ==
			-1);
}

int
main(void)
{
	requests();
	answers();
	return unit_done();
}
