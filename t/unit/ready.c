/* SPDX-License-Identifier: ISC */
#include "os/ready.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

/* A datagram socket at path ('@' = abstract) to hear on. */
static int
listen_at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(a.sun_path, path, n);
	if (a.sun_path[0] == '@')
		a.sun_path[0] = '\0';
	if (bind(fd, (struct sockaddr *)&a,
		(socklen_t)(sizeof(a) - sizeof(a.sun_path) + n)) == -1) {
		perror(path);
		exit(111);
	}
	return fd;
}

static int
hears(int fd, const char *text)
{
	char got[64] = "";

	return recv(fd, got, sizeof(got) - 1, 0) == (ssize_t)strlen(text) &&
	       unit_same(got, text);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[100], name[64], longest[300], c = 0;
	int p[2], fd;

	unsetenv("NOTIFY_SOCKET");
	if (pipe(p) == -1)
		return 1;
	ready_notify(p[1]);
	CHECK("a newline", read(p[0], &c, 1) == 1 && c == '\n');
	CHECK("then the end: it was closed", read(p[0], &c, 1) == 0);
	ready_notify(-1);
	ready_notify(p[1]);
	CHECK("no descriptor, and a closed one, are survived", 1);

	snprintf(path, sizeof(path), "%s/ready.%ld", tmp ? tmp : "/tmp",
	    (long)getpid());
	fd = listen_at(path);
	setenv("NOTIFY_SOCKET", path, 1);
	ready_notify(-1);
	CHECK("systemd is told", hears(fd, "READY=1"));
	CHECK("once", !hears(fd, "READY=1"));
	close(fd);
	unlink(path);
	ready_notify(-1);
	CHECK("nobody there is survived", 1);

	snprintf(name, sizeof(name), "@unit-ready.%ld", (long)getpid());
	fd = listen_at(name);
	setenv("NOTIFY_SOCKET", name, 1);
	ready_notify(-1);
	CHECK("the abstract namespace", hears(fd, "READY=1"));
	close(fd);

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	ready_notify(-1);
	CHECK("a path too long is survived", 1);
	return unit_done();
}
