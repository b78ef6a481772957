/* SPDX-License-Identifier: ISC */
/*
 * The body of a heartbeat: a `heartbeat` line and, when it says "full", the
 * `vm` lines of what runs on the host (chime-records(7)).
 */
#ifndef STORE_UPLOAD_H
#define STORE_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "line/json.h"

#define UPLOAD_PROTO      1
#define UPLOAD_REASON_MAX 255 /* bytes kept of a reason */

struct upload_vm {
	const char *vm;
	const char *state;
	char reason[UPLOAD_REASON_MAX + 1]; /* empty for none */
	const char *want;                   /* NULL: not told */
	const char *since;                  /* the line's ts, or NULL */
	int64_t wish, generation, restarts; /* -1: not told */
	int64_t refused; /* by the host's ledger, up to this one; 0: none */
	bool final, stray;
	bool adopted;    /* the domain is now chime's */
	const char *xml; /* of one to be adopted, or NULL */
};

/* Strings point into the lines, which the struct owns. */
struct upload {
	const char *host, *boot;
	const char *machine; /* NULL: not told */
	int64_t beat;
	const char *desired_rev; /* NULL: it has none */
	const char *observed_rev;
	bool error; /* its health */
	char reason[UPLOAD_REASON_MAX + 1];
	int64_t vcpus, memory_mib, pong_port; /* -1: not told */
	bool full;                            /* vm holds all there are */
	struct upload_vm *vm;                 /* ascending by vm */
	size_t n;
	struct json_reason bad_vms; /* why full was taken back, or empty */
	json_t *lines;              /* an array of what was parsed */
	char *texts;                /* or of a first line's strings */
};

/*
 * Takes a body apart. 0; -1 with the reason when its first line is no good
 * heartbeat. One bad vm line makes the whole inventory worthless (a VM that
 * is missing in it would count as gone): full is then false, bad_vms says
 * why, and the heartbeat itself still counts.
 */
int upload_parse(
    struct upload *u, const char *text, size_t len, struct json_reason *why);

/* Frees what it owns. */
void upload_free(struct upload *u);

#endif
