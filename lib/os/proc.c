/* SPDX-License-Identifier: ISC */
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/rc.h"

void
proc_init(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
	signal(SIGPIPE, SIG_IGN);
}

static void
stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

int
proc_stop_fd(void)
{
	sigset_t set;

	stop_signals(&set);
	if ((errno = pthread_sigmask(SIG_BLOCK, &set, NULL)))
		return -1;
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool
proc_stopping(int stop_fd)
{
	struct pollfd p = {.fd = stop_fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}

/* The child's half of proc_spawn; err is written to when exec fails. */
static void __attribute__((noreturn))
run_child(char *const argv[], int in, int out, int err)
{
	sigset_t none;
	int e;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* in may be 1, or out 0: move both out of the way first. */
	in = fcntl(in, F_DUPFD, 3);
	out = fcntl(out, F_DUPFD, 3);
	if (in != -1 && out != -1 && dup2(in, 0) != -1 && dup2(out, 1) != -1) {
		close(in);
		close(out);
		execvp(argv[0], argv);
	}
	e = errno;
	while (write(err, &e, sizeof(e)) == -1 && errno == EINTR)
		continue;
	_exit(127);
}

pid_t
proc_spawn(char *const argv[], int in, int out)
{
	int err[2], e = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(err) == -1)
		return -1;
	fcntl(err[0], F_SETFD, FD_CLOEXEC);
	fcntl(err[1], F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		close(err[0]);
		run_child(argv, in, out, err[1]);
	}
	e = errno;
	close(err[1]);
	if (pid == -1) {
		close(err[0]);
		errno = e;
		return -1;
	}
	do {
		n = read(err[0], &e, sizeof(e));
	} while (n == -1 && errno == EINTR);
	close(err[0]);
	if (n == (ssize_t)sizeof(e)) {
		while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
			continue;
		errno = e;
		return -1;
	}
	return pid;
}

int
proc_home(char *out, size_t size)
{
	char path[PATH_MAX], *cut;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n == -1)
		return -1;
	path[n] = '\0';
	if ((cut = strstr(path, "/libexec/chime/")) == NULL &&
	    (cut = strrchr(path, '/')) != NULL) {
		*cut = '\0';
		cut = strrchr(path, '/');
	}
	if (!cut) {
		errno = ENOENT;
		return -1;
	}
	*cut = '\0';
	if (snprintf(out, size, "%s", path) >= (int)size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

int
proc_libexec(const char *name, char *out, size_t size)
{
	char home[PATH_MAX];

	if (proc_home(home, sizeof(home)) == -1)
		return -1;
	if (snprintf(out, size, "%s/libexec/chime/%s", home, name) >=
	    (int)size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

void
proc_random_hex(size_t n, char *hex)
{
	unsigned char byte;

	for (size_t i = 0; i < n; i++) {
		if (getrandom(&byte, 1, 0) != 1)
			die(RC_TEMP, "getrandom: %s", strerror(errno));
		snprintf(hex + 2 * i, 3, "%02x", byte);
	}
}
