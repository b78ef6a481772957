/* SPDX-License-Identifier: ISC */
/*
 * One heartbeat and its answer, as text (chime-records(7)): what the agent
 * tells is made from its observed file, and what the server wants becomes
 * its desired file. No files and no network here.
 */
#ifndef DRIVER_EXCHANGE_H
#define DRIVER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "line/json.h"

#define EXCHANGE_REV_SIZE    17
#define EXCHANGE_REASON_SIZE 256
#define EXCHANGE_BEAT_MAX    (INT64_MAX / 2)
#define EXCHANGE_BODY_MAX    (1024 * 1024)      /* of a request */
#define EXCHANGE_MAX         (64 * 1024 * 1024) /* of a file or an answer */

/* Who speaks. */
struct exchange_self {
	const char *host;
	const char *boot;
	const char *machine; /* NULL: nothing names it */
	bool any_boot;       /* observed lines may be of another one */
	int64_t beat;
	int64_t vcpus, memory_mib; /* what the host offers */
	int64_t pong_port;
};

/* What the observed file says. */
struct exchange_observed {
	char rev[EXCHANGE_REV_SIZE]; /* zeros: there is no such file yet */
	bool error;
	char reason[EXCHANGE_REASON_SIZE];
	struct buf rows; /* its lines behind the first */
};

/* An answer. */
struct exchange_answer {
	int64_t beat; /* the one it is to; told of one that is refused, too */
	int64_t interval_ms;
	char observed_rev[EXCHANGE_REV_SIZE]; /* what the server has; or "" */
	char desired_rev[EXCHANGE_REV_SIZE];
	bool full;       /* rows are all there are; else nothing changed */
	json_t *head;    /* line 1 of the desired file */
	struct buf rows; /* its other lines */
};

/*
 * Takes an observed file apart. 0; -1 with the reason when it is none, or
 * one of another host or boot: o then says that there is none.
 */
int exchange_observed(struct exchange_observed *o, const char *text, size_t len,
    const struct exchange_self *self, struct json_reason *why);
void exchange_observed_free(struct exchange_observed *o);

/*
 * Appends a heartbeat to b; with full also the observed rows. desired_rev is
 * NULL for none. 0, or -1 when it does not fit b.
 */
int exchange_request(struct buf *b, const struct exchange_self *self,
    const char *desired_rev, const struct exchange_observed *o, bool full);

/*
 * Takes an answer apart that must be one to this host, boot and beat, whole
 * and in itself sound; sent_rev is the desired_rev that was sent, or NULL.
 * 0, or -1 with the reason. A beat above self's then says that the server
 * knows a later one of this boot: the count was lost, and goes on from there.
 */
int exchange_answer(struct exchange_answer *a, const char *text, size_t len,
    const struct exchange_self *self, const char *sent_rev,
    struct json_reason *why);
void exchange_answer_free(struct exchange_answer *a);

/* The desired_rev of a desired file of this host; 0, or -1 for none. */
int exchange_rev(const char *text, size_t len, const char *host,
    char rev[static EXCHANGE_REV_SIZE]);

/*
 * Appends the desired file that follows from the old one and an answer to b.
 * 1; 0 when the old one says it already; -1 when b is full.
 */
int exchange_desired(const struct exchange_answer *a, const char *old,
    size_t len, struct buf *b);

#endif
