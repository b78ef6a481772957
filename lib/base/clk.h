/* SPDX-License-Identifier: ISC */
/*
 * Clocks. Ages and timeouts use the monotonic clock, leases the boot clock
 * (it goes on while the machine is suspended), and wall time appears only as
 * `ts` in records.
 */
#ifndef BASE_CLK_H
#define BASE_CLK_H

#include <stdint.h>

#define CLK_TS_SIZE 25 /* "2026-01-02T03:04:05.678Z" and its NUL */

/* CLOCK_MONOTONIC in milliseconds. */
int64_t clk_mono_ms(void);

/* CLOCK_BOOTTIME in milliseconds. */
int64_t clk_boot_ms(void);

/* CLOCK_REALTIME in milliseconds since 1970. */
int64_t clk_wall_ms(void);

/* Wall time now as RFC 3339, UTC, milliseconds. */
void clk_ts(char ts[static CLK_TS_SIZE]);

#endif
