/* SPDX-License-Identifier: ISC */
#include "store/adopt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "core/name.h"
#include "driver/domimport.h"
#include "line/wire.h"
#include "store/beat.h"

#define SPEC_MAX (48 * 1024) /* a VM's record must fit into 64 KiB */

int
adopt_add(struct db *db, const char *uuid)
{
	return db_exec(db, "INSERT INTO vm_adopt(vm) VALUES (?)", "s", uuid) ==
		       -1
		   ? -1
		   : 0;
}

int
adopt_pending(struct db *db, const char *uuid)
{
	int r;

	if (db_query(db, "SELECT 1 FROM vm_adopt WHERE vm = ?", "s", uuid) ==
	    -1)
		return -1;
	r = db_next(db);
	db_done(db);
	return r;
}

/* 1 when the row waits for a description, 0 when not, -1. */
static int
waits(struct db *db, const char *uuid)
{
	int r;

	if (db_query(db,
		"SELECT 1 FROM vm_adopt WHERE vm = ? AND stage = 'fetch'"
		" AND reason IS NULL FOR UPDATE",
		"s", uuid) == -1)
		return -1;
	r = db_next(db);
	db_done(db);
	return r;
}

/*
 * The name the VM gets: its row's, unless that is the one made of its UUID
 * and the domain's own is good and free.
 */
static int
choose_name(struct db *db, const struct vm *v, const char *own,
    char name[static VM_NAME_SIZE])
{
	int r;

	snprintf(name, VM_NAME_SIZE, "%s", v->name);
	if (strncmp(v->name, "adopt-", 6) != 0 ||
	    strncmp(v->name + 6, v->uuid, 8) != 0 || v->name[14] || !own ||
	    !name_vm(own))
		return 0;
	if (db_query(db, "SELECT 1 FROM vm WHERE live_name = ?", "s", own) ==
	    -1)
		return -1;
	r = db_next(db);
	db_done(db);
	if (r == 0)
		snprintf(name, VM_NAME_SIZE, "%s", own);
	return r == -1 ? -1 : 0;
}

/* The spec with the XML; NULL when it is too large. */
static char *
make_spec(const char *xml)
{
	struct buf b;

	buf_init(&b, SPEC_MAX);
	buf_puts(&b, "{\"xml\":");
	wire_string(&b, xml, strlen(xml));
	buf_puts(&b, "}");
	if (!b.overflow)
		return b.data;
	buf_free(&b);
	return NULL;
}

static int
take(struct db *db, const struct vm *v, const struct domimport *d,
    const char *spec)
{
	char name[VM_NAME_SIZE];

	if (choose_name(db, v, d->name, name) == -1)
		return -1;
	if (db_exec(db,
		"UPDATE vm SET name = ?, vcpus = ?, memory_mib = ?, spec = ?,"
		" changed_at = UTC_TIMESTAMP(3) WHERE uuid = ?",
		"siiss", name, d->vcpus, d->memory_mib, spec, v->uuid) == -1)
		return -1;
	return db_exec(db, "UPDATE vm_adopt SET stage = 'mark' WHERE vm = ?",
		   "s", v->uuid) == -1
		   ? -1
		   : 1;
}

static int
refuse(struct db *db, const struct vm *v, const char *why)
{
	char text[ADOPT_WHY_SIZE];

	snprintf(text, sizeof(text), "cannot be adopted: %.230s", why);
	utf8_repair(text, strlen(text)); /* the cut may be in a character */
	return db_exec(db, "UPDATE vm_adopt SET reason = ? WHERE vm = ?", "ss",
		   text, v->uuid) == -1
		   ? -1
		   : 2;
}

int
adopt_describe(struct db *db, const struct vm *v, const char *xml,
    char why[static ADOPT_WHY_SIZE])
{
	struct domimport d = {0};
	char *spec = NULL;
	int r = waits(db, v->uuid);

	if (r != 1)
		return r;
	if (domimport_parse(xml, strlen(xml), &d, why) == 0) {
		spec = make_spec(d.xml);
		if (!spec)
			snprintf(why, ADOPT_WHY_SIZE, "its XML is too large");
	}
	r = spec ? take(db, v, &d, spec) : refuse(db, v, why);
	free(spec);
	domimport_free(&d);
	return r;
}

int
adopt_done(struct db *db, const struct vm *v)
{
	int64_t n =
	    db_exec(db, "DELETE FROM vm_adopt WHERE vm = ?", "s", v->uuid);

	return n > 0 ? 1 : (int)n;
}

int
adopt_cancel(struct db *db, const struct vm *v)
{
	return db_exec(db, "DELETE FROM vm WHERE uuid = ?", "s", v->uuid) ==
			   -1 ||
		       beat_inventory_drop(db, v->host, v->uuid) == -1
		   ? -1
		   : 0;
}
