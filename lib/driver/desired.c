/* SPDX-License-Identifier: ISC */
#include "driver/desired.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "driver/domimport.h"
#include "line/json.h"
#include "line/line.h"

static const char *const admins[] = {
    "run", "disabled", "drained", "down", NULL};
static const char *const wants[] = {"running", "stopped", "deleted", NULL};
static const char *const restarts[] = {"on-failure", "always", "never", NULL};
static const char *const devices[] = {"disk", "cdrom", "floppy", NULL};
static const char *const formats[] = {"raw", "qcow2", NULL};

/* A text that satisfies good; 1, 0 absent, -1. */
static int
get_named(const json_t *o, const char *key, bool (*good)(const char *),
    const char **out, struct json_reason *why)
{
	int r = json_get_str(o, key, 1, NAME_VM_BYTES, out, why);

	if (r == 1 && !good(*out)) {
		json_why(why, "%s: not a valid %s", key, key);
		return -1;
	}
	return r;
}

static int
need_text(const json_t *o, const char *key, bool (*good)(const char *),
    char *out, size_t size, struct json_reason *why)
{
	const char *s;

	if (json_need(get_named(o, key, good, &s, why), key, why) != 1)
		return -1;
	snprintf(out, size, "%s", s);
	return 1;
}

static int
need_int(const json_t *o, const char *key, int64_t min, int64_t max,
    int64_t *out, struct json_reason *why)
{
	return json_need(json_get_int(o, key, min, max, out, why), key, why);
}

static int
need_word(const json_t *o, const char *key, const char *const *words, int *out,
    struct json_reason *why)
{
	return json_need(json_get_word(o, key, words, out, why), key, why);
}

static int
read_disk(const json_t *o, struct domxml_disk *d, struct json_reason *why)
{
	int format = 0, device = 0;

	if (!json_is_object(o)) {
		json_why(why, "disks: an object is expected");
		return -1;
	}
	if (json_need(json_get_str(o, "path", 2, PATH_MAX - 1, &d->path, why),
		"path", why) != 1)
		return -1;
	if (d->path[0] != '/' || !utf8_printable(d->path, strlen(d->path))) {
		json_why(why, "path: not an absolute path");
		return -1;
	}
	if (json_get_word(o, "format", formats, &format, why) == -1 ||
	    json_get_word(o, "device", devices, &device, why) == -1 ||
	    json_get_bool(o, "readonly", &d->readonly, why) == -1)
		return -1;
	d->format = formats[format];
	d->device = (enum domxml_device)device;
	return 1;
}

static int
read_nic(const json_t *o, struct domxml_nic *n, struct json_reason *why)
{
	if (!json_is_object(o)) {
		json_why(why, "nics: an object is expected");
		return -1;
	}
	if (json_need(get_named(o, "bridge", name_bridge, &n->bridge, why),
		"bridge", why) != 1)
		return -1;
	return get_named(o, "mac", name_mac, &n->mac, why) == -1 ? -1 : 1;
}

static int
read_spec(const json_t *o, struct desired_vm *vm, struct json_reason *why)
{
	json_t *spec, *list;
	int r;

	r = json_get_object(o, "spec", &spec, why);
	if (r != 1)
		return r;
	r = json_get_str(spec, "xml", 1, LINE_MAX_RECORD, &vm->xml, why);
	if (r != 0)
		return r;
	r = json_get_array(spec, "disks", &list, why);
	if (r == -1)
		return -1;
	vm->ndisk = r ? json_array_size(list) : 0;
	if (vm->ndisk > DOMXML_DISKS) {
		json_why(why, "disks: more than %d", DOMXML_DISKS);
		return -1;
	}
	for (size_t i = 0; i < vm->ndisk; i++)
		if (read_disk(json_array_get(list, i), &vm->disk[i], why) == -1)
			return -1;
	r = json_get_array(spec, "nics", &list, why);
	if (r == -1)
		return -1;
	vm->nnic = r ? json_array_size(list) : 0;
	if (vm->nnic > DOMXML_NICS) {
		json_why(why, "nics: more than %d", DOMXML_NICS);
		return -1;
	}
	for (size_t i = 0; i < vm->nnic; i++)
		if (read_nic(json_array_get(list, i), &vm->nic[i], why) == -1)
			return -1;
	return 1;
}

