/* SPDX-License-Identifier: ISC */
#include "line/line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

#define MAX 8

/* A reader over a pipe that holds text and has ended. */
static void
reader(struct line_in *in, const char *text, size_t n)
{
	int p[2];

	if (pipe(p) == -1 || write(p[1], text, n) != (ssize_t)n) {
		perror("pipe");
		exit(111);
	}
	close(p[1]);
	line_in_init(in, p[0], MAX);
}

static void
done(struct line_in *in)
{
	close(in->fd);
	line_in_free(in);
}

/*
 * What a reader makes of the text, as "[line]" for a line, "!" for one that
 * was too long, "." for the end.
 */
static const char *
shape(const char *text, size_t n)
{
	static char out[256];
	struct line_in in;
	char *line;
	size_t len, at = 0;

	reader(&in, text, n);
	for (;;) {
		enum line_result r = line_read(&in, &line, &len);

		if (r == LINE_OK && strlen(line) <= len) {
			out[at++] = '[';
			memcpy(out + at, line, len);
			at += len;
			out[at++] = ']';
		} else if (r == LINE_TOO_LONG) {
			out[at++] = '!';
		} else {
			out[at++] = r == LINE_EOF ? '.' : '?';
			break;
		}
	}
	out[at] = '\0';
	done(&in);
	return out;
}

#define SHAPE(name, text, expected)                                            \
	CHECK(name, unit_same(shape(text, sizeof(text) - 1), expected))

static void
test_shapes(void)
{
	SHAPE("nothing", "", ".");
	SHAPE("lines", "a\nbc\n", "[a][bc].");
	SHAPE("no newline at the end", "a\nbc", "[a][bc].");
	SHAPE("empty lines", "\n\na\n\n", "[][][a][].");
	SHAPE("exactly the bound", "12345678\nx\n", "[12345678][x].");
	SHAPE("the bound, no newline", "12345678", "[12345678].");
	SHAPE("the bound and 1", "123456789\nx\n", "![x].");
	SHAPE("the bound and 1, no newline", "123456789", "!.");
	SHAPE("too long twice", "123456789\n123456789\nx", "!![x].");
	SHAPE("carriage return is content", "a\r\n", "[a\r].");
	CHECK("NUL bytes are content",
	    memcmp(shape("a\0b\nc\n", 6), "[a\0b][c].", 9) == 0);
}

/* A line that comes in pieces, and is far longer than any buffer. */
static void
test_pieces(void)
{
	static char junk[100000];
	struct line_in in;
	char *line;
	size_t len;
	int p[2], over = 0;

	if (pipe(p) == -1)
		exit(111);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	line_in_init(&in, p[0], MAX);
	CHECK("nothing yet", line_next(&in, &line, &len) == LINE_NONE);
	CHECK("a non-blocking descriptor is dry", line_fill(&in) == 0);
	CHECK(
	    "read says so too", line_read(&in, &line, &len) == LINE_NONE &&
				    (errno == EAGAIN || errno == EWOULDBLOCK));
	line_write(p[1], "ab", 2);
	CHECK("a piece",
	    line_fill(&in) == 1 && line_next(&in, &line, &len) == LINE_NONE);
	line_write(p[1], "c\nd", 3);
	CHECK("the rest", line_fill(&in) == 1 &&
			      line_next(&in, &line, &len) == LINE_OK &&
			      len == 3 && unit_same(line, "abc"));
	CHECK("not the next", line_next(&in, &line, &len) == LINE_NONE);
	memset(junk, 'j', sizeof(junk));
	for (int i = 0; i < 20; i++) {
		ssize_t n = write(p[1], junk, sizeof(junk));

		if (n == -1)
			break;
		while (line_fill(&in) == 1)
			over += line_next(&in, &line, &len) != LINE_NONE;
	}
	CHECK("a long line is not reported before its end", over == 0);
	CHECK("and needs no memory", in.buf.cap < 4 * 65536);
	line_write(p[1], "\nok\n", 4);
	line_fill(&in);
	CHECK("reported once", line_next(&in, &line, &len) == LINE_TOO_LONG);
	CHECK("and then goes on",
	    line_next(&in, &line, &len) == LINE_OK && unit_same(line, "ok"));
	close(p[1]);
	CHECK("the end", line_read(&in, &line, &len) == LINE_EOF);
	CHECK("again", line_read(&in, &line, &len) == LINE_EOF &&
			   line_next(&in, &line, &len) == LINE_EOF);
	done(&in);
}

