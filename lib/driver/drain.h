/* SPDX-License-Identifier: ISC */
/*
 * VMs given away by their node: each is refused by the ledger, then shut down,
 * destroyed after its grace, and seen gone. The owner waits for descriptors and
 * calls in; no call waits for libvirt.
 */
#ifndef DRIVER_DRAIN_H
#define DRIVER_DRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/ledgerfile.h"
#include "driver/roster.h"
#include "driver/virt.h"

enum drain_state {
	DRAIN_WAITS, /* another program has its lock */
	DRAIN_STOPS, /* refused; its domain is there, or was a moment ago */
	DRAIN_DONE,  /* refused, and no domain */
	DRAIN_FAILED /* why */
};

struct drain_vm {
	char uuid[NAME_UUID_SIZE];
	int64_t named;    /* generation it was named with; 0: none */
	int64_t grace_ms; /* from asking the guest to destroying */
	struct gen gen;   /* refused up to this one */
	bool refused;     /* the ledger said so before */
	bool there;       /* a domain of chime's was */
	enum drain_state state;
	char why[LEDGERFILE_WHY_SIZE];
};

struct drain {
	struct virt *virt;
	struct ledgerfile *ledger;
	struct roster roster;
	struct drain_vm *vm; /* sorted by uuid */
	size_t n, cap;
	int lists; /* listings since all were gone; -1: they are not */
};

/* Names a VM; named twice, the higher generation counts. */
void drain_add(
    struct drain *d, const char *uuid, int64_t generation, int64_t grace_ms);

/* Names every VM of chime's that libvirt has; grace_ms as above. */
void drain_add_listed(struct drain *d, int64_t grace_ms);

/*
 * After libvirt has listed: finds each VM's generation; what is not known here,
 * is not chime's, or left by a migration that is not over fails.
 */
void drain_look(struct drain *d);

/* Refuses what can be, and begins to stop it; call it after drain_look. */
void drain_begin(struct drain *d);

/* Takes in every note libvirt's side has. */
void drain_notes(struct drain *d);

/*
 * Goes on; to be called after notes and when the time it returned has come (0:
 * none is set). Whether all VMs are done or failed, and seen so, is in *over.
 */
int64_t drain_step(struct drain *d, bool *over);

void drain_free(struct drain *d);

#endif