static int
read_vm(json_t *o, struct desired_vm *vm, struct json_reason *why)
{
	int want, restart = PLAN_ON_FAILURE;

	vm->generation = 1;
	vm->grace_ms = 30000;
	vm->text = json_incref(o);
	if (need_text(o, "vm", name_uuid, vm->uuid, sizeof(vm->uuid), why) !=
		1 ||
	    need_text(o, "name", name_vm, vm->name, sizeof(vm->name), why) !=
		1 ||
	    need_word(o, "want", wants, &want, why) != 1 ||
	    need_int(o, "wish", 0, INT64_MAX, &vm->wish, why) != 1 ||
	    json_get_int(o, "generation", 0, INT64_MAX, &vm->generation, why) ==
		-1 ||
	    json_get_word(o, "restart", restarts, &restart, why) == -1 ||
	    json_get_int(o, "grace_ms", 0, 86400000, &vm->grace_ms, why) ==
		-1 ||
	    need_int(o, "vcpus", 1, 1024, &vm->vcpus, why) != 1 ||
	    need_int(o, "memory_mib", 1, 1 << 26, &vm->memory_mib, why) != 1 ||
	    json_get_bool(o, "adopt", &vm->adopt, why) == -1)
		return -1;
	vm->want = (enum plan_want)want;
	vm->restart = (enum plan_restart)restart;
	return read_spec(o, vm, why) == -1 ? -1 : 1;
}

static void
free_vm(struct desired_vm *vm)
{
	json_decref(vm->text);
	free(vm);
}

static int
read_host(const json_t *o, struct desired *d, struct json_reason *why)
{
	const char *rev = NULL;
	int admin;

	if (d->host) {
		json_why(why, "a second host line");
		return -1;
	}
	if (need_text(o, "host", name_host, d->name, sizeof(d->name), why) !=
		1 ||
	    need_text(o, "boot", name_uuid, d->boot, sizeof(d->boot), why) !=
		1 ||
	    need_word(o, "admin", admins, &admin, why) != 1 ||
	    json_get_str(o, "desired_rev", 1, sizeof(d->rev) - 1, &rev, why) ==
		-1)
		return -1;
	snprintf(d->rev, sizeof(d->rev), "%s", rev ? rev : "");
	d->admin = (enum plan_admin)admin;
	d->host = true;
	return 1;
}

/* 1 taken in, 0 of another type, -1 refused. */
static int
read_line(struct desired *d, int64_t no, const char *line, size_t len,
    struct json_reason *why)
{
	json_t *o = json_object_parse(line, len, why);
	struct desired_vm *vm;
	const char *type;
	int r = -1;

	if (!o)
		return -1;
	if (json_need(
		json_get_str(o, "type", 1, 64, &type, why), "type", why) != 1)
		goto out;
	r = 0;
	if (strcmp(type, "host") == 0) {
		r = read_host(o, d, why);
	} else if (strcmp(type, "vm") == 0) {
		vm = mem_calloc(1, sizeof(*vm));
		vm->line = no;
		r = read_vm(o, vm, why);
		if (r == 1)
			d->vm[d->n++] = vm;
		else
			free_vm(vm);
	}
out:
	json_decref(o);
	return r;
}

static int
by_uuid(const void *a, const void *b)
{
	const struct desired_vm *const *x = a, *const *y = b;

	return strcmp((*x)->uuid, (*y)->uuid);
}

