/* SPDX-License-Identifier: ISC */
/*
 * Allocation that does not fail: on exhaustion the program ends with RC_TEMP
 * and its supervisor starts it again. A size that overflows ends the same way.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* n * size zeroed bytes; never NULL. */
void *mem_calloc(size_t n, size_t size);

/* The array grown or shrunk to n elements of size; never NULL for n > 0. */
void *mem_realloc(void *p, size_t n, size_t size);

/* A copy of s, or NULL for NULL. */
char *mem_strdup(const char *s);

#endif
