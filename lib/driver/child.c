/* SPDX-License-Identifier: ISC */
#include "driver/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/proc.h"

void
child_init(struct child *c)
{
	c->pid = 0;
	c->in.fd = c->out.fd = -1;
	c->in.events = c->out.events = 0;
}

bool
child_open(const struct child *c)
{
	return c->in.fd != -1;
}

static void
read_ready(void *arg, unsigned events)
{
	struct child *c = arg;
	enum line_result r;
	char *line;
	size_t len;

	(void)events;
	if (line_fill(&c->lines) == -1) {
		c->ended(c->arg, "its output cannot be read");
		return;
	}
	while ((r = line_next(&c->lines, &line, &len)) == LINE_OK) {
		if (c->line(c->arg, line, len) == 0)
			continue;
		/* A last line cut off by its death is no news. */
		c->ended(c->arg,
		    c->lines.eof ? NULL : "what it says makes no sense");
		return;
	}
	if (r == LINE_TOO_LONG)
		c->ended(c->arg, "it says a line that is too long");
	else if (r == LINE_EOF)
		c->ended(c->arg, NULL);
}

void
child_flush(struct child *c)
{
	while (c->pending.len) {
		ssize_t n = write(c->out.fd, c->pending.data, c->pending.len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			loop_set(c->loop, &c->out, LOOP_OUT);
			return;
		}
		if (n == -1) /* It ended, which reading will find out. */
			break;
		buf_drop(&c->pending, (size_t)n);
	}
	buf_clear(&c->pending);
	loop_set(c->loop, &c->out, 0);
}

static void
write_ready(void *arg, unsigned events)
{
	(void)events;
	child_flush(arg);
}

static int
make_pipes(int to[2], int from[2])
{
	if (pipe(to) == -1)
		return -1;
	if (pipe(from) == -1) {
		close(to[0]);
		close(to[1]);
		return -1;
	}
	/* Inherited by another child they would hide an end. */
	for (int i = 0; i < 2; i++) {
		fcntl(to[i], F_SETFD, FD_CLOEXEC);
		fcntl(from[i], F_SETFD, FD_CLOEXEC);
	}
	fcntl(to[1], F_SETFL, O_NONBLOCK);
	fcntl(from[0], F_SETFL, O_NONBLOCK);
	return 0;
}

int
child_start(
    struct child *c, char *const argv[], size_t line_max, size_t out_max)
{
	int to[2], from[2], saved;
	pid_t pid;

	if (make_pipes(to, from) == -1)
		return -1;
	pid = proc_spawn(argv, to[0], from[1]);
	saved = errno;
	close(to[0]);
	close(from[1]);
	if (pid == -1) {
		close(to[1]);
		close(from[0]);
		errno = saved;
		return -1;
	}
	c->pid = pid;
	c->in =
	    (struct loop_watch){.fd = from[0], .ready = read_ready, .arg = c};
	c->out =
	    (struct loop_watch){.fd = to[1], .ready = write_ready, .arg = c};
	line_in_init(&c->lines, c->in.fd, line_max);
	buf_init(&c->pending, out_max);
	return loop_set(c->loop, &c->in, LOOP_IN);
}

bool
child_has_room(const struct child *c, size_t n)
{
	return n <= c->pending.max && c->pending.len <= c->pending.max - n;
}

void
child_say(struct child *c, const char *p, size_t n)
{
	buf_add(&c->pending, p, n);
}

static void
close_watch(struct child *c, struct loop_watch *w)
{
	if (w->fd == -1)
		return;
	loop_set(c->loop, w, 0);
	close(w->fd);
	w->fd = -1;
}

void
child_close(struct child *c, int64_t kill_at)
{
	close_watch(c, &c->in);
	close_watch(c, &c->out);
	line_in_free(&c->lines);
	buf_free(&c->pending);
	c->kill_at = kill_at;
}

bool
child_reap(struct child *c, int64_t now, int *status)
{
	pid_t r;

	if (now >= c->kill_at)
		kill(c->pid, SIGKILL);
	r = waitpid(c->pid, status, WNOHANG);
	if (r == 0 || (r == -1 && errno == EINTR))
		return false;
	if (r == -1)
		*status = 0; /* somebody else reaped it */
	c->pid = 0;
	return true;
}
