/* SPDX-License-Identifier: ISC */
/*
 * The table `event`: what happened, for people and for whoever follows.
 * An event is written in the transaction of the change it tells about, so
 * that there is never the one without the other. Ids grow, but transactions
 * commit in another order than they took their ids in.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "driver/db.h"

enum event_level { EVENT_INFO, EVENT_WARNING, EVENT_ALERT };

struct event {
	enum event_level level;
	const char *kind;  /* "host.unreachable", at most 32 bytes */
	const char *host;  /* NULL: about no host */
	const char *vm;    /* NULL: about no VM; a UUID */
	const char *actor; /* who caused it; NULL: chime itself */
	const char *text;  /* a sentence; cut at 512 bytes */
	const char *data;  /* a JSON object as text, or NULL */
};

struct event_row {
	int64_t id;
	char ts[DB_TS_SIZE];
	struct event event; /* its strings live until the next row */
};

struct event_filter {
	int64_t after;    /* ids above this one only */
	const char *host; /* NULL: any */
	const char *vm;
	const char *kind;
	int64_t limit; /* at most so many rows */
	bool newest;   /* the last `limit` ones instead of the first */
};

/* The levels' words, "info" first; NULL-terminated. */
extern const char *const event_level_words[];

/* Adds an event, in the caller's transaction. 0, or -1 (db_error). */
int event_add(struct db *db, const struct event *e);

/*
 * Calls row for each event the filter lets through, by ascending id, until
 * it returns non-zero; row makes no db_ calls. 0, or -1 (db_error).
 */
int event_list(struct db *db, const struct event_filter *f,
    int (*row)(const struct event_row *e, void *arg), void *arg);

/* The greatest id, 0 when there is no event. 0, or -1 (db_error). */
int event_newest(struct db *db, int64_t *id);

/* The event as a record, owned by the caller. */
json_t *event_record(const struct event_row *row);

#endif
