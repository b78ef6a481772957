/* SPDX-License-Identifier: ISC */
/* What a POST to /v1/vm asks for (chime-http(7)), checked. */
#ifndef API_VMORDER_H
#define API_VMORDER_H

#include "api/api.h"
#include "driver/domimport.h"
#include "store/vm.h"

struct vmorder {
	struct vm_new vm; /* its texts are below, or the request's */
	struct place_need need;
	char uuid[VM_UUID_SIZE];
	char name[16]; /* of a domain whose own is not known yet */
	char labels[PLACE_LIST_SIZE];
	char avoid[PLACE_LIST_SIZE];
	char needed[PLACE_LIST_SIZE];
	struct domimport import;
	char *spec;
};

/* 0; 1 after api_bad. Free it with vmorder_free in both cases. */
int vmorder_read(struct api *a, struct vmorder *o);
void vmorder_free(struct vmorder *o);

#endif
