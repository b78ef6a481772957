/* SPDX-License-Identifier: ISC */
#include "driver/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
roster_init(struct roster *r, int64_t now_ms)
{
	memset(r, 0, sizeof(*r));
	r->down_since = now_ms;
}

static void
free_member(struct member *m)
{
	free(m->body);
	free(m->xml);
	free(m);
}

void
roster_free(struct roster *r)
{
	for (size_t i = 0; i < r->n; i++)
		free_member(r->m[i]);
	free(r->m);
	free(r->why);
	desired_free(&r->desired);
	memset(r, 0, sizeof(*r));
}

/* Where uuid is, or would be. */
static size_t
place_of(const struct roster *r, const char *uuid)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(r->m[mid]->uuid, uuid) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct member *
roster_find(const struct roster *r, const char *uuid)
{
	size_t at = place_of(r, uuid);

	if (at < r->n && strcmp(r->m[at]->uuid, uuid) == 0)
		return r->m[at];
	return NULL;
}

struct member *
roster_get(struct roster *r, const char *uuid)
{
	struct member *m = roster_find(r, uuid);
	size_t at;

	if (m)
		return m;
	at = place_of(r, uuid);
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 64;
		r->m = mem_realloc(r->m, r->cap, sizeof(struct member *));
	}
	memmove(
	    &r->m[at + 1], &r->m[at], (r->n - at) * sizeof(struct member *));
	m = r->m[at] = mem_calloc(1, sizeof(*m));
	snprintf(m->uuid, sizeof(m->uuid), "%s", uuid);
	/* Absent from the listing in force, if there is one. */
	m->seen = r->libvirt ? PLAN_SEEN_ABSENT : PLAN_SEEN_UNKNOWN;
	r->n++;
	return m;
}

/* Forgets what neither the server names nor libvirt has. */
static void
sweep(struct roster *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct member *m = r->m[i];

		if (m->want || m->up || m->job != PLAN_NONE || m->locked)
			r->m[kept++] = m;
		else
			free_member(m);
	}
	r->n = kept;
}

void
roster_adopt(struct roster *r, struct desired *d)
{
	struct desired old = r->desired;

	r->desired = *d;
	memset(d, 0, sizeof(*d));
	for (size_t i = 0; i < r->n; i++)
		r->m[i]->want = NULL;
	for (size_t i = 0; i < r->desired.n; i++) {
		const struct desired_vm *vm = r->desired.vm[i];

		struct member *m = roster_get(r, vm->uuid);

		m->want = vm;
		plan_wish(&m->mem, vm->wish);
	}
	desired_free(&old);
	if (r->libvirt)
		sweep(r);
}

static void
vanish(struct member *m, enum plan_end end, int64_t now)
{
	if (end == PLAN_END_GUEST && m->signalled)
		end = PLAN_END_DIED;
	if (m->up && m->chime)
		plan_ended(&m->mem,
		    m->want ? m->want->restart : PLAN_ON_FAILURE, end, now);
	m->seen = PLAN_SEEN_ABSENT;
	m->up = m->chime = m->defined = m->signalled = false;
}

static void
take_down(struct roster *r, const struct virt_note *note, int64_t now)
{
	if (!r->down_since)
		r->down_since = now;
	r->slow |= note->slow;
	free(r->why);
	r->why = mem_strdup(note->reason);
	r->libvirt = false;
	r->down_seq = note->seq;
	for (size_t i = 0; i < r->n; i++) {
		r->m[i]->seen = PLAN_SEEN_UNKNOWN;
		r->m[i]->seq = note->seq;
	}
}

static void
take_listed(struct member *m, const struct virt_domain *d)
{
	m->seen = d->seen;
	m->seen_reason = d->seen_reason;
	m->up = true;
	m->chime = d->chime;
	m->defined = d->defined;
	m->wish = d->wish;
	m->generation = d->generation;
}

/* Both are sorted by uuid. */
static void
take_list(struct roster *r, const struct virt_note *note, int64_t now)
{
	size_t k = 0;

	if (note->since < r->down_seq)
		return; /* of a connection that is no more */
	r->libvirt = true;
	r->slow = false;
	r->down_since = 0;
	/* Foreign ones too: the server may name their uuid later. */
	for (size_t i = 0; i < note->n; i++)
		roster_get(r, note->list[i].uuid);
	for (size_t i = 0; i < r->n; i++) {
		struct member *m = r->m[i];

		while (k < note->n && strcmp(note->list[k].uuid, m->uuid) < 0)
			k++;
		if (m->seq > note->since)
			continue;
		if (k < note->n && strcmp(note->list[k].uuid, m->uuid) == 0)
			take_listed(m, &note->list[k]);
		else if (m->job == PLAN_START)
			m->seen = PLAN_SEEN_ABSENT; /* not yet there */
		else
			vanish(m, PLAN_END_LOST, now);
	}
	if (r->desired.host)
		sweep(r);
}

static void
begin(struct member *m, int64_t now)
{
	plan_started(&m->mem, now);
	m->began = m->up = m->chime = true;
	m->signalled = false;
}

