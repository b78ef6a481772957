/* SPDX-License-Identifier: ISC */
/* Answers about one host, shared by the routes below /v1/host. */
#ifndef API_HOSTRESULT_H
#define API_HOSTRESULT_H

#include "api/api.h"

/* "No such host"; returns 1. */
int host_unknown(struct api *a, const char *name);

/*
 * Writes the host's record as the result: 0, 1 when there is none (which is
 * then the answer), -1.
 */
int host_result(struct api *a, const char *name);

#endif
