/* SPDX-License-Identifier: ISC */
/*
 * A growing byte buffer with an upper bound. `data` is NUL-terminated after
 * every call that wrote. Passing the bound sets `overflow`, adds nothing
 * further, and is checked once at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* owned; NULL while empty and never written */
	size_t len;
	size_t cap;
	size_t max; /* the bound in bytes, without the NUL */
	bool overflow;
};

/* An empty buffer of at most max bytes; allocates nothing yet. */
void buf_init(struct buf *b, size_t max);

/* Appends n bytes; 0, or -1 with errno EMSGSIZE and overflow set. */
int buf_add(struct buf *b, const void *p, size_t n);

/* Appends a string; as buf_add. */
int buf_puts(struct buf *b, const char *s);

/* Appends formatted text; as buf_add. */
int buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for n more bytes at data + len; as buf_add. */
int buf_reserve(struct buf *b, size_t n);

/* Drops the first n bytes; n <= len. */
void buf_drop(struct buf *b, size_t n);

/* Empties the buffer and forgets an overflow; keeps the memory. */
void buf_clear(struct buf *b);

/* Frees the memory; the buffer is empty and usable with the same bound. */
void buf_free(struct buf *b);

#endif
