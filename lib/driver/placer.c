/* SPDX-License-Identifier: ISC */
#include "driver/placer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/name.h"
#include "core/place.h"
#include "line/rec.h"

#define REASONS_MAX 256 /* in one record, which has its bound */

/* The labels of a VM that is on a host, for those that come after. */
struct guest {
	const char *labels;
	const char *avoid;
};

struct node {
	struct place_host place;
	struct guest *guest;
	size_t n, cap;
	char clash[NAME_LABEL_MAX + 1];
};

/*
 * The array at key as a list of core/place.h, which the record owns from then
 * on (as a hidden member); "" when there is none. 0, -1.
 */
static int
take_labels(
    json_t *rec, const char *key, const char **out, struct json_reason *why)
{
	char text[PLACE_LIST_SIZE] = "", hidden[32];
	json_t *list = NULL, *one;
	size_t i, at = 0;

	if (json_get_array(rec, key, &list, why) == -1)
		return -1;
	if (json_array_size(list) > PLACE_LABELS) {
		json_why(why, "%s: more than %d", key, PLACE_LABELS);
		return -1;
	}
	json_array_foreach(list, i, one)
	{
		const char *label = json_string_value(one);

		if (!label || !name_label(label)) {
			json_why(why, "%s: expected labels", key);
			return -1;
		}
		at += (size_t)snprintf(
		    text + at, sizeof(text) - at, "%s%s", at ? "," : "", label);
	}
	snprintf(hidden, sizeof(hidden), " %s", key);
	json_object_set_new(rec, hidden, json_string(text));
	*out = json_string_value(json_object_get(rec, hidden));
	return 0;
}

int
placer_host(struct placer *p, json_t *rec, struct json_reason *why)
{
	struct place_host h = {.cpu_ratio = p->cpu_ratio, .memory_ratio = 100};
	int status = STATUS_DOWN, cpus, memory;

	if (json_need(json_get_str(rec, "host", 1, NAME_HOST_MAX, &h.name, why),
		"host", why) == -1 ||
	    json_need(
		json_get_word(rec, "status", judge_status_words, &status, why),
		"status", why) == -1 ||
	    (cpus = json_get_int(rec, "vcpus", 1, INT32_MAX, &h.vcpus, why)) ==
		-1 ||
	    (memory = json_get_int(
		 rec, "memory_mib", 1, INT32_MAX, &h.memory_mib, why)) == -1 ||
	    json_get_int(rec, "vcpus_used", 0, INT32_MAX, &h.vcpus_used, why) ==
		-1 ||
	    json_get_int(rec, "memory_used_mib", 0, INT64_MAX / 4,
		&h.memory_used_mib, why) == -1 ||
	    json_get_int(rec, "cpu_ratio", 1, PLACE_CPU_RATIO_MAX, &h.cpu_ratio,
		why) == -1 ||
	    json_get_int(rec, "memory_ratio", 1, PLACE_MEMORY_RATIO_MAX,
		&h.memory_ratio, why) == -1 ||
	    json_get_int(rec, "reserve_vcpus", 0, INT32_MAX, &h.reserve_vcpus,
		why) == -1 ||
	    json_get_int(rec, "reserve_memory_mib", 0, INT32_MAX,
		&h.reserve_memory_mib, why) == -1 ||
	    take_labels(rec, "labels", &h.labels, why) == -1)
		return -1;
	h.facts = cpus && memory;
	h.status = (enum judge_status)status;
	if (p->without && strcmp(p->without, h.name) == 0)
		h.status = STATUS_UNREACHABLE;
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->nodes = mem_realloc(p->nodes, p->cap, sizeof(*p->nodes));
	}
	p->nodes[p->n++] = (struct node){.place = h};
	json_array_append(p->rows, rec);
	return 0;
}

/* What is looked at later is checked now. */
int
placer_vm(struct placer *p, json_t *rec, struct json_reason *why)
{
	const char *text;
	int64_t number;

	if (json_need(json_get_str(rec, "vm", 1, 36, &text, why), "vm", why) ==
		-1 ||
	    json_get_str(rec, "host", 0, NAME_HOST_MAX, &text, why) == -1 ||
	    json_get_str(rec, "want", 0, 16, &text, why) == -1 ||
	    json_need(json_get_int(rec, "vcpus", 1, INT32_MAX, &number, why),
		"vcpus", why) == -1 ||
	    json_need(
		json_get_int(rec, "memory_mib", 1, INT32_MAX, &number, why),
		"memory_mib", why) == -1 ||
	    take_labels(rec, "labels", &text, why) == -1 ||
	    take_labels(rec, "avoid", &text, why) == -1 ||
	    take_labels(rec, "need", &text, why) == -1)
		return -1;
	json_array_append(p->vms, rec);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return strcmp(x->place.name, y->place.name);
}

static struct node *
find(struct placer *p, const char *name)
{
	struct node key = {.place = {.name = name}};

	return name && p->n
		   ? bsearch(&key, p->nodes, p->n, sizeof(key), by_name)
		   : NULL;
}

