/* SPDX-License-Identifier: ISC */
/* lib/os/loop: who is called for what. */
#include "os/loop.h"

#include <unistd.h>

#include "unit.h"

static int calls;
static unsigned last;
static int loop_fd;
static struct loop_watch *other;

static void
ready(void *arg, unsigned events)
{
	(void)arg;
	calls++;
	last = events;
	if (other)
		loop_set(loop_fd, other, 0);
}

int
main(void)
{
	struct loop_watch in = {.ready = ready}, out = {.ready = ready};
	int p[2];

	loop_fd = loop_new();
	CHECK("a pipe and a loop", pipe(p) == 0 && loop_fd != -1);
	in.fd = p[0];
	out.fd = p[1];
	CHECK("a watch is added", loop_set(loop_fd, &in, LOOP_IN) == 0);
	CHECK("nothing is ready", loop_wait(loop_fd, 0) == 0 && calls == 0);
	CHECK("room to write is told", loop_set(loop_fd, &out, LOOP_OUT) == 0 &&
					   loop_wait(loop_fd, 1000) == 0 &&
					   calls == 1 && last == LOOP_OUT);
	CHECK("a removed watch is not", loop_set(loop_fd, &out, 0) == 0 &&
					    loop_wait(loop_fd, 0) == 0 &&
					    calls == 1);
	CHECK("what comes is told", write(p[1], "x", 1) == 1 &&
					loop_wait(loop_fd, 1000) == 0 &&
					calls == 2 && last == LOOP_IN);
	loop_set(loop_fd, &out, LOOP_OUT);
	/* Both are ready; whoever is called first removes the other one. */
	other = &out;
	calls = 0;
	loop_wait(loop_fd, 1000);
	other = NULL;
	CHECK("one removed in the same turn is not called", calls <= 2);
	CHECK("a descriptor that cannot be watched is an error",
	    loop_set(loop_fd, &(struct loop_watch){.fd = 9999, .ready = ready},
		LOOP_IN) == -1);
	loop_set(loop_fd, &out, 0);
	close(p[1]);
	calls = 0;
	loop_wait(loop_fd, 1000);
	CHECK("an end counts as both",
	    calls == 1 && last == (LOOP_IN | LOOP_OUT));
	return unit_done();
}
