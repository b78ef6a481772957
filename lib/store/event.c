/* SPDX-License-Identifier: ISC */
#include "store/event.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "line/json.h"
#include "line/rec.h"

#define TEXT_MAX   512
#define ACTOR_MAX  64
#define SQL_MAX    1024
#define PARAMS_MAX 5

const char *const event_level_words[] = {"info", "warning", "alert", NULL};

/*
 * Copies what fits of s and ends it before a character that would be cut in
 * two: the column refuses broken UTF-8.
 */
static const char *
cut(const char *s, char *out, size_t size)
{
	size_t n;

	if (!s)
		return NULL;
	n = strlen(s);
	if (n >= size) {
		n = size - 1;
		while (n && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out, s, n);
	out[n] = '\0';
	return out;
}

int
event_add(struct db *db, const struct event *e)
{
	char text[TEXT_MAX + 1], actor[ACTOR_MAX + 1];
	int64_t n;

	n = db_exec(db,
	    "INSERT INTO event(ts, level, kind, host, vm, actor, text, data)"
	    " VALUES (UTC_TIMESTAMP(3), ?, ?, ?, ?, ?, ?, ?)",
	    "sssssss", event_level_words[e->level], e->kind, e->host, e->vm,
	    cut(e->actor, actor, sizeof(actor)),
	    cut(e->text ? e->text : "", text, sizeof(text)), e->data);
	return n == -1 ? -1 : 0;
}

static enum event_level
level_of(const char *word)
{
	for (int i = 0; event_level_words[i]; i++)
		if (word && strcmp(event_level_words[i], word) == 0)
			return (enum event_level)i;
	return EVENT_INFO;
}

static void
take_row(struct db *db, struct event_row *row)
{
	memset(row, 0, sizeof(*row));
	row->id = db_int(db, 0);
	db_ts(db, 1, row->ts);
	row->event.level = level_of(db_str(db, 2));
	row->event.kind = db_str(db, 3);
	row->event.host = db_str(db, 4);
	row->event.vm = db_str(db, 5);
	row->event.actor = db_str(db, 6);
	row->event.text = db_str(db, 7);
	row->event.data = db_str(db, 8);
}

static void
add_word(struct buf *sql, struct db_val *v, size_t *n, const char *column,
    const char *word)
{
	if (!word)
		return;
	buf_printf(sql, " AND %s = ?", column);
	v[*n].s = word;
	v[(*n)++].is_int = false;
}

int
event_list(struct db *db, const struct event_filter *f,
    int (*row)(const struct event_row *e, void *arg), void *arg)
{
	struct db_val v[PARAMS_MAX] = {{.i = f->after, .is_int = true}};
	struct event_row r;
	struct buf sql;
	size_t n = 1;
	int rc;

	buf_init(&sql, SQL_MAX);
	buf_printf(&sql,
	    "%sSELECT id, ts, level, kind, host, vm, actor, text, data"
	    " FROM event WHERE id > ?",
	    f->newest ? "SELECT * FROM (" : "");
	add_word(&sql, v, &n, "host", f->host);
	add_word(&sql, v, &n, "vm", f->vm);
	add_word(&sql, v, &n, "kind", f->kind);
	buf_printf(&sql, " ORDER BY id%s LIMIT ?%s", f->newest ? " DESC" : "",
	    f->newest ? ") AS newest ORDER BY id" : "");
	v[n++] = (struct db_val){.i = f->limit, .is_int = true};
	rc = db_query_v(db, sql.data, v, n);
	while (rc == 0) {
		int more = db_next(db);

		if (more != 1) {
			rc = more;
			break;
		}
		take_row(db, &r);
		if (row(&r, arg))
			break;
	}
	db_done(db);
	buf_free(&sql);
	return rc;
}

int
event_newest(struct db *db, int64_t *id)
{
	int r;

	if (db_query(db, "SELECT MAX(id) FROM event", "") == -1)
		return -1;
	r = db_next(db);
	if (r == 1)
		*id = db_int(db, 0);
	db_done(db);
	return r == -1 ? -1 : 0;
}

json_t *
event_record(const struct event_row *row)
{
	json_t *rec = json_object();
	const struct event *e = &row->event;

	rec_str(rec, "type", "event");
	rec_str(rec, "ts", row->ts);
	rec_int(rec, "id", row->id);
	rec_str(rec, "level", event_level_words[e->level]);
	rec_str(rec, "kind", e->kind);
	rec_str(rec, "host", e->host);
	rec_str(rec, "vm", e->vm);
	rec_str(rec, "actor", e->actor);
	rec_str(rec, "text", e->text);
	if (e->data)
		rec_val(rec, "data",
		    json_object_parse(e->data, strlen(e->data), NULL));
	return rec;
}
