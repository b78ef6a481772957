/* SPDX-License-Identifier: ISC */
/*
 * A node's VMs kept as they are wanted: the roster, libvirt and the state
 * folder brought together. Its owner waits for descriptors and calls in; no
 * call waits for libvirt.
 */
#ifndef DRIVER_KEEPER_H
#define DRIVER_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/desired.h"
#include "driver/ledgerfile.h"
#include "driver/observed.h"
#include "driver/roster.h"
#include "driver/virt.h"

struct keeper {
	/* Set by the owner before the first call. */
	struct virt *virt;
	const char *dir;     /* the state folder */
	const char *host;    /* this node's name; NULL: any */
	const char *boot;    /* this boot; NULL: any */
	const char *console; /* folder of the guests' serial logs; or NULL */
	const char *ledger_path; /* NULL: what may run is not kept track of */
	/* What is worth a line in the log. */
	void (*say)(bool warning, const char *text);

	struct roster roster;
	struct ledgerfile *ledger;            /* NULL: it cannot be used */
	char ledger_why[LEDGERFILE_WHY_SIZE]; /* that is why; or "" */
	int64_t ledger_retry;                 /* not opened earlier */
	int64_t busy; /* look again then: what was to act could not; or 0 */
	struct observed observed; /* initialised by the owner */
	bool recalled;            /* observed.jsonl is there, of this boot */
	bool told;         /* observed was brought up to date at least once */
	bool unwritten;    /* observed.jsonl is behind it */
	bool write_failed; /* and that was said */
	int64_t retry;     /* no earlier write */
	bool answers;      /* what was said of libvirt */
	int failed;        /* actions that were */
};

/* Why this desired file is not this node's to follow, or NULL. */
const char *keeper_unfit(const struct keeper *k, const struct desired *d);

/* Takes in desired.jsonl, if there is a fit one; else nothing changes. */
void keeper_load(struct keeper *k);

/* Takes in what an earlier observed.jsonl of this boot knows. */
void keeper_recall(struct keeper *k);

/* Takes in every note libvirt's side has. */
void keeper_drain(struct keeper *k);

/*
 * Decides, acts, and brings observed.jsonl up to date. Returns when to do so
 * again even if nothing happens, 0 for never.
 */
int64_t keeper_pass(struct keeper *k);

/*
 * Opens the ledger at ledger_path, if it is not open: 0, or -1: then nothing is
 * started here.
 */
int keeper_open_ledger(struct keeper *k, int64_t now_ms);

/* Begins the action decided for a VM (for roster_plan; arg: the keeper). */
bool keeper_act(struct member *m, void *arg);

/* Why the node's health is error, NULL when it is ok; until the next call. */
const char *keeper_sick(const struct keeper *k);

#endif
