/* SPDX-License-Identifier: ISC */
/*
 * Lines in and out of file descriptors.
 *
 * A reader hands out one line at a time without its newline. A line longer
 * than the bound is skipped as a whole and reported once, so a bad line never
 * ends the stream. A last line without a newline counts as a line.
 */
#ifndef LINE_LINE_H
#define LINE_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A record's bound in bytes without its newline, see chime-records(7). */
#define LINE_MAX_RECORD (64 * 1024)

struct line_in {
	int fd;
	size_t max;
	struct buf buf;
	size_t used;    /* bytes at the front already handed out */
	size_t scanned; /* bytes at the front known to hold no newline */
	bool skipping;  /* inside a line that was too long */
	bool eof;
};

enum line_result {
	LINE_OK,   /* *line and *len hold a line, valid until the next call */
	LINE_NONE, /* no whole line buffered; fill again */
	LINE_TOO_LONG, /* one line over the bound was dropped */
	LINE_EOF       /* the stream has ended and everything was handed out */
};

/* A reader of fd (not owned) with lines of at most max bytes. */
void line_in_init(struct line_in *in, int fd, size_t max);

/* Frees the buffer; the descriptor stays open. */
void line_in_free(struct line_in *in);

/*
 * Reads once from fd. 1 when bytes or the end came, 0 when a non-blocking fd
 * had none or a signal came first, -1 with errno. Take every line out with
 * line_next before filling again.
 */
int line_fill(struct line_in *in);

/* The next line out of the buffer; never reads. */
enum line_result line_next(struct line_in *in, char **line, size_t *len);

/*
 * The next line, reading as long as it takes: LINE_OK, LINE_TOO_LONG or
 * LINE_EOF; LINE_NONE means that reading failed with errno (EINTR included,
 * so that a caller can look at its stop flag).
 */
enum line_result line_read(struct line_in *in, char **line, size_t *len);

/*
 * Writes all n bytes to a blocking fd. 0, or -1 with errno (ENOSPC, EPIPE..).
 */
int line_write(int fd, const void *p, size_t n);

#endif
