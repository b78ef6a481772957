/* SPDX-License-Identifier: ISC */
/* The records of a migration, each owned by the caller. */
#ifndef DRIVER_MIGREC_H
#define DRIVER_MIGREC_H

#include <jansson.h>

#include "base/buf.h"
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

/* A VM that was to be moved when all was cancelled. */
json_t *migrec_untouched(const char *uuid, const char *dest);

/* Any of these as a line for people. */
void migrec_text(const json_t *rec, struct buf *out);

/* The bar of a VM's progress, one line without its end. */
void migrec_bar(
    const char *uuid, const struct migration_progress *p, struct buf *out);

#endif
