/* SPDX-License-Identifier: ISC */
/*
 * The server's side of ownership: what has been proved about one VM. All of
 * it is computed inside the transaction that acts on it, from rows read there
 * with current reads. Where a function answers with a string, NULL is yes and
 * anything else is the reason for no.
 *
 * The database counts its commits of heartbeats: a tick. A beat's answer
 * carries the tick it got; an inventory carries (incarnation, tick) of the
 * newest answered beat known when it was taken. "Reported since T" is a tick
 * above the one read at T; boots and wall clocks have no such order.
 */
#ifndef CORE_PROOF_H
#define CORE_PROOF_H

#include "core/gen.h"
#include "core/lease.h"
#include "core/ledger.h"

/* The database's one row, read in every transaction. */
struct proof_db {
	struct inc inc;
	uint64_t born;  /* the tick at which this incarnation began */
	uint64_t tick;  /* commits of heartbeats so far */
	uint64_t max_n; /* highest counter issued */
};

/* What a host's newest inventory says about one VM. */
struct proof_report {
	struct inc inc; /* the inventory's stamp; */
	uint64_t tick;  /* all zero: none yet */
	enum ledger_copy copy;
	struct gen gen; /* the copy's; none without one */
	bool fenced;    /* it is fenced, and the watchdog armed */
	struct gen ran, refused, to, returned; /* the ledger's */
	uint64_t quiet;   /* the tick since which it shows no copy, and
			     the same refusal and departure */
	const char *from; /* newest arrival */
	struct gen from_gen;
};

/* Readings of a host's power, or a person's word, that it is off. */
struct proof_off {
	struct inc inc;  /* when it was read; all zero: never */
	uint64_t before; /* the tick read before the first reading */
	uint64_t last;   /* ... and before the newest one; reading counts
			    a tick itself */
	unsigned reads;  /* how often it read "off", in a row; 2 suffice */
	bool person;     /* a named person asserts it */
	bool settled;    /* proof_settled() held at the first reading */
};

struct proof_host {
	const char *name;
	uint64_t beat;     /* tick of its newest beat */
	uint64_t known_at; /* tick at which its ledger was confirmed */
	bool ledger_known; /* its ledger's id is the one confirmed */
	bool armed;        /* its newest beat says so */
	struct proof_off off;
	const struct proof_report *report; /* about the VM in question */
	int64_t silent; /* ms this server saw the beat unchanged; -1 none */
};

/* The VM's row. */
struct proof_vm {
	const char *owner;
	struct gen gen;
	enum ledger_mode mode;
	uint64_t mode_at;     /* the tick when that was decided */
	bool fenced;          /* whoever runs it at gen fences itself */
	bool strange;         /* a caller's UUID: copies from before the row */
	struct inc certified; /* in this incarnation; all zero: not */
	uint64_t doubt;       /* reports count above this tick only */
	const char *dest;     /* a live claim's destination, else NULL */
	struct gen to;        /* ... and generation */
	uint64_t claimed_at;  /* the tick when it was made */
	bool cancel;          /* its end is asked for */
};

/* A receipt of chime-drain, its signature checked by the caller. */
struct proof_receipt {
	const char *host;
	struct inc inc;     /* the incarnation the agent knew */
	struct gen refused; /* of this VM */
	bool clean;         /* it shows no domain and no departure */
	bool ledger;        /* written with the ledger that is confirmed now */
	bool confirmed;     /* the operator confirms another incarnation */
};

/* Everything about one VM, as one transaction sees it. */
struct proof_case {
	struct proof_db db;
	struct proof_vm vm;
	const struct proof_host *host;
	size_t hosts;
	const struct lease_timers *timers;
	int64_t since;                       /* ms since this server first saw
						the incarnation in force */
	const struct proof_receipt *receipt; /* or NULL */
};

enum proof { PROOF_NONE, PROOF_DRAINED, PROOF_RECEIPT, PROOF_LEASE, PROOF_OFF };

/* The proofs' words, in the order of the enum; NULL-terminated. */
extern const char *const proof_words[];

/* The host of this name in the case, or NULL. */
const struct proof_host *proof_host(
    const struct proof_case *c, const char *name);

/* Whether the report was taken after a commit above tick `since`. */
bool proof_fresh(
    const struct proof_case *c, const struct proof_host *h, uint64_t since);

/* Whether the report shows neither a copy nor a way to one above the row. */
bool proof_clean(const struct proof_case *c, const struct proof_host *h);

/* Whether O has passed on this server's clock since it saw the incarnation:
 * no old writer's server answers any more. */
bool proof_settled(const struct proof_case *c);

/* Whether it shows a departure from gen; earlier ones are settled by it. */
bool proof_departed(const struct proof_report *r, struct gen gen);

/* Whether the host is proven off. */
const char *proof_is_off(
    const struct proof_case *c, const struct proof_host *h);

/* Whether no copy at gen runs or can start at h, and by which proof. */
enum proof proof_host_gone(const struct proof_case *c,
    const struct proof_host *h, struct gen gen, const char **why);

/* Whether the VM may be taken from its owner, and by which proof. */
enum proof proof_takeover(const struct proof_case *c, const char **why);

/* Whether the row is certified in this incarnation. */
bool proof_certified(const struct proof_case *c);

/* Whether it may be certified now. */
const char *proof_certify(const struct proof_case *c);

#endif
