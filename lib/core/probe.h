/* SPDX-License-Identifier: ISC */
/*
 * Whether a network of this node is up, from rounds in which its peers were
 * asked. One silent peer is that host's trouble; only when nobody answers, or
 * the link has no carrier, is it the network's. Pure: times come in.
 */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_WHY_SIZE 96

enum probe_state { PROBE_UNKNOWN, PROBE_UP, PROBE_DOWN };

/* The words, in the order of the enum; NULL-terminated. */
extern const char *const probe_state_words[];

struct probe_rule {
	int fails;       /* failed rounds in a row that make it down, >= 1 */
	int64_t hold_ms; /* good for so long before down ends */
	int64_t gap_ms;  /* of the time between two rounds, as much counts */
};

enum probe_link {
	PROBE_CARRIER,
	PROBE_NO_CARRIER,
	PROBE_NO_LINK,
	PROBE_NO_ADDRESS /* no interface has the one that should tell it */
};

/* What one round found. */
struct probe_round {
	int64_t now_ms; /* when it ended, on a clock that only grows */
	enum probe_link link;
	size_t peers;    /* on the list */
	size_t answered; /* of these */
	size_t unable;   /* of these: could not be asked, by our own fault */
};

/*
 * A round is good when a peer answered; blind when none did and some could not
 * be asked; failed when none did, or there is no carrier.
 */
enum probe_verdict { PROBE_BLIND, PROBE_GOOD, PROBE_FAILED };

/* A network as it is known; all zero: nothing is. */
struct probe_net {
	enum probe_state state;
	enum probe_verdict last; /* of the last round */
	int run;                 /* rounds in a row like it, at most fails */
	int64_t last_ms;         /* when it ended */
	int64_t good_ms;         /* how long it has been good */
};

/*
 * The network after one more round. Failed rounds in a row make it down; down
 * ends only with peers that have answered for hold_ms; blind rounds in a row
 * turn up into unknown, and leave down as it is, unless there is nobody to ask
 * any more.
 */
struct probe_net probe_judge(struct probe_net n, const struct probe_rule *rule,
    const struct probe_round *round);

/*
 * Why it is not simply up, after that round, as text for people; empty when
 * there is nothing to say.
 */
void probe_why(const struct probe_net *n, const struct probe_rule *rule,
    const struct probe_round *round, char why[static PROBE_WHY_SIZE]);

#endif
