/* SPDX-License-Identifier: ISC */
#include "driver/prober.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "line/rec.h"

#define TRIES 3 /* echo requests a round */

int
prober_add(struct prober *p, int net, const char *interface,
    const char *address, int port, struct json_reason *why)
{
	struct prober_net *n = &p->net[net];
	struct prober_peer *new = &p->peer[p->n];

	if (p->n == PROBER_PEERS) {
		json_why(why, "more than %d peers", PROBER_PEERS);
		return -1;
	}
	if (n->listed && strcmp(n->interface, interface) != 0) {
		json_why(why, "interface: %s is on %s already", nets_words[net],
		    n->interface);
		return -1;
	}
	if (reach_init(&new->reach, address, port) == -1) {
		json_why(why, "peer: '%s' is no numeric address", address);
		return -1;
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->peer[i].net == net &&
		    strcmp(p->peer[i].address, address) == 0) {
			json_why(why, "peer: %s is on the list", address);
			return -1;
		}
	new->net = net;
	new->told = 0;
	snprintf(new->address, sizeof(new->address), "%s", address);
	if (!n->listed)
		snprintf(n->interface, sizeof(n->interface), "%s", interface);
	n->listed = true;
	p->n++;
	return 0;
}

static void
add_all(struct prober *p, int net, const struct nets_net *from,
    void (*bad)(int net, const char *reason))
{
	struct json_reason why;

	for (size_t i = 0; i < from->n; i++)
		if (prober_add(p, net, p->net[net].interface, from->peer[i], 0,
			&why) == -1)
			bad(net, why.text);
}

void
prober_list(struct prober *p, const struct nets *told,
    const struct netconf *conf, void (*bad)(int net, const char *reason))
{
	p->n = 0;
	for (int i = 0; i < NETS_N; i++) {
		const struct nets_net *from = &told->net[i];
		struct prober_net *n = &p->net[i];

		if (!*from->address && !conf->interface[i]) {
			memset(n, 0, sizeof(*n));
			continue;
		}
		n->listed = true;
		snprintf(n->address, sizeof(n->address), "%s", from->address);
		add_all(p, i, from, bad);
		add_all(p, i, &conf->more[i], bad);
	}
}

void
prober_locate(struct prober *p, const struct netconf *conf)
{
	for (int i = 0; i < NETS_N; i++) {
		struct prober_net *n = &p->net[i];

		if (!n->listed)
			continue;
		if (conf->interface[i])
			snprintf(n->interface, sizeof(n->interface), "%s",
			    conf->interface[i]);
		else if (reach_interface(n->address, n->interface) == -1)
			n->interface[0] = '\0';
	}
}

/* Takes the answers that are there within ms: as prober_round. */
static int
collect(struct prober *p, int64_t ms)
{
	struct pollfd f[PROBER_PEERS + 1];

	for (size_t i = 0; i < p->n; i++)
		f[i] = (struct pollfd){.fd = p->peer[i].reach.fd,
		    .events = p->peer[i].reach.port ? POLLOUT : POLLIN};
	f[p->n] = (struct pollfd){.fd = p->stop_fd, .events = POLLIN};
	if (poll(f, p->n + 1, ms > INT_MAX ? INT_MAX : (int)ms) == -1)
		return errno == EINTR ? 0 : -1;
	if (f[p->n].revents)
		return 1;
	for (size_t i = 0; i < p->n; i++)
		if (f[i].revents)
			reach_look(&p->peer[i].reach);
	return 0;
}

/* Whether a peer still owes an answer. */
static bool
waiting(const struct prober *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->peer[i].reach.fd != -1)
			return true;
	return false;
}

/* Asks all of them, TRIES times at most. */
static int
ask(struct prober *p)
{
	int64_t left;
	int r = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct prober_peer *q = &p->peer[i];

		if (*p->net[q->net].interface)
			reach_ask(&q->reach, p->net[q->net].interface);
	}
	for (int i = 1; i <= TRIES && waiting(p) && r == 0; i++) {
		int64_t end = clk_mono_ms() + p->timeout_ms / TRIES;

		while (r == 0 && waiting(p) && (left = end - clk_mono_ms()) > 0)
			r = collect(p, left);
		/* After a stop, what came meanwhile counts. */
		if (r == 0)
			r = collect(p, 0);
		for (size_t j = 0; j < p->n && i < TRIES; j++)
			reach_again(&p->peer[j].reach);
	}
	for (size_t i = 0; i < p->n; i++)
		reach_end(&p->peer[i].reach);
	return r;
}

