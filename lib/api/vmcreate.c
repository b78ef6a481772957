/* SPDX-License-Identifier: ISC */
/* POST /v1/vm: a new VM, on the host asked for or on the best one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/route.h"
#include "api/vmresult.h"
#include "api/vmspec.h"
#include "core/name.h"
#include "os/proc.h"

#define VCPUS_MAX        1024
#define MEMORY_MAX_MIB   (16 * 1024 * 1024)
#define GRACE_DEFAULT_MS 30000
#define CHOICES          16 /* hosts that filled up while one was chosen */
#define REASONS          3

struct create {
	struct api *a;
	struct vm_new vm;
	struct place_need need;
	char uuid[VM_UUID_SIZE];
	char host[HOST_NAME_SIZE]; /* the chosen one */
	char *spec;
	bool placed; /* nobody asked for a host: the server chooses */
	bool full;   /* the chosen one filled up: choose again */
};

/* 32 hex digits as a UUID of version 8: made of a hash, or of chance. */
static void
uuid_of(const char *hex, char uuid[static VM_UUID_SIZE])
{
	snprintf(uuid, VM_UUID_SIZE, "%.8s-%.4s-8%.3s-a%.3s-%.12s", hex,
	    hex + 8, hex + 13, hex + 17, hex + 20);
}

/*
 * A new VM's UUID: the one asked for, or one made of the Idempotency-Key, so
 * that the same request is the same VM however often it arrives; or chance.
 */
static int
choose_uuid(struct create *c, const json_t *body)
{
	struct api *a = c->a;
	struct json_reason why;
	const char *asked = NULL;
	char text[320], hex[TOKEN_SIZE];

	if (json_get_str(body, "vm", 0, 200, &asked, &why) == -1)
		return api_bad(a, "%s", why.text);
	if (asked && !name_uuid(asked))
		return api_bad(
		    a, "vm: expected a UUID in lower case, found %.80s", asked);
	if (asked) {
		snprintf(c->uuid, sizeof(c->uuid), "%s", asked);
	} else if (a->req.key && *a->req.key) {
		snprintf(text, sizeof(text), "vm:%s:%s", a->who.id, a->req.key);
		token_hash(text, hex);
		uuid_of(hex, c->uuid);
	} else {
		proc_random_hex(16, hex);
		uuid_of(hex, c->uuid);
	}
	c->vm.uuid = c->uuid;
	return 0;
}

static int
get_numbers(struct create *c, const json_t *body)
{
	/* A VM may not be born deleted. */
	static const char *const wants[] = {"running", "stopped", NULL};
	struct vm_new *v = &c->vm;
	struct json_reason why;
	int want = VM_RUNNING;

	v->grace_ms = GRACE_DEFAULT_MS;
	if (json_need(
		json_get_int(body, "vcpus", 1, VCPUS_MAX, &v->vcpus, &why),
		"vcpus", &why) == -1 ||
	    json_need(json_get_int(body, "memory_mib", 1, MEMORY_MAX_MIB,
			  &v->memory_mib, &why),
		"memory_mib", &why) == -1 ||
	    json_get_int(body, "grace_ms", 0, VM_GRACE_MAX_MS, &v->grace_ms,
		&why) == -1 ||
	    json_get_word(body, "want", wants, &want, &why) == -1 ||
	    json_get_word(
		body, "restart", vm_restart_words, &v->restart, &why) == -1)
		return api_bad(c->a, "%s", why.text);
	v->want = (enum vm_want)want;
	c->need = (struct place_need){.vcpus = v->vcpus,
	    .memory_mib = v->memory_mib,
	    .cpu_ratio = c->a->cpu_ratio};
	return 0;
}

static int
get_body(struct create *c)
{
	struct api *a = c->a;
	struct vm_new *v = &c->vm;
	struct json_reason why;
	json_t *body, *spec = NULL;

	if (api_body(a, &body) || choose_uuid(c, body) || get_numbers(c, body))
		return 1;
	if (json_need(json_get_str(body, "name", 0, 1024, &v->name, &why),
		"name", &why) == -1 ||
	    json_get_str(body, "host", 0, 200, &v->host, &why) == -1 ||
	    json_get_object(body, "spec", &spec, &why) == -1)
		return api_bad(a, "%s", why.text);
	if (!name_vm(v->name))
		return api_bad(a,
		    "name: expected 1 to %d printable characters without /, "
		    "no blank at either end and no UUID, found %.80s",
		    NAME_VM_MAX, v->name);
	if (v->host && !name_host(v->host))
		return api_bad(
		    a, "host: expected a host's name, found %.80s", v->host);
	c->placed = v->host == NULL;
	c->spec = vmspec_make(spec, c->uuid, &why);
	if (!c->spec)
		return api_bad(a, "%s", why.text);
	v->spec = c->spec;
	return 0;
}

