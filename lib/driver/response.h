/* SPDX-License-Identifier: ISC */
/* An answer of the API as libmicrohttpd sends it. */
#ifndef DRIVER_RESPONSE_H
#define DRIVER_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include <microhttpd.h>

#include "line/reply.h"

/* Adds a header, unless it has no value. */
void response_header(
    struct MHD_Response *r, const char *name, const char *value);

/*
 * The response of an ended reply, whose body it takes; last says that the
 * connection is closed with it. NULL when there is no memory.
 */
struct MHD_Response *response_of(struct reply *y, bool last);

#endif