/* A VM named twice has no wish that could be told: neither counts. */
static void
drop_doubles(struct desired *d, const struct desired_sink *sink)
{
	char reason[64 + NAME_UUID_SIZE];
	size_t kept = 0, j;
	int64_t last;

	for (size_t i = 0; i < d->n; i = j) {
		for (j = i + 1; j < d->n; j++)
			if (by_uuid(&d->vm[i], &d->vm[j]) != 0)
				break;
		if (j == i + 1) {
			d->vm[kept++] = d->vm[i];
			continue;
		}
		last = 0;
		for (size_t k = i; k < j; k++)
			if (d->vm[k]->line > last)
				last = d->vm[k]->line;
		snprintf(reason, sizeof(reason), "vm: %s is there %zu times",
		    d->vm[i]->uuid, j - i);
		sink->bad(last, reason, sink->arg);
		for (size_t k = i; k < j; k++)
			free_vm(d->vm[k]);
	}
	d->n = kept;
}

void
desired_parse(
    struct desired *d, char *text, size_t len, const struct desired_sink *sink)
{
	char *end = text + len, *eol;
	size_t lines = 1;
	int64_t no = 0;

	memset(d, 0, sizeof(*d));
	for (const char *p = text; p < end; p++)
		lines += *p == '\n';
	d->vm = mem_calloc(lines, sizeof(struct desired_vm *));
	for (char *p = text; p < end; p = eol + 1) {
		struct json_reason why;
		size_t n;
		int r;

		no++;
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		n = (size_t)(eol - p);
		if (n > LINE_MAX_RECORD) {
			sink->bad(no, "line too long", sink->arg);
			continue;
		}
		r = read_line(d, no, p, n, &why);
		if (r == -1)
			sink->bad(no, why.text, sink->arg);
		else if (r == 0 && sink->other)
			sink->other(p, n, sink->arg);
	}
	if (d->n)
		qsort(d->vm, d->n, sizeof(struct desired_vm *), by_uuid);
	drop_doubles(d, sink);
}

void
desired_free(struct desired *d)
{
	for (size_t i = 0; i < d->n; i++)
		free_vm(d->vm[i]);
	free(d->vm);
	memset(d, 0, sizeof(*d));
}

static int
key_uuid(const void *key, const void *b)
{
	const struct desired_vm *const *y = b;

	return strcmp(key, (*y)->uuid);
}

const struct desired_vm *
desired_find(const struct desired *d, const char *uuid)
{
	struct desired_vm **found =
	    d->n ? bsearch(
		       uuid, d->vm, d->n, sizeof(struct desired_vm *), key_uuid)
		 : NULL;

	return found ? *found : NULL;
}

void
desired_mark(const struct desired_vm *vm, const char *prefix, const char *ns,
    char *out, size_t size)
{
	snprintf(out, size, "<%svm%s wish='%lld' generation='%lld'/>", prefix,
	    ns, (long long)vm->wish, (long long)vm->generation);
}

static int
imported_xml(const struct desired_vm *vm, const char *type, struct buf *b,
    char why[static DESIRED_WHY_SIZE])
{
	char metadata[160];
	const struct domimport_identity id = {.name = vm->name,
	    .uuid = vm->uuid,
	    .type = type,
	    .metadata = metadata};

	desired_mark(vm, "chime:", " xmlns:chime='" DOMXML_NS "'", metadata,
	    sizeof(metadata));
	return domimport_render(vm->xml, &id, b, why);
}

int
desired_xml(const struct desired_vm *vm, const char *type,
    const char *console_dir, struct buf *b, char why[static DESIRED_WHY_SIZE])
{
	const char *reason = "the console's path is too long";
	char console[PATH_MAX];
	struct domxml x = {
	    .type = type,
	    .name = vm->name,
	    .uuid = vm->uuid,
	    .vcpus = vm->vcpus,
	    .memory_mib = vm->memory_mib,
	    .wish = vm->wish,
	    .generation = vm->generation,
	    .disk = vm->disk,
	    .ndisk = vm->ndisk,
	    .nic = vm->nic,
	    .nnic = vm->nnic,
	};

	if (vm->xml)
		return imported_xml(vm, type, b, why);
	if (console_dir) {
		if (snprintf(console, sizeof(console), "%s/%s.log", console_dir,
			vm->uuid) >= (int)sizeof(console))
			goto fail;
		x.console = console;
	}
	if (domxml(&x, b, &reason) == 0)
		return 0;
fail:
	snprintf(why, DESIRED_WHY_SIZE, "%s", reason);
	return -1;
}
