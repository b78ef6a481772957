/* SPDX-License-Identifier: ISC */
#include "driver/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int
survey_add(struct survey *s, const char *uuid)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->vm[i].uuid, uuid) == 0)
			return -1;
	if (s->n == SURVEY_MAX)
		return -1;
	s->vm = mem_realloc(s->vm, s->n + 1, sizeof(*s->vm));
	memset(&s->vm[s->n], 0, sizeof(*s->vm));
	snprintf(s->vm[s->n].uuid, sizeof(s->vm->uuid), "%s", uuid);
	s->n++;
	return 0;
}

int
survey_add_all(struct survey *s, int *others, char why[static VIRT_END_WHY])
{
	char(*uuid)[NAME_UUID_SIZE] = NULL;
	int n = virt_end_list(s->here, &uuid, others, why),
	    r = n == -1 ? -1 : 0;

	for (int i = 0; i < n && r == 0; i++)
		if ((r = survey_add(s, uuid[i])) == -1)
			snprintf(
			    why, VIRT_END_WHY, "more than %d VMs", SURVEY_MAX);
	free(uuid);
	return r;
}

static void
decide(struct survey *s, struct survey_vm *v)
{
	struct migration_vm vm = {.here = virt_end_look(s->here, v->uuid),
	    .there = virt_end_look(s->there, v->uuid)};
	char why[VIRT_END_WHY] = "";

	if (vm.here.copy == MIGRATION_RUNNING) {
		if (virt_end_read(s->here, v->uuid, s->shared, s->nshared,
			&v->is, why) == -1)
			vm.unreadable = why;
		else
			vm.foreign = v->is.generation == 0;
		vm.defined = v->is.defined;
		vm.memory_kib = v->is.memory_kib;
		vm.disk = v->is.ndisk ? v->is.disk[0].path : NULL;
	}
	v->action = migration_plan(&vm, &s->rule, v->why);
	if (v->action == MIGRATION_MOVE)
		s->rule.free_kib -= migration_needs(&vm);
	/* libvirt copies only into what is there. */
	for (size_t i = 0; v->action == MIGRATION_MOVE && i < v->is.ndisk; i++)
		v->unsure |= !virt_end_has(s->there, v->is.disk[i].path);
	s->refused |= v->action == MIGRATION_REFUSE;
}

int
survey_decide(struct survey *s, char why[static VIRT_END_WHY])
{
	s->rule.free_kib = virt_end_free_kib(s->there, why);
	if (s->rule.free_kib == -1)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		decide(s, &s->vm[i]);
	return 0;
}

void
survey_free(struct survey *s)
{
	virt_end_free(s->here);
	virt_end_free(s->there);
	free(s->vm);
	memset(s, 0, sizeof(*s));
}
