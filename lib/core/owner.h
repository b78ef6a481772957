/* SPDX-License-Identifier: ISC */
/*
 * What a transaction may do with a VM's row. Every function changes only the
 * case it is given (its row `vm` and the database's row `db`); the caller has
 * locked and read them in this transaction and writes both back before it
 * commits. Where a function answers with a string, NULL is done and anything
 * else is the reason why nothing was changed.
 */
#ifndef CORE_OWNER_H
#define CORE_OWNER_H

#include "core/proof.h"

enum owner_did {
	OWNER_NOTHING,
	OWNER_FENCED,      /* the owner reported auto: a lease proof counts */
	OWNER_CLAIM_ENDED, /* returned, or refused by the destination */
	OWNER_ARRIVED,     /* a migration's end, by compare-and-swap */
	OWNER_ADOPTED,     /* a higher generation: to be certified again */
	OWNER_REMEMBERED   /* a higher generation without a copy: ignored */
};

/* What is wanted of the VM, beside who owns it. */
struct owner_wish {
	bool running; /* wanted running, and its host is in use */
	bool release; /* to be refused by its owner, to go elsewhere */
};

/*
 * Whether the database is another than it was, as seen from what an agent
 * reports: the incarnation it knows, and the highest generation it mentions.
 * Writers that changed identity are the caller's to notice.
 */
bool owner_outlived(
    const struct proof_db *db, struct inc heard, struct gen highest);

/*
 * Begins a new incarnation, above its own number and the highest heard of.
 * jump (1 or more) and nonce are random.
 */
void owner_reborn(
    struct proof_db *db, uint64_t highest, uint64_t jump, uint64_t nonce);

/*
 * A new row: owner and its first generation. drawn: the database itself drew
 * the UUID, so no copy can exist and the row is certified from birth.
 */
void owner_create(
    struct proof_case *c, const char *owner, enum ledger_mode mode, bool drawn);

/* Works what the host reports about the VM into its row. */
enum owner_did owner_report(struct proof_case *c, const struct proof_host *h);

/* Certifies the row, if its reports allow it; where nothing runs, under a new
 * generation. */
const char *owner_certify(struct proof_case *c);

/*
 * Gives the VM to target (or again to its owner) under a new generation, by
 * whatever proof holds; *proof says which.
 */
const char *owner_take(
    struct proof_case *c, const struct proof_host *target, enum proof *proof);

/* Claims the VM for a migration to dest. */
const char *owner_claim(struct proof_case *c, const struct proof_host *dest);

/* Asks for the end of a claim; only a report ends it. */
const char *owner_cancel(struct proof_case *c);

/*
 * Changes the mode; manual is reached from auto through pending, which must
 * have lasted lose + old: pending_ms is how long this server saw it last.
 */
const char *owner_mode(
    struct proof_case *c, enum ledger_mode mode, int64_t pending_ms);

/* A host's new ledger was confirmed: its VM's row is in doubt again. */
void owner_doubt(struct proof_case *c);

/* What the answer to this host says about the VM; false: nothing. */
bool owner_grant(const struct proof_case *c, const struct proof_host *h,
    const struct owner_wish *w, struct lease_grant *g);

/* Whether so many silent hosts mean that nobody is taken over. */
bool owner_brake(size_t silent, size_t hosts);

#endif
