/* SPDX-License-Identifier: ISC */
/* What every filter of records does with a line besides its own work. */
#ifndef LINE_FILTER_H
#define LINE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "line/json.h"
#include "line/line.h"
#include "line/tick.h"

/*
 * Writes a line to stdout as it came, with a newline, in one write; dies with
 * RC_TEMP and the reason when that fails.
 */
void filter_pass(const char *line, size_t len);

/* Answers a line that could not be used with an error record, as rec_emit. */
void filter_refuse(int64_t line, const char *reason);

/*
 * A stage of a pipe that may be standing (line/tick.h): of the records on
 * stdin those of one type are its work, all others pass on at once, and a line
 * that is none is refused.
 */
struct filter {
	const char *type;
	/* Does the work: 0, or -1 with the reason to refuse the line. */
	int (*work)(json_t *rec, struct json_reason *why, void *arg);
	void *arg;

	struct tick tick;
	struct line_in in;
	int64_t line;
	bool eof;
	bool refused; /* some lines were */
};

/* type, work and arg are set by the caller before. */
void filter_init(struct filter *f, int64_t interval_ms);
void filter_free(struct filter *f);

/*
 * To be called when poll is over: reads stdin if it is readable, and takes
 * lines until there are no more or `room` of them were work; the room left. At
 * 0 lines may wait that poll does not see. Ends the program with RC_TEMP when a
 * standing pipe has ended, or had no tick in time; with no room none is missed.
 */
size_t filter_turn(struct filter *f, bool readable, size_t room);

#endif
