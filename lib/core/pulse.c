/* SPDX-License-Identifier: ISC */
#include "core/pulse.h"

void
pulse_init(struct pulse *p, int64_t interval, int64_t now)
{
	*p = (struct pulse){.interval = interval,
	    .due = now,
	    .began = now - PULSE_GAP_MS,
	    .retry = INT64_MAX};
}

int64_t
pulse_next(const struct pulse *p)
{
	int64_t next = p->due < p->retry ? p->due : p->retry;
	int64_t soonest = p->began + PULSE_GAP_MS;

	if (p->woken)
		return soonest;
	return next < soonest ? soonest : next;
}

void
pulse_begin(struct pulse *p, int64_t now)
{
	p->began = now;
	p->retry = INT64_MAX;
	p->woken = false;
	/* What was missed in a stall is not made up for. */
	if (p->due <= now)
		p->due += ((now - p->due) / p->interval + 1) * p->interval;
}

void
pulse_answered(struct pulse *p, int64_t interval)
{
	p->failures = 0;
	if (interval == p->interval)
		return;
	p->interval = interval;
	p->due = p->began + interval;
}

void
pulse_failed(struct pulse *p, int64_t now, uint32_t random)
{
	/* 1/20 of the interval, then 2/20, 4/20, 8/20; give or take half. */
	unsigned shift = p->failures < 3 ? p->failures : 3;
	int64_t wait = p->interval / 20 << shift;

	p->failures++;
	p->retry = now + wait / 2 + wait * (random % 1024) / 1024;
}

void
pulse_wake(struct pulse *p)
{
	p->woken = true;
}

int64_t
pulse_patience(const struct pulse *p)
{
	return p->interval * 2 / 5;
}
