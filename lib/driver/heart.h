/* SPDX-License-Identifier: ISC */
/*
 * One heartbeat after the other: what chime-heartbeat does with the state
 * folder (driver/agentdir.h) and a server (driver/http.h). When is for
 * core/pulse.h to say, and what went wrong for the program.
 */
#ifndef DRIVER_HEART_H
#define DRIVER_HEART_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/agentdir.h"
#include "driver/exchange.h"
#include "driver/http.h"

/* Something that is wrong for a while; kind 0: nothing. */
struct heart_trouble {
	int kind; /* another kind is news */
	char text[400];
};

struct heart {
	/* Set by the caller. */
	struct exchange_self self; /* beat: the last one sent */
	const char *dir;           /* NULL: there is none, by hand */
	const char *observed_file; /* by hand, instead of the folder's; only
				      heart_news reads it; or NULL */
	int out; /* the desired file is written there; -1: in the folder */
	int64_t vcpus, memory_mib; /* instead of what there is; 0: not set */
	int64_t patience_ms;       /* for one answer */
	int64_t report_ms;         /* until a missing observed file is told */
	struct http *http;
	/* What is wrong. */
	struct heart_trouble call, disk, report;
	/* Its own. */
	int64_t interval_ms; /* of the last answer */
	struct exchange_observed observed;
	char told[EXCHANGE_REV_SIZE];  /* the observed_rev sent last */
	char known[EXCHANGE_REV_SIZE]; /* what the server has of it */
	int64_t missing; /* since when there is no observed file; 0: it is */
	char nets_told[EXCHANGE_REASON_SIZE]; /* which are down, sent last */
	unsigned server;                      /* the last good one */
};

/*
 * A beat to each server in turn until one answers, each attempt with a
 * number of its own. RC_OK when the answer counts: interval_ms is set, and it
 * was kept unless disk says otherwise. RC_USAGE when it was refused,
 * RC_TIMEOUT and RC_TEMP as they come; call tells. stop: a descriptor that
 * ends it when it is readable.
 */
int heart_beat(struct heart *h, int stop);

/* Looks at the observed file: whether it says something not yet told. */
bool heart_news(struct heart *h);

/* Looks at networks.jsonl: whether others are down than was told. */
bool heart_nets(const struct heart *h);

/* Frees what it holds, but nothing of the caller's. */
void heart_free(struct heart *h);

#endif
