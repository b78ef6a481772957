/* SPDX-License-Identifier: ISC */
/*
 * The table `vm_adopt`: domains that run on a host and are being taken over.
 * First the agent sends the domain's description, which becomes the VM's
 * spec; then it marks the domain as chime's. Until then it is only looked at.
 * Functions return -1 when the database failed (db_error).
 */
#ifndef STORE_ADOPT_H
#define STORE_ADOPT_H

#include "driver/db.h"
#include "store/vm.h"

#define ADOPT_WHY_SIZE 256

/* Begins it for a VM just added: 0, -1. */
int adopt_add(struct db *db, const char *uuid);

/* Whether it is under way: 1, 0, -1. */
int adopt_pending(struct db *db, const char *uuid);

/*
 * Its description came, for a VM that is locked: 1 taken, 2 refused, 0 it was
 * not waited for, -1. why is set when it is refused, and is in the row.
 */
int adopt_describe(struct db *db, const struct vm *v, const char *xml,
    char why[static ADOPT_WHY_SIZE]);

/* The domain is chime's: 1 done, 0 it was not under way, -1. */
int adopt_done(struct db *db, const struct vm *v);

/* Forgets a VM whose adoption is not finished, at once: 0, -1. */
int adopt_cancel(struct db *db, const struct vm *v);

#endif
