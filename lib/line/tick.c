/* SPDX-License-Identifier: ISC */
#include "line/tick.h"

int64_t
tick_round_ms(int64_t interval_ms)
{
	return interval_ms / 2 < 100 ? 100 : interval_ms / 2;
}

void
tick_init(struct tick *t, int64_t interval_ms)
{
	t->limit_ms = TICK_ROUNDS * tick_round_ms(interval_ms);
	t->last_ms = 0;
	t->standing = false;
}

void
tick_came(struct tick *t, int64_t now_ms)
{
	t->last_ms = now_ms;
	t->standing = true;
}

int64_t
tick_wait_ms(const struct tick *t, int64_t now_ms)
{
	int64_t left = t->last_ms + t->limit_ms - now_ms;

	if (!t->standing)
		return -1;
	return left < 0 ? 0 : left;
}

bool
tick_missing(const struct tick *t, int64_t now_ms)
{
	return t->standing && now_ms - t->last_ms >= t->limit_ms;
}
