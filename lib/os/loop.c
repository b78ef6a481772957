/* SPDX-License-Identifier: ISC */
#include "os/loop.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>

#define BATCH 64

int
loop_new(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

int
loop_set(int loop, struct loop_watch *w, unsigned events)
{
	struct epoll_event e = {0};
	int op = EPOLL_CTL_MOD;

	if (events == w->events)
		return 0;
	if (!w->events)
		op = EPOLL_CTL_ADD;
	else if (!events)
		op = EPOLL_CTL_DEL;
	e.events = (events & LOOP_IN ? (unsigned)EPOLLIN : 0) |
		   (events & LOOP_OUT ? (unsigned)EPOLLOUT : 0);
	e.data.ptr = w;
	if (epoll_ctl(loop, op, w->fd, &e) == -1)
		return -1;
	w->events = events;
	return 0;
}

static unsigned
translate(uint32_t events)
{
	unsigned r = 0;

	if (events & (EPOLLERR | EPOLLHUP))
		return LOOP_IN | LOOP_OUT;
	if (events & EPOLLIN)
		r |= LOOP_IN;
	if (events & EPOLLOUT)
		r |= LOOP_OUT;
	return r;
}

int
loop_wait(int loop, int64_t timeout_ms)
{
	struct epoll_event e[BATCH];
	int n;

	if (timeout_ms > INT_MAX)
		timeout_ms = INT_MAX;
	if (timeout_ms < 0)
		timeout_ms = -1;
	n = epoll_wait(loop, e, BATCH, (int)timeout_ms);
	if (n == -1)
		return errno == EINTR ? 0 : -1;
	for (int i = 0; i < n; i++) {
		struct loop_watch *w = e[i].data.ptr;

		/* An earlier call of this turn may have removed it. */
		if (w->events)
			w->ready(w->arg, translate(e[i].events));
	}
	return 0;
}
