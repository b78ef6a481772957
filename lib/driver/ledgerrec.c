/* SPDX-License-Identifier: ISC */
#include "driver/ledgerrec.h"

#include <string.h>

#include "core/name.h"
#include "line/rec.h"

const char *const ledgerrec_kinds[] = {
    "start", "refuse", "depart", "return", "expect", "arrive", NULL};

/* 1, 0 absent, -1. */
static int
get_gen(
    const json_t *o, const char *key, struct gen *g, struct json_reason *why)
{
	const char *text = NULL;
	int r = json_get_str(o, key, 1, GEN_SIZE - 1, &text, why);

	if (r == 1 && gen_parse(text, g) == -1) {
		json_why(why, "%s: '%s' is no generation", key, text);
		return -1;
	}
	return r;
}

static int
get_vm(const json_t *o, const char **uuid, struct json_reason *why)
{
	if (json_need(json_get_str(o, "vm", NAME_UUID_SIZE - 1,
			  NAME_UUID_SIZE - 1, uuid, why),
		"vm", why) == -1)
		return -1;
	if (name_uuid(*uuid))
		return 0;
	json_why(why, "vm: '%s' is no UUID", *uuid);
	return -1;
}

/* Whether this kind must have the field. */
static bool
needs_peer(enum ledger_kind kind)
{
	return kind == LEDGER_DEPART || kind == LEDGER_ARRIVE;
}

static bool
needs_boot(enum ledger_kind kind)
{
	return kind == LEDGER_START || kind == LEDGER_ARRIVE;
}

int
ledgerrec_parse(const json_t *o, const char **uuid, struct ledger_rec *r,
    struct json_reason *why)
{
	int kind = 0, mode = 0, peer, boot;

	memset(r, 0, sizeof(*r));
	if (json_need(json_get_word(o, "type", ledgerrec_kinds, &kind, why),
		"type", why) == -1 ||
	    get_vm(o, uuid, why) == -1 ||
	    json_need(get_gen(o, "generation", &r->gen, why), "generation",
		why) == -1 ||
	    get_gen(o, "other", &r->other, why) == -1 ||
	    json_get_word(o, "mode", ledger_mode_words, &mode, why) == -1)
		return -1;
	r->kind = (enum ledger_kind)kind;
	r->mode = (enum ledger_mode)mode;
	peer = json_get_str(o, "peer", 1, NAME_HOST_MAX, &r->peer, why);
	boot = json_get_str(
	    o, "boot", NAME_UUID_SIZE - 1, NAME_UUID_SIZE - 1, &r->boot, why);
	if (needs_peer(r->kind))
		peer = json_need(peer, "peer", why);
	if (needs_boot(r->kind))
		boot = json_need(boot, "boot", why);
	return peer == -1 || boot == -1 ? -1 : 0;
}

json_t *
ledgerrec_new(const char *uuid, const struct ledger_rec *r)
{
	json_t *o = rec_new(ledgerrec_kinds[r->kind]);
	char text[GEN_SIZE];

	rec_str(o, "vm", uuid);
	gen_format(r->gen, text);
	rec_str(o, "generation", text);
	if (!gen_none(r->other)) {
		gen_format(r->other, text);
		rec_str(o, "other", text);
	}
	rec_str(o, "peer", r->peer);
	if (needs_boot(r->kind)) {
		rec_str(o, "mode", ledger_mode_words[r->mode]);
		rec_str(o, "boot", r->boot);
	}
	return o;
}
