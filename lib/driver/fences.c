/* SPDX-License-Identifier: ISC */
#include "driver/fences.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "line/line.h"
#include "line/rec.h"

#define TIME_MAX (INT64_MAX / 4) /* so that sums of times do not overflow */

static int
by_uuid(const void *a, const void *b)
{
	const struct fence *x = a, *y = b;

	return strcmp(x->uuid, y->uuid);
}

struct fence *
fences_find(const struct fences *f, const char *uuid)
{
	struct fence key;

	if (!f->n || strlen(uuid) >= sizeof(key.uuid))
		return NULL;
	snprintf(key.uuid, sizeof(key.uuid), "%s", uuid);
	return bsearch(&key, f->v, f->n, sizeof(key), by_uuid);
}

/* The VM, added when it is not there. */
static struct fence *
add(struct fences *f, const char *uuid)
{
	struct fence *x = fences_find(f, uuid);

	if (x)
		return x;
	f->v = mem_realloc(f->v, f->n + 1, sizeof(*x));
	x = &f->v[f->n++];
	memset(x, 0, sizeof(*x));
	snprintf(x->uuid, sizeof(x->uuid), "%s", uuid);
	x->killed = -1;
	x->d.seen = COPY_UNKNOWN;
	qsort(f->v, f->n, sizeof(*x), by_uuid);
	return fences_find(f, uuid);
}

/*
 * The next line of a text: 1 with an object of this type, 0 when it is of
 * another, -1 with why.
 */
static int
next_object(const char **text, size_t *left, const char *type, json_t **o,
    struct json_reason *why)
{
	const char *nl = memchr(*text, '\n', *left), *of = "";
	size_t len = nl ? (size_t)(nl - *text) : *left;

	*o = NULL;
	if (len > LINE_MAX_RECORD)
		json_why(why, "longer than 64 KiB");
	else
		*o = json_object_parse(*text, len, why);
	*text += len + (nl ? 1 : 0);
	*left -= len + (nl ? 1 : 0);
	if (!*o || json_need(json_get_str(*o, "type", 1, 64, &of, why), "type",
		       why) == -1)
		return -1;
	if (strcmp(of, type) == 0)
		return 1;
	json_why(why, "type: expected %s, found %.40s", type, of);
	return 0;
}

static bool
same(
    const json_t *o, const char *key, const char *mine, struct json_reason *why)
{
	const char *s = "";

	if (json_need(json_get_str(o, key, 1, 64, &s, why), key, why) == -1)
		return false;
	if (strcmp(s, mine) == 0)
		return true;
	json_why(why, "%s: expected %s, found %.63s", key, mine, s);
	return false;
}

static int
need_time(
    const json_t *o, const char *key, int64_t *ms, struct json_reason *why)
{
	return json_need(json_get_int(o, key, 0, TIME_MAX, ms, why), key, why);
}

/* What both files say of a VM; fence is not. */
static int
get_vm(const json_t *o, const char **uuid, struct lease_vm *l,
    struct json_reason *why)
{
	const char *gen = "";
	int mode = 0;

	if (json_need(json_get_str(o, "vm", 1, 64, uuid, why), "vm", why) ==
		-1 ||
	    json_need(json_get_str(o, "generation", 1, GEN_SIZE - 1, &gen, why),
		"generation", why) == -1 ||
	    json_need(json_get_word(o, "mode", ledger_mode_words, &mode, why),
		"mode", why) == -1 ||
	    need_time(o, "until_ms", &l->until, why) == -1)
		return -1;
	l->grant.mode = (enum ledger_mode)mode;
	if (!name_uuid(*uuid)) {
		json_why(why, "vm: expected a UUID in lower case, found %.40s",
		    *uuid);
		return -1;
	}
	if (gen_parse(gen, &l->grant.gen) == 0)
		return 0;
	json_why(why, "generation: expected INC.COUNTER.HOP, found %s", gen);
	return -1;
}

static int
load_vm(struct fences *f, const json_t *o, int64_t sent, int64_t now,
    const struct lease_timers *t, struct json_reason *why)
{
	struct lease_vm l = {.fence = false};
	const char *uuid = "";
	struct fence *x;

	if (get_vm(o, &uuid, &l, why) == -1 ||
	    json_need(json_get_bool(o, "fence", &l.fence, why), "fence", why) ==
		-1)
		return -1;
	if (!l.fence && l.grant.mode != LEDGER_MANUAL) {
		json_why(why, "fence: false, but the mode is %s",
		    ledger_mode_words[l.grant.mode]);
		return -1;
	}
	x = l.fence ? add(f, uuid) : fences_find(f, uuid);
	if (x)
		deadman_told(&x->d, &l, sent, now, t);
	return 0;
}

