/* SPDX-License-Identifier: ISC */
/* UTF-8 as text for people: what is valid, and what may be shown. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length of the valid UTF-8 character at the start of n bytes, and its
 * number in *code; 0 when there is none (overlong forms, surrogates and a
 * character cut short are none).
 */
size_t utf8_char(const char *s, size_t n, uint32_t *code);

/*
 * Whether n bytes are valid UTF-8 without anything that moves a cursor or
 * the direction of text: control characters (C0, DEL, C1), line and
 * paragraph separators, bidirectional overrides and isolates.
 */
bool utf8_printable(const char *s, size_t n);

/* Puts '?' for every byte that is not part of printable UTF-8. */
void utf8_clean(char *s, size_t n);

/* Puts '?' for every byte that is not part of valid UTF-8. */
void utf8_repair(char *s, size_t n);

#endif
