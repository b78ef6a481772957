/* SPDX-License-Identifier: ISC */
/* What the files of a migration share; nobody else includes this. */
#ifndef DRIVER_VIRT_END_IN_H
#define DRIVER_VIRT_END_IN_H

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "driver/virt_end.h"

struct virt_end {
	const char *uri;
	virConnectPtr conn; /* NULL: none */
};

/* "what: the last error of this thread" into why; returns -1. */
int virt_end_error(char why[static VIRT_END_WHY], const char *what);

#endif
