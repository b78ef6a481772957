/* SPDX-License-Identifier: ISC */
/* The records of a ledger (chime-records(7)) as JSON. */
#ifndef DRIVER_LEDGERREC_H
#define DRIVER_LEDGERREC_H

#include "core/ledger.h"
#include "line/json.h"

/* The kinds' words, in the order of the enum; NULL-terminated. */
extern const char *const ledgerrec_kinds[];

/* Takes a record apart; uuid and r's texts are o's. 0, or -1 with the reason.
 */
int ledgerrec_parse(const json_t *o, const char **uuid, struct ledger_rec *r,
    struct json_reason *why);

/* The record of this VM; owned by the caller. */
json_t *ledgerrec_new(const char *uuid, const struct ledger_rec *r);

#endif
