/* SPDX-License-Identifier: ISC */
/*
 * What an agent's ledger means for one VM. The ledger is a file of records,
 * appended and fsynced before the act they tell about; folding a VM's records
 * in their order gives its struct ledger_vm, from which everything else here
 * follows. Where a function answers with a string, NULL is yes and anything
 * else is the reason for no.
 */
#ifndef CORE_LEDGER_H
#define CORE_LEDGER_H

#include "core/gen.h"

enum ledger_kind {
	LEDGER_START,  /* a copy is about to be created here */
	LEDGER_REFUSE, /* nothing at or below gen will run here again */
	LEDGER_DEPART, /* a migration to peer is about to begin */
	LEDGER_RETURN, /* that migration is over, and the VM is still ours */
	LEDGER_EXPECT, /* a copy may come in from peer at gen */
	LEDGER_ARRIVE  /* a copy that came from peer is ours */
};

enum ledger_mode {
	LEDGER_MANUAL,  /* a person moves it: it is not fenced */
	LEDGER_PENDING, /* about to become manual: fenced, no lease proof */
	LEDGER_AUTO     /* fenced at its lease's end */
};

/* The modes' words, in the order of the enum; NULL-terminated. */
extern const char *const ledger_mode_words[];

/* The state of a VM's domain on one host; only one of them has running vCPUs
 * for certain, each but the first may. */
enum ledger_copy {
	COPY_NONE,     /* libvirt has no domain and none is being created */
	COPY_STARTING, /* a create was asked for and not answered */
	COPY_RUNNING,
	COPY_PAUSED,   /* by a migration that left from here */
	COPY_INCOMING, /* by a migration that comes here */
	COPY_UNKNOWN   /* libvirt does not answer */
};

struct ledger_rec {
	enum ledger_kind kind;
	struct gen gen;   /* depart and return: the one it leaves from */
	struct gen other; /* depart, return: the one it leaves for;
			     arrive: the one it had at peer; else none */
	const char *peer; /* depart: destination; arrive: source; else NULL */
	const char *boot; /* start, arrive: the boot this happened in */
	enum ledger_mode mode; /* start, arrive */
};

struct ledger_vm {
	struct gen ran;      /* highest started or arrived at */
	struct gen refused;  /* refused at this one and all below */
	struct gen departed; /* left from this one and not yet returned */
	struct gen to;       /* ... for this one */
	const char *dest;    /* ... to this host */
	struct gen returned; /* no departure for this one or below, ever */
	struct gen expected; /* a copy may have been here at this one */
	const char *from;    /* the newest arrival's source */
	struct gen from_gen; /* ... and the generation it had there */
	struct gen floor;    /* this ledger replaced one that knew of this
				and those below; not folded */
	bool here;           /* started or arrived in this boot */
};

/* What a peer answered about the migration for generation `to`. */
struct ledger_peer {
	struct gen to;         /* what was asked; none: no answer yet */
	enum ledger_copy copy; /* the peer's domain of this VM */
	bool ran;      /* its ledger shows a start or arrival at or above */
	bool refused;  /* its ledger refuses `to` */
	bool expected; /* ... and shows that a copy may have been there */
};

enum ledger_end {
	END_NONE,   /* no migration to end */
	END_WAIT,   /* its job still runs, or the peer cannot tell yet */
	END_ASK,    /* ask the peer */
	END_RETURN, /* ledger the return */
	END_RESUME, /* continue the paused copy: its return is ledgered */
	END_DESTROY /* destroy the paused copy: the VM is at the peer; or it
		       may have run there for an instant, so that the memory
		       kept here is older than the disks, and it starts anew */
};

/* Folds one record into the VM's state; boot is the current one. */
void ledger_fold(
    struct ledger_vm *v, const struct ledger_rec *r, const char *boot);

/* Whether this VM may run here at g as far as the ledger knows. */
const char *ledger_refuses(const struct ledger_vm *v, struct gen g);

/* Whether the copy running at g may depart for `to`. */
const char *ledger_may_depart(
    const struct ledger_vm *v, struct gen g, struct gen to);

/* Whether a copy may come here at `to`. */
const char *ledger_may_receive(const struct ledger_vm *v, struct gen to);

/* Whether a departure is outstanding. */
bool ledger_departed(const struct ledger_vm *v);

/*
 * What the source does next about its migration. copy: its own domain; job:
 * libvirt still works on the migration; p: the newest answer of the peer.
 */
enum ledger_end ledger_end(const struct ledger_vm *v, enum ledger_copy copy,
    bool job, const struct ledger_peer *p);

/*
 * Whether the destination may now ledger its refusal of `to`, being asked by
 * a source that has no job for it any more: never while a domain is there.
 */
const char *ledger_may_refuse(
    const struct ledger_vm *v, enum ledger_copy copy, struct gen to);

/*
 * What the destination answers a source that asks about `to`, after it has
 * refused if it may. Its `to` is none when it cannot tell.
 */
struct ledger_peer ledger_answer(
    const struct ledger_vm *v, enum ledger_copy copy, struct gen to);

#endif
