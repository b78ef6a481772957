/* SPDX-License-Identifier: ISC */
#include "line/rec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/die.h"
#include "base/rc.h"
#include "child.h"
#include "line/json.h"
#include "line/line.h"
#include "unit.h"

static void
do_emit(void *arg)
{
	(void)arg;
	rec_emit(rec_error(7, "no"));
	_exit(0);
}

static void
do_emit_full(void *arg)
{
	int fd = open("/dev/full", O_WRONLY);

	dup2(fd, 1);
	do_emit(arg);
}

static void
do_emit_closed(void *arg)
{
	int p[2];

	if (pipe(p) == -1)
		_exit(98);
	signal(SIGPIPE, SIG_IGN);
	dup2(p[1], 1);
	close(p[0]);
	do_emit(arg);
}

/* The record as a line behind its ts, without the newline. */
static const char *
rest(const json_t *rec)
{
	static struct buf b;
	char *at;

	if (!b.max)
		buf_init(&b, LINE_MAX_RECORD + 1);
	buf_clear(&b);
	if (rec_dump(rec, &b) == -1)
		return NULL;
	b.data[b.len - 1] = '\0';
	at = strstr(b.data, "Z\"");
	return at ? at + 2 : NULL;
}

static void
test_fields(void)
{
	json_t *rec = rec_new("thing");
	struct buf b;

	buf_init(&b, 1000);
	rec_dump(rec, &b);
	CHECK("type first, ts second",
	    strncmp(b.data, "{\"type\":\"thing\",\"ts\":\"2", 23) == 0);
	CHECK("ends with a newline", b.data[b.len - 1] == '\n');
	buf_free(&b);
	rec_str(rec, "z", "a\"\n\xe4\xb8\xad");
	rec_int(rec, "y", INT64_MIN);
	rec_bool(rec, "x", 2);
	rec_str(rec, "null", NULL);
	rec_val(rec, "null", NULL);
	rec_val(rec, "w", json_array());
	CHECK("order of insertion, absent rather than null, no spaces",
	    unit_same(rest(rec),
		",\"z\":\"a\\\"\\n\xe4\xb8\xad\","
		"\"y\":-9223372036854775808,\"x\":true,\"w\":[]}"));
	rec_int(rec, "z", 1);
	CHECK("set again keeps its place", strstr(rest(rec), ",\"z\":1,\"y\""));
	json_decref(rec);

	rec = rec_new("thing");
	rec_str(rec, "a", "\xff\xe4\xb8\xad\xe4\xb8");
	CHECK("only the bad bytes become '?'",
	    unit_same(rest(rec), ",\"a\":\"?\xe4\xb8\xad??\"}"));
	json_decref(rec);

	rec = rec_error(3, "why");
	CHECK("error", unit_same(rest(rec), ",\"line\":3,\"reason\":\"why\"}"));
	json_decref(rec);
}

/* A record whose line has exactly n bytes without its newline. */
static json_t *
sized(size_t n)
{
	static char text[LINE_MAX_RECORD + 1];
	json_t *rec = rec_new("t");
	size_t base;
	char *s = json_dumps(rec, JSON_COMPACT);

	base = strlen(s) + strlen(",\"a\":\"\"");
	free(s);
	memset(text, 'x', sizeof(text));
	text[n - base] = '\0';
	rec_str(rec, "a", text);
	return rec;
}

static void
test_bound(void)
{
	json_t *fits = sized(LINE_MAX_RECORD);
	json_t *over = sized(LINE_MAX_RECORD + 1);
	int null = open("/dev/null", O_WRONLY);
	int full = open("/dev/full", O_WRONLY);
	struct buf b;

	CHECK("the bound is written", rec_write(null, fits) == 0);
	CHECK("one byte more is not",
	    rec_write(null, over) == -1 && errno == EMSGSIZE);
	CHECK("full disk", rec_write(full, fits) == -1 && errno == ENOSPC);
	CHECK("bad descriptor", rec_write(-1, fits) == -1 && errno == EBADF);
	buf_init(&b, 1000);
	buf_puts(&b, "before");
	CHECK("does not fit", rec_dump(fits, &b) == -1 && b.overflow);
	CHECK("and leaves no half of it", unit_same(b.data, "before"));
	buf_free(&b);
	buf_init(&b, LINE_MAX_RECORD); /* all but the newline */
	CHECK("the newline counts", rec_dump(fits, &b) == -1 && b.len == 0);
	buf_free(&b);
	json_decref(fits);
	json_decref(over);
	close(null);
	close(full);
}

int
main(void)
{
	struct json_reason why;
	struct child c;
	json_t *v;

	test_fields();
	test_bound();
	die_name("p");
	child_run(&c, do_emit, NULL);
	v = json_object_parse(c.out, strlen(c.out), &why);
	CHECK("emit", c.rc == 0 && v && strchr(c.out, '\n'));
	json_decref(v);
	child_run(&c, do_emit_full, NULL);
	CHECK("emit on a full disk",
	    c.rc == RC_TEMP &&
		strstr(c.err, "p: error: stdout: cannot write: No space"));
	child_run(&c, do_emit_closed, NULL);
	CHECK("emit into a closed pipe", c.rc == RC_TEMP);
	return unit_done();
}