static void
add(char got[64], enum line_result r, const char *line)
{
	size_t at = strlen(got);

	snprintf(got + at, 64 - at, "%s", r == LINE_OK ? line : "!");
}

/* Every way to cut a text into reads gives the same lines. */
static void
test_cuts(void)
{
	const char *text = "one\n\n123456789\n12345678\nlast";
	size_t n = strlen(text), len;
	struct line_in in;
	int p[2], good = 1;
	char *line;

	for (size_t cut = 1; cut < n; cut++) {
		char got[64] = "";
		enum line_result r;

		if (pipe(p) == -1)
			exit(111);
		line_in_init(&in, p[0], MAX);
		for (size_t at = 0; at < n; at += cut) {
			size_t piece = n - at < cut ? n - at : cut;

			line_write(p[1], text + at, piece);
			line_fill(&in);
			while ((r = line_next(&in, &line, &len)) != LINE_NONE)
				add(got, r, line);
		}
		close(p[1]);
		while ((r = line_read(&in, &line, &len)) != LINE_EOF)
			add(got, r, line);
		good = good && unit_same(got, "one!12345678last");
		done(&in);
	}
	CHECK("any cutting gives the same lines", good);
}

static void
on_alarm(int sig)
{
	(void)sig;
}

static void *
send_signals(void *arg)
{
	pthread_t *main_thread = arg;

	/* Repeated: the first may come before the read it is meant for. */
	for (int i = 0; i < 200; i++) {
		pthread_kill(*main_thread, SIGUSR1);
		poll(NULL, 0, 1);
	}
	return NULL;
}

static void
test_signals(void)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	pthread_t self = pthread_self(), t;
	struct line_in in;
	char *line;
	size_t len;
	int p[2];

	if (pipe(p) == -1)
		exit(111);
	sigaction(SIGUSR1, &sa, NULL);
	line_in_init(&in, p[0], MAX);
	if (pthread_create(&t, NULL, send_signals, &self))
		exit(111);
	CHECK("a signal interrupts read",
	    line_read(&in, &line, &len) == LINE_NONE && errno == EINTR);
	pthread_join(t, NULL);
	line_write(p[1], "x\n", 2);
	CHECK("and loses nothing",
	    line_read(&in, &line, &len) == LINE_OK && unit_same(line, "x"));
	close(p[1]);
	done(&in);
}

struct sink {
	int fd;
	size_t got;
};

static void *
read_slowly(void *arg)
{
	struct sink *s = arg;
	char buf[5000];
	ssize_t n;

	while ((n = read(s->fd, buf, sizeof(buf))) > 0)
		s->got += (size_t)n;
	return NULL;
}

static void
test_write(void)
{
	static char big[1 << 20];
	struct sink s = {-1, 0};
	pthread_t t;
	int p[2], full = open("/dev/full", O_WRONLY);

	CHECK("full disk", line_write(full, "x", 1) == -1 && errno == ENOSPC);
	CHECK("nothing is always written", line_write(full, "", 0) == 0);
	close(full);
	signal(SIGPIPE, SIG_IGN);
	if (pipe(p) == -1)
		exit(111);
	close(p[0]);
	CHECK("closed pipe", line_write(p[1], "x", 1) == -1 && errno == EPIPE);
	close(p[1]);
	if (pipe(p) == -1)
		exit(111);
	s.fd = p[0];
	if (pthread_create(&t, NULL, read_slowly, &s))
		exit(111);
	CHECK(
	    "more than a pipe holds", line_write(p[1], big, sizeof(big)) == 0);
	close(p[1]);
	pthread_join(t, NULL);
	CHECK("arrives whole", s.got == sizeof(big));
	close(p[0]);
}

int
main(void)
{
	struct line_in in;
	char *line;
	size_t len;

	test_shapes();
	test_pieces();
	test_cuts();
	test_signals();
	test_write();
	line_in_init(&in, -1, MAX);
	CHECK("a bad descriptor",
	    line_read(&in, &line, &len) == LINE_NONE && errno == EBADF);
	line_in_free(&in);
	return unit_done();
}
