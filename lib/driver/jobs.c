/* SPDX-License-Identifier: ISC */
#include "driver/jobs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
jobs_init(struct jobs *s, unsigned n)
{
	memset(s, 0, sizeof(*s));
	s->n = n;
	s->tail = &s->head;
	s->slot = mem_calloc(n, sizeof(*s->slot));
	for (unsigned i = n; i-- > 0;) {
		s->slot[i].queued = s->free;
		s->free = &s->slot[i];
	}
}

void
jobs_free(struct jobs *s)
{
	for (unsigned i = 0; i < s->n; i++)
		buf_free(&s->slot[i].line);
	free(s->slot);
	s->slot = NULL;
}

/* From the back: nearly all jobs have the same time limit. */
static void
link_deadline(struct jobs *s, struct job *j)
{
	struct job *after = s->last;

	while (after && after->deadline > j->deadline)
		after = after->prev;
	j->prev = after;
	j->next = after ? after->next : s->first;
	*(j->prev ? &j->prev->next : &s->first) = j;
	*(j->next ? &j->next->prev : &s->last) = j;
}

struct job *
jobs_add(struct jobs *s, struct wire_request *r, size_t max, int64_t deadline,
    void *arg)
{
	struct job *j = s->free;

	if (!j || s->bytes > max)
		return NULL;
	r->id = ++s->turn * s->n + (uint64_t)(j - s->slot);
	buf_init(&j->line, WIRE_MAX);
	if (wire_request(&j->line, r) == -1) {
		buf_free(&j->line);
		return NULL;
	}
	s->free = j->queued;
	s->bytes += j->line.len;
	s->pending++;
	j->id = r->id;
	j->arg = arg;
	j->deadline = deadline;
	link_deadline(s, j);
	jobs_enqueue(s, j);
	return j;
}

struct job *
jobs_find(struct jobs *s, uint64_t id)
{
	struct job *j = &s->slot[id % s->n];

	return id && j->id == id ? j : NULL;
}

void
jobs_enqueue(struct jobs *s, struct job *j)
{
	j->worker = NULL;
	j->queued = NULL;
	*s->tail = j;
	s->tail = &j->queued;
}

void
jobs_unqueue(struct jobs *s, struct job *j)
{
	struct job **at = &s->head;

	while (*at != j)
		at = &(*at)->queued;
	*at = j->queued;
	if (!*at)
		s->tail = at;
}

void *
jobs_answer(struct jobs *s, struct job *j)
{
	void *arg = j->arg;

	if (!arg)
		return NULL;
	j->arg = NULL;
	*(j->prev ? &j->prev->next : &s->first) = j->next;
	*(j->next ? &j->next->prev : &s->last) = j->prev;
	s->pending--;
	return arg;
}

void
jobs_drop_line(struct jobs *s, struct job *j)
{
	s->bytes -= j->line.len;
	buf_free(&j->line);
}

void
jobs_remove(struct jobs *s, struct job *j)
{
	jobs_drop_line(s, j);
	j->id = 0;
	j->worker = NULL;
	j->queued = s->free;
	s->free = j;
}
