/* SPDX-License-Identifier: ISC */
#include "line/ping.h"

#include <stdio.h>
#include <string.h>

#include "line/json.h"
#include "line/rec.h"

#define BEAT_MAX INT64_MAX

void
ping_request(struct buf *b, const char *type, const char *id, const char *mac)
{
	buf_printf(b, "{\"type\":\"%s\",\"id\":\"%s\"", type, id);
	if (mac)
		buf_printf(b, ",\"mac\":\"%s\"", mac);
	buf_puts(b, "}");
}

/* 0, or -1 for what is no mac; empty when there is none. */
static int
get_mac(const json_t *o, char mac[static PING_MAC])
{
	const char *s = "";

	if (json_get_str(o, "mac", PING_MAC - 1, PING_MAC - 1, &s, NULL) == -1)
		return -1;
	snprintf(mac, PING_MAC, "%s", s);
	return 0;
}

/* The datagram as an object of at most PING_MAX bytes with an id. */
static json_t *
parse(const char *text, size_t len, char id[static PING_ID_SIZE],
    const char **type)
{
	const char *s = NULL;
	json_t *o;

	o = len <= PING_MAX ? json_object_parse(text, len, NULL) : NULL;
	if (!o)
		return NULL;
	if (json_get_str(o, "type", 1, 16, type, NULL) == 1 &&
	    json_get_str(
		o, "id", PING_ID_SIZE - 1, PING_ID_SIZE - 1, &s, NULL) == 1 &&
	    strspn(s, "0123456789abcdef") == PING_ID_SIZE - 1) {
		memcpy(id, s, PING_ID_SIZE);
		return o;
	}
	json_decref(o);
	return NULL;
}

int
ping_request_parse(const char *text, size_t len, char id[static PING_ID_SIZE],
    bool *poll, char mac[static PING_MAC])
{
	const char *type = NULL;
	json_t *o = parse(text, len, id, &type);
	int r;

	if (!o)
		return -1;
	*poll = strcmp(type, "poll") == 0;
	r = *poll || strcmp(type, "ping") == 0 ? get_mac(o, mac) : -1;
	json_decref(o);
	return r;
}

void
pong_answer(struct buf *b, const struct pong *p, const char *id)
{
	json_t *o = json_object();

	rec_str(o, "type", "pong");
	rec_str(o, "id", id);
	rec_str(o, "host", p->host);
	rec_str(o, "boot", *p->boot ? p->boot : NULL);
	if (p->beat >= 0) {
		rec_int(o, "beat", p->beat);
		rec_int(o, "beat_age_ms", p->age_ms);
	}
	if (p->interval_ms >= 0)
		rec_int(o, "interval_ms", p->interval_ms);
	rec_str(o, "mac", *p->mac ? p->mac : NULL);
	rec_dump(o, b);
	json_decref(o);
}

int
pong_parse(
    const char *text, size_t len, char id[static PING_ID_SIZE], struct pong *p)
{
	const char *type = NULL, *host = NULL, *boot = "";
	json_t *o = parse(text, len, id, &type);
	int r = -1;

	*p = (struct pong){.beat = -1, .age_ms = -1, .interval_ms = -1};
	if (!o)
		return -1;
	if (strcmp(type, "pong") == 0 &&
	    json_get_str(o, "host", 1, sizeof(p->host) - 1, &host, NULL) == 1 &&
	    json_get_str(o, "boot", 1, sizeof(p->boot) - 1, &boot, NULL) >= 0 &&
	    json_get_int(o, "beat", 0, BEAT_MAX, &p->beat, NULL) >= 0 &&
	    json_get_int(o, "beat_age_ms", 0, BEAT_MAX, &p->age_ms, NULL) >=
		0 &&
	    json_get_int(
		o, "interval_ms", 1, BEAT_MAX, &p->interval_ms, NULL) >= 0 &&
	    (p->beat >= 0) == (p->age_ms >= 0) && get_mac(o, p->mac) == 0) {
		snprintf(p->host, sizeof(p->host), "%s", host);
		snprintf(p->boot, sizeof(p->boot), "%s", boot);
		r = 0;
	}
	json_decref(o);
	return r;
}