static int
link_of(const char *interface, enum probe_link *out)
{
	int up;

	*out = PROBE_NO_ADDRESS;
	if (!*interface)
		return 0;
	up = reach_link(interface);
	if (up == -1 && errno != ENODEV)
		return -1;
	*out = up == -1 ? PROBE_NO_LINK : up ? PROBE_CARRIER : PROBE_NO_CARRIER;
	return 0;
}

/* What the round found of one network. */
static int
count(struct prober *p, int net)
{
	struct prober_net *n = &p->net[net];
	struct probe_round *r = &n->round;

	memset(r, 0, sizeof(*r));
	r->now_ms = clk_mono_ms();
	if (link_of(n->interface, &r->link) == -1)
		return -1;
	for (size_t i = 0; i < p->n; i++) {
		const struct prober_peer *q = &p->peer[i];

		if (q->net != net)
			continue;
		r->peers++;
		if (!*n->interface)
			continue;
		r->answered += q->reach.state == REACH_ANSWERED;
		r->unable += q->reach.state == REACH_UNABLE;
	}
	return 0;
}

int
prober_round(struct prober *p)
{
	int r = ask(p);

	for (int i = 0; i < NETS_N && r == 0; i++) {
		struct prober_net *n = &p->net[i];
		enum probe_state before = n->known.state;

		if (!n->listed)
			continue;
		r = count(p, i);
		if (r == -1)
			break;
		n->known = probe_judge(n->known, &p->rule, &n->round);
		if (!*n->since || n->known.state != before)
			clk_ts(n->since);
	}
	return r;
}

bool
prober_up(const struct prober *p)
{
	for (int i = 0; i < NETS_N; i++)
		if (p->net[i].listed && p->net[i].known.state != PROBE_UP)
			return false;
	return true;
}

json_t *
prober_fact(const struct prober *p, int net)
{
	const struct prober_net *n = &p->net[net];
	char why[PROBE_WHY_SIZE];
	json_t *rec = rec_new("fact");

	probe_why(&n->known, &p->rule, &n->round, why);
	rec_str(rec, "net", nets_words[net]);
	rec_str(rec, "interface", *n->interface ? n->interface : NULL);
	rec_str(rec, "address", *n->address ? n->address : NULL);
	rec_str(rec, "state", probe_state_words[n->known.state]);
	rec_int(rec, "peers", (int64_t)n->round.peers);
	rec_int(rec, "answered", (int64_t)n->round.answered);
	rec_str(rec, "reason", *why ? why : NULL);
	return rec;
}

int
prober_state(const struct prober *p, int64_t interval_ms, struct buf *b)
{
	int64_t now = clk_boot_ms();
	int r = 0;

	for (int i = 0; i < NETS_N && r == 0; i++) {
		json_t *rec;

		/* Listed a moment ago, and not asked yet. */
		if (!p->net[i].listed || !*p->net[i].since)
			continue;
		rec = prober_fact(p, i);
		rec_str(rec, "since", p->net[i].since);
		rec_int(rec, "at_ms", now);
		rec_int(rec, "interval_ms", interval_ms);
		r = rec_dump(rec, b);
		json_decref(rec);
	}
	return r;
}

static void
recall(int net, enum probe_state state, const json_t *o, void *arg)
{
	struct prober_net *n = &((struct prober *)arg)->net[net];
	const char *since = "";

	json_get_str(o, "since", 1, CLK_TS_SIZE - 1, &since, NULL);
	snprintf(n->since, sizeof(n->since), "%s", since);
	n->known.state = state;
}

void
prober_recall(struct prober *p, const char *text, size_t len, int64_t now_ms)
{
	nets_states(text, len, now_ms, recall, p);
}
