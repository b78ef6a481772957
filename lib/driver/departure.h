/* SPDX-License-Identifier: ISC */
/*
 * What the node's ledger is told of migrations that leave it. A VM's lock is
 * held from before its departure is recorded until it is known where it is,
 * so that nobody starts or stops it meanwhile. What is about one VM may be
 * called in threads, and fits into struct virt_way.
 */
#ifndef DRIVER_DEPARTURE_H
#define DRIVER_DEPARTURE_H

#include <stdint.h>

#include "core/migration.h"
#include "driver/ledgerfile.h"

struct departures;

/*
 * The ledger at path, the agent's state folder (it may not be there yet), and
 * where VMs go. NULL with why.
 */
struct departures *departures_open(const char *path, const char *dir,
    const char *dest, char why[static LEDGERFILE_WHY_SIZE]);
void departures_close(struct departures *d);

/*
 * Takes the VM's lock; and with counted above 0 records that the copy that
 * runs here at this count of generations is about to depart, unless the
 * ledger forbids it. 0, or -1 with why: then nothing may be begun, and
 * departure_over is not to follow.
 */
int departure_begin(void *departures, const char *uuid, int64_t counted,
    char why[static LEDGERFILE_WHY_SIZE]);

/*
 * How it ended: a VM that stays has returned, one that moved or is lost has
 * not. Gives the lock back. 0, or -1 with why: the return is not recorded.
 */
int departure_over(void *departures, const char *uuid, enum migration_end end,
    char why[static LEDGERFILE_WHY_SIZE]);

#endif
