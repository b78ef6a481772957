/* SPDX-License-Identifier: ISC */
#include "line/line.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536

void
line_in_init(struct line_in *in, int fd, size_t max)
{
	memset(in, 0, sizeof(*in));
	in->fd = fd;
	in->max = max;
	buf_init(&in->buf, max + 1 + CHUNK);
}

void
line_in_free(struct line_in *in)
{
	buf_free(&in->buf);
}

int
line_fill(struct line_in *in)
{
	ssize_t n;

	if (in->used) {
		buf_drop(&in->buf, in->used);
		in->used = 0;
	}
	if (buf_reserve(&in->buf, CHUNK) == -1)
		return -1;
	n = read(in->fd, in->buf.data + in->buf.len, CHUNK);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		in->eof = true;
	in->buf.len += (size_t)n;
	in->buf.data[in->buf.len] = '\0';
	return 1;
}

/* Forgets what is buffered of a line that is over the bound. */
static void
skip_rest(struct line_in *in)
{
	in->skipping = true;
	in->scanned = 0;
	in->used = 0;
	buf_clear(&in->buf);
}

enum line_result
line_next(struct line_in *in, char **line, size_t *len)
{
	char *start, *nl;
	size_t have;

	if (!in->buf.data)
		return in->eof ? LINE_EOF : LINE_NONE;
	start = in->buf.data + in->used;
	have = in->buf.len - in->used;
	nl = memchr(start + in->scanned, '\n', have - in->scanned);
	if (!nl && !in->eof) {
		in->scanned = have;
		if (have > in->max)
			skip_rest(in);
		return LINE_NONE;
	}
	if (!nl && !have && !in->skipping)
		return LINE_EOF;
	*line = start;
	*len = nl ? (size_t)(nl - start) : have;
	in->scanned = 0;
	in->used += *len + (nl ? 1 : 0);
	start[*len] = '\0';
	if (in->skipping || *len > in->max) {
		in->skipping = false;
		return LINE_TOO_LONG;
	}
	return LINE_OK;
}

enum line_result
line_read(struct line_in *in, char **line, size_t *len)
{
	for (;;) {
		enum line_result r = line_next(in, line, len);

		if (r != LINE_NONE)
			return r;
		errno = 0;
		if (line_fill(in) != 1)
			return LINE_NONE;
	}
}

int
line_write(int fd, const void *p, size_t n)
{
	const char *s = p;

	while (n) {
		ssize_t w = write(fd, s, n);

		if (w == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		s += w;
		n -= (size_t)w;
	}
	return 0;
}
