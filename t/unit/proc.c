/* SPDX-License-Identifier: ISC */
#include "os/proc.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "child.h"
#include "unit.h"

static int
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static void
do_init(void *arg)
{
	int p[2];

	(void)arg;
	close(0);
	close(1);
	close(2);
	proc_init();
	if (!is_open(0) || !is_open(1) || !is_open(2))
		_exit(1);
	if (pipe(p) == -1 || p[0] < 3)
		_exit(2);
	close(p[0]);
	_exit(write(p[1], "x", 1) == -1 && errno == EPIPE ? 0 : 3);
}

static void
do_stop(void *arg)
{
	int sig = *(int *)arg, fd = proc_stop_fd();
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (fd == -1 || proc_stopping(fd))
		_exit(1);
	kill(getpid(), SIGUSR2 == sig ? SIGCHLD : sig);
	if (sig != SIGUSR2 && poll(&p, 1, 2000) != 1)
		_exit(2);
	/* Asked twice: the signal stays pending. */
	_exit(proc_stopping(fd) && proc_stopping(fd) ? 0 : 3);
}

/* What a command says, with text as its stdin; its code in *rc. */
static const char *
talk(char *const argv[], const char *text, int *rc)
{
	static char got[8192];
	int in[2], out[2], status;
	size_t at = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(in) == -1 || pipe(out) == -1)
		exit(111);
	fcntl(in[1], F_SETFD, FD_CLOEXEC);
	fcntl(out[0], F_SETFD, FD_CLOEXEC);
	pid = proc_spawn(argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	if (pid == -1 || write(in[1], text, strlen(text)) == -1)
		return NULL;
	close(in[1]);
	while ((n = read(out[0], got + at, sizeof(got) - 1 - at)) > 0)
		at += (size_t)n;
	got[at] = '\0';
	close(out[0]);
	waitpid(pid, &status, 0);
	*rc = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	return got;
}

static void
test_spawn(void)
{
	char *cat[] = {"cat", NULL};
	char *code[] = {"sh", "-c", "exit 7", NULL};
	char *none[] = {"/nonexistent/program", NULL};
	char *folder[] = {"/tmp", NULL};
	char *mask[] = {
	    "grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status", NULL};
	const char *got;
	int rc = 0, fd;
	pid_t pid;

	CHECK("stdin and stdout", unit_same(talk(cat, "hello", &rc), "hello"));
	CHECK("its code", talk(code, "", &rc) && rc == 7);
	errno = 0;
	CHECK(
	    "no such program", proc_spawn(none, 0, 1) == -1 && errno == ENOENT);
	CHECK("and no child is left",
	    waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	CHECK("no program at all",
	    proc_spawn(folder, 0, 1) == -1 && errno == EACCES);
	CHECK("bad descriptor", proc_spawn(cat, -1, 1) == -1 && errno == EBADF);
	fd = proc_stop_fd();
	signal(SIGPIPE, SIG_IGN);
	got = talk(mask, "", &rc);
	CHECK("no signal is blocked in it",
	    got && strstr(got, "SigBlk:\t0000000000000000"));
	CHECK("nor SIGPIPE ignored",
	    got && !(strtoull(strstr(got, "SigIgn:") + 8, NULL, 16) &
		       (1U << (SIGPIPE - 1))));
	close(fd);
	/* stdin of it is our 1 and its stdout our 0, both somewhere else. */
	pid = proc_spawn(code, 1, 0);
	CHECK("crossed descriptors", pid > 0);
	waitpid(pid, &rc, 0);
}

/* A process with a child of proc_spawn's ends: so must the child. */
static void
do_orphan(void *arg)
{
	char *nap[] = {"sleep", "1000", NULL};
	pid_t pid = proc_spawn(nap, 0, 1);

	printf("%ld\n", (long)pid);
	fflush(stdout);
	_exit(pid > 0 ? 0 : 1);
	(void)arg;
}

static int
gone_within(pid_t pid, int ms)
{
	char path[64], state = 0;
	FILE *f;

	for (int i = 0; i < ms / 10; i++) {
		snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
		if (!(f = fopen(path, "r")))
			return 1;
		/* Nobody may be there to reap it: a zombie is gone too. */
		if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		fclose(f);
		if (state == 'Z')
			return 1;
		poll(NULL, 0, 10);
	}
	return 0;
}

static void
test_paths(void)
{
	char home[PATH_MAX], exe[PATH_MAX + 16], path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, PATH_MAX - 1);

	exe[n > 0 ? n : 0] = '\0';
	CHECK("home", proc_home(home, sizeof(home)) == 0 && *home == '/' &&
			  strncmp(exe, home, strlen(home)) == 0 &&
			  unit_same(exe + strlen(home), "/unit/proc"));
	CHECK(
	    "libexec", proc_libexec("x", path, sizeof(path)) == 0 &&
			   strncmp(path, home, strlen(home)) == 0 &&
			   unit_same(path + strlen(home), "/libexec/chime/x"));
	CHECK("no room for home",
	    proc_home(home, 3) == -1 && errno == ENAMETOOLONG);
	CHECK("no room for libexec",
	    proc_libexec("x", path, 3) == -1 && errno == ENAMETOOLONG);
}

int
main(void)
{
	int sigs[] = {SIGTERM, SIGINT, SIGHUP}, other = SIGUSR2;
	char a[33], b[33];
	struct child c;
	int64_t pid;

	child_run(&c, do_init, NULL);
	CHECK("init: descriptors and SIGPIPE", c.rc == 0);
	for (size_t i = 0; i < 3; i++) {
		child_run(&c, do_stop, &sigs[i]);
		CHECK("TERM, INT and HUP stop", c.rc == 0);
	}
	child_run(&c, do_stop, &other);
	CHECK("others do not", c.rc == 3);
	test_spawn();
	child_run(&c, do_orphan, NULL);
	pid = strtol(c.out, NULL, 10);
	CHECK("an orphan ends", c.rc == 0 && gone_within((pid_t)pid, 5000));
	test_paths();
	proc_random_hex(16, a);
	proc_random_hex(16, b);
	CHECK("random", strlen(a) == 32 &&
			    strspn(a, "0123456789abcdef") == 32 &&
			    strcmp(a, b) != 0);
	return unit_done();
}
