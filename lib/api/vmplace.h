/* SPDX-License-Identifier: ISC */
/* A host for one VM, chosen inside a transaction. */
#ifndef API_VMPLACE_H
#define API_VMPLACE_H

#include <stdbool.h>

#include "api/api.h"

struct vmplace {
	struct api *a;
	const char *uuid, *name;
	const char *labels, *avoid; /* with commas between them; "" for none */
	struct place_need need;
	const char *without;       /* a host that counts as drained; or NULL */
	char host[HOST_NAME_SIZE]; /* the chosen one */
};

/*
 * Chooses p->host, without locks: vmplace_room looks again. 0; 1 after api_fail
 * with no_capacity, when none fits; -1.
 */
int vmplace_choose(struct vmplace *p);

/*
 * The row of h is locked and the VM is in the sums already: does it all fit?
 * 0; 1 after api_fail, when not; -1. runs: it is there, and has its room.
 */
int vmplace_room(struct vmplace *p, struct host *h, bool runs);

#endif
