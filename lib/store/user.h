/* SPDX-License-Identifier: ISC */
/*
 * The tables `user` and `login_try`: people, their passwords' hashes, and how
 * often somebody tried. Functions return -1 when the database failed
 * (db_error).
 */
#ifndef STORE_USER_H
#define STORE_USER_H

#include <stdbool.h>

#include "base/buf.h"
#include "driver/db.h"
#include "driver/password.h"
#include "store/token.h"

#define USER_TRY_SPAN_S 300 /* how long a wrong password counts */
#define USER_TRIES      5   /* of one user in that time */
#define USER_PEER_TRIES 20  /* from one address */

struct user {
	char name[TOKEN_USER_SIZE];
	enum token_role role;
	char hash[PASSWORD_HASH_SIZE];
};

/* 1 to 32 of a-z 0-9 . _ -, a letter or digit first and last; not "self". */
bool user_name(const char *s);

/* Reads a user, with lock until the transaction ends: 1, 0, -1. */
int user_find(struct db *db, const char *name, bool lock, struct user *out);

/* Adds a user: 0; 1 when there is one of that name; -1. */
int user_add(
    struct db *db, const char *name, enum token_role role, const char *hash);

/*
 * Gives a user another password and revokes the tokens of all its logins but
 * the one with the id `keep` (NULL: all): 0, -1.
 */
int user_password(
    struct db *db, const char *name, const char *hash, const char *keep);

/* Removes a user and its tokens: 0, -1. */
int user_remove(struct db *db, const char *name);

/*
 * How many ways in an administrator has: users, and tokens of no user that do
 * not expire. They are locked: of two who take the last ones away, one waits
 * and sees. -1.
 */
int64_t user_admins(struct db *db);

/*
 * Begins the trial of a password, in a transaction: counts it as a failed one
 * until user_try_good says otherwise; with the user's row locked, many at once
 * are no way round. who is at most TOKEN_USER_SIZE - 1 bytes that stand for
 * the user, known or not. 1 with its id; 0 when there were too many, with the
 * seconds to wait; -1.
 */
int user_try(struct db *db, const char *who, const char *peer, int64_t *id,
    int64_t *wait_s);

/* The password was right: 0, -1. */
int user_try_good(struct db *db, int64_t id);

/*
 * Opens the list of users by name, those behind `after`, at most limit; or
 * with name that one alone. 0, -1. Then user_row: appends the next one's
 * record, and its name to key: 1, 0 at the end, -1.
 */
int user_list(
    struct db *db, const char *name, const char *after, int64_t limit);
int user_row(struct db *db, const char *ts, struct buf *out,
    char key[static TOKEN_USER_SIZE]);

#endif
