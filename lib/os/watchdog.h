/* SPDX-License-Identifier: ISC */
/*
 * A watchdog: it resets the machine unless it is petted in time. A device
 * like /dev/watchdog, or a FIFO whose reader does what a device would.
 *
 * It is never disarmed: a device is left without the magic 'V', and goes on
 * counting.
 */
#ifndef OS_WATCHDOG_H
#define OS_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

struct watchdog {
	int fd;             /* -1: none */
	int64_t timeout_ms; /* until it resets, as it says itself */
};

/*
 * Opens the one at path, which arms it, or takes over fd of an earlier
 * program (path is NULL then), and sets its time to ms: a device in whole
 * seconds, rounded down. timeout_ms may differ: a device that cannot be told
 * keeps its own, one that does not tell has INT64_MAX. 0, or -1 with errno;
 * ENXIO: nobody reads the FIFO, ENOTTY: it is no watchdog.
 */
int watchdog_open(struct watchdog *w, const char *path, int fd, int64_t ms);

/* Pets it, without waiting. 0, or -1 with errno. */
int watchdog_pet(const struct watchdog *w);

/* Gives it up; armed it stays. */
void watchdog_close(struct watchdog *w);

#endif