/* "No host fits", with the reasons of the first few. */
static int
no_room(struct create *c, const struct place_host *hosts, size_t n)
{
	char why[160];
	struct buf b;
	int r;

	if (n == 0)
		return api_fail(c->a, 409, "no_capacity",
		    "there is no host yet: `chimeadm initagent` adds one");
	buf_init(&b, API_MESSAGE_SIZE);
	for (size_t i = 0; i < n && i < REASONS; i++) {
		place_reason(&hosts[i], &c->need, why, sizeof(why));
		buf_printf(&b, "%s%s", i ? "; " : "", why);
	}
	if (n > REASONS)
		buf_printf(&b, "; and %zu hosts more", n - REASONS);
	r = api_fail(c->a, 409, "no_capacity",
	    "no host can take VM %s: %s; free something, or add a host",
	    c->vm.name, b.data);
	buf_free(&b);
	return r;
}

/* Chooses a host without locks; add_locked looks again. 0, 1, -1. */
static int
choose_host(struct create *c)
{
	struct place_host *hosts;
	ssize_t best;
	size_t n;
	int r = 0;

	if (host_places(c->a->db, &hosts, &n) == -1)
		return -1;
	best = place_choose(hosts, n, &c->need);
	if (best == -1)
		r = no_room(c, hosts, n);
	else
		snprintf(c->host, sizeof(c->host), "%s", hosts[best].name);
	host_places_free(hosts, n);
	c->vm.host = c->host;
	return r;
}

static int
answer_clash(struct create *c, enum vm_clash clash)
{
	switch (clash) {
	case VM_CLASH_SAME:
		return vm_result(c->a, c->uuid);
	case VM_CLASH_UUID:
		return api_fail(c->a, 409, "exists",
		    "VM %s is there already, with other settings or being "
		    "deleted: `chimecli vm show %s` shows it",
		    c->uuid, c->uuid);
	case VM_CLASH_NAME:
		return api_fail(c->a, 409, "name_taken",
		    "the name %s is taken by another VM: choose another one, "
		    "or delete that VM first",
		    c->vm.name);
	case VM_CLASH_LOST:
	case VM_CLASH_NONE:
		break;
	}
	return api_fail(c->a, 409, "conflict",
	    "VM %s was changed at the same moment: try again", c->vm.name);
}

/*
 * The host's row is locked and the new VM is in the sums already: does it
 * all fit? 0, 1 when not (c->full: another host may do), -1.
 */
static int
check_room(struct create *c, struct host *h)
{
	struct place_need none = {.cpu_ratio = c->need.cpu_ratio};
	char why[160];

	if (host_sums(c->a->db, &h->place) == -1)
		return -1;
	if (place_check(&h->place, &none) == PLACE_FITS)
		return 0;
	c->full = c->placed;
	if (h->place.status != STATUS_RUN)
		return api_fail(c->a, 409, "host_not_run",
		    "host %s is %s, not run: choose another host, or see "
		    "`chimecli host show %s`",
		    h->name, judge_status_words[h->place.status], h->name);
	/* Said without the VM itself, which is not there for anybody. */
	h->place.memory_used_mib -= c->need.memory_mib;
	h->place.vcpus_used -= c->need.vcpus;
	place_reason(&h->place, &c->need, why, sizeof(why));
	return api_fail(c->a, 409, "no_capacity",
	    "VM %s does not fit: %s; choose another host, or free something",
	    c->vm.name, why);
}

static int
add_locked(struct db *db, void *arg)
{
	struct create *c = arg;
	enum vm_clash clash;
	struct host h;
	int r;

	api_again(c->a);
	c->full = false;
	if (c->placed && (r = choose_host(c)) != 0)
		return r;
	if (vm_add(db, &c->vm, !c->placed, &clash) == -1)
		return -1;
	if (clash != VM_CLASH_NONE)
		return answer_clash(c, clash);
	r = host_lock(db, c->vm.host, &h);
	if (r == -1)
		return -1;
	if (r == 0) {
		c->full = c->placed;
		return api_fail(c->a, 404, "not_found",
		    "host %s is not known: `chimecli host list` shows those "
		    "that are",
		    c->vm.host);
	}
	r = check_room(c, &h);
	if (r != 0)
		return r;
	if (host_touch(db, h.name) == -1 ||
	    api_event(c->a, "vm.created", h.name, c->uuid,
		"VM %s was created on %s, %s", c->vm.name, h.name,
		c->vm.want == VM_RUNNING ? "to run" : "stopped") == -1)
		return -1;
	api_nudge(c->a, &h);
	return vm_result(c->a, c->uuid);
}

int
route_vm_create(struct api *a)
{
	struct create c = {.a = a};
	int r = get_body(&c);

	for (int i = 0; r == 0 && i < CHOICES; i++) {
		r = db_transact(a->db, add_locked, &c);
		if (r != 1 || !c.full)
			break;
		/* What was not the last word is not the answer either. */
		if (i + 1 < CHOICES)
			r = 0;
	}
	free(c.spec);
	return r;
}
