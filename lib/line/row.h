/* SPDX-License-Identifier: ISC */
/*
 * A row of an answer as JSON text, straight into a buffer: for lists, where a
 * tree of every row would cost ten times as much. Text must be valid UTF-8
 * (what the database gives is). A buffer that is full has its overflow set,
 * which the caller looks at once, at the end.
 */
#ifndef LINE_ROW_H
#define LINE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* {"type":TYPE */
void row_open(struct buf *b, const char *type);

/* A field each; a NULL value adds nothing ("absent rather than null"). */
void row_str(struct buf *b, const char *key, const char *value);
void row_int(struct buf *b, const char *key, int64_t value);
void row_bool(struct buf *b, const char *key, bool value);

/* A value that is JSON already. */
void row_raw(struct buf *b, const char *key, const char *json);

/* Words with commas between them as an array; NULL and "" add nothing. */
void row_list(struct buf *b, const char *key, const char *words);

/* } */
void row_close(struct buf *b);

#endif