static const char *
text_of(const json_t *rec, const char *key)
{
	return json_string_value(json_object_get(rec, key));
}

static void
settle_on(struct node *node, const json_t *vm)
{
	if (node->n == node->cap) {
		node->cap = node->cap ? 2 * node->cap : 16;
		node->guest =
		    mem_realloc(node->guest, node->cap, sizeof(*node->guest));
	}
	node->guest[node->n++] = (struct guest){
	    .labels = text_of(vm, " labels"), .avoid = text_of(vm, " avoid")};
}

/* Whether it needs a host: its own is unknown, out of reach or out of use. */
static bool
is_homeless(struct placer *p, const json_t *vm, struct node **home)
{
	const char *want = text_of(vm, "want");

	*home = find(p, text_of(vm, "host"));
	if (want && strcmp(want, "deleted") == 0)
		return false;
	return !*home || (*home)->place.status == STATUS_UNREACHABLE ||
	       (*home)->place.status == STATUS_DOWN;
}

/* Who on the node does not go together with the VM. */
static void
find_clash(struct node *node, const json_t *vm)
{
	const char *labels = text_of(vm, " labels");
	const char *avoid = text_of(vm, " avoid");
	size_t size = sizeof(node->clash);

	node->place.clash = NULL;
	for (size_t i = 0; (*labels || *avoid) && i < node->n; i++) {
		const struct guest *g = &node->guest[i];
		bool theirs =
		    place_first(avoid, g->labels, false, node->clash, size);

		if (!theirs &&
		    !place_first(labels, g->avoid, false, node->clash, size))
			continue;
		node->place.clash = node->clash;
		node->place.clash_back = !theirs;
		return;
	}
}

static void
add_why_not(struct placer *p, json_t *vm, const struct place_need *need)
{
	json_t *list = json_array(), *one;
	char why[PLACE_WHY_SIZE];

	for (size_t i = 0; i < p->n && i < REASONS_MAX; i++) {
		one = json_object();
		place_reason(&p->hosts[i], need, why, sizeof(why));
		rec_str(one, "host", p->hosts[i].name);
		rec_str(one, "reason", why);
		json_array_append_new(list, one);
	}
	rec_val(vm, "why_not", list);
	if (p->n > REASONS_MAX)
		rec_int(vm, "why_not_hosts", (int64_t)p->n);
}

static bool
place(struct placer *p, json_t *vm)
{
	struct place_need need = {.need = text_of(vm, " need")};
	ssize_t best;

	json_get_int(vm, "vcpus", 1, INT32_MAX, &need.vcpus, NULL);
	json_get_int(vm, "memory_mib", 1, INT32_MAX, &need.memory_mib, NULL);
	for (size_t i = 0; i < p->n; i++) {
		find_clash(&p->nodes[i], vm);
		p->hosts[i] = p->nodes[i].place;
	}
	best = place_choose(p->hosts, p->n, &need);
	if (best == -1) {
		add_why_not(p, vm, &need);
		return false;
	}
	p->nodes[best].place.vcpus_used += need.vcpus;
	p->nodes[best].place.memory_used_mib += need.memory_mib;
	settle_on(&p->nodes[best], vm);
	rec_str(vm, "target", p->nodes[best].place.name);
	return true;
}

static void
unhide(json_t *vm)
{
	json_object_del(vm, " labels");
	json_object_del(vm, " avoid");
	json_object_del(vm, " need");
}

bool
placer_round(struct placer *p, void (*emit)(json_t *vm))
{
	struct node *home;
	bool all = true;
	json_t *vm;
	size_t i;

	if (p->n)
		qsort(p->nodes, p->n, sizeof(*p->nodes), by_name);
	p->hosts = mem_calloc(p->n + 1, sizeof(*p->hosts));
	/* Those that stay are there first, whatever the order is. */
	json_array_foreach(p->vms, i,
	    vm) if (!is_homeless(p, vm, &home) && home) settle_on(home, vm);
	json_array_foreach(p->vms, i, vm)
	{
		if (is_homeless(p, vm, &home))
			all &= place(p, vm);
	}
	json_array_foreach(p->vms, i, vm)
	{
		unhide(vm);
		emit(json_incref(vm));
	}
	for (i = 0; i < p->n; i++)
		free(p->nodes[i].guest);
	free(p->nodes);
	free(p->hosts);
	p->nodes = NULL;
	p->hosts = NULL;
	p->n = p->cap = 0;
	json_array_clear(p->vms);
	json_array_clear(p->rows);
	return all;
}

void
placer_init(struct placer *p, const char *without, int64_t cpu_ratio)
{
	memset(p, 0, sizeof(*p));
	p->without = without;
	p->cpu_ratio = cpu_ratio;
	p->rows = json_array();
	p->vms = json_array();
}

void
placer_free(struct placer *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->nodes[i].guest);
	free(p->nodes);
	json_decref(p->vms);
	json_decref(p->rows);
	memset(p, 0, sizeof(*p));
}
