/* SPDX-License-Identifier: ISC */
/*
 * The table `token`: who may speak to the server. A token is 64 hex digits;
 * the table has its SHA-256, so that a copy of the database opens nothing.
 */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include <stddef.h>

#include "driver/db.h"

#define TOKEN_SIZE      65 /* 64 hex digits and the NUL, of token and hash */
#define TOKEN_ID_SIZE   17
#define TOKEN_HOST_SIZE 64
#define TOKEN_NOTE_MAX  128

enum token_role { TOKEN_ADMIN, TOKEN_AGENT };

struct token {
	enum token_role role;
	char id[TOKEN_ID_SIZE];     /* names it without telling it */
	char host[TOKEN_HOST_SIZE]; /* an agent's own host; else "" */
};

/* A new token and its id; dies when the system has no random numbers. */
void token_new(char text[static TOKEN_SIZE], char id[static TOKEN_ID_SIZE]);

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

/*
 * Adds a token. host is NULL for an admin, note at most TOKEN_NOTE_MAX
 * bytes or NULL. Adding it again changes nothing. 0, or -1 (db_error).
 */
int token_add(struct db *db, const char *text, const char *id,
    enum token_role role, const char *host, const char *note);

/* Revokes all tokens of a host's agent: how many there were, or -1. */
int64_t token_revoke_host(struct db *db, const char *host);

#endif
