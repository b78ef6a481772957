/* SPDX-License-Identifier: ISC */
/* The records of a migration, owned by the caller, and how they are shown. */
#ifndef DRIVER_MIGREC_H
#define DRIVER_MIGREC_H

#include <jansson.h>
#include <stdbool.h>

#include "driver/survey.h"
#include "driver/virt_migrate.h"

/* One of the checks that are not a VM's; reason NULL: it is good. */
json_t *migrec_check(const char *name, const char *reason);

/* What is to be done about a VM. */
json_t *migrec_plan(
    const struct survey_vm *v, const char *dest, const char *interface);

/* How far it is. */
json_t *migrec_progress(const char *uuid, const struct migration_progress *p);

/* What became of it. */
json_t *migrec_end(
    const char *uuid, const char *dest, const struct virt_moved *now);

/* Why its end is unclear, and what to do. */
const char *migrec_unclear(const struct virt_moved *now);

/* A VM that was to be moved when all was cancelled. */
json_t *migrec_untouched(const char *uuid, const char *dest);

/* Where they go. */
struct migrec_out {
	bool text; /* stdout is a terminal: lines for people */
	bool bar;  /* stderr is one: a bar */
	bool drawn;
	bool deaf; /* stdout cannot be written */
};

/* Writes one to stdout and frees it. 0, or -1 with errno. */
int migrec_emit(struct migrec_out *o, json_t *rec);

/* Draws the bar of a VM, if bars are wanted; clears it. */
void migrec_draw(
    struct migrec_out *o, const char *uuid, const struct migration_progress *p);
void migrec_clear(struct migrec_out *o);

#endif
