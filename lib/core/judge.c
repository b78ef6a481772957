/* SPDX-License-Identifier: ISC */
#include "core/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SINCE_NEW INT64_MIN /* first read in the round that is going on */

const char *const judge_admin_words[] = {
    "run", "disabled", "drained", "down", NULL};
const char *const judge_health_words[] = {
    "ok", "silent", "error", "unreachable", NULL};
const char *const judge_status_words[] = {"run", "silent", "disabled",
    "drained", "error", "unreachable", "down", NULL};

struct host {
	char name[JUDGE_HOST_SIZE];
	char boot[JUDGE_BOOT_SIZE];
	int64_t beat;
	int64_t since; /* when first read, on the track's own time line */
	int64_t next;  /* the silence at which it is reported next, in ms */
};

struct list {
	struct host *host; /* ascending by name */
	size_t n, cap;
};

/*
 * The track's own time line is the caller's clock less `excess`, the time in
 * which nobody looked.
 */
struct judge_track {
	int64_t silent_ms, repeat_ms, gap_ms;
	struct list old, now; /* the last reading; the one going on */
	size_t at;            /* where in old the reading has come to */
	int64_t begun, ended; /* this reading's begin, the last one's end */
	int64_t excess;
	int64_t line; /* this reading's begin on the time line */
	bool any;     /* there was a reading before */
};

int
judge_word(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (word && strcmp(words[i], word) == 0)
			return i;
	return -1;
}

enum judge_status
judge_status(enum judge_admin admin, enum judge_health health)
{
	if (admin == ADMIN_DOWN)
		return STATUS_DOWN;
	if (health == HEALTH_UNREACHABLE)
		return STATUS_UNREACHABLE;
	if (health == HEALTH_ERROR)
		return STATUS_ERROR;
	if (admin == ADMIN_DRAINED)
		return STATUS_DRAINED;
	if (admin == ADMIN_DISABLED)
		return STATUS_DISABLED;
	return health == HEALTH_SILENT ? STATUS_SILENT : STATUS_RUN;
}

enum judge_health
judge_reporting(bool error)
{
	return error ? HEALTH_ERROR : HEALTH_OK;
}

enum judge_health
judge_silent(bool answered)
{
	return answered ? HEALTH_SILENT : HEALTH_UNREACHABLE;
}

struct judge_track *
judge_track_new(int64_t silent_ms, int64_t repeat_ms, int64_t gap_ms)
{
	struct judge_track *t = mem_calloc(1, sizeof(*t));

	t->silent_ms = silent_ms;
	t->repeat_ms = repeat_ms;
	t->gap_ms = gap_ms;
	return t;
}

void
judge_track_free(struct judge_track *t)
{
	if (!t)
		return;
	free(t->old.host);
	free(t->now.host);
	free(t);
}

void
judge_forget(struct judge_track *t)
{
	t->old.n = 0;
	t->now.n = 0;
	t->at = 0;
	t->any = false;
}

/* What of a time span is over the bound. */
static int64_t
over(int64_t span, int64_t bound)
{
	return span > bound ? span - bound : 0;
}

void
judge_round(struct judge_track *t, int64_t now_ms)
{
	if (t->any)
		t->excess += over(now_ms - t->ended, t->gap_ms);
	t->begun = now_ms;
	t->line = now_ms - t->excess;
	t->now.n = 0;
	t->at = 0;
}

static struct host *
append(struct list *l)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->host = mem_realloc(l->host, l->cap, sizeof(*l->host));
	}
	return &l->host[l->n++];
}

int64_t
judge_seen(
    struct judge_track *t, const char *host, const char *boot, int64_t beat)
{
	struct host *h = append(&t->now);
	int64_t silent;

	while (t->at < t->old.n && strcmp(t->old.host[t->at].name, host) < 0)
		t->at++;
	if (t->at < t->old.n && strcmp(t->old.host[t->at].name, host) == 0) {
		*h = t->old.host[t->at++];
		if (h->beat == beat && strcmp(h->boot, boot) == 0) {
			/* Its row cannot have changed before this reading. */
			silent = t->line - h->since;
			if (silent < h->next)
				return -1;
			h->next = silent + t->repeat_ms;
			return silent;
		}
	}
	snprintf(h->name, sizeof(h->name), "%s", host);
	snprintf(h->boot, sizeof(h->boot), "%s", boot);
	h->beat = beat;
	h->since = SINCE_NEW;
	h->next = t->silent_ms;
	return -1;
}

int64_t
judge_round_end(struct judge_track *t, int64_t now_ms)
{
	int64_t first = INT64_MAX, now;
	struct list l;

	t->excess += over(now_ms - t->begun, t->gap_ms);
	now = now_ms - t->excess;
	for (size_t i = 0; i < t->now.n; i++) {
		struct host *h = &t->now.host[i];

		/* A new beat can be as young as the end of the reading. */
		if (h->since == SINCE_NEW)
			h->since = now;
		if (h->since + h->next - now < first)
			first = h->since + h->next - now;
	}
	l = t->old;
	t->old = t->now;
	t->now = l;
	t->ended = now_ms;
	t->any = true;
	return first < 0 ? 0 : first;
}
