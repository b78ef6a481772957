/* SPDX-License-Identifier: ISC */
/*
 * The agent's side of ownership: which answers count, what a grant allows and
 * until when, and what the deadman does at its end. Times are milliseconds on
 * the host's boot clock, which goes on while the machine sleeps. Where a
 * function answers with a string, NULL is yes and anything else the reason
 * for no.
 */
#ifndef CORE_LEASE_H
#define CORE_LEASE_H

#include "core/gen.h"
#include "core/ledger.h"

/* The times one cluster uses, in milliseconds; chime-ownership(7). */
struct lease_timers {
	int64_t interval; /* between two beats */
	int64_t lease;    /* L: how long a grant lasts, from its sending */
	int64_t kill;     /* K: how long the deadman may take to destroy */
	int64_t watchdog; /* W: last petting to reset, as measured */
	int64_t margin;   /* m: for loops and observation */
	int64_t sum;      /* SUM: silence after which a lease is over */
	int64_t old;      /* O: how long an old writer's connections survive */
	int64_t lose;     /* R: the most a failover may lose, in time */
};

/* What an agent knows beyond single VMs. */
struct lease_host {
	struct inc known; /* newest incarnation heard of; kept on disk */
	uint64_t stamp;   /* commit number of the newest answered beat */
	uint64_t beat;    /* the newest beat sent in this boot */
	int64_t sent;     /* when it was sent */
	bool armed;       /* the watchdog runs; never undone in this boot */
};

/* The head of an answer to a heartbeat. */
struct lease_answer {
	struct inc inc;
	const char *boot; /* whose beat this answers */
	uint64_t beat;
	uint64_t stamp; /* the number this beat's commit got */
};

/* What an answer says about one VM. */
struct lease_grant {
	struct gen gen;        /* the row's */
	bool own;              /* this host is the row's owner */
	bool incoming;         /* it is the destination of a live claim */
	bool start;            /* wanted running here, and certified */
	bool certified;        /* the row is, in this incarnation */
	bool unfence;          /* no failover can make it auto again */
	bool release;          /* refuse it, then stop it: it goes elsewhere */
	bool cancel;           /* the claim's end is asked for */
	enum ledger_mode mode; /* the row's */
	struct gen to;         /* a live claim's generation, else none */
	const char *peer;      /* a live claim's other end */
};

/* What the agent remembers about one VM until the next reboot. */
struct lease_vm {
	struct lease_grant grant; /* the newest; all zero: none */
	struct inc inc;           /* ... of this incarnation */
	int64_t until;            /* the lease's end; 0: never had one */
	bool fence;               /* destroyed at the lease's end */
};

enum lease_act {
	LEASE_REST,    /* nothing to do */
	LEASE_DESTROY, /* end the copy, whatever its state */
	LEASE_RESET    /* stop petting the watchdog, for good */
};

/*
 * Whether an answer counts; then h knows its incarnation and stamp. boot is
 * the current one.
 */
const char *lease_take(
    struct lease_host *h, const char *boot, const struct lease_answer *a);

/*
 * Takes one VM's grant from an answer that lease_take let through. l is what
 * the ledger says: a grant below what ran here renews nothing.
 */
void lease_grant(struct lease_vm *v, const struct lease_host *h,
    const struct ledger_vm *l, const struct lease_grant *g,
    const struct lease_timers *t);

/* For each VM that such an answer does not name. */
void lease_unnamed(struct lease_vm *v);

/* Whether the lease lasts at now. */
bool lease_live(const struct lease_vm *v, int64_t now);

/*
 * Whether the VM may be started here now; then g is the generation to ledger
 * and to start it at. Call it, ledger and create under the start lock.
 */
const char *lease_may_start(const struct lease_host *h,
    const struct lease_vm *v, const struct ledger_vm *l, enum ledger_copy copy,
    int64_t now, struct gen *g);

/* Whether the running copy may depart for `to`; under the start lock. */
const char *lease_may_depart(const struct lease_host *h,
    const struct lease_vm *v, const struct ledger_vm *l, enum ledger_copy copy,
    struct gen to, int64_t now);

/*
 * Whether a copy may come in at `to`, asked by libvirt before it makes the
 * domain; under the start lock. mode is what the source says of the VM.
 */
const char *lease_may_receive(const struct lease_host *h,
    const struct lease_vm *v, const struct ledger_vm *l, enum ledger_copy copy,
    struct gen to, enum ledger_mode mode, int64_t now);

/*
 * The generation the ledger must refuse before a copy at gen is destroyed,
 * because of what the newest grant says; none: nothing to refuse.
 */
struct gen lease_must_refuse(const struct lease_vm *v,
    const struct ledger_vm *l, enum ledger_copy copy, struct gen gen);

/* Whether a copy at gen must be destroyed: the ledger refuses it. */
bool lease_must_destroy(
    const struct ledger_vm *l, enum ledger_copy copy, struct gen gen);

/* What the deadman does about one VM at now, and when to look again. */
enum lease_act lease_deadman(const struct lease_vm *v, enum ledger_copy copy,
    int64_t now, const struct lease_timers *t, int64_t *next);

/* The least SUM that is safe with the other times. */
int64_t lease_sum(const struct lease_timers *t);

/* Whether the times are safe together; else -1 and the sum in why. */
int lease_check(const struct lease_timers *t, char *why, size_t size);

#endif
