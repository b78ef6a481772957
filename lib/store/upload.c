/* SPDX-License-Identifier: ISC */
#include "store/upload.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "core/judge.h"
#include "core/name.h"
#include "store/uploadquick.h"

#define VMS_MAX  16384
#define REV_SIZE 16

static const char *const health_words[] = {"ok", "error", NULL};
static const char *const want_words[] = {"running", "stopped", "deleted", NULL};

/* Copies a reason for people: cut at a character, nothing that moves a cursor.
 */
static int
get_reason(const json_t *o, char out[static UPLOAD_REASON_MAX + 1],
    struct json_reason *why)
{
	const char *s = "";
	size_t n;

	if (json_get_str(o, "reason", 0, SIZE_MAX, &s, why) == -1)
		return -1;
	n = strlen(s);
	if (n > UPLOAD_REASON_MAX) {
		n = UPLOAD_REASON_MAX;
		while (n && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out, s, n);
	out[n] = '\0';
	utf8_clean(out, n);
	return 0;
}

/* A revision: 16 hex digits. 1, 0 absent, -1. */
static int
get_rev(
    const json_t *o, const char *key, const char **out, struct json_reason *why)
{
	int r = json_get_str(o, key, REV_SIZE, REV_SIZE, out, why);

	if (r == 1 && strspn(*out, "0123456789abcdef") != REV_SIZE) {
		json_why(why, "%s: expected 16 hex digits", key);
		return -1;
	}
	return r;
}

static int
get_uuid(
    const json_t *o, const char *key, const char **out, struct json_reason *why)
{
	int r = json_need(json_get_str(o, key, NAME_UUID_SIZE - 1,
			      NAME_UUID_SIZE - 1, out, why),
	    key, why);

	if (r == 1 && !name_uuid(*out)) {
		json_why(why, "%s: expected a UUID in lower case", key);
		return -1;
	}
	return r;
}

static int
get_first(struct upload *u, const json_t *o, struct json_reason *why)
{
	const char *type = "";
	int64_t proto = 0;
	int health = 0;

	u->vcpus = u->memory_mib = u->pong_port = -1;
	if (json_need(
		json_get_str(o, "type", 1, 64, &type, why), "type", why) == -1)
		return -1;
	if (strcmp(type, "heartbeat") != 0) {
		json_why(why, "type: expected heartbeat in the first line");
		return -1;
	}
	if (json_need(json_get_int(o, "proto", 1, UPLOAD_PROTO, &proto, why),
		"proto", why) == -1 ||
	    json_need(json_get_str(o, "host", 1, NAME_HOST_MAX, &u->host, why),
		"host", why) == -1 ||
	    get_uuid(o, "boot", &u->boot, why) == -1 ||
	    json_get_str(o, "machine", 1, 64, &u->machine, why) == -1 ||
	    json_need(
		json_get_int(o, "beat", 0, UPLOAD_COUNT_MAX, &u->beat, why),
		"beat", why) == -1 ||
	    get_rev(o, "desired_rev", &u->desired_rev, why) == -1 ||
	    json_need(get_rev(o, "observed_rev", &u->observed_rev, why),
		"observed_rev", why) == -1 ||
	    json_need(json_get_word(o, "health", health_words, &health, why),
		"health", why) == -1 ||
	    get_reason(o, u->reason, why) == -1 ||
	    json_get_int(o, "vcpus", 1, 65536, &u->vcpus, why) == -1 ||
	    json_get_int(o, "memory_mib", 1, INT32_MAX, &u->memory_mib, why) ==
		-1 ||
	    json_get_int(o, "pong_port", 1, 65535, &u->pong_port, why) == -1 ||
	    json_get_bool(o, "full", &u->full, why) == -1)
		return -1;
	u->error = health == 1;
	return 0;
}

static int
get_vm(struct upload_vm *v, const json_t *o, struct json_reason *why)
{
	int want = -1;

	memset(v, 0, sizeof(*v));
	v->wish = v->generation = v->restarts = -1;
	if (get_uuid(o, "vm", &v->vm, why) == -1 ||
	    json_need(json_get_str(o, "state", 1, 16, &v->state, why), "state",
		why) == -1 ||
	    get_reason(o, v->reason, why) == -1 ||
	    json_get_word(o, "want", want_words, &want, why) == -1 ||
	    json_get_int(o, "wish", 0, UPLOAD_COUNT_MAX, &v->wish, why) == -1 ||
	    json_get_int(o, "generation", 0, UPLOAD_COUNT_MAX, &v->generation,
		why) == -1 ||
	    json_get_int(o, "refused", 1, UPLOAD_COUNT_MAX, &v->refused, why) ==
		-1 ||
	    json_get_int(o, "restarts", 0, INT32_MAX, &v->restarts, why) ==
		-1 ||
	    json_get_bool(o, "final", &v->final, why) == -1 ||
	    json_get_bool(o, "stray", &v->stray, why) == -1 ||
	    json_get_bool(o, "adopted", &v->adopted, why) == -1 ||
	    json_get_str(o, "xml", 1, 65536, &v->xml, why) == -1 ||
	    json_get_str(o, "ts", 1, 24, &v->since, why) == -1)
		return -1;
	v->want = want == -1 ? NULL : want_words[want];
	if (strspn(v->state, "abcdefghijklmnopqrstuvwxyz-_") ==
		strlen(v->state) &&
	    (!v->since ||
		strspn(v->since, "0123456789-:.TZ") == strlen(v->since)))
		return 0;
	json_why(why, "state or ts: unexpected characters");
	return -1;
}

static int
by_vm(const void *a, const void *b)
{
	return strcmp(((const struct upload_vm *)a)->vm,
	    ((const struct upload_vm *)b)->vm);
}

/* A line behind the first one; types it does not know are passed over. */
static int
add_line(struct upload *u, json_t *o, size_t *cap, struct json_reason *why)
{
	const char *type = "";

	json_array_append_new(u->lines, o);
	if (json_need(
		json_get_str(o, "type", 1, 64, &type, why), "type", why) == -1)
		return -1;
	if (strcmp(type, "vm") != 0)
		return 0;
	if (u->n == VMS_MAX) {
		json_why(why, "more than %d VMs", VMS_MAX);
		return -1;
	}
	if (u->n == *cap) {
		*cap = *cap ? *cap * 2 : 64;
		u->vm = mem_realloc(u->vm, *cap, sizeof(*u->vm));
	}
	return get_vm(&u->vm[u->n++], o, why);
}

static int
take_vms(struct upload *u, const char *text, const char *end)
{
	struct json_reason why;
	size_t cap = 0, line = 1;

	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((nl ? nl : end) - text);
		json_t *o;

		line++;
		if (len) {
			o = json_object_parse(text, len, &why);
			if (!o || add_line(u, o, &cap, &why) == -1) {
				json_why(&u->bad_vms, "line %zu: %.120s", line,
				    why.text);
				return -1;
			}
		}
		text += len + (nl ? 1 : 0);
	}
	if (u->n)
		qsort(u->vm, u->n, sizeof(*u->vm), by_vm);
	for (size_t i = 1; i < u->n; i++)
		if (strcmp(u->vm[i - 1].vm, u->vm[i].vm) == 0) {
			json_why(&u->bad_vms, "VM %s: twice", u->vm[i].vm);
			return -1;
		}
	return 0;
}

int
upload_parse(
    struct upload *u, const char *text, size_t len, struct json_reason *why)
{
	const char *nl = memchr(text, '\n', len);
	size_t first = nl ? (size_t)(nl - text) : len;
	json_t *o;

	memset(u, 0, sizeof(*u));
	if (!upload_quick(u, text, first)) {
		o = json_object_parse(text, first, why);
		if (!o)
			return -1;
		u->lines = json_array();
		json_array_append_new(u->lines, o);
		if (get_first(u, o, why) == -1) {
			upload_free(u);
			return -1;
		}
	}
	if (u->full && !u->lines)
		u->lines = json_array();
	if (u->full &&
	    take_vms(u, nl ? nl + 1 : text + len, text + len) == -1) {
		u->full = false;
		u->n = 0;
	}
	return 0;
}

void
upload_free(struct upload *u)
{
	json_decref(u->lines);
	free(u->texts);
	free(u->vm);
	memset(u, 0, sizeof(*u));
}
