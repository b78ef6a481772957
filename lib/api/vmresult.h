/* SPDX-License-Identifier: ISC */
/* Answers about one VM, shared by the routes below /v1/vm. */
#ifndef API_VMRESULT_H
#define API_VMRESULT_H

#include "api/api.h"
#include "store/vm.h"

#define VM_GRACE_MAX_MS (60 * 60 * 1000)

/* "No such VM"; returns 1. */
int vm_unknown(struct api *a, const char *id);

/*
 * Writes the VM's record, by UUID or name, as the result: 0, 1 when there is
 * none (which is then the answer), -1.
 */
int vm_result(struct api *a, const char *id);

#endif
