/* SPDX-License-Identifier: ISC */
/*
 * POST /v1/host/NAME/fenced and /v1/vm/UUID/rebuild: a VM is given to another
 * host, when it is proved that it does not run on its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/hostresult.h"
#include "api/once.h"
#include "api/route.h"
#include "api/vmplace.h"
#include "api/vmresult.h"
#include "core/name.h"
#include "core/proof.h"
#include "driver/domdisk.h"
#include "driver/receipt.h"
#include "line/row.h"
#include "store/adopt.h"
#include "store/takeover.h"

struct fenced {
	struct api *a;
	const char *host;
};

static int
say_off(struct db *db, void *arg)
{
	struct fenced *c = arg;
	struct host h;
	int r;

	api_again(c->a);
	r = host_lock(db, c->host, &h);
	if (r != 1)
		return r == -1 ? -1 : host_unknown(c->a, c->host);
	if (h.health != HEALTH_UNREACHABLE)
		return api_fail(c->a, 409, "host_reports",
		    "host %s is %s: its agent answers, so it is not off; "
		    "switch it off, and repeat this when it is unreachable",
		    h.name, judge_health_words[h.health]);
	if (takeover_say_off(db, h.name, c->a->actor) == -1 ||
	    api_event(c->a, "host.fenced", h.name, NULL,
		"%s says that host %s is off", c->a->actor, h.name) == -1)
		return -1;
	return host_result(c->a, h.name);
}

int
route_host_fenced(struct api *a)
{
	struct fenced c = {.a = a, .host = a->req.part[2]};

	if (!name_host(c.host))
		return host_unknown(a, c.host);
	return api_change(a, say_off, &c);
}

struct rebuild {
	struct api *a;
	const char *id;
	bool dry, has_receipt;
	struct receipt receipt;
	/* Found by the transaction: */
	struct vm v;
	struct takeover t;
	struct host from, to;
	enum proof proof;
	char why[TAKEOVER_WHY_SIZE];
};

/* A disk that another host does not have, by the spec: whether there is one. */
static bool
has_local_disk(const struct takeover *t, char name[static DOMIMPORT_WHY_SIZE])
{
	json_t *spec = json_object_parse(t->spec, strlen(t->spec), NULL);
	json_t *disks = NULL, *disk;
	const char *xml = NULL, *path = "a disk";
	bool shared, readonly, local = false;
	size_t i;

	/* What cannot be read may have any. */
	snprintf(name, DOMIMPORT_WHY_SIZE, "a disk");
	if (!spec)
		return true;
	if (json_get_str(spec, "xml", 1, SIZE_MAX, &xml, NULL) == 1)
		local = domdisk_local(xml, strlen(xml), name) != 0;
	json_get_array(spec, "disks", &disks, NULL);
	json_array_foreach(disks, i, disk)
	{
		shared = readonly = false;
		json_get_bool(disk, "shared", &shared, NULL);
		json_get_bool(disk, "readonly", &readonly, NULL);
		if (shared || readonly || local)
			continue;
		json_get_str(disk, "path", 1, SIZE_MAX, &path, NULL);
		snprintf(name, DOMIMPORT_WHY_SIZE, "%.200s", path);
		local = true;
	}
	json_decref(spec);
	return local;
}

static bool
signs(const char *hash, void *arg)
{
	return receipt_signed(arg, hash);
}

/* Why the receipt proves nothing about this VM: 0 it does, 1, -1. */
static int
check_receipt(struct db *db, struct rebuild *c)
{
	const struct receipt *r = &c->receipt;
	int good;

	if (strcmp(r->vm, c->v.uuid) != 0 || strcmp(r->host, c->v.host) != 0) {
		snprintf(c->why, sizeof(c->why),
		    "the receipt is of VM %s on host %s", r->vm, r->host);
		return 1;
	}
	if (gen_cmp(r->gen, gen_counted(c->t.generation)) < 0) {
		snprintf(c->why, sizeof(c->why),
		    "the receipt is of an earlier time: the VM was given out "
		    "again since, drain it once more");
		return 1;
	}
	good = takeover_signed(db, c->v.host, signs, &c->receipt);
	if (good == 0)
		snprintf(c->why, sizeof(c->why),
		    "the receipt is not signed by host %s, or was changed",
		    c->v.host);
	return good == -1 ? -1 : !good;
}

/* Which proof holds that the VM does not run where it was: 0; 1 none; -1. */
static int
find_proof(struct db *db, struct rebuild *c)
{
	int r = takeover_drained(db, c->v.host, c->v.uuid, c->t.generation);

	c->proof = PROOF_DRAINED;
	if (r != 0)
		return r == -1 ? -1 : 0;
	if (c->has_receipt) {
		c->proof = PROOF_RECEIPT;
		r = check_receipt(db, c);
	} else {
		c->proof = PROOF_OFF;
		r = takeover_off(db, c->v.host, c->v.uuid, c->why);
	}
	if (r <= 0)
		return r;
	return api_fail(c->a, 409, r == 2 ? "not_yet" : "no_proof",
	    "VM %s may run on host %s: %s; a receipt of `chime-agent drain`, "
	    "or --confirm-fenced once that host is off, proves that it does "
	    "not",
	    c->v.name, c->v.host, c->why);
}

