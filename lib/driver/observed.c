/* SPDX-License-Identifier: ISC */
#include "driver/observed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "line/json.h"
#include "line/line.h"
#include "line/row.h"
#include "os/proc.h"

#define XMLS_MAX 4 /* descriptions told at a time */

static const char *const states[] = {
    "unknown", "off", "starting", "running", "paused", "stopping", NULL};
static const char *const wants[] = {"running", "stopped", "deleted"};

void
observed_init(struct observed *o, const char *host, const char *boot)
{
	memset(o, 0, sizeof(*o));
	o->host = host;
	o->boot = boot;
	proc_random_hex((OBSERVED_REV_SIZE - 1) / 2, o->rev);
}

void
observed_free(struct observed *o)
{
	free(o->head);
	memset(o, 0, sizeof(*o));
}

/* libvirt's texts are anything; a record is not. */
static void
add_reason(struct buf *b, const char *reason)
{
	char text[PLAN_REASON_SIZE];

	if (!reason || !*reason)
		return;
	snprintf(text, sizeof(text), "%s", reason);
	utf8_clean(text, strlen(text));
	row_str(b, "reason", text);
}

/* A VM's record from behind its ts to its end. */
static void
render(const struct observed *o, const struct roster *r, const struct member *m,
    bool with_xml, struct buf *b)
{
	const struct plan *p = &m->plan;

	row_str(b, "vm", m->uuid);
	row_str(b, "host", o->host);
	row_str(b, "state", plan_state_word(p->state));
	add_reason(b, p->reason);
	if (m->want)
		row_str(b, "want", wants[m->want->want]);
	row_int(b, "wish", m->want ? m->want->wish : m->wish);
	row_int(b, "generation", m->want ? m->want->generation : m->generation);
	if (m->refused)
		row_int(b, "refused", m->refused);
	if (p->final)
		row_bool(b, "final", true);
	if (m->mem.restarts)
		row_int(b, "restarts", m->mem.restarts);
	if (p->next_try_ms)
		row_int(b, "next_try_ms", p->next_try_ms);
	if (!m->want && r->desired.host)
		row_bool(b, "stray", true);
	/* For the next reconciler of this boot alone: it must not start it. */
	if (m->mem.off && !m->mem.final)
		row_bool(b, "away", true);
	if (m->adopted)
		row_bool(b, "adopted", true);
	if (with_xml)
		row_str(b, "xml", m->xml);
	row_close(b);
}

/* Whether there is anything to tell about it. */
static bool
is_told(const struct member *m)
{
	return m->want || (m->up && m->chime);
}

static bool
update_vm(const struct observed *o, const struct roster *r, struct member *m,
    bool with_xml, struct buf *b)
{
	buf_clear(b);
	render(o, r, m, with_xml, b);
	if (b->overflow) {
		/* Only a description is ever so long. */
		free(m->xml);
		m->xml = NULL;
		plan_failed(&m->mem, PLAN_FETCH,
		    "its description is longer than a record", clk_mono_ms());
		buf_clear(b);
		render(o, r, m, false, b);
	}
	if (m->body && strcmp(m->body, b->data) == 0)
		return false;
	if (!*m->since || m->told != m->plan.state)
		clk_ts(m->since);
	m->told = m->plan.state;
	free(m->body);
	m->body = mem_strdup(b->data);
	return true;
}

static void
render_head(const struct roster *r, const char *sick, struct buf *b)
{
	if (r->desired.rev[0])
		row_str(b, "desired_rev", r->desired.rev);
	row_str(b, "health", sick ? "error" : "ok");
	add_reason(b, sick);
	row_close(b);
}

bool
observed_update(struct observed *o, struct roster *r, const char *sick)
{
	bool changed = false;
	size_t told = 0, xmls = 0;
	struct buf b;

	buf_init(&b, LINE_MAX_RECORD);
	for (size_t i = 0; i < r->n; i++) {
		if (!is_told(r->m[i])) {
			free(r->m[i]->body);
			r->m[i]->body = NULL;
			continue;
		}
		told++;
		/* One after the other: a heartbeat holds only so much. */
		changed |= update_vm(
		    o, r, r->m[i], r->m[i]->xml && xmls++ < XMLS_MAX, &b);
	}
	/* One that is no longer told leaves a gap, or makes room for one
	 * that is new and therefore changed. */
	changed |= told != o->told;
	o->told = told;
	buf_clear(&b);
	render_head(r, sick, &b);
	if (!o->head || strcmp(o->head, b.data) != 0) {
		free(o->head);
		o->head = mem_strdup(b.data);
		changed = true;
	}
	if (!*o->since || o->sick != (sick != NULL))
		clk_ts(o->since);
	o->sick = sick != NULL;
	buf_free(&b);
	if (changed)
		proc_random_hex((OBSERVED_REV_SIZE - 1) / 2, o->rev);
	return changed;
}

