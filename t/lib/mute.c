/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into a worker: kill -9 at its first write to stdout while the
 * file named by MUTE is there (which is removed first, so that one worker
 * dies): the moment between a commit and its answer.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

long syscall(long number, ...);

ssize_t
write(int fd, const void *p, size_t n)
{
	const char *file = getenv("MUTE");
	char self[256];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len > 8 && memcmp(self + len - 8, "api-call", 8) == 0 && fd == 1 &&
	    file && unlink(file) == 0)
		raise(SIGKILL);
	return syscall(SYS_write, fd, p, n);
}
