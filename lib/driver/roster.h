/* SPDX-License-Identifier: ISC */
/*
 * The VMs of a node in memory: what is wanted of each, what libvirt was last
 * heard to say about it, what was done, and what is remembered. It weighs
 * notes against each other by their numbers (driver/virt.h), so that an old
 * listing never undoes a newer event.
 */
#ifndef DRIVER_ROSTER_H
#define DRIVER_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clk.h"
#include "core/plan.h"
#include "driver/desired.h"
#include "driver/virt.h"

struct member {
	char uuid[NAME_UUID_SIZE];
	const struct desired_vm *want; /* NULL: the server does not name it */
	enum plan_seen seen;
	const char *seen_reason;
	uint64_t seq; /* of the newest note about it */
	bool up;      /* a domain was there when last seen */
	bool defined; /* and libvirt keeps a definition of it */
	bool chime;   /* and it is chime's; the next two then hold */
	int64_t wish;
	int64_t generation; /* of the copy that is there, or being made */
	int64_t refused;    /* up to this generation, by the ledger; 0: none */
	bool locked;        /* its ledger's lock is held for a start */
	char *xml;          /* its description, to be adopted; or NULL */
	bool adopted;       /* it was; the server does not know yet */
	bool signalled;     /* its qemu is ending because of a signal */
	enum plan_action job; /* under way */
	/* What is not begun, since another program is at work on the VM. */
	enum plan_action held;
	bool began; /* the start under way has shown its effect */
	struct plan_memory mem;
	struct plan plan; /* the newest decision */
	/* What was last told of it (driver/observed.h). */
	enum plan_state told;
	char since[CLK_TS_SIZE]; /* when that state was first seen; or "" */
	char *body;              /* the record behind its ts; or NULL */
};

struct roster {
	struct member **m; /* sorted by uuid, each owned */
	size_t n, cap;
	struct desired desired; /* the one in force; desired.host: is there */
	bool libvirt;           /* a listing of this connection is there */
	bool slow;              /* libvirt stopped answering while connected */
	char *why;              /* why libvirt is not; or NULL */
	uint64_t down_seq;      /* the note that said so */
	int64_t down_since;     /* 0 while it answers */
	/*
	 * Why the node's ledger lets no copy of the VM be started here (or, of
	 * one that is there, run here any longer), or NULL; set by the owner.
	 */
	const char *(*refuses)(const struct member *m, void *arg);
	void *refuses_arg;
};

/* An empty roster; libvirt counts as not answering from now_ms on. */
void roster_init(struct roster *r, int64_t now_ms);
void roster_free(struct roster *r);

/* The member, or NULL. */
struct member *roster_find(const struct roster *r, const char *uuid);

/* The member, made when it is not there. */
struct member *roster_get(struct roster *r, const char *uuid);

/*
 * Puts a desired file with a host line in force; the roster owns it then, and
 * d is empty.
 */
void roster_adopt(struct roster *r, struct desired *d);

/*
 * Takes a note in. Whether libvirt must be asked for a listing to know what
 * the note does not tell.
 */
bool roster_note(
    struct roster *r, const struct virt_note *note, int64_t now_ms);

/* Libvirt counts as not answering, until the listing it owes is there. */
void roster_mute(struct roster *r, const char *why, int64_t now_ms);

/*
 * Decides for every VM; act is called for each that something is to be done
 * about, and says whether it was begun (if not, it is decided once more, for
 * the report). Returns when to decide again even if
 * nothing happens, 0 for never.
 */
int64_t roster_plan(struct roster *r, int64_t now_ms,
    bool (*act)(struct member *m, void *arg), void *arg);

/* How many actions are under way. */
size_t roster_jobs(const struct roster *r);

#endif
