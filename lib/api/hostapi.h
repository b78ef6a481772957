/* SPDX-License-Identifier: ISC */
/* Adding a host, as an administrator and as the machine itself do it. */
#ifndef API_HOSTAPI_H
#define API_HOSTAPI_H

#include "api/api.h"
#include "store/host.h"
#include "store/token.h"

struct hostapi_add {
	struct api *a;
	struct host_address address;
	const char *machine; /* NULL: an administrator adds it */
	char token[TOKEN_SIZE];
	char token_id[TOKEN_ID_SIZE];
};

/* The body's host and addresses: 0, or 1 after api_bad. */
int hostapi_address(struct api *a, struct host_address *h);

/*
 * In a transaction, with the host locked: adds it or changes it, gives its
 * agent a new token, and writes both as the result. A handler's return.
 */
int hostapi_add(struct db *db, struct hostapi_add *c);

#endif
