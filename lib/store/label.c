/* SPDX-License-Identifier: ISC */
#include "store/label.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/name.h"

#define SQL_MAX 4096

static int
add_kind(struct db *db, const char *uuid, const char *kind, const char *list)
{
	char label[NAME_LABEL_MAX + 1];
	const char *at;
	size_t n;

	while ((n = place_next(&list, &at))) {
		snprintf(label, sizeof(label), "%.*s", (int)n, at);
		if (db_exec(db,
			"INSERT INTO vm_label(label, kind, vm)"
			" VALUES (?, ?, ?)",
			"sss", label, kind, uuid) == -1)
			return -1;
	}
	return 0;
}

static const char *
or_null(const char *list)
{
	return list && *list ? list : NULL;
}

int
label_add(struct db *db, const char *uuid, const char *labels,
    const char *avoid, const char *need)
{
	if (!or_null(labels) && !or_null(avoid) && !or_null(need))
		return 0;
	if (db_exec(db,
		"INSERT INTO vm_place(vm, labels, avoid, need)"
		" VALUES (?, ?, ?, ?)",
		"ssss", uuid, or_null(labels), or_null(avoid),
		or_null(need)) == -1)
		return -1;
	if (add_kind(db, uuid, "label", labels) == -1)
		return -1;
	return add_kind(db, uuid, "avoid", avoid);
}

struct query {
	struct buf sql;
	struct db_val v[2 * PLACE_LABELS + 2];
	size_t n;
	char *text; /* the labels, each with a NUL behind it */
	char *end;
};

/* A label as a parameter, copied. */
static void
bind(struct query *q, const char *label, size_t n)
{
	memcpy(q->end, label, n);
	q->end[n] = '\0';
	q->v[q->n++].s = q->end;
	q->end += n + 1;
}

/* "(l.kind = KIND AND l.label IN (?,?))", or nothing for no labels. */
static void
add_match(struct query *q, const char *kind, const char *list, const char * or)
{
	const char *at, *sep = "";
	size_t n;

	if (!or_null(list))
		return;
	buf_printf(&q->sql, "%s(l.kind = '%s' AND l.label IN (", or, kind);
	while ((n = place_next(&list, &at))) {
		buf_printf(&q->sql, "%s?", sep);
		bind(q, at, n);
		sep = ",";
	}
	buf_puts(&q->sql, "))");
}

int
label_clashes(struct db *db, const char *host, const char *uuid,
    const char *labels, const char *avoid,
    void (*clash)(const char *host, const char *label, bool back, void *arg),
    void *arg)
{
	struct query q = {.n = 0};
	int r;

	if (!or_null(labels) && !or_null(avoid))
		return 0;
	q.text = q.end = mem_calloc(2, PLACE_LIST_SIZE);
	buf_init(&q.sql, SQL_MAX);
	buf_puts(&q.sql,
	    "SELECT DISTINCT v.host, l.label, l.kind FROM vm_label l"
	    " JOIN vm v ON v.uuid = l.vm WHERE v.want <> 'deleted' AND (");
	add_match(&q, "label", avoid, "");
	add_match(&q, "avoid", labels, or_null(avoid) ? " OR " : "");
	buf_puts(&q.sql, ") AND v.uuid <> ?");
	q.v[q.n++].s = uuid;
	if (host) {
		buf_puts(&q.sql, " AND v.host = ?");
		q.v[q.n++].s = host;
	}
	r = db_query_v(db, q.sql.data, q.v, q.n);
	while (r == 0 && (r = db_next(db)) == 1) {
		clash(db_str(db, 0), db_str(db, 1),
		    strcmp(db_str(db, 2), "avoid") == 0, arg);
		r = 0;
	}
	db_done(db);
	buf_free(&q.sql);
	free(q.text);
	return r;
}
