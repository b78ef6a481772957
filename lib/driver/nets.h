/* SPDX-License-Identifier: ISC */
/*
 * The business and the storage network of a node: whom to ask, as the server
 * tells it at the head of desired.jsonl, and what came of it, as chime-probe
 * keeps it in networks.jsonl (chime-records(7)).
 */
#ifndef DRIVER_NETS_H
#define DRIVER_NETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/probe.h"
#include "line/json.h"

#define NETS_FILE         "networks.jsonl"
#define NETS_PEERS        16
#define NETS_ADDRESS_SIZE 64
/*
 * Heartbeats a round, so that a machine that loses power leaves the lists
 * before three rounds without its answer are over: it does when it is
 * unreachable, three heartbeats and the ping-back later.
 */
#define NETS_BEATS 3
/* A state that was not renewed for so many rounds is known no more. */
#define NETS_ROUNDS 3

enum { NETS_BUSINESS, NETS_STORAGE, NETS_N };

/* The words of these; NULL-terminated. */
extern const char *const nets_words[];

struct nets_net {
	char address[NETS_ADDRESS_SIZE]; /* the node's own; or "" */
	char peer[NETS_PEERS][NETS_ADDRESS_SIZE];
	size_t n;
};

struct nets {
	struct nets_net net[NETS_N];
	int64_t interval_ms; /* between heartbeats; 0: not told */
};

/* What a desired file says: 0, or -1 with the reason. */
int nets_parse(
    struct nets *n, const char *text, size_t len, struct json_reason *why);

/*
 * Calls each for the lines of a networks.jsonl that are not too old at the
 * time now_ms (CLOCK_BOOTTIME).
 */
void nets_states(const char *text, size_t len, int64_t now_ms,
    void (*each)(int net, enum probe_state state, const json_t *o, void *arg),
    void *arg);

/*
 * Whether a network is down at that time by such a text; why then says which,
 * and why. What is unknown is not.
 */
bool nets_down(
    const char *text, size_t len, int64_t now_ms, char *why, size_t size);

#endif
