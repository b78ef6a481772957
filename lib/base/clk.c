/* SPDX-License-Identifier: ISC */
#include "base/clk.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t
read_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clk_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int64_t
clk_boot_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

int64_t
clk_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

void
clk_ts(char ts[static CLK_TS_SIZE])
{
	int64_t ms = clk_wall_ms();
	time_t s = (time_t)(ms / 1000);
	unsigned milli = (unsigned)(ms % 1000);
	char date[20], frac[6];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(frac, sizeof(frac), ".%03uZ", milli % 1000);
	memcpy(ts, date, 19);
	memcpy(ts + 19, frac, sizeof(frac));
}
