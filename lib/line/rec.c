/* SPDX-License-Identifier: ISC */
#include "line/rec.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/rc.h"
#include "base/utf8.h"
#include "line/line.h"

/* jansson only fails here when memory is exhausted. */
static json_t *
must(json_t *v)
{
	if (!v)
		die(RC_TEMP, "memory: cannot build a record");
	return v;
}

static void
set(json_t *rec, const char *key, json_t *v)
{
	if (json_object_set_new(rec, key, must(v)) == -1)
		die(RC_TEMP, "memory: cannot build a record");
}

json_t *
rec_new(const char *type)
{
	json_t *rec = must(json_object());
	char ts[CLK_TS_SIZE];

	clk_ts(ts);
	set(rec, "type", json_string(type));
	set(rec, "ts", json_string(ts));
	return rec;
}

void
rec_str(json_t *rec, const char *key, const char *value)
{
	json_t *v;
	char *copy;

	if (!value)
		return;
	v = json_string(value);
	if (!v) {
		/* Not UTF-8 (a message of libvirt or the kernel, say). */
		copy = mem_strdup(value);
		utf8_repair(copy, strlen(copy));
		v = json_string(copy);
		free(copy);
	}
	set(rec, key, v);
}

void
rec_int(json_t *rec, const char *key, int64_t value)
{
	set(rec, key, json_integer(value));
}

void
rec_bool(json_t *rec, const char *key, int value)
{
	set(rec, key, json_boolean(value));
}

void
rec_val(json_t *rec, const char *key, json_t *value)
{
	if (value)
		set(rec, key, value);
}

json_t *
rec_error(int64_t line, const char *reason)
{
	json_t *rec = rec_new("error");

	rec_int(rec, "line", line);
	rec_str(rec, "reason", reason);
	return rec;
}

static int
to_buf(const char *p, size_t n, void *arg)
{
	return buf_add(arg, p, n);
}

int
rec_dump(const json_t *rec, struct buf *b)
{
	size_t before = b->len;

	if (json_dump_callback(rec, to_buf, b, JSON_COMPACT) == 0 &&
	    buf_add(b, "\n", 1) == 0)
		return 0;
	/* Half a record would spoil the next one. */
	b->len = before;
	if (b->data)
		b->data[before] = '\0';
	return -1;
}

int
rec_write(int fd, const json_t *rec)
{
	struct buf b;
	int r, saved;

	buf_init(&b, LINE_MAX_RECORD + 1);
	r = rec_dump(rec, &b);
	if (r == -1)
		errno = EMSGSIZE;
	else
		r = line_write(fd, b.data, b.len);
	saved = errno;
	buf_free(&b);
	errno = saved;
	return r;
}

void
rec_emit(json_t *rec)
{
	int err = rec_write(STDOUT_FILENO, rec) == -1 ? errno : 0;

	json_decref(rec);
	if (err)
		die(RC_TEMP, "stdout: cannot write: %s", strerror(err));
}
