/* SPDX-License-Identifier: ISC */
#include "driver/nets.h"

#include <stdio.h>
#include <string.h>

#include "core/probe.h"

const char *const nets_words[] = {"business", "storage", NULL};

static int
take_address(
    const json_t *o, const char *key, char *out, struct json_reason *why)
{
	const char *s = "";

	if (json_get_str(o, key, 1, NETS_ADDRESS_SIZE - 1, &s, why) == -1)
		return -1;
	snprintf(out, NETS_ADDRESS_SIZE, "%s", s);
	return 0;
}

static int
take_peers(const json_t *o, const char *key, struct nets_net *n,
    struct json_reason *why)
{
	json_t *list = NULL;

	if (json_get_array(o, key, &list, why) == -1)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (n->n == NETS_PEERS) {
			json_why(why, "%s: more than %d", key, NETS_PEERS);
			return -1;
		}
		if (!s || !*s || strlen(s) >= NETS_ADDRESS_SIZE) {
			json_why(why, "%s: expected addresses", key);
			return -1;
		}
		snprintf(n->peer[n->n++], NETS_ADDRESS_SIZE, "%s", s);
	}
	return 0;
}

int
nets_parse(
    struct nets *n, const char *text, size_t len, struct json_reason *why)
{
	const char *nl = len ? memchr(text, '\n', len) : NULL;
	json_t *o =
	    json_object_parse(text, nl ? (size_t)(nl - text) : len, why);
	const char *type = "";
	int r = -1;

	memset(n, 0, sizeof(*n));
	if (!o)
		return -1;
	if (json_need(
		json_get_str(o, "type", 1, 64, &type, why), "type", why) == -1)
		goto out;
	if (strcmp(type, "host") != 0) {
		json_why(why, "type: expected host first, found %.40s", type);
		goto out;
	}
	if (json_get_int(o, "interval_ms", 200, 60000, &n->interval_ms, why) !=
		-1 &&
	    take_address(o, "node_ip", n->net[NETS_BUSINESS].address, why) !=
		-1 &&
	    take_address(o, "storage_ip", n->net[NETS_STORAGE].address, why) !=
		-1 &&
	    take_peers(o, "business_peers", &n->net[NETS_BUSINESS], why) != -1)
		r = take_peers(o, "storage_peers", &n->net[NETS_STORAGE], why);
out:
	json_decref(o);
	return r;
}

void
nets_states(const char *text, size_t len, int64_t now_ms,
    void (*each)(int net, enum probe_state state, const json_t *o, void *arg),
    void *arg)
{
	const char *end = text + len, *nl;

	for (const char *p = text; p < end; p = nl + 1) {
		int64_t at = 0, interval = 0;
		int net, state;
		json_t *o;

		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			return;
		o = json_object_parse(p, (size_t)(nl - p), NULL);
		if (o && json_get_word(o, "net", nets_words, &net, NULL) == 1 &&
		    json_get_word(
			o, "state", probe_state_words, &state, NULL) == 1 &&
		    json_get_int(o, "at_ms", 0, INT64_MAX, &at, NULL) == 1 &&
		    json_get_int(
			o, "interval_ms", 1, 3600000, &interval, NULL) == 1 &&
		    now_ms - at <= NETS_ROUNDS * interval)
			each(net, (enum probe_state)state, o, arg);
		json_decref(o);
	}
}

struct text {
	char *s;
	size_t size;
};

static void
tell_down(int net, enum probe_state state, const json_t *o, void *arg)
{
	const char *reason = "no reason given", *at = NULL;
	struct text *t = arg;
	size_t n = strlen(t->s);

	if (state != PROBE_DOWN)
		return;
	json_get_str(o, "reason", 1, PROBE_WHY_SIZE, &reason, NULL);
	snprintf(t->s + n, t->size - n, "%s%s network: down: %s", n ? "; " : "",
	    nets_words[net], reason);
	n = strlen(t->s);
	if (json_get_str(o, "interface", 1, 64, &at, NULL) == 1)
		snprintf(t->s + n, t->size - n,
		    strcmp(reason, "no peer answers") == 0 ? " through %s"
							   : " (%s)",
		    at);
	else if (json_get_str(o, "address", 1, 64, &at, NULL) == 1)
		snprintf(t->s + n, t->size - n, " (%s)", at);
}

bool
nets_down(const char *text, size_t len, int64_t now_ms, char *why, size_t size)
{
	struct text t = {why, size};

	why[0] = '\0';
	nets_states(text, len, now_ms, tell_down, &t);
	return *why;
}
