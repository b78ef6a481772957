/* SPDX-License-Identifier: ISC */
/* GNU: syscall, for pidfd_open, which this libc lacks. */
#include "os/qemu.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "os/fs.h"

#define CMDLINE_MAX (1 << 20) /* bytes; a VM with many disks has a long one */

/*
 * Whether the process's program is a qemu that runs a VM. Asked before its
 * command line: that of a process in trouble may not be readable for long.
 */
static bool
is_qemu(pid_t pid)
{
	char path[64], exe[4096];
	const char *name;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n == -1)
		return false; /* ended, a zombie, or the kernel's own */
	exe[n] = '\0';
	name = strrchr(exe, '/');
	name = name ? name + 1 : exe;
	/* A program that was replaced reads "... (deleted)". */
	return strncmp(name, "qemu-system-", 12) == 0 ||
	       strncmp(name, "qemu-kvm", 8) == 0;
}

/* The argument after -uuid: 1, 0 when there is none, -1 with errno. */
static int
uuid_of(pid_t pid, char uuid[static QEMU_UUID_SIZE])
{
	char path[64];
	struct buf b;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)pid);
	buf_init(&b, CMDLINE_MAX);
	if (fs_read(path, &b) == -1) {
		/* Between the two looks it ended. */
		r = errno == ENOENT || errno == ESRCH ? 0 : -1;
		goto out;
	}
	for (size_t i = 0, n; i < b.len; i += n + 1) {
		n = strlen(b.data + i);
		if (strcmp(b.data + i, "-uuid") != 0 || i + n + 1 >= b.len)
			continue;
		i += n + 1;
		n = strlen(b.data + i);
		if (n != QEMU_UUID_SIZE - 1)
			continue;
		for (size_t k = 0; k <= n; k++)
			uuid[k] = (char)tolower((unsigned char)b.data[i + k]);
		r = 1;
		break;
	}
out:
	buf_free(&b);
	return r;
}

int
qemu_list(struct qemu **list, size_t *n)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int r = 0, saved;

	*list = NULL;
	*n = 0;
	if (!d)
		return -1;
	while (r == 0) {
		struct qemu q;
		int64_t pid;

		errno = 0;
		e = readdir(d);
		if (!e) {
			r = errno ? -1 : 0;
			break;
		}
		if (num_int(e->d_name, 1, INT32_MAX, &pid) == -1 ||
		    !is_qemu((pid_t)pid))
			continue;
		q.pid = (pid_t)pid;
		r = uuid_of(q.pid, q.uuid);
		if (r == 1) {
			*list = mem_realloc(*list, *n + 1, sizeof(q));
			(*list)[(*n)++] = q;
			r = 0;
		}
	}
	saved = errno;
	closedir(d);
	if (r == -1) {
		free(*list);
		*list = NULL;
		*n = 0;
	}
	errno = saved;
	return r;
}

int
qemu_kill(const struct qemu *q)
{
	char uuid[QEMU_UUID_SIZE];
	int fd, saved;

	/* The descriptor first: it stays that process's, whoever gets its pid
	 * later. */
	fd = (int)syscall(SYS_pidfd_open, q->pid, 0);
	if (fd == -1)
		return -1;
	if (!is_qemu(q->pid) || uuid_of(q->pid, uuid) != 1 ||
	    strcmp(uuid, q->uuid) != 0) {
		errno = ESRCH;
	} else if (syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0) {
		return fd;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

bool
qemu_ended(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}
