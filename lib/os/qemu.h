/* SPDX-License-Identifier: ISC */
/*
 * qemu processes by the UUID of their VM, without libvirt: a process whose
 * program is a qemu and which was started with `-uuid UUID`.
 */
#ifndef OS_QEMU_H
#define OS_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define QEMU_UUID_SIZE 37

struct qemu {
	pid_t pid;
	char uuid[QEMU_UUID_SIZE]; /* in lower case */
};

/*
 * All of this machine, in a new array that the caller frees. 0, or -1 with
 * errno when /proc, or a qemu in it, cannot be read.
 */
int qemu_list(struct qemu **list, size_t *n);

/*
 * Sends SIGKILL to q, if it still is that qemu. A descriptor for qemu_ended,
 * or -1 with errno; ESRCH: it is gone, or its pid is another process's.
 */
int qemu_kill(const struct qemu *q);

/* Whether the process is over, with all its threads: no vCPU runs. */
bool qemu_ended(int fd);

#endif
