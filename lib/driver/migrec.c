/* SPDX-License-Identifier: ISC */
#include "driver/migrec.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "line/line.h"
#include "line/rec.h"

#define MIB   (1024 * 1024)
#define CLEAR "\r\033[K" /* the line a bar is on */

json_t *
migrec_check(const char *name, const char *reason)
{
	json_t *rec = rec_new("check");

	rec_str(rec, "check", name);
	rec_bool(rec, "ok", reason == NULL);
	rec_str(rec, "reason", reason);
	return rec;
}

json_t *
migrec_plan(const struct survey_vm *v, const char *dest, const char *interface)
{
	json_t *rec = rec_new("plan"), *copies = json_array();

	rec_str(rec, "vm", v->uuid);
	rec_str(rec, "action", migration_action_word(v->action));
	rec_str(rec, "dest", dest);
	rec_str(rec, "interface", interface);
	for (size_t i = 0; v->action == MIGRATION_MOVE && i < v->is.ndisk;
	     i++) {
		json_t *one = json_object();

		rec_str(one, "path", v->is.disk[i].path);
		rec_int(one, "bytes", v->is.disk[i].bytes);
		json_array_append_new(copies, one);
	}
	if (json_array_size(copies))
		rec_val(rec, "copies", json_incref(copies));
	json_decref(copies);
	rec_str(rec, "reason", *v->why ? v->why : NULL);
	return rec;
}

json_t *
migrec_progress(const char *uuid, const struct migration_progress *p)
{
	json_t *rec = rec_new("progress");

	rec_str(rec, "vm", uuid);
	rec_int(rec, "bytes", p->bytes);
	rec_int(rec, "total_bytes", p->total);
	rec_int(rec, "bytes_per_s", p->rate);
	rec_int(rec, "dirty_bytes_per_s", p->dirty_rate);
	rec_int(rec, "percent", p->percent);
	if (p->eta_ms >= 0)
		rec_int(rec, "eta_ms", p->eta_ms);
	return rec;
}

static json_t *
ended(const char *uuid, const char *dest, const char *result, const char *at)
{
	json_t *rec = rec_new("migration");

	rec_str(rec, "vm", uuid);
	rec_str(rec, "result", result);
	rec_str(rec, "runs", at);
	rec_str(rec, "dest", dest);
	return rec;
}

const char *
migrec_unclear(const struct virt_moved *now)
{
	/* Nobody even looked. */
	if (now->here.copy == MIGRATION_UNKNOWN &&
	    now->there.copy == MIGRATION_UNKNOWN && *now->reason)
		return now->reason;
	return migration_unclear(now->here, now->there);
}

json_t *
migrec_end(const char *uuid, const char *dest, const struct virt_moved *now)
{
	bool moved = now->end == MIGRATION_MOVED;
	bool stays = now->end == MIGRATION_STAYS;
	json_t *rec = ended(uuid, dest,
	    moved            ? "moved"
	    : !stays         ? "unclear"
	    : now->cancelled ? "cancelled"
			     : "failed",
	    moved   ? "there"
	    : stays ? "here"
		    : "unknown");

	if (!moved && !stays) {
		rec_str(rec, "here", migration_copy_word(now->here.copy));
		rec_str(rec, "there", migration_copy_word(now->there.copy));
	}
	rec_int(rec, "ms", now->ms);
	if (now->unrecorded)
		rec_bool(rec, "unrecorded", true);
	if (now->cleared)
		rec_bool(rec, "cleared", true);
	if (!moved && !stays)
		rec_str(rec, "reason", migrec_unclear(now));
	else if (stays && now->there.copy == MIGRATION_UNKNOWN)
		rec_str(rec, "reason",
		    "the destination does not answer: look there before it is "
		    "moved again");
	else if (stays)
		rec_str(rec, "reason", *now->reason ? now->reason : NULL);
	if ((stays && now->there.copy == MIGRATION_UNKNOWN) ||
	    (!moved && !stays))
		rec_str(rec, "libvirt", *now->reason ? now->reason : NULL);
	return rec;
}

json_t *
migrec_untouched(const char *uuid, const char *dest)
{
	json_t *rec = ended(uuid, dest, "cancelled", "here");

	rec_str(rec, "reason", "it was not begun");
	return rec;
}

/* The type and the time say nothing that people do not see. */
static void
text(const json_t *rec, struct buf *out)
{
	const char *key;
	json_t *v;
	int n = 0;

	json_object_foreach((json_t *)rec, key, v)
	{
		if (strcmp(key, "type") == 0 || strcmp(key, "ts") == 0)
			continue;
		if (json_is_string(v))
			buf_printf(out, "%s%s",
			    strcmp(key, "reason") == 0 ? ": "
			    : n                        ? " "
						       : "",
			    json_string_value(v));
		else if (json_is_boolean(v) && strcmp(key, "ok") == 0)
			buf_puts(out, json_is_true(v) ? " ok" : " NOT OK");
		else if (json_is_boolean(v))
			buf_printf(out, " %s", key);
		else if (json_is_integer(v))
			buf_printf(out, " %" PRId64 " %s",
			    (int64_t)json_integer_value(v), key);
		else if (json_is_array(v))
			buf_printf(out, " %zu %s", json_array_size(v), key);
		n++;
	}
	buf_puts(out, "\n");
}

int
migrec_emit(struct migrec_out *o, json_t *rec)
{
	struct buf b;
	int r;

	migrec_clear(o);
	buf_init(&b, LINE_MAX_RECORD);
	if (o->text)
		text(rec, &b);
	else
		rec_dump(rec, &b);
	json_decref(rec);
	/* libvirt's words may be a stranger's: none controls a terminal. */
	for (size_t i = 0; o->text && i + 1 < b.len; i++)
		if ((unsigned char)b.data[i] < ' ' || b.data[i] == 127)
			b.data[i] = '?';
	r = line_write(STDOUT_FILENO, b.data, b.len);
	o->deaf |= r == -1;
	buf_free(&b);
	return r;
}

/* A bar that cannot be drawn is missed by nobody. */
static void
draw(struct migrec_out *o, const char *s, size_t n)
{
	if (line_write(STDERR_FILENO, s, n) == -1)
		o->bar = false;
}

void
migrec_draw(
    struct migrec_out *o, const char *uuid, const struct migration_progress *p)
{
	char bar[MIGRATION_BAR_SIZE];
	struct buf b;

	if (!o->bar)
		return;
	migration_bar(p->percent, bar);
	buf_init(&b, 256);
	buf_printf(&b, CLEAR "%.8s %s %3d%% %" PRId64 " MiB/s", uuid, bar,
	    p->percent, p->rate / MIB);
	if (p->eta_ms >= 0)
		buf_printf(&b, ", %" PRId64 " s left", p->eta_ms / 1000 + 1);
	draw(o, b.data, b.len);
	buf_free(&b);
	o->drawn = true;
}

void
migrec_clear(struct migrec_out *o)
{
	if (o->drawn && o->bar)
		draw(o, CLEAR, strlen(CLEAR));
	o->drawn = false;
}
