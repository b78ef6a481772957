/* SPDX-License-Identifier: ISC */
#include "store/restart.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/event.h"
#include "store/vm.h"

struct restarted {
	char vm[VM_UUID_SIZE];
	char name[VM_NAME_SIZE];
	int64_t n;
};

static size_t
count(const struct upload_vm *vm, size_t n)
{
	size_t some = 0;

	for (size_t i = 0; i < n; i++)
		some += vm[i].restarts > 0;
	return some;
}

/* Both are ascending by vm: how many went into r, or -1. */
static int
find(struct db *db, const char *host, const struct upload_vm *vm, size_t n,
    struct restarted *r)
{
	size_t i = 0;
	int found = 0, row;

	if (db_query(db,
		"SELECT i.vm, COALESCE(i.restarts, 0), v.name"
		" FROM inventory i JOIN vm v ON v.uuid = i.vm"
		" AND v.host = i.host WHERE i.host = ? ORDER BY i.vm",
		"s", host) == -1)
		return -1;
	while ((row = db_next(db)) == 1) {
		const char *uuid = db_str(db, 0);

		while (i < n && strcmp(vm[i].vm, uuid) < 0)
			i++;
		if (i == n || strcmp(vm[i].vm, uuid) != 0 ||
		    vm[i].restarts <= db_int(db, 1))
			continue;
		snprintf(r[found].vm, sizeof(r->vm), "%s", uuid);
		snprintf(r[found].name, sizeof(r->name), "%s", db_str(db, 2));
		r[found++].n = vm[i].restarts;
	}
	db_done(db);
	return row == -1 ? -1 : found;
}

static int
tell(struct db *db, const char *host, const struct restarted *r)
{
	char text[VM_NAME_SIZE + 160];
	struct event e = {.level = EVENT_WARNING,
	    .kind = "vm.restarted",
	    .host = host,
	    .vm = r->vm,
	    .text = text};

	snprintf(text, sizeof(text),
	    "VM %s died on %s and was started again, %" PRId64
	    " time%s in this boot of the host",
	    r->name, host, r->n, r->n == 1 ? "" : "s");
	return event_add(db, &e);
}

int
restart_tell(
    struct db *db, const char *host, const struct upload_vm *vm, size_t n)
{
	size_t some = count(vm, n);
	struct restarted *r;
	int found, rc = 0;

	if (!some)
		return 0;
	r = mem_calloc(some, sizeof(*r));
	found = find(db, host, vm, n, r);
	for (int i = 0; i < found && rc == 0; i++)
		rc = tell(db, host, &r[i]);
	free(r);
	return found == -1 ? -1 : rc;
}
