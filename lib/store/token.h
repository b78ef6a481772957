/* SPDX-License-Identifier: ISC */
/*
 * The table `token`: who may speak to the server. A token is 64 hex digits;
 * the table has its SHA-256, so that a copy of the database opens nothing.
 */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include <stddef.h>

#include "base/buf.h"
#include "driver/db.h"

#define TOKEN_SIZE      65 /* 64 hex digits and the NUL, of token and hash */
#define TOKEN_ID_SIZE   17
#define TOKEN_HOST_SIZE 64
#define TOKEN_USER_SIZE 33
#define TOKEN_NOTE_MAX  128
#define TOKEN_JOIN_S    (24 * 3600) /* how long a join token is good */

enum token_role {
	TOKEN_ADMIN,
	TOKEN_AGENT,
	TOKEN_OPERATOR,
	TOKEN_VIEWER,
	TOKEN_JOIN
};

/* The roles' words, in that order; NULL-terminated. */
extern const char *const token_role_words[];

struct token {
	enum token_role role;
	char id[TOKEN_ID_SIZE]; /* names it without telling it */
	/* An agent's own host, or the one a join token is for; else "". */
	char host[TOKEN_HOST_SIZE];
	char user[TOKEN_USER_SIZE]; /* who logged in; else "" */
	char expires[DB_TS_SIZE];   /* or "" */
	char machine[TOKEN_SIZE];   /* an agent's host's, if known; or "" */
};

/* A token to be. */
struct token_new {
	const char *text;
	const char *id;
	enum token_role role;
	const char *host; /* NULL for none; so for the next two */
	const char *user;
	const char *note; /* at most TOKEN_NOTE_MAX bytes */
	int64_t span_s;   /* how long it is good; 0: until it is revoked */
};

/* The role of a word of the database. */
enum token_role token_role(const char *word);

/* A new token and its id; dies when the system has no random numbers. */
void token_new(char text[static TOKEN_SIZE], char id[static TOKEN_ID_SIZE]);

/* The hash of the newest valid token of a host's agent: 1, 0 none, -1. */
int token_of_host(
    struct db *db, const char *host, char hash[static TOKEN_SIZE]);

/* The hash of what a client presented. */
void token_hash(const char *text, char hash[static TOKEN_SIZE]);

/* Whom a token belongs to: 1, 0 unknown or expired, -1 (db_error). */
int token_find(struct db *db, const char *text, struct token *out);

/*
 * The same for n hashes at once: calls found for each that belongs to
 * somebody. 0, or -1 (db_error).
 */
int token_find_all(struct db *db, const char *const *hashes, size_t n,
    void (*found)(const char *hash, const struct token *t, void *arg),
    void *arg);

/* Adds a token. Adding it again changes nothing. 0, or -1 (db_error). */
int token_add(struct db *db, const struct token_new *t);

/* Revokes all tokens of a host's agent: how many there were, or -1. */
int64_t token_revoke_host(struct db *db, const char *host);

/* The same of a user's logins, but the one with the id `keep` (or NULL). */
int64_t token_revoke_user(struct db *db, const char *user, const char *keep);

/* Reads the token with an id, locked: 1, 0, -1. */
int token_lock(struct db *db, const char *id, struct token *out);

/* Revokes the token with an id: 0, -1. */
int token_revoke(struct db *db, const char *id);

/*
 * Opens the list of tokens by id, those behind `after`, at most limit; or with
 * id that one alone. 0, -1. Then token_row: appends the next one's record,
 * and its id to key: 1, 0 at the end, -1.
 */
int token_list(struct db *db, const char *id, const char *after, int64_t limit);
int token_row(struct db *db, const char *ts, struct buf *out,
    char key[static TOKEN_ID_SIZE]);

#endif
