/* SPDX-License-Identifier: ISC */
#include "api/vmplace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "line/row.h"
#include "line/wire.h"
#include "store/label.h"

#define REASONS 3

/* The hosts that may be, while one is chosen. */
struct choice {
	struct place_host *hosts;
	size_t n;
	char **clash; /* their clash, owned */
};

/* A host that the VM does not go to, as a member of the error's details. */
static void
add_why_not(struct api *a, const char *host, const char *why)
{
	struct buf *b = &a->details;

	/* The array is open but for its last byte. */
	if (b->len)
		b->len--;
	buf_puts(b, b->len ? "," : "[");
	buf_puts(b, "{\"host\":");
	wire_string(b, host, strlen(host));
	row_str(b, "why_not", why);
	buf_puts(b, "}]");
}

/* "No host fits", with the reasons of the first few, and all in details. */
static int
no_room(struct vmplace *p, const struct choice *h)
{
	char why[PLACE_WHY_SIZE];
	struct buf b;
	int r;

	if (h->n == 0)
		return api_fail(p->a, 409, "no_capacity",
		    "there is no host yet: `chimeadm initagent` adds one");
	buf_init(&b, API_MESSAGE_SIZE);
	for (size_t i = 0; i < h->n && i < REASONS; i++) {
		place_reason(&h->hosts[i], &p->need, why, sizeof(why));
		buf_printf(&b, "%s%s", i ? "; " : "", why);
	}
	if (h->n > REASONS)
		buf_printf(&b, "; and %zu hosts more", h->n - REASONS);
	r = api_fail(p->a, 409, "no_capacity",
	    "no host can take VM %s: %s; free something, or add a host",
	    p->name, b.data);
	buf_free(&b);
	for (size_t i = 0; i < h->n; i++) {
		place_reason(&h->hosts[i], &p->need, why, sizeof(why));
		add_why_not(p->a, h->hosts[i].name, why);
	}
	return r;
}

static void
take_clash(const char *host, const char *label, bool back, void *arg)
{
	struct choice *c = arg;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->hosts[i].name, host) == 0 && !c->clash[i]) {
			c->clash[i] = mem_strdup(label);
			c->hosts[i].clash = c->clash[i];
			c->hosts[i].clash_back = back;
		}
}

static int
find_clashes(struct vmplace *p, struct choice *h, const char *host)
{
	return label_clashes(
	    p->a->db, host, p->uuid, p->labels, p->avoid, take_clash, h);
}

int
vmplace_choose(struct vmplace *p)
{
	struct choice h = {0};
	ssize_t best;
	int r;

	if (host_places(p->a->db, &h.hosts, &h.n) == -1)
		return -1;
	h.clash = mem_calloc(h.n + 1, sizeof(*h.clash));
	for (size_t i = 0; i < h.n; i++) {
		if (!h.hosts[i].cpu_ratio)
			h.hosts[i].cpu_ratio = p->a->cpu_ratio;
		if (p->without && strcmp(h.hosts[i].name, p->without) == 0)
			h.hosts[i].status = STATUS_DRAINED;
	}
	r = find_clashes(p, &h, NULL);
	if (r == 0) {
		best = place_choose(h.hosts, h.n, &p->need);
		if (best == -1)
			r = no_room(p, &h);
		else
			snprintf(
			    p->host, sizeof(p->host), "%s", h.hosts[best].name);
	}
	for (size_t i = 0; i < h.n; i++)
		free(h.clash[i]);
	free(h.clash);
	host_places_free(h.hosts, h.n);
	return r;
}

/* Says why the chosen host does not take it; another one may. Returns 1. */
static int
refuse_host(
    const struct vmplace *p, const struct place_host *h, const char *why)
{
	if (h->status != STATUS_RUN)
		api_fail(p->a, 409, "host_not_run",
		    "host %s is %s, not run: choose another host, or see "
		    "`chimecli host show %s`",
		    h->name, judge_status_words[h->status], h->name);
	else
		api_fail(p->a, 409, "no_capacity",
		    "VM %s does not fit: %s; choose another host, or free "
		    "something",
		    p->name, why);
	add_why_not(p->a, h->name, why);
	return 1;
}

int
vmplace_room(struct vmplace *p, struct host *h, bool runs)
{
	struct choice one = {.hosts = &h->place, .n = 1};
	char why[PLACE_WHY_SIZE], *clash = NULL;
	int r;

	one.clash = &clash;
	if (host_sums(p->a->db, &h->place) == -1 ||
	    find_clashes(p, &one, h->name) == -1) {
		free(clash);
		return -1;
	}
	if (!h->place.cpu_ratio)
		h->place.cpu_ratio = p->a->cpu_ratio;
	/* Looked at without the VM itself, which nobody else sees yet. */
	h->place.memory_used_mib -= p->need.memory_mib;
	h->place.vcpus_used -= p->need.vcpus;
	place_reason(&h->place, &p->need, why, sizeof(why));
	/* What runs there already, has its room. */
	r = runs ? h->place.status != STATUS_RUN
		 : place_check(&h->place, &p->need) != PLACE_FITS;
	if (r)
		refuse_host(p, &h->place, why);
	free(clash);
	return r;
}
