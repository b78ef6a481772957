/* SPDX-License-Identifier: ISC */
/*
 * A receipt (chime-records(7)): a node's word that a VM does not run on it and
 * will not be started there at this generation or below, signed with its own
 * token, so that a person can carry it to a server when no network does.
 */
#ifndef DRIVER_RECEIPT_H
#define DRIVER_RECEIPT_H

#include <stdbool.h>

#include "base/clk.h"
#include "core/gen.h"
#include "core/name.h"
#include "driver/digest.h"
#include "driver/ledgerfile.h"
#include "line/json.h"

struct receipt {
	char ts[CLK_TS_SIZE];
	char host[NAME_HOST_MAX + 1];
	char vm[NAME_UUID_SIZE];
	char ledger[LEDGERFILE_ID_SIZE]; /* the ledger that refuses it */
	struct gen gen;
	char mac[DIGEST_SIZE];
};

/*
 * Signs r (sets its mac). The key is the SHA-256 of the host's token in hex: a
 * server knows no more of it.
 */
void receipt_sign(struct receipt *r, const char *key);

/* Whether it was signed with this key, and is as it was then. */
bool receipt_signed(const struct receipt *r, const char *key);

/* The record; owned by the caller. */
json_t *receipt_record(const struct receipt *r);

/* Takes a record apart: 0, or -1 with the reason. It may be signed wrongly. */
int receipt_parse(struct receipt *r, const json_t *o, struct json_reason *why);

#endif
