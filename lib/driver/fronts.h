/* SPDX-License-Identifier: ISC */
/* Several fronts (driver/front.h) in one loop, each with its own port. */
#ifndef DRIVER_FRONTS_H
#define DRIVER_FRONTS_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/front.h"
#include "os/loop.h"

#define FRONTS_MAX 2

struct fronts {
	unsigned n;
	struct front *front[FRONTS_MAX];
	struct loop_watch watch[FRONTS_MAX];
};

/* One more, in this loop. 0, or -1 when it does not start. */
int fronts_add(struct fronts *f, int loop, const struct front_conf *conf);

/* front_run of all: -1 when none has to be called again by itself. */
int64_t fronts_run(struct fronts *f, int64_t now);

/* front_busy of any. */
bool fronts_busy(const struct fronts *f);

/* front_quiesce and front_free of all. */
void fronts_quiesce(struct fronts *f);
void fronts_free(struct fronts *f);

#endif
