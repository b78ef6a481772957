/* SPDX-License-Identifier: ISC */
#include "store/token.h"

#include <gnutls/crypto.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/rc.h"
#include "os/proc.h"

#define VALID " AND (expires_at IS NULL OR expires_at > UTC_TIMESTAMP(3))"

static const char *const roles[] = {"admin", "agent"};

void
token_new(char text[static TOKEN_SIZE], char id[static TOKEN_ID_SIZE])
{
	proc_random_hex((TOKEN_SIZE - 1) / 2, text);
	proc_random_hex((TOKEN_ID_SIZE - 1) / 2, id);
}

void
token_hash(const char *text, char hash[static TOKEN_SIZE])
{
	unsigned char sum[(TOKEN_SIZE - 1) / 2];

	/* Only a broken library has no SHA-256. */
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), sum) < 0)
		die(RC_TEMP, "SHA-256: the library has none");
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(hash + 2 * i, 3, "%02x", sum[i]);
}

/* The columns role, id, host from the first one on. */
static void
take_row(struct db *db, unsigned first, struct token *out)
{
	const char *host = db_str(db, first + 2);

	memset(out, 0, sizeof(*out));
	out->role = strcmp(db_str(db, first), roles[TOKEN_ADMIN]) == 0
			? TOKEN_ADMIN
			: TOKEN_AGENT;
	snprintf(out->id, sizeof(out->id), "%s", db_str(db, first + 1));
	snprintf(out->host, sizeof(out->host), "%s", host ? host : "");
}

int
token_find(struct db *db, const char *text, struct token *out)
{
	char hash[TOKEN_SIZE];
	int r;

	token_hash(text, hash);
	if (db_query(db,
		"SELECT role, id, host FROM token WHERE hash = ?" VALID, "s",
		hash) == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		take_row(db, 0, out);
	db_done(db);
	return r;
}

int
token_find_all(struct db *db, const char *const *hashes, size_t n,
    void (*found)(const char *hash, const struct token *t, void *arg),
    void *arg)
{
	struct db_val *v = mem_calloc(n, sizeof(*v));
	struct token t;
	struct buf sql;
	int r;

	buf_init(&sql, SIZE_MAX / 2);
	buf_puts(
	    &sql, "SELECT hash, role, id, host FROM token WHERE hash IN (");
	for (size_t i = 0; i < n; i++) {
		v[i].s = hashes[i];
		buf_puts(&sql, i ? ",?" : "?");
	}
	buf_puts(&sql, ")" VALID);
	r = db_query_v(db, sql.data, v, n);
	while (r == 0 && (r = db_next(db)) == 1) {
		take_row(db, 1, &t);
		found(db_str(db, 0), &t, arg);
		r = 0;
	}
	db_done(db);
	buf_free(&sql);
	free(v);
	return r;
}

int
token_add(struct db *db, const char *text, const char *id, enum token_role role,
    const char *host, const char *note)
{
	char hash[TOKEN_SIZE];

	token_hash(text, hash);
	return db_exec(db,
		   "INSERT INTO token(hash, id, role, host, note, created_at)"
		   " VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3))"
		   " ON DUPLICATE KEY UPDATE hash = hash",
		   "sssss", hash, id, roles[role], host, note) == -1
		   ? -1
		   : 0;
}

int64_t
token_revoke_host(struct db *db, const char *host)
{
	return db_exec(db, "DELETE FROM token WHERE host = ?", "s", host);
}
