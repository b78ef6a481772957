/* SPDX-License-Identifier: ISC */
/*
 * The datagrams between chime-ping and chime-pong (chime-pong(8)): one JSON
 * object each, at most PING_MAX bytes.
 *
 *	{"type":"ping","id":"<16 hex>"}           what is your last beat?
 *	{"type":"poll","id":"<16 hex>","mac":...} ask the server now
 *	{"type":"pong","id":...,"host":...,"boot":...,"beat":...,
 *	 "beat_age_ms":...,"interval_ms":...,"mac":...}  the answer to both
 *
 * mac is 64 hex digits, driver/pingkey.h, or absent.
 */
#ifndef LINE_PING_H
#define LINE_PING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define PING_MAX     512
#define PING_ID_SIZE 17
#define PING_PORT    8802
#define PING_MAC     65 /* 64 hex digits and the NUL */

struct pong {
	char host[64];
	char boot[37];       /* empty: not known */
	int64_t beat;        /* the newest answered beat; -1: none yet */
	int64_t age_ms;      /* since it was sent; -1 with beat */
	int64_t interval_ms; /* between heartbeats; -1: not known */
	char mac[PING_MAC];  /* empty: none */
};

/*
 * Appends a request; type is "ping" or "poll", id comes from the caller, mac is
 * NULL for none.
 */
void ping_request(
    struct buf *b, const char *type, const char *id, const char *mac);

/*
 * Takes a request apart; 0 with the id, whether it is a poll, and its mac
 * (empty for none); or -1.
 */
int ping_request_parse(const char *text, size_t len,
    char id[static PING_ID_SIZE], bool *poll, char mac[static PING_MAC]);

/* Appends the answer to the request with that id. */
void pong_answer(struct buf *b, const struct pong *p, const char *id);

/* Takes an answer apart; 0, or -1 when it is none. */
int pong_parse(
    const char *text, size_t len, char id[static PING_ID_SIZE], struct pong *p);

#endif
