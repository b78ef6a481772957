/* SPDX-License-Identifier: ISC */
#include "api/vmorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/labels.h"
#include "api/vmresult.h"
#include "api/vmspec.h"
#include "core/name.h"
#include "os/proc.h"

#define VCPUS_MAX        1024
#define MEMORY_MAX_MIB   (16 * 1024 * 1024)
#define GRACE_DEFAULT_MS 30000

/* 32 hex digits as a UUID of version 8: made of a hash, or of chance. */
static void
uuid_of(const char *hex, char uuid[static VM_UUID_SIZE])
{
	snprintf(uuid, VM_UUID_SIZE, "%.8s-%.4s-8%.3s-a%.3s-%.12s", hex,
	    hex + 8, hex + 13, hex + 17, hex + 20);
}

/*
 * The UUID asked for, or the imported domain's, or one made of the
 * Idempotency-Key, so that the same request is the same VM; or chance.
 */
static int
choose_uuid(struct api *a, struct vmorder *o, const json_t *body)
{
	struct json_reason why;
	const char *asked = NULL;
	char text[320], hex[TOKEN_SIZE];

	if (json_get_str(body, "vm", 0, 200, &asked, &why) == -1)
		return api_bad(a, "%s", why.text);
	if (asked && !name_uuid(asked))
		return api_bad(
		    a, "vm: expected a UUID in lower case, found %.80s", asked);
	if (!asked && *o->import.uuid)
		asked = o->import.uuid;
	if (asked) {
		snprintf(o->uuid, sizeof(o->uuid), "%s", asked);
	} else if (a->req.key && *a->req.key) {
		snprintf(text, sizeof(text), "vm:%s:%s", a->who.id, a->req.key);
		token_hash(text, hex);
		uuid_of(hex, o->uuid);
	} else {
		proc_random_hex(16, hex);
		uuid_of(hex, o->uuid);
	}
	o->vm.uuid = o->uuid;
	return 0;
}

/* A spec {"xml":...}: what it says of the VM is taken from it. */
static int
read_xml(struct api *a, struct vmorder *o, const json_t *spec)
{
	char why[DOMIMPORT_WHY_SIZE];
	struct json_reason reason;
	const char *xml = NULL;

	if (json_get_str(spec, "xml", 0, REQ_BODY_MAX, &xml, &reason) == -1)
		return api_bad(a, "%s", reason.text);
	if (!xml)
		return 0;
	if (json_object_size(spec) != 1)
		return api_bad(a, "spec: expected xml alone: the disks and "
				  "NICs are in it");
	if (domimport_parse(xml, strlen(xml), &o->import, why) == -1)
		return api_bad(a, "spec.xml: %s", why);
	o->vm.vcpus = o->import.vcpus;
	o->vm.memory_mib = o->import.memory_mib;
	return 0;
}

static int
get_numbers(struct api *a, struct vmorder *o, const json_t *body)
{
	/* A VM may not be born deleted. */
	static const char *const wants[] = {"running", "stopped", NULL};
	static const char *const failover[] = {"manual", "auto", NULL};
	bool known = o->import.xml || o->vm.adopt;
	struct vm_new *v = &o->vm;
	struct json_reason why;
	int want = VM_RUNNING, fail = 0, cpus, memory;

	v->grace_ms = GRACE_DEFAULT_MS;
	cpus = json_get_int(body, "vcpus", 1, VCPUS_MAX, &v->vcpus, &why);
	if (cpus == 1 && known)
		return api_bad(a, "vcpus: the domain's own count");
	if ((known ? cpus : json_need(cpus, "vcpus", &why)) == -1)
		return api_bad(a, "%s", why.text);
	memory = json_get_int(
	    body, "memory_mib", 1, MEMORY_MAX_MIB, &v->memory_mib, &why);
	if (memory == 1 && known)
		return api_bad(a, "memory_mib: the domain's own counts");
	if ((known ? memory : json_need(memory, "memory_mib", &why)) == -1 ||
	    json_get_int(body, "grace_ms", 0, VM_GRACE_MAX_MS, &v->grace_ms,
		&why) == -1 ||
	    json_get_word(body, "want", wants, &want, &why) == -1 ||
	    json_get_word(body, "failover", failover, &fail, &why) == -1 ||
	    json_get_word(
		body, "restart", vm_restart_words, &v->restart, &why) == -1)
		return api_bad(a, "%s", why.text);
	if (fail)
		return api_bad(a,
		    "failover: auto is not possible yet: a host that is cut "
		    "off does not stop its own VMs, so nobody else may start "
		    "them; use manual");
	v->want = (enum vm_want)want;
	return 0;
}

