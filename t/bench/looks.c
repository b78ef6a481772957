/* SPDX-License-Identifier: ISC */
/*
 * looks: chime-reconcile's pass over its node, again and again.
 *
 * looks URI ROUNDS <desired.jsonl
 *
 * Connects once; the first listing, which reads every domain's metadata, is
 * not counted. A round is a listing asked for and heard, taken in, and the
 * plan made for every VM; nothing is done about it.
 *
 * out   how many VMs are planned for, how many domains libvirt listed, and
 *       the median of the rounds in microseconds
 * exit  0; 1 libvirt does not answer, or the input is no desired file
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "driver/roster.h"
#include "driver/virt.h"

#define ROUNDS_MAX 1000
#define WAIT_MS    20000

static struct roster roster;
static size_t listed;

static void
fail(const char *what)
{
	fprintf(stderr, "looks: %s\n", what);
	exit(1);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
bad_line(int64_t line, const char *reason, void *arg)
{
	(void)line;
	(void)arg;
	fail(reason);
}

static void
read_desired(void)
{
	const struct desired_sink sink = {.bad = bad_line};
	struct desired d;
	struct buf b;
	ssize_t n;

	buf_init(&b, DESIRED_MAX);
	do {
		if (buf_reserve(&b, 65536) == -1)
			fail("the input is too large");
		n = read(STDIN_FILENO, b.data + b.len, 65536);
		if (n > 0)
			b.len += (size_t)n;
	} while (n > 0);
	desired_parse(&d, b.data, b.len, &sink);
	buf_free(&b);
	if (!d.host)
		fail("the input has no host line");
	roster_adopt(&roster, &d);
}

static bool
leave(struct member *m, void *arg)
{
	(void)m;
	(void)arg;
	return false;
}

/* Until a listing has been heard; then plans. */
static void
hear(struct virt *v)
{
	struct pollfd p = {.fd = virt_fd(v), .events = POLLIN};
	struct virt_note *note;
	bool heard = false;

	while (!heard) {
		if (poll(&p, 1, WAIT_MS) != 1)
			fail("libvirt does not answer");
		while ((note = virt_next(v))) {
			if (note->kind == VIRT_DOWN)
				fail(note->reason ? note->reason : "it left");
			heard |= note->kind == VIRT_LIST;
			if (note->kind == VIRT_LIST)
				listed = note->n;
			roster_note(&roster, note, clk_mono_ms());
			virt_note_free(note);
		}
	}
	roster_plan(&roster, clk_mono_ms(), leave, NULL);
}

static int
by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int
main(int argc, char **argv)
{
	static int64_t took[ROUNDS_MAX];
	long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	struct virt *v;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		fail("usage: looks URI ROUNDS");
	roster_init(&roster, clk_mono_ms());
	read_desired();
	v = virt_new(argv[1], "test");
	if (!v)
		fail("libvirt cannot start");
	hear(v);
	for (long i = 0; i < rounds; i++) {
		took[i] = now_us();
		virt_list(v);
		hear(v);
		took[i] = now_us() - took[i];
	}
	qsort(took, (size_t)rounds, sizeof(*took), by_size);
	printf("%zu %zu %lld\n", roster.n, listed, (long long)took[rounds / 2]);
	virt_free(v);
	return 0;
}
