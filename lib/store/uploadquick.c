/* SPDX-License-Identifier: ISC */
/*
 * The usual heartbeat, taken apart without a tree: a site's agents send
 * hundreds of them a second. Whatever is not quite usual (an escape, a member
 * that is not known or there twice, a value out of its range) is left to the
 * parser that can say what is wrong with it.
 */
#include "store/uploadquick.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/name.h"
#include "line/scan.h"

enum field {
	TYPE,
	HOST,
	PROTO,
	BOOT,
	BEAT,
	MACHINE,
	DESIRED_REV,
	OBSERVED_REV,
	HEALTH,
	VCPUS,
	MEMORY_MIB,
	PONG_PORT,
	FULL,
	FIELDS
};

static const char *const names[FIELDS] = {"type", "host", "proto", "boot",
    "beat", "machine", "desired_rev", "observed_rev", "health", "vcpus",
    "memory_mib", "pong_port", "full"};

static int
field_of(struct scan_text key)
{
	for (int i = 0; i < FIELDS; i++)
		if (scan_is(key, names[i]))
			return i;
	return -1;
}

/* Each member's raw value; false when it is not the usual. */
static bool
find(const char *text, size_t len, struct scan_text v[static FIELDS])
{
	struct scan_text key, value;
	struct scan s;
	int r, i;

	if (scan_begin(&s, text, len) == -1)
		return false;
	while ((r = scan_next(&s, &key, &value)) == 1) {
		i = field_of(key);
		if (i == -1 || v[i].p)
			return false;
		v[i] = value;
	}
	return r == 0;
}

/*
 * A string of min to max bytes without escapes, in text, where its closing
 * quote becomes its end. NULL when it is none.
 */
static const char *
string(
    char *text, const char *start, struct scan_text v, size_t min, size_t max)
{
	char *p;

	if (!v.p || v.n < 2 || *v.p != '"' || v.n - 2 < min || v.n - 2 > max ||
	    memchr(v.p, '\\', v.n))
		return NULL;
	p = text + (v.p - start) + 1;
	p[v.n - 2] = '\0';
	return p;
}

static bool
number(struct scan_text v, int64_t min, int64_t max, int64_t *out)
{
	*out = -1;
	return !v.p || scan_int(v, min, max, out) == 0;
}

static bool
is_rev(const char *s)
{
	return strspn(s, "0123456789abcdef") == 16;
}

bool
upload_quick(struct upload *u, const char *text, size_t len)
{
	struct scan_text v[FIELDS] = {{0}};
	const char *type, *health;
	int64_t proto;
	char *copy;

	if (!find(text, len, v) || !v[PROTO].p || !v[BEAT].p)
		return false;
	copy = mem_calloc(len + 1, 1);
	memcpy(copy, text, len);
#define STRING(field, min, max) string(copy, text, v[field], min, max)
	type = STRING(TYPE, 1, 64);
	health = STRING(HEALTH, 1, 8);
	u->host = STRING(HOST, 1, NAME_HOST_MAX);
	u->boot = STRING(BOOT, NAME_UUID_SIZE - 1, NAME_UUID_SIZE - 1);
	u->machine = STRING(MACHINE, 1, 64);
	u->desired_rev = STRING(DESIRED_REV, 16, 16);
	u->observed_rev = STRING(OBSERVED_REV, 16, 16);
#undef STRING
	if (type && strcmp(type, "heartbeat") == 0 && health &&
	    (strcmp(health, "ok") == 0 || strcmp(health, "error") == 0) &&
	    u->host && u->boot && name_uuid(u->boot) &&
	    !u->machine == !v[MACHINE].p &&
	    !u->desired_rev == !v[DESIRED_REV].p &&
	    (!u->desired_rev || is_rev(u->desired_rev)) && u->observed_rev &&
	    is_rev(u->observed_rev) &&
	    number(v[PROTO], 1, UPLOAD_PROTO, &proto) &&
	    number(v[BEAT], 0, UPLOAD_COUNT_MAX, &u->beat) &&
	    number(v[VCPUS], 1, 65536, &u->vcpus) &&
	    number(v[MEMORY_MIB], 1, INT32_MAX, &u->memory_mib) &&
	    number(v[PONG_PORT], 1, 65535, &u->pong_port) &&
	    (!v[FULL].p || scan_is(v[FULL], "true") ||
		scan_is(v[FULL], "false"))) {
		u->error = strcmp(health, "error") == 0;
		u->full = v[FULL].p && scan_is(v[FULL], "true");
		u->texts = copy;
		return true;
	}
	free(copy);
	memset(u, 0, sizeof(*u));
	return false;
}
