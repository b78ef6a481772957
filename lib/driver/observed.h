/* SPDX-License-Identifier: ISC */
/*
 * The observed file: what a node has to tell about its VMs
 * (chime-records(7)), made from a roster, and read back by a reconciler that
 * was started again in the same boot.
 */
#ifndef DRIVER_OBSERVED_H
#define DRIVER_OBSERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "driver/roster.h"

#define OBSERVED_MAX      (64 * 1024 * 1024) /* bytes */
#define OBSERVED_REV_SIZE 17

struct observed {
	const char *host; /* its name; not owned */
	const char *boot; /* this boot; not owned */
	char rev[OBSERVED_REV_SIZE];
	char since[CLK_TS_SIZE]; /* when the health was first seen; or "" */
	bool sick;               /* the health told last */
	char *head;  /* the host line told last, without ts and rev */
	size_t told; /* how many VMs */
};

/* Nothing told yet, with a new rev. */
void observed_init(struct observed *o, const char *host, const char *boot);
void observed_free(struct observed *o);

/*
 * Takes from the text of an earlier file what must outlive its writer: flags
 * of VMs that stay off with their wish, counters, since when. A file of
 * another boot and lines that are no records are ignored. Whether it is one of
 * this boot.
 */
bool observed_load(const struct observed *o, struct roster *r, const char *text,
    size_t len, int64_t now_ms);

/*
 * Looks at every decision of the roster. True when something is to be told
 * that was not told before; o has a new rev then. sick is why the node's
 * health is error, NULL for ok.
 */
bool observed_update(struct observed *o, struct roster *r, const char *sick);

/* Appends the whole file to b; 0, or -1 when it is full. */
int observed_dump(
    const struct observed *o, const struct roster *r, struct buf *b);

#endif
