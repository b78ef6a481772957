/* SPDX-License-Identifier: ISC */
#include "driver/fronts.h"

#include <errno.h>
#include <stddef.h>

static void
ready(void *arg, unsigned events)
{
	/* fronts_run is called after every turn of the loop. */
	(void)arg;
	(void)events;
}

int
fronts_add(struct fronts *f, int loop, const struct front_conf *conf)
{
	struct front *one;

	if (f->n == FRONTS_MAX) {
		errno = ENOSPC;
		return -1;
	}
	one = front_new(conf);
	if (!one)
		return -1;
	f->front[f->n] = one;
	f->watch[f->n].fd = front_fd(one);
	f->watch[f->n].ready = ready;
	return loop_set(loop, &f->watch[f->n++], LOOP_IN);
}

int64_t
fronts_run(struct fronts *f, int64_t now)
{
	int64_t next = -1, due;

	for (unsigned i = 0; i < f->n; i++) {
		due = front_run(f->front[i], now);
		if (next == -1 || (due != -1 && due < next))
			next = due;
	}
	return next;
}

bool
fronts_busy(const struct fronts *f)
{
	for (unsigned i = 0; i < f->n; i++)
		if (front_busy(f->front[i]))
			return true;
	return false;
}

void
fronts_quiesce(struct fronts *f)
{
	for (unsigned i = 0; i < f->n; i++)
		front_quiesce(f->front[i]);
}

void
fronts_free(struct fronts *f)
{
	for (unsigned i = 0; i < f->n; i++)
		front_free(f->front[i]);
	f->n = 0;
}
