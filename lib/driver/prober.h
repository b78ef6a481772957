/* SPDX-License-Identifier: ISC */
/*
 * Rounds in which all peers of the node's networks are asked at the same
 * time, each through its network's interface (os/reach.h), and what they come
 * to (core/probe.h).
 */
#ifndef DRIVER_PROBER_H
#define DRIVER_PROBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clk.h"
#include "core/probe.h"
#include "driver/netconf.h"
#include "driver/nets.h"
#include "line/json.h"
#include "os/reach.h"

#define PROBER_PEERS 256

struct prober_net {
	bool listed;
	char interface[REACH_IF_SIZE];   /* empty: nobody can be asked */
	char address[NETS_ADDRESS_SIZE]; /* the node's own, if told */
	struct probe_net known;
	struct probe_round round; /* the last one */
	char since[CLK_TS_SIZE];  /* when the state was first seen */
};

struct prober_peer {
	int net; /* as in nets_words */
	char address[NETS_ADDRESS_SIZE];
	struct reach reach; /* what the last round found */
	int told;           /* for the program: the error it spoke of */
};

/* All zero is an empty one. */
struct prober {
	struct prober_net net[NETS_N];
	struct prober_peer peer[PROBER_PEERS];
	size_t n;
	struct probe_rule rule;
	int64_t timeout_ms;
	int stop_fd; /* ends a round when it is readable */
};

/* One more peer, port 0 for ICMP: 0, or -1 with the reason. */
int prober_add(struct prober *p, int net, const char *interface,
    const char *address, int port, struct json_reason *why);

/*
 * Replaces the peers by those that were told and those that are configured;
 * bad gets the ones that cannot be used. What is known of a network stays. One
 * is there when the node has an address in it, or its interface is configured.
 */
void prober_list(struct prober *p, const struct nets *told,
    const struct netconf *conf, void (*bad)(int net, const char *reason));

/*
 * Finds the interface of each network anew: the one configured, or else the
 * one that has the node's address now.
 */
void prober_locate(struct prober *p, const struct netconf *conf);

/*
 * One round of all networks: 0, 1 when it was stopped, -1 with errno. Networks
 * without an interface have failed.
 */
int prober_round(struct prober *p);

/* Whether all networks were up in it. */
bool prober_up(const struct prober *p);

/* What it found of one network, as a record. */
json_t *prober_fact(const struct prober *p, int net);

/*
 * Takes over what a predecessor knew, by the text of its networks.jsonl: that
 * a network is down does not end with a program.
 */
void prober_recall(
    struct prober *p, const char *text, size_t len, int64_t now_ms);

/* Appends networks.jsonl; a round is every interval_ms. 0, or -1. */
int prober_state(const struct prober *p, int64_t interval_ms, struct buf *b);

#endif
