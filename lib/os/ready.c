/* SPDX-License-Identifier: ISC */
#include "os/ready.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* sd_notify(3) in the ten lines that are needed of it. */
static void
notify_systemd(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	int fd;

	if (n >= sizeof(a.sun_path))
		return;
	memcpy(a.sun_path, path, n + 1);
	if (a.sun_path[0] == '@')
		a.sun_path[0] = '\0'; /* the abstract namespace */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	sendto(fd, "READY=1", 7, MSG_NOSIGNAL, (struct sockaddr *)&a,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

void
ready_notify(int fd)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (fd != -1) {
		while (write(fd, "\n", 1) == -1 && errno == EINTR)
			continue;
		close(fd);
	}
	if (path && *path)
		notify_systemd(path);
}
