/* SPDX-License-Identifier: ISC */
/* The queue of notes behind an eventfd. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "driver/virt_in.h"

struct virt_note *
virt_note_new(enum virt_kind kind)
{
	struct virt_note *note = mem_calloc(1, sizeof(*note));

	note->kind = kind;
	return note;
}

void
virt_note_free(struct virt_note *note)
{
	if (!note)
		return;
	free(note->reason);
	free(note->xml);
	free(note->list);
	free(note);
}

void
virt_note_add(struct virt *v, struct virt_note *note)
{
	uint64_t one = 1;

	note->seq = ++v->seq;
	*v->last = note;
	v->last = &note->next;
	/* Full only after 2^64 notes: nothing to do about it. */
	if (write(v->wake, &one, sizeof(one)) == -1)
		return;
}

struct virt_note *
virt_next(struct virt *v)
{
	struct virt_note *note;
	uint64_t count;

	pthread_mutex_lock(&v->lock);
	note = v->first;
	if (note) {
		v->first = note->next;
		note->next = NULL;
	}
	if (!v->first) {
		v->last = &v->first;
		if (read(v->wake, &count, sizeof(count)) == -1)
			count = 0; /* it was not set */
	}
	pthread_mutex_unlock(&v->lock);
	return note;
}

int
virt_fd(const struct virt *v)
{
	return v->wake;
}

char *
virt_error_text(const char *what)
{
	const char *text = virGetLastErrorMessage();
	size_t size = strlen(text) + (what ? strlen(what) : 0) + 3;
	char *out = mem_calloc(1, size);

	snprintf(out, size, "%s%s%s", what ? what : "", what ? ": " : "", text);
	return out;
}
