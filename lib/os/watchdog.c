/* SPDX-License-Identifier: ISC */
#include "os/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A device's time; only one that answers like a watchdog is taken for one. */
static int
set_device(struct watchdog *w, int64_t ms)
{
	int seconds = ms < 1000 ? 1 : (int)(ms / 1000);
	struct watchdog_info info;

	if (ioctl(w->fd, WDIOC_GETSUPPORT, &info) == -1)
		return -1;
	if (ioctl(w->fd, WDIOC_SETTIMEOUT, &seconds) == -1)
		errno = 0; /* then it keeps its own, read next */
	if (ioctl(w->fd, WDIOC_GETTIMEOUT, &seconds) == -1)
		w->timeout_ms = INT64_MAX;
	else
		w->timeout_ms = (int64_t)seconds * 1000;
	return 0;
}

int
watchdog_open(struct watchdog *w, const char *path, int fd, int64_t ms)
{
	struct stat st;
	int saved;

	w->timeout_ms = ms;
	w->fd = path ? open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
		     : fd;
	if (w->fd == -1 || fstat(w->fd, &st) == -1 ||
	    fcntl(w->fd, F_SETFD, FD_CLOEXEC) == -1)
		goto fail;
	if (S_ISFIFO(st.st_mode))
		return 0;
	if (!S_ISCHR(st.st_mode))
		errno = ENOTTY;
	else if (set_device(w, ms) == 0)
		return 0;
fail:
	saved = errno;
	watchdog_close(w);
	errno = saved;
	return -1;
}

int
watchdog_pet(const struct watchdog *w)
{
	ssize_t n;

	/* Any byte but 'V'. */
	do {
		n = write(w->fd, "\0", 1);
	} while (n == -1 && errno == EINTR);
	return n == 1 ? 0 : -1;
}

void
watchdog_close(struct watchdog *w)
{
	if (w->fd != -1)
		close(w->fd);
	w->fd = -1;
}
