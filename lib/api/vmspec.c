/* SPDX-License-Identifier: ISC */
#include "api/vmspec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "core/name.h"
#include "line/wire.h"
#include "store/token.h"

static const char *const formats[] = {"raw", "qcow2", NULL};
static const char *const devices[] = {"disk", "cdrom", "floppy", NULL};

/* A reason within an element: "spec.disks[1]: ...". */
static int
within(struct json_reason *why, const char *list, size_t i)
{
	struct json_reason inner = *why;

	json_why(why, "spec.%s[%zu]: %.120s", list, i, inner.text);
	return -1;
}

static int
add_disk(struct buf *b, const json_t *disk, struct json_reason *why)
{
	const char *path = NULL;
	int format = 0, device = 0;
	bool readonly = false, shared = false;

	if (!json_is_object(disk)) {
		json_why(why, "expected an object");
		return -1;
	}
	if (json_need(json_get_str(disk, "path", 1, VMSPEC_PATH, &path, why),
		"path", why) == -1 ||
	    json_get_word(disk, "format", formats, &format, why) == -1 ||
	    json_get_word(disk, "device", devices, &device, why) == -1 ||
	    json_get_bool(disk, "readonly", &readonly, why) == -1 ||
	    json_get_bool(disk, "shared", &shared, why) == -1)
		return -1;
	if (*path != '/' || !utf8_printable(path, strlen(path))) {
		json_why(why, "path: expected an absolute path of printable "
			      "characters");
		return -1;
	}
	buf_puts(b, "{\"path\":");
	wire_string(b, path, strlen(path));
	buf_printf(b, ",\"format\":\"%s\",\"device\":\"%s\"%s%s}",
	    formats[format], devices[device],
	    readonly ? ",\"readonly\":true" : "",
	    shared ? ",\"shared\":true" : "");
	return 0;
}

/*
 * 40 bits of a hash, locally administered (the 2 in 52): with fewer, two of a
 * hundred thousand NICs would often have the same.
 */
static void
derive_mac(const char *uuid, size_t i, char mac[static 18])
{
	char text[64], hash[TOKEN_SIZE];

	snprintf(text, sizeof(text), "mac:%s:%zu", uuid, i);
	token_hash(text, hash);
	snprintf(mac, 18, "52:%.2s:%.2s:%.2s:%.2s:%.2s", hash, hash + 2,
	    hash + 4, hash + 6, hash + 8);
}

static int
add_nic(struct buf *b, const json_t *nic, const char *uuid, size_t i,
    struct json_reason *why)
{
	const char *bridge = NULL, *mac = NULL;
	char own[18];

	if (!json_is_object(nic)) {
		json_why(why, "expected an object");
		return -1;
	}
	if (json_need(json_get_str(nic, "bridge", 1, 15, &bridge, why),
		"bridge", why) == -1 ||
	    json_get_str(nic, "mac", 1, 64, &mac, why) == -1)
		return -1;
	if (!name_bridge(bridge)) {
		json_why(why,
		    "bridge: expected 1 to 15 letters, digits and "
		    ". _ -, found %.20s",
		    bridge);
		return -1;
	}
	if (mac && !name_mac(mac)) {
		json_why(why,
		    "mac: expected a unicast address in lower case like "
		    "52:54:00:12:34:56, found %.20s",
		    mac);
		return -1;
	}
	if (!mac) {
		derive_mac(uuid, i, own);
		mac = own;
	}
	buf_printf(b, "{\"bridge\":\"%s\",\"mac\":\"%s\"}", bridge, mac);
	return 0;
}

static int
get_list(const json_t *spec, const char *key, size_t max, json_t **list,
    struct json_reason *why)
{
	if (json_get_array(spec, key, list, why) == -1)
		return -1;
	if (json_array_size(*list) <= max)
		return 0;
	json_why(why, "spec.%s: at most %zu are possible, found %zu", key, max,
	    json_array_size(*list));
	return -1;
}

static int
add_all(struct buf *b, const json_t *spec, const char *uuid,
    struct json_reason *why)
{
	json_t *disks = NULL, *nics = NULL;

	if (get_list(spec, "disks", VMSPEC_DISKS, &disks, why) == -1 ||
	    get_list(spec, "nics", VMSPEC_NICS, &nics, why) == -1)
		return -1;
	buf_puts(b, disks ? "{\"disks\":[" : "{");
	for (size_t i = 0; i < json_array_size(disks); i++) {
		buf_puts(b, i ? "," : "");
		if (add_disk(b, json_array_get(disks, i), why) == -1)
			return within(why, "disks", i);
	}
	buf_puts(b, disks ? "]" : "");
	buf_puts(b, disks && nics ? "," : "");
	buf_puts(b, nics ? "\"nics\":[" : "");
	for (size_t i = 0; i < json_array_size(nics); i++) {
		buf_puts(b, i ? "," : "");
		if (add_nic(b, json_array_get(nics, i), uuid, i, why) == -1)
			return within(why, "nics", i);
	}
	return buf_puts(b, nics ? "]}" : "}");
}

char *
vmspec_make(const json_t *spec, const char *uuid, struct json_reason *why)
{
	struct buf b;

	buf_init(&b, VMSPEC_MAX);
	if (add_all(&b, spec, uuid, why) == 0)
		return b.data;
	if (b.overflow)
		json_why(why, "spec: larger than %d bytes", VMSPEC_MAX);
	buf_free(&b);
	return NULL;
}

char *
vmspec_xml(const char *xml, struct json_reason *why)
{
	struct buf b;

	buf_init(&b, VMSPEC_MAX);
	buf_puts(&b, "{\"xml\":");
	wire_string(&b, xml, strlen(xml));
	buf_puts(&b, "}");
	if (!b.overflow)
		return b.data;
	json_why(why, "spec.xml: larger than %d bytes", VMSPEC_MAX);
	buf_free(&b);
	return NULL;
}
