/* SPDX-License-Identifier: ISC */
/*
 * A batch of heartbeats in one transaction: the beats are written first,
 * sorted, in one statement; then what follows from them for VMs and hosts is
 * changed; and only then is read what the hosts are to do, so that an answer
 * never tells what was true before its heartbeat counted.
 */
#ifndef STORE_REPORT_H
#define STORE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "driver/db.h"
#include "store/peers.h"
#include "store/token.h"
#include "store/upload.h"

#define REPORT_ROWS_MAX (64 * 1024 * 1024)

/* One heartbeat of a batch and its answer. */
struct report {
	char host[64];         /* in: as the path names it */
	char hash[TOKEN_SIZE]; /* in: of the bearer token; empty for none */
	struct upload up;      /* in: the body; owned by the caller */
	bool duplicate;        /* another machine than the host's sent it */
	bool replayed;         /* no newer than what was heard before */
	int status;            /* out: 200, or an error's with: */
	const char *code;
	char message[200];
	int64_t beat;    /* with replayed: the last one of this boot */
	struct buf rows; /* out: the answer's rows, a line each */
};

/*
 * Gives each report whose token does not speak for its host the status 401 or
 * 403, and leaves the others alone. 0, or -1 (db_error).
 */
int report_auth(struct db *db, struct report *const *r, size_t n);

/* An event for each host a duplicate was seen of, once a minute: 0, -1. */
int report_alert(struct db *db, struct report *const *r, size_t n);

struct report_batch {
	struct report **r; /* will be sorted by host, order of arrival kept */
	size_t n;
	struct peers *peers; /* kept from one batch to the next */
	bool again; /* it may be written already: nothing in it is replayed */
	int64_t interval_ms; /* between heartbeats, for the answers */
};

/*
 * The transaction: a body for db_once whose arg is a struct report_batch. Sets
 * status and rows of every report. 0, or -1 (db_error).
 */
int report_write(struct db *db, void *batch);

/* Sets an error. */
void report_error(struct report *r, int status, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
