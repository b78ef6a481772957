/* SPDX-License-Identifier: ISC */
#include "line/filter.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/die.h"
#include "base/rc.h"
#include "line/rec.h"

void
filter_pass(const char *line, size_t len)
{
	struct buf b;

	buf_init(&b, len + 1);
	buf_add(&b, line, len);
	buf_add(&b, "\n", 1);
	if (line_write(STDOUT_FILENO, b.data, b.len) == -1)
		die(RC_TEMP, "stdout: cannot write: %s", strerror(errno));
	buf_free(&b);
}

void
filter_refuse(int64_t line, const char *reason)
{
	rec_emit(rec_error(line, reason));
}

void
filter_init(struct filter *f, int64_t interval_ms)
{
	tick_init(&f->tick, interval_ms);
	line_in_init(&f->in, STDIN_FILENO, LINE_MAX_RECORD);
	f->line = 0;
	f->eof = f->refused = false;
}

void
filter_free(struct filter *f)
{
	line_in_free(&f->in);
}

static void
refuse(struct filter *f, const char *reason)
{
	f->refused = true;
	filter_refuse(f->line, reason);
}

/* Whether the line became work. */
static bool
take(struct filter *f, const char *line, size_t len)
{
	struct json_reason why;
	const char *type = "";
	json_t *rec = json_object_parse(line, len, &why);
	bool good = false, work = false;

	if (rec && json_need(json_get_str(rec, "type", 1, 64, &type, &why),
		       "type", &why) == 1) {
		good = true;
		work = strcmp(type, f->type) == 0;
		if (strcmp(type, "tick") == 0)
			tick_came(&f->tick, clk_mono_ms());
		if (!work)
			filter_pass(line, len);
		else if (f->work(rec, &why, f->arg) == -1)
			good = false;
	}
	if (!good)
		refuse(f, why.text);
	json_decref(rec);
	return work && good;
}

size_t
filter_turn(struct filter *f, bool readable, size_t room)
{
	enum line_result r;
	char *line;
	size_t len;

	if (readable && line_fill(&f->in) == -1)
		die(RC_TEMP, "stdin: %s", strerror(errno));
	while (room && !f->eof &&
	       (r = line_next(&f->in, &line, &len)) != LINE_NONE) {
		f->eof = r == LINE_EOF;
		f->line += !f->eof;
		if (r == LINE_OK && len)
			room -= take(f, line, len);
		else if (r == LINE_TOO_LONG)
			refuse(f, "longer than 64 KiB");
	}
	if (f->eof && f->tick.standing)
		die(RC_TEMP, "stdin: the stage before has ended");
	/* What is still unread may hold the tick. */
	if (room && !readable && tick_missing(&f->tick, clk_mono_ms()))
		die(RC_TEMP, "stdin: no tick for %" PRId64 " ms",
		    f->tick.limit_ms);
	return room;
}
