/* SPDX-License-Identifier: ISC */
/*
 * The table `vm`: what is wanted of each VM, and whose it is. Functions
 * return -1 when the database failed (db_error).
 */
#ifndef STORE_VM_H
#define STORE_VM_H

#include <stdbool.h>

#include "base/buf.h"
#include "driver/db.h"

#define VM_UUID_SIZE 37
#define VM_NAME_SIZE 253
#define VM_HOST_SIZE 64

enum vm_want { VM_RUNNING, VM_STOPPED, VM_DELETED };

/* The words, in the order of the enums; NULL-terminated. */
extern const char *const vm_want_words[];
extern const char *const vm_restart_words[]; /* on-failure always never */

struct vm {
	char uuid[VM_UUID_SIZE];
	char name[VM_NAME_SIZE];
	char host[VM_HOST_SIZE];
	enum vm_want want;
	int64_t wish;
	int64_t grace_ms; /* in force for the present wish */
	int64_t grace_config_ms;
};

struct vm_new {
	const char *uuid;
	const char *name;
	const char *host;
	enum vm_want want;
	int restart; /* a place in vm_restart_words */
	int64_t vcpus;
	int64_t memory_mib;
	int64_t grace_ms;
	const char *spec; /* a JSON object, canonical: compared as text */
	/* Labels, with commas between them; "" for none. */
	const char *labels; /* its own */
	const char *avoid;  /* of VMs it must not be on one host with */
	const char *need;   /* that its host must have */
	bool adopt;         /* it runs there already (store/adopt.h) */
};

/* What is in the way of a new VM. */
enum vm_clash {
	VM_CLASH_NONE,
	VM_CLASH_SAME, /* it is there already, the same in everything */
	VM_CLASH_UUID, /* its UUID is taken by a different one */
	VM_CLASH_NAME, /* its name is taken by another one */
	VM_CLASH_LOST  /* it was in the way and is gone: try again */
};

/*
 * Adds a VM. 0 with *clash, and nothing added unless it is VM_CLASH_NONE;
 * -1. fixed_host: whether a VM on another host would be a different one.
 */
int vm_add(struct db *db, const struct vm_new *v, bool fixed_host,
    enum vm_clash *clash);

/*
 * Finds a VM by UUID, or by the name of one that is not being deleted, and
 * locks its row until the transaction ends: 1, 0, -1.
 */
int vm_lock(struct db *db, const char *id, struct vm *out);

/*
 * Whether its host last reported it off, under its present wish: 1, 0, -1.
 */
int vm_is_off(struct db *db, const struct vm *v);

/*
 * A new generation for a VM that is locked and off where it belongs: its host
 * may refuse the present one. 0, -1.
 */
int vm_renew(struct db *db, const char *uuid);

/*
 * A new wish for a VM that is locked: wish + 1. 0, -1. The host's desired_rev
 * is the caller's to change (host_touch).
 */
int vm_wish(
    struct db *db, const char *uuid, enum vm_want want, int64_t grace_ms);

struct vm_filter {
	const char *id;    /* one VM, by UUID or name; or NULL */
	bool spec;         /* it with its spec, which may hold a password */
	const char *host;  /* VMs of one host; NULL: of all */
	const char *after; /* UUIDs behind this one; "" for all */
	int64_t limit;
};

/* Opens a list of VMs by UUID: 0, -1. Then vm_row with the same filter. */
int vm_list(struct db *db, const struct vm_filter *f);

/* Appends the next VM's record with ts to out, its UUID to key: 1, 0, -1. */
int vm_row(struct db *db, const struct vm_filter *f, const char *ts,
    struct buf *out, char key[static VM_UUID_SIZE]);

#endif
