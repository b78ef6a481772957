/* SPDX-License-Identifier: ISC */
/* A change that is done once, however often its request arrives. */
#ifndef API_ONCE_H
#define API_ONCE_H

#include "api/api.h"

/*
 * db_transact for the change a request asks for. With an Idempotency-Key the
 * answer is kept with the change for a day: a repeat gets the same answer and
 * changes nothing. A refusal is not kept: what stood in the way may be gone
 * when it is repeated.
 */
int api_change(struct api *a, int (*body)(struct db *, void *), void *arg);

/* Forgets some old requests; whether there may be more. */
bool api_tidy(struct db *db);

#endif
