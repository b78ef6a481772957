/* SPDX-License-Identifier: ISC */
/*
 * A round of chime-place: host and vm records (chime-records(7)) come in, and
 * each VM that needs a host is given one, by core/place.h.
 */
#ifndef DRIVER_PLACER_H
#define DRIVER_PLACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "line/json.h"

struct node;

struct placer {
	struct place_host *hosts; /* for place_choose; in the nodes' order */
	struct node *nodes;       /* sorted by name before VMs are placed */
	size_t n, cap;
	json_t *rows; /* records of this round: they own the texts */
	json_t *vms;
	const char *without; /* a host that counts as gone; or NULL */
	int64_t cpu_ratio;   /* of hosts without one of their own */
};

void placer_init(struct placer *p, const char *without, int64_t cpu_ratio);
void placer_free(struct placer *p);

/* Takes a record in, with a reference of its own: 0, or -1 with why. */
int placer_host(struct placer *p, json_t *rec, struct json_reason *why);
int placer_vm(struct placer *p, json_t *rec, struct json_reason *why);

/*
 * Places the VMs whose host is unknown, unreachable or down, in their order;
 * emit gets every vm record (and frees it), these with `target` or `why_not`.
 * Then all is forgotten. Whether every one has a host.
 */
bool placer_round(struct placer *p, void (*emit)(json_t *vm));

#endif
