/* SPDX-License-Identifier: ISC */
/*
 * Between those who ask chime-apiserver (driver/front.h, driver/relay.h) and
 * its workers (driver/workers.h): a table says which pool a path belongs to.
 */
#ifndef DRIVER_DISPATCH_H
#define DRIVER_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/front.h"
#include "driver/relay.h"
#include "driver/workers.h"

struct dispatch_route {
	const char *method;  /* NULL: any */
	const char *pattern; /* of route_match */
	unsigned pool;
	int64_t limit_ms; /* 0: as all */
};

struct dispatch {
	const struct dispatch_route *routes; /* the first match counts */
	unsigned nroutes;
	struct workers **pool;
	int64_t limit_ms;
	int64_t now;   /* clk_mono_ms, set by the caller at every turn */
	bool answered; /* something was; the caller clears it */
};

/* The callbacks of struct front_conf and struct relay_conf; d is their arg. */
void dispatch_http(
    void *d, struct front_request *q, const struct wire_request *r);
void dispatch_line(
    void *d, struct relay_request *q, const struct wire_request *r);

/* The callbacks of struct workers_conf. */
void dispatch_row(void *job, struct scan_text row);
void dispatch_restart(void *job);
void dispatch_end(void *job, const struct wire_answer *end);

#endif