int
fences_load(struct fences *f, struct fences_head *h, const char *text,
    size_t len, int64_t now, const struct lease_timers *t,
    void (*bad)(int64_t line, const char *reason, void *arg), void *arg,
    struct json_reason *why)
{
	int64_t beat, sent, interval, line = 1;
	json_t *o;
	int r = -1;

	if (next_object(&text, &len, "lease", &o, why) == 1 &&
	    same(o, "host", h->host, why) && same(o, "boot", h->boot, why) &&
	    need_time(o, "beat", &beat, why) == 1 &&
	    need_time(o, "sent_ms", &sent, why) == 1 &&
	    need_time(o, "interval_ms", &interval, why) == 1)
		r = 0;
	json_decref(o);
	if (r == -1)
		return -1;
	h->beat = beat;
	h->sent_ms = sent;
	h->interval_ms = interval;
	while (len) {
		struct json_reason inner;

		line++;
		r = next_object(&text, &len, "lease", &o, &inner);
		if (r == 1)
			r = load_vm(f, o, sent, now, t, &inner);
		if (r == -1)
			bad(line, inner.text, arg);
		json_decref(o);
	}
	return 0;
}

static int
recall_vm(struct fences *f, const json_t *o, struct json_reason *why)
{
	struct lease_vm l = {.fence = true};
	const char *uuid = "";
	int64_t since = 0;
	struct fence *x;
	int state = 0;

	if (get_vm(o, &uuid, &l, why) == -1 ||
	    need_time(o, "since_ms", &since, why) == -1 ||
	    json_need(
		json_get_word(o, "state", deadman_state_words, &state, why),
		"state", why) == -1)
		return -1;
	x = add(f, uuid);
	x->d.lease = l;
	x->d.since = since;
	x->d.state = (enum deadman_state)state;
	x->d.gone = x->d.state == DEADMAN_CONFIRMED;
	return 0;
}

int
fences_recall(struct fences *f, struct fences_head *h, const char *text,
    size_t len, struct json_reason *why)
{
	const char *path = "";
	json_t *o;
	int r = -1;

	if (next_object(&text, &len, "deadman", &o, why) == 1 &&
	    same(o, "host", h->host, why) && same(o, "boot", h->boot, why) &&
	    need_time(o, "beat", &h->beat, why) == 1 &&
	    need_time(o, "pid", &h->pid, why) == 1 &&
	    json_need(
		json_get_bool(o, "reset", &h->reset, why), "reset", why) == 1 &&
	    json_get_bool(o, "left", &h->left, why) != -1 &&
	    json_get_str(
		o, "watchdog", 1, sizeof(h->watchdog) - 1, &path, why) != -1)
		r = 0;
	snprintf(h->watchdog, sizeof(h->watchdog), "%s", path);
	json_decref(o);
	while (r == 0 && len) {
		r = next_object(&text, &len, "deadman", &o, why);
		r = r == 1 ? recall_vm(f, o, why) : r;
		json_decref(o);
	}
	return r;
}

static void
dump_vm(const struct fence *x, struct buf *b)
{
	json_t *o = rec_new("deadman");
	const struct deadman_vm *d = &x->d;
	char gen[GEN_SIZE];

	gen_format(d->lease.grant.gen, gen);
	rec_str(o, "vm", x->uuid);
	rec_str(o, "generation", gen);
	rec_str(o, "mode", ledger_mode_words[d->lease.grant.mode]);
	rec_int(o, "until_ms", d->lease.until);
	rec_int(o, "since_ms", d->since);
	rec_str(o, "state", deadman_state_words[d->state]);
	rec_dump(o, b);
	json_decref(o);
}

int
fences_dump(const struct fences *f, const struct fences_head *h, struct buf *b)
{
	json_t *o = rec_new("deadman");

	rec_str(o, "host", h->host);
	rec_str(o, "boot", h->boot);
	rec_int(o, "pid", h->pid);
	rec_int(o, "beat", h->beat);
	rec_bool(o, "armed", h->armed);
	rec_bool(o, "petting", h->petting);
	rec_bool(o, "reset", h->reset);
	if (h->left)
		rec_bool(o, "left", true);
	rec_str(o, "watchdog", *h->watchdog ? h->watchdog : NULL);
	if (h->watchdog_ms)
		rec_int(o, "watchdog_ms", h->watchdog_ms);
	rec_dump(o, b);
	json_decref(o);
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].d.lease.fence)
			dump_vm(&f->v[i], b);
	return b->overflow ? -1 : 0;
}

void
fences_free(struct fences *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].killed != -1)
			close(f->v[i].killed);
	free(f->v);
	f->v = NULL;
	f->n = 0;
}
