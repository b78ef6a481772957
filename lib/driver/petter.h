/* SPDX-License-Identifier: ISC */
/*
 * Pets the watchdog in time, and opens it again and again when that fails: it
 * may be a module that is loaded late, or still be held by a process that was
 * killed.
 */
#ifndef DRIVER_PETTER_H
#define DRIVER_PETTER_H

#include "os/watchdog.h"

struct petter {
	const char *path; /* of the watchdog, or NULL for none */
	int64_t most;     /* W: the longest time until it resets */
	void (*say)(bool warning, const char *text);
	struct watchdog dog;
	int error;    /* the errno that was said, 0 for none */
	int64_t next; /* when it is to be petted */
};

/* No watchdog yet; fd of an earlier program, or -1, is taken over. */
void petter_init(struct petter *p, const char *path, int fd, int64_t most,
    void (*say)(bool warning, const char *text));

/* Pets, when it is time to; next is set. */
void petter_pet(struct petter *p, int64_t now);

/* Whether it will reset the machine, and in time. */
bool petter_armed(const struct petter *p);

#endif
