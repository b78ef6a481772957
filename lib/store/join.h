/* SPDX-License-Identifier: ISC */
/*
 * The tables `host_machine` and `token_joined`: which machine a host is, and
 * what join tokens made of whom. Functions return -1 when the database failed
 * (db_error).
 */
#ifndef STORE_JOIN_H
#define STORE_JOIN_H

#include "driver/db.h"
#include "store/token.h"

/* The machine a host is, "" when that is not known: 0, -1. */
int join_machine(
    struct db *db, const char *host, char machine[static TOKEN_SIZE]);

/* From now on it is this one; NULL: not known. 0, -1. */
int join_set_machine(struct db *db, const char *host, const char *machine);

/*
 * Uses a join token up for a host, in a transaction: 1; 0 when it was used
 * already, with the host it was used for; -1.
 */
int join_use(struct db *db, const char *token, const char *host,
    char used[static TOKEN_HOST_SIZE]);

/*
 * Whether a refusal about a host, or a join token, is to be told: once a
 * minute. 1, 0, -1.
 */
int join_tell_host(struct db *db, const char *host);
int join_tell_token(struct db *db, const char *token);

#endif
