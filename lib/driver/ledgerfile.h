/* SPDX-License-Identifier: ISC */
/*
 * The agent's ledger (core/ledger.h) on its disk: a file of records, appended
 * and synced before the act they tell about, and read by every process of the
 * node that acts. Its first line names it: {"type":"ledger","id":...}; a disk
 * that was replaced brings another id.
 *
 * A VM's lock is held over check, record and act, by whichever process acts;
 * the kernel frees it when that process ends.
 */
#ifndef DRIVER_LEDGERFILE_H
#define DRIVER_LEDGERFILE_H

#include <stdbool.h>

#include "core/ledger.h"
#include "core/name.h"

#define LEDGERFILE_PATH     "/var/lib/chime/ledger.jsonl"
#define LEDGERFILE_ID_SIZE  33
#define LEDGERFILE_WHY_SIZE 256

struct ledgerfile;

/*
 * Opens the ledger, which is made, with its folder, when it is not there; boot
 * is this boot's UUID. A record that a crash left half written at the end never
 * counted, and is cut off; anything else that is no record is refused: what it
 * said is not known. NULL with why.
 */
struct ledgerfile *ledgerfile_open(
    const char *path, const char *boot, char why[static LEDGERFILE_WHY_SIZE]);
void ledgerfile_close(struct ledgerfile *f);

/* Its id, 32 hex digits. */
const char *ledgerfile_id(const struct ledgerfile *f);

/*
 * Takes the VM's lock: 1, or 0 when another process has it, or -1 with why.
 * What others wrote is read then. This process may take it again.
 */
int ledgerfile_lock(struct ledgerfile *f, const char *uuid,
    char why[static LEDGERFILE_WHY_SIZE]);
void ledgerfile_unlock(struct ledgerfile *f, const char *uuid);

/* Reads what other processes wrote since: 0, or -1 with why. */
int ledgerfile_refresh(
    struct ledgerfile *f, char why[static LEDGERFILE_WHY_SIZE]);

/* What it says of the VM; all zero when nothing. Until the next call. */
const struct ledger_vm *ledgerfile_vm(
    const struct ledgerfile *f, const char *uuid);

/*
 * Appends a record (its boot is this one) and syncs it. 0; or -1 with why, and
 * then the act must not follow.
 */
int ledgerfile_add(struct ledgerfile *f, const char *uuid,
    const struct ledger_rec *r, char why[static LEDGERFILE_WHY_SIZE]);

/*
 * Records that the VM is about to be started here at gen, unless this boot's
 * ledger says so already. As ledgerfile_add.
 */
int ledgerfile_start(struct ledgerfile *f, const char *uuid, struct gen gen,
    enum ledger_mode mode, char why[static LEDGERFILE_WHY_SIZE]);

#endif
