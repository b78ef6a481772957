/* SPDX-License-Identifier: ISC */
#include "driver/migrec.h"

#include <inttypes.h>
#include <string.h>

#include "line/rec.h"

#define MIB (1024 * 1024)

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
	if (now->cleared)
		rec_bool(rec, "cleared", true);
	if (!moved && !stays)
		rec_str(
		    rec, "reason", migration_unclear(now->here, now->there));
	else if (stays && now->there.copy == MIGRATION_UNKNOWN)
		rec_str(rec, "reason",
		    "the destination does not answer: look there before it is "
		    "moved or stopped");
	else if (stays && *now->reason)
		rec_str(rec, "reason", now->reason);
	if (*now->reason && !moved)
		rec_str(rec, "libvirt", now->reason);
	return rec;
}

json_t *
migrec_untouched(const char *uuid, const char *dest)
{
	json_t *rec = ended(uuid, dest, "cancelled", "here");

	rec_str(rec, "reason", "it was not begun");
	return rec;
}

void
migrec_text(const json_t *rec, struct buf *out)
{
	const char *key;
	json_t *v;
	int n = 0;

	/* The type, the time and what both ends have alike say nothing new. */
	json_object_foreach((json_t *)rec, key, v)
	{
		if (strcmp(key, "type") == 0 || strcmp(key, "ts") == 0)
			continue;
		if (json_is_string(v) && strcmp(key, "reason") == 0)
			buf_printf(out, ": %s", json_string_value(v));
		else if (json_is_string(v))
			buf_printf(
			    out, "%s%s", n ? " " : "", json_string_value(v));
		else if (json_is_boolean(v))
			buf_printf(
			    out, " %s", json_is_true(v) ? "ok" : "NOT OK");
		else if (json_is_integer(v))
			buf_printf(out, " %" PRId64 " %s",
			    (int64_t)json_integer_value(v), key);
		else if (json_is_array(v))
			buf_printf(out, " %s %zu", key, json_array_size(v));
		n++;
	}
	buf_puts(out, "\n");
}

void
migrec_bar(
    const char *uuid, const struct migration_progress *p, struct buf *out)
{
	char bar[MIGRATION_BAR_SIZE];

	migration_bar(p->percent, bar);
	buf_printf(out, "%.8s %s %3d%% %" PRId64 " MiB/s", uuid, bar,
	    p->percent, p->rate / MIB);
	if (p->eta_ms >= 0)
		buf_printf(out, ", %" PRId64 " s left", p->eta_ms / 1000 + 1);
}