/* Whether the VM may be rebuilt at all: 0; 1, -1. */
static int
check_vm(struct db *db, struct rebuild *c)
{
	char disk[DOMIMPORT_WHY_SIZE];
	int r;

	r = adopt_pending(db, c->v.uuid);
	if (r == -1)
		return -1;
	if (r == 1 || c->v.want == VM_DELETED)
		return api_fail(c->a, 409, "conflict",
		    "VM %s is being %s: it is not given to another host",
		    c->v.name, r == 1 ? "adopted" : "deleted");
	if (has_local_disk(&c->t, disk))
		return api_fail(c->a, 409, "local_disk",
		    "VM %s has %.200s on host %s alone: its data is not "
		    "elsewhere; bring that host back",
		    c->v.name, disk, c->v.host);
	return 0;
}

/* Both hosts' rows, in the order everyone takes them: 0; 1, -1. */
static int
lock_hosts(struct db *db, struct rebuild *c, const char *target)
{
	bool first = strcmp(c->v.host, target) < 0;
	int r = 1;

	if (first)
		r = host_lock(db, c->v.host, &c->from);
	if (r == 1)
		r = host_lock(db, target, &c->to);
	if (r == 1 && !first)
		r = host_lock(db, c->v.host, &c->from);
	if (r == 0)
		return api_fail(c->a, 409, "conflict",
		    "a host of VM %s was deleted at the same moment: try again",
		    c->v.name);
	return r == -1 ? -1 : 0;
}

static int
result(struct rebuild *c)
{
	struct buf *b = c->a->out;

	api_result(c->a);
	row_open(b, "rebuild");
	row_str(b, "vm", c->v.uuid);
	row_str(b, "name", c->v.name);
	row_str(b, "from", c->from.name);
	row_str(b, "to", c->to.name);
	row_str(b, "proof", proof_words[c->proof]);
	row_int(b, "generation_before", c->t.generation);
	row_int(b, "generation", c->t.generation + 1);
	if (c->dry)
		row_bool(b, "dry_run", true);
	row_close(b);
	return 0;
}

static int
move(struct db *db, struct rebuild *c)
{
	struct vmplace p = {.a = c->a,
	    .uuid = c->v.uuid,
	    .name = c->v.name,
	    .labels = c->t.labels,
	    .avoid = c->t.avoid,
	    .need = {.vcpus = c->t.vcpus,
		.memory_mib = c->t.memory_mib,
		.need = c->t.need},
	    .without = c->v.host};
	int r = vmplace_choose(&p);

	if (r == 0)
		r = lock_hosts(db, c, p.host);
	if (r != 0)
		return r;
	if (c->dry)
		return result(c);
	if (takeover_move(db, c->v.uuid, p.host) == -1)
		return -1;
	r = vmplace_room(&p, &c->to, false);
	if (r != 0)
		return r;
	if (host_touch(db, c->from.name) == -1 ||
	    host_touch(db, c->to.name) == -1 ||
	    api_event(c->a, "vm.rebuilt", c->to.name, c->v.uuid,
		"VM %s was given from host %s to %s, generation %" PRId64
		" to %" PRId64 ", by proof: %s%s%s",
		c->v.name, c->from.name, c->to.name, c->t.generation,
		c->t.generation + 1, proof_words[c->proof],
		c->proof == PROOF_OFF ? ", says " : "",
		c->proof == PROOF_OFF ? c->why : "") == -1)
		return -1;
	api_nudge(c->a, &c->to);
	return result(c);
}

static int
rebuild(struct db *db, void *arg)
{
	struct rebuild *c = arg;
	int r;

	api_again(c->a);
	r = vm_lock(db, c->id, &c->v);
	if (r != 1)
		return r == -1 ? -1 : vm_unknown(c->a, c->id);
	r = takeover_read(db, c->v.uuid, &c->t);
	if (r == 1)
		r = check_vm(db, c);
	if (r == 0)
		r = find_proof(db, c);
	if (r == 0)
		r = move(db, c);
	takeover_free(&c->t);
	return r;
}

int
route_vm_rebuild(struct api *a)
{
	struct rebuild c = {.a = a, .id = a->req.part[2]};
	struct json_reason why;
	json_t *body, *receipt = NULL;

	if (!name_uuid(c.id) && !name_vm(c.id))
		return vm_unknown(a, c.id);
	if (api_body(a, &body))
		return 1;
	if (json_get_bool(body, "dry_run", &c.dry, &why) == -1 ||
	    json_get_object(body, "receipt", &receipt, &why) == -1)
		return api_bad(a, "%s", why.text);
	if (receipt && receipt_parse(&c.receipt, receipt, &why) == -1)
		return api_bad(a, "receipt: %s", why.text);
	c.has_receipt = receipt != NULL;
	/* What changes nothing needs no repeating. */
	return c.dry ? db_transact(a->db, rebuild, &c)
		     : api_change(a, rebuild, &c);
}
