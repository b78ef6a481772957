/* SPDX-License-Identifier: ISC */
/*
 * What is to be thought of a host: whether it is silent, which health it has,
 * and the one word people see. Pure: times come in, nothing is looked up.
 */
#ifndef CORE_JUDGE_H
#define CORE_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#define JUDGE_HOST_SIZE 64
#define JUDGE_BOOT_SIZE 37

/* What the operator wants of a host. */
enum judge_admin { ADMIN_RUN, ADMIN_DISABLED, ADMIN_DRAINED, ADMIN_DOWN };

/* What is known of it. */
enum judge_health {
	HEALTH_OK,
	HEALTH_SILENT, /* no heartbeats, but its agent answers the ping-back */
	HEALTH_ERROR,  /* its agent says so itself */
	HEALTH_UNREACHABLE
};

/* Both as the one word for people. */
enum judge_status {
	STATUS_RUN,
	STATUS_SILENT,
	STATUS_DISABLED,
	STATUS_DRAINED,
	STATUS_ERROR,
	STATUS_UNREACHABLE,
	STATUS_DOWN
};

/* The words, in the order of the enums; NULL-terminated. */
extern const char *const judge_admin_words[];
extern const char *const judge_health_words[];
extern const char *const judge_status_words[];

/* The word's place in one of these lists, or -1. */
int judge_word(const char *const *words, const char *word);

/* down > unreachable > error > drained > disabled > silent > run. */
enum judge_status judge_status(
    enum judge_admin admin, enum judge_health health);

/* The health of a host that reports. */
enum judge_health judge_reporting(bool error);

/* The health of a host that is silent, by the answer to the ping-back. */
enum judge_health judge_silent(bool answered);

/*
 * Who is silent: a host whose (boot, beat) stayed unchanged for silent_ms
 * on the caller's clock, counted from when the caller first read it. It never
 * counts time in which nobody looked: of a gap between two readings, and of
 * one reading's own duration, at most gap_ms count, so that a frozen database
 * or a frozen watcher makes nobody silent.
 */
struct judge_track;

/* A host is reported once silent for silent_ms, and again every repeat_ms. */
struct judge_track *judge_track_new(
    int64_t silent_ms, int64_t repeat_ms, int64_t gap_ms);
void judge_track_free(struct judge_track *t);

/* Counting restarts: whatever was read before is worth nothing now. */
void judge_forget(struct judge_track *t);

/* A reading of all hosts begins at now_ms. */
void judge_round(struct judge_track *t, int64_t now_ms);

/*
 * This reading found a host; hosts come in ascending order of their names
 * (strcmp). How long it has been silent, in ms, when that is to be reported
 * now; else -1.
 */
int64_t judge_seen(
    struct judge_track *t, const char *host, const char *boot, int64_t beat);

/*
 * The reading ended at now_ms; hosts it did not find are forgotten. The time
 * in ms, counted from now_ms, after which the next host can be due: at least
 * 0, INT64_MAX when there is no host.
 */
int64_t judge_round_end(struct judge_track *t, int64_t now_ms);

#endif
