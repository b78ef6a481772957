/* SPDX-License-Identifier: ISC */
/*
 * The tables `vm_place` and `vm_label`: which hosts VMs ask for, and which
 * VMs they keep apart from. Lists are as in core/place.h. Functions return
 * -1 when the database failed (db_error).
 */
#ifndef STORE_LABEL_H
#define STORE_LABEL_H

#include <stdbool.h>

#include "core/place.h"
#include "driver/db.h"

/* Adds those of a new VM, in its transaction: 0, -1. */
int label_add(struct db *db, const char *uuid, const char *labels,
    const char *avoid, const char *need);

/*
 * Calls clash for each host (of all, or with host of that one) with VMs that
 * do not go together with a VM that has these labels and avoids those: with
 * back, because such a VM avoids the label. uuid: the VM itself, which does
 * not count. 0, -1.
 */
int label_clashes(struct db *db, const char *host, const char *uuid,
    const char *labels, const char *avoid,
    void (*clash)(const char *host, const char *label, bool back, void *arg),
    void *arg);

#endif
