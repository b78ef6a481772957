/* SPDX-License-Identifier: ISC */
/* What every filter of records does with a line besides its own work. */
#ifndef LINE_FILTER_H
#define LINE_FILTER_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes a line to stdout as it came, with a newline, in one write; dies with
 * RC_TEMP and the reason when that fails.
 */
void filter_pass(const char *line, size_t len);

/* Answers a line that could not be used with an error record, as rec_emit. */
void filter_refuse(int64_t line, const char *reason);

#endif
