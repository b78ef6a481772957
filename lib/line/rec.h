/* SPDX-License-Identifier: ISC */
/*
 * Records: one JSON object a line, `type` first, `ts` second, then identity,
 * then the rest in a fixed order (chime-records(7)). Built on jansson, which
 * keeps the order of insertion.
 */
#ifndef LINE_REC_H
#define LINE_REC_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"

/* A new record {"type":type,"ts":now}; owned by the caller; never NULL. */
json_t *rec_new(const char *type);

/*
 * Setters append a field. A NULL string sets nothing ("absent rather than
 * null"); text that is not UTF-8 is set with its bad bytes as '?'.
 */
void rec_str(json_t *rec, const char *key, const char *value);
void rec_int(json_t *rec, const char *key, int64_t value);
void rec_bool(json_t *rec, const char *key, int value);

/* Appends a value and takes its reference; NULL sets nothing. */
void rec_val(json_t *rec, const char *key, json_t *value);

/*
 * {"type":"error","ts":…,"line":N,"reason":…}: the answer to input that
 * could not be used; line counts from 1.
 */
json_t *rec_error(int64_t line, const char *reason);

/*
 * Appends the record and a newline to b; 0, or -1 when it does not fit: b then
 * has its overflow set and holds what it held.
 */
int rec_dump(const json_t *rec, struct buf *b);

/*
 * Writes the record as a line to fd at once. 0, or -1 with errno (EMSGSIZE
 * for a record over LINE_MAX_RECORD).
 */
int rec_write(int fd, const json_t *rec);

/*
 * rec_write to stdout; dies with RC_TEMP and the reason when that fails (a
 * closed pipe included: whoever reads is gone), and frees the record.
 */
void rec_emit(json_t *rec);

#endif