static int
get_labels(struct api *a, struct vmorder *o, const json_t *body)
{
	struct json_reason why;

	if (labels_get(body, "labels", o->labels, &why) == -1 ||
	    labels_get(body, "avoid", o->avoid, &why) == -1 ||
	    labels_get(body, "need", o->needed, &why) == -1)
		return api_bad(a, "%s", why.text);
	o->vm.labels = o->labels;
	o->vm.avoid = o->avoid;
	o->vm.need = o->needed;
	o->need = (struct place_need){.vcpus = o->vm.vcpus,
	    .memory_mib = o->vm.memory_mib,
	    .need = o->needed};
	return 0;
}

static int
get_name(struct api *a, struct vmorder *o, const json_t *body)
{
	struct vm_new *v = &o->vm;
	struct json_reason why;

	if (json_get_str(body, "name", 0, 1024, &v->name, &why) == -1 ||
	    json_get_str(body, "host", 0, 200, &v->host, &why) == -1)
		return api_bad(a, "%s", why.text);
	if (!v->name && v->adopt) {
		snprintf(o->name, sizeof(o->name), "adopt-%.8s", o->uuid);
		v->name = o->name;
	}
	if (!v->name)
		v->name = o->import.name;
	if (!v->name)
		return api_bad(a, "name: missing");
	if (!name_vm(v->name))
		return api_bad(a,
		    "name: expected 1 to %d printable characters without /, "
		    "no blank at either end and no UUID, found %.80s",
		    NAME_VM_MAX, v->name);
	if (v->host && !name_host(v->host))
		return api_bad(
		    a, "host: expected a host's name, found %.80s", v->host);
	return 0;
}

/* A domain that runs there: all it is comes from its host, later. */
static int
check_adopt(struct api *a, struct vmorder *o, const json_t *body)
{
	if (!json_object_get(body, "vm") || !json_object_get(body, "host"))
		return api_bad(a, "adopt: host and vm are needed: where it "
				  "runs, and its UUID");
	if (json_object_get(body, "spec") || o->vm.want != VM_RUNNING)
		return api_bad(a, "adopt: it is taken as it is, running: spec "
				  "and want are not possible");
	return 0;
}

int
vmorder_read(struct api *a, struct vmorder *o)
{
	json_t *body, *spec = NULL;
	struct json_reason why;

	memset(o, 0, sizeof(*o));
	o->vm.vcpus = o->vm.memory_mib = 1; /* of one to adopt, for now */
	if (api_body(a, &body))
		return 1;
	if (json_get_object(body, "spec", &spec, &why) == -1 ||
	    json_get_bool(body, "adopt", &o->vm.adopt, &why) == -1)
		return api_bad(a, "%s", why.text);
	if (read_xml(a, o, spec) || choose_uuid(a, o, body) ||
	    get_numbers(a, o, body) || get_labels(a, o, body) ||
	    get_name(a, o, body) || (o->vm.adopt && check_adopt(a, o, body)))
		return 1;
	o->spec = o->import.xml ? vmspec_xml(o->import.xml, &why)
				: vmspec_make(spec, o->uuid, &why);
	if (!o->spec)
		return api_bad(a, "%s", why.text);
	o->vm.spec = o->spec;
	return 0;
}

void
vmorder_free(struct vmorder *o)
{
	domimport_free(&o->import);
	free(o->spec);
}