int
observed_dump(const struct observed *o, const struct roster *r, struct buf *b)
{
	row_open(b, "host");
	row_str(b, "ts", o->since);
	row_str(b, "host", o->host);
	row_str(b, "boot", o->boot);
	row_str(b, "observed_rev", o->rev);
	buf_printf(b, "%s\n", o->head);
	for (size_t i = 0; i < r->n; i++) {
		if (!r->m[i]->body)
			continue;
		row_open(b, "vm");
		row_str(b, "ts", r->m[i]->since);
		buf_printf(b, "%s\n", r->m[i]->body);
	}
	return b->overflow ? -1 : 0;
}

/* What an off state was, from what was told of it. */
static void
load_off(struct member *m, const json_t *rec, int64_t now)
{
	const char *reason = NULL;
	struct json_reason why;
	int64_t pause = 0;
	bool away = false;

	json_get_bool(rec, "final", &m->mem.final, &why);
	json_get_bool(rec, "away", &away, &why);
	json_get_int(rec, "next_try_ms", 1, PLAN_BACKOFF_MS, &pause, &why);
	m->mem.off = m->mem.final || away;
	if (pause) {
		m->mem.not_before = now + pause;
		m->mem.pause_ms = pause;
		m->mem.again = true;
		/* The next pause is the next longer one. */
		m->mem.failures = 1;
		for (int64_t ms = 1000; ms <= pause; ms *= 2)
			m->mem.failures++;
	}
	if ((m->mem.off || pause) &&
	    json_get_str(
		rec, "reason", 1, PLAN_REASON_SIZE - 1, &reason, &why) == 1)
		snprintf(m->mem.last, sizeof(m->mem.last), "%s", reason);
}

static void
load_vm(struct roster *r, const json_t *rec, int64_t now)
{
	const char *uuid, *ts = NULL;
	struct json_reason why;
	int64_t restarts = 0;
	struct member *m;
	int state;

	if (json_get_str(rec, "vm", 1, 36, &uuid, &why) != 1 ||
	    !name_uuid(uuid) ||
	    json_get_word(rec, "state", states, &state, &why) != 1)
		return;
	m = roster_get(r, uuid);
	json_get_int(rec, "wish", 0, INT64_MAX, &m->mem.wish, &why);
	json_get_int(rec, "restarts", 0, 1 << 30, &restarts, &why);
	json_get_bool(rec, "adopted", &m->adopted, &why);
	m->mem.restarts = (int)restarts;
	m->told = (enum plan_state)state;
	if (json_get_str(rec, "ts", 24, 24, &ts, &why) == 1)
		snprintf(m->since, sizeof(m->since), "%s", ts);
	if (m->told == PLAN_STATE_OFF)
		load_off(m, rec, now);
	/* If it is gone now, it has ended meanwhile. */
	m->up = m->chime = m->told == PLAN_STATE_RUNNING ||
			   m->told == PLAN_STATE_PAUSED ||
			   m->told == PLAN_STATE_STOPPING;
}

bool
observed_load(const struct observed *o, struct roster *r, const char *text,
    size_t len, int64_t now_ms)
{
	const char *end = text + len, *eol, *type, *boot;
	struct json_reason why;
	bool ours = false;

	for (const char *p = text; p < end; p = eol + 1) {
		json_t *rec;

		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		rec = json_object_parse(p, (size_t)(eol - p), &why);
		if (!rec)
			continue;
		if (json_get_str(rec, "type", 1, 64, &type, &why) != 1)
			type = "";
		if (strcmp(type, "host") == 0)
			ours = json_get_str(rec, "boot", 36, 36, &boot, &why) ==
				   1 &&
			       strcmp(boot, o->boot) == 0;
		else if (ours && strcmp(type, "vm") == 0)
			load_vm(r, rec, now_ms);
		json_decref(rec);
	}
	return ours;
}
