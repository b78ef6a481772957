/* SPDX-License-Identifier: ISC */
/* Numbers from text, always with a range, never with trailing text. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdint.h>

/*
 * A decimal integer in [min, max], an optional '-' first, nothing around it.
 * 0, or -1 with errno EINVAL (no number) or ERANGE.
 */
int num_int(const char *s, int64_t min, int64_t max, int64_t *out);

/*
 * A time span in milliseconds: an integer with ms, s, m or h behind it, or a
 * bare integer, which means seconds ("10s", "250ms", "5"). Range and errors
 * as num_int, in milliseconds.
 */
int num_span_ms(const char *s, int64_t min, int64_t max, int64_t *out);

#endif
