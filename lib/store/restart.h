/* SPDX-License-Identifier: ISC */
/* The event of a VM that died and was started again by its agent. */
#ifndef STORE_RESTART_H
#define STORE_RESTART_H

#include "driver/db.h"
#include "store/upload.h"

/*
 * Adds an event for each VM of the host that a new inventory tells more
 * restarts of than the one in the table, which it is about to replace. vm is
 * ascending by vm. 0, or -1 (db_error).
 */
int restart_tell(
    struct db *db, const char *host, const struct upload_vm *vm, size_t n);

#endif
