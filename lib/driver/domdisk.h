/* SPDX-License-Identifier: ISC */
/* Which disks of a domain XML exist on one host alone. */
#ifndef DRIVER_DOMDISK_H
#define DRIVER_DOMDISK_H

#include <stddef.h>

#include "driver/domimport.h"

/*
 * The first writable disk that is not on the network and not marked as
 * shareable: 1 with its source (or its target, or "a disk") in name; 0 there is
 * none; -1 it is no XML, with the reason in name.
 */
int domdisk_local(
    const char *xml, size_t len, char name[static DOMIMPORT_WHY_SIZE]);

#endif