static bool
take_event(struct member *m, const struct virt_note *note, int64_t now)
{
	if (m->job == PLAN_START && !m->began &&
	    note->domain.seen == PLAN_SEEN_RUNNING)
		begin(m, now);
	if (!m->up) {
		/* Somebody else's doing: whose domain is it? */
		m->seen = PLAN_SEEN_UNKNOWN;
		return true;
	}
	m->seen = note->domain.seen;
	m->seen_reason = note->domain.seen_reason;
	m->seq = note->seq;
	return false;
}

/* A step of an adoption is done. */
static void
take_adopt(struct member *m, const struct virt_note *note)
{
	plan_adopted(&m->mem);
	if (note->action == PLAN_FETCH) {
		free(m->xml);
		m->xml = mem_strdup(note->xml);
		return;
	}
	m->adopted = m->chime = m->up = true;
	m->defined = false;
	m->seq = note->seq; /* what was listed before saw another's */
}

static bool
take_done(struct roster *r, struct member *m, const struct virt_note *note,
    int64_t now)
{
	enum virt_result result = note->result;
	bool began = m->began;

	m->job = PLAN_NONE;
	m->began = false;
	if (note->since < r->down_seq)
		result = VIRT_LOST; /* of a connection that is no more */
	switch (result) {
	case VIRT_OK:
		if (note->action == PLAN_START && !began) {
			begin(m, now);
			m->began = false;
			m->seen = PLAN_SEEN_RUNNING;
			m->seq = note->seq;
		} else if (note->action == PLAN_FETCH ||
			   note->action == PLAN_MARK) {
			take_adopt(m, note);
		} else if (note->action == PLAN_DESTROY) {
			vanish(m, PLAN_END_DESTROYED, now);
			m->seq = note->seq;
		}
		return false;
	case VIRT_FAILED:
		plan_failed(&m->mem, note->action, note->reason, now);
		/* A listing may have caught it half made. */
		if (note->action == PLAN_START && !began) {
			m->seen = PLAN_SEEN_ABSENT;
			m->up = false;
		}
		return true;
	case VIRT_GONE:
	case VIRT_LOST:
		m->seen = PLAN_SEEN_UNKNOWN;
		m->seq = note->seq;
		return true;
	}
	return true;
}

bool
roster_note(struct roster *r, const struct virt_note *note, int64_t now_ms)
{
	struct member *m = roster_find(r, note->domain.uuid);

	switch (note->kind) {
	case VIRT_DOWN:
		take_down(r, note, now_ms);
		return false;
	case VIRT_LIST:
		take_list(r, note, now_ms);
		return false;
	case VIRT_DONE:
		return m && take_done(r, m, note, now_ms);
	case VIRT_SIGNAL:
	case VIRT_EVENT:
		if (!m)
			m = roster_get(r, note->domain.uuid);
		m->signalled |= note->kind == VIRT_SIGNAL;
		return take_event(m, note, now_ms);
	case VIRT_ENDED:
		if (m) {
			vanish(m, note->end, now_ms);
			m->seq = note->seq;
		}
		return false;
	}
	return false;
}

void
roster_mute(struct roster *r, const char *why, int64_t now_ms)
{
	r->libvirt = false;
	r->slow = true;
	r->down_since = now_ms;
	free(r->why);
	r->why = mem_strdup(why);
}

/* How far its adoption is; what is behind it is forgotten. */
static enum plan_adopt
adoption(struct member *m, const struct desired_vm *d)
{
	if (!d->adopt || d->xml) {
		free(m->xml);
		m->xml = NULL;
	}
	m->adopted = m->adopted && d->adopt;
	if (!d->adopt || m->adopted)
		return PLAN_ADOPT_NONE;
	return d->xml   ? PLAN_ADOPT_MARK
	       : m->xml ? PLAN_ADOPT_FETCHED
			: PLAN_ADOPT_FETCH;
}

static void
decide(const struct roster *r, struct member *m, int64_t now)
{
	const struct desired_vm *d = m->want;
	struct plan_node node = {
	    .admin = r->desired.admin,
	    .answered = r->desired.host,
	    .libvirt = r->libvirt,
	};
	struct plan_vm vm = {
	    .seen = m->seen,
	    .seen_reason = m->seen_reason,
	    .foreign = m->up && !m->chime,
	    .job = m->job != PLAN_NONE ? m->job : m->held,
	};

	if (!d) {
		plan_stray(&node, m->seen, &m->plan);
		return;
	}
	vm.want = d->want;
	vm.restart = d->restart;
	vm.wish = d->wish;
	vm.grace_ms = d->grace_ms;
	vm.defined = m->defined;
	vm.adopt = adoption(m, d);
	if (r->refuses)
		vm.refused = r->refuses(m, r->refuses_arg);
	plan_vm(&node, &vm, &m->mem, now, &m->plan);
}

int64_t
roster_plan(struct roster *r, int64_t now_ms,
    bool (*act)(struct member *m, void *arg), void *arg)
{
	int64_t wake = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct member *m = r->m[i];

		m->held = PLAN_NONE;
		decide(r, m, now_ms);
		if (m->plan.action != PLAN_NONE) {
			if (act(m, arg)) {
				m->job = m->plan.action;
				m->began = false;
			} else {
				decide(r, m, now_ms);
			}
		}
		if (m->plan.wake && (!wake || m->plan.wake < wake))
			wake = m->plan.wake;
	}
	return wake;
}

size_t
roster_jobs(const struct roster *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->m[i]->job != PLAN_NONE;
	return n;
}
