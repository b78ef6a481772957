/* SPDX-License-Identifier: ISC */
/*
 * The agent's state folder (chime-agent(8)), as chime-heartbeat and chime-probe
 * use it. All return 0, or -1 with errno; a dir of NULL is ENOENT.
 */
#ifndef DRIVER_AGENTDIR_H
#define DRIVER_AGENTDIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define AGENTDIR_BOOT_SIZE 37

/* Reads a file of the folder into b, which is cleared first. */
int agentdir_read(const char *dir, const char *name, struct buf *b);

/* Replaces a file of the folder. */
int agentdir_replace(
    const char *dir, const char *name, const char *p, size_t n);

/* The UUID of this boot; EINVAL when the file holds none. */
int agentdir_boot(const char *dir, char boot[static AGENTDIR_BOOT_SIZE]);

/*
 * One of a kind: holds the lock file NAME until the process ends; EAGAIN or
 * EACCES when another process does.
 */
int agentdir_lock(const char *dir, const char *name);

/* Which other process holds it, 0 for none. A holder that asks loses it. */
int agentdir_locked(const char *dir, const char *name, int64_t *pid);

/* The last answered beat of this boot, 0 for none. */
int64_t agentdir_beat(const char *dir, const char *boot);

/* Says when the newest answered beat was sent (CLOCK_BOOTTIME). */
int agentdir_lease(const char *dir, const char *host, const char *boot,
    int64_t beat, int64_t sent_ms, int64_t interval_ms);

/*
 * What the host offers: what facts.jsonl says, else all the machine has.
 * Never fails.
 */
void agentdir_facts(const char *dir, int64_t *vcpus, int64_t *memory_mib);

#endif
