/* SPDX-License-Identifier: ISC */
/* Running code that may end the process, for unit tests of what does. */
#ifndef UNIT_CHILD_H
#define UNIT_CHILD_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
	int rc; /* its exit code, or 128 + the signal */
	char out[8192];
	char err[8192];
};

static inline void
child_slurp(FILE *f, char *s, size_t size)
{
	size_t n;

	rewind(f);
	n = fread(s, 1, size - 1, f);
	s[n] = '\0';
	fclose(f);
}

/* Runs body(arg) in a child with stdout and stderr caught; 99 = it returned. */
static inline void
child_run(struct child *c, void (*body)(void *), void *arg)
{
	FILE *out = tmpfile(), *err = tmpfile();
	int status = 0;
	pid_t pid;

	if (!out || !err || (pid = fork()) == -1) {
		perror("child_run");
		exit(111);
	}
	if (pid == 0) {
		dup2(fileno(out), 1);
		dup2(fileno(err), 2);
		body(arg);
		_exit(99);
	}
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	c->rc =
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	child_slurp(out, c->out, sizeof(c->out));
	child_slurp(err, c->err, sizeof(c->err));
}

#endif
