/* SPDX-License-Identifier: ISC */
#include "api/vmspec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/name.h"
#include "unit.h"

#define UUID "0b9d7fd4-1111-4222-8333-444455556666"

/* The canonical text of a spec given as text; NULL when it is refused. */
static char *
make(const char *text, const char *uuid, struct json_reason *why)
{
	json_t *spec = text ? json_loads(text, 0, NULL) : NULL;
	char *out = vmspec_make(spec, uuid, why);

	json_decref(spec);
	return out;
}

static int
becomes(const char *text, const char *expected)
{
	struct json_reason why = {""};
	char *out = make(text, UUID, &why);
	int same = out && strcmp(out, expected) == 0;

	if (!same)
		printf("# %s: %s\n", out ? out : "refused", why.text);
	free(out);
	return same;
}

static int
refused(const char *text, const char *reason)
{
	struct json_reason why = {""};
	char *out = make(text, UUID, &why);
	int right = !out && strstr(why.text, reason) == why.text;

	if (!right)
		printf("# %s: %s\n", out ? out : "refused", why.text);
	free(out);
	return right;
}

static void
forms(void)
{
	CHECK("no spec is an empty one", becomes(NULL, "{}"));
	CHECK("unknown fields are dropped", becomes("{\"gpu\":1}", "{}"));
	CHECK("empty lists stay", becomes("{\"nics\":[],\"disks\":[]}",
				      "{\"disks\":[],\"nics\":[]}"));
	CHECK("defaults are filled in, order and false are dropped",
	    becomes("{\"disks\":[{\"shared\":false,\"readonly\":true,"
		    "\"path\":\"/a b\",\"x\":1}]}",
		"{\"disks\":[{\"path\":\"/a b\",\"format\":\"raw\","
		"\"device\":\"disk\",\"readonly\":true}]}"));
	CHECK("a MAC address is kept",
	    becomes("{\"nics\":[{\"mac\":\"52:54:00:00:00:01\","
		    "\"bridge\":\"br0\"}]}",
		"{\"nics\":[{\"bridge\":\"br0\","
		"\"mac\":\"52:54:00:00:00:01\"}]}"));
}

/* The MAC address that the first NIC of a VM gets. */
static void
mac_of(const char *uuid, char mac[18])
{
	struct json_reason why;
	char *out = make(
	    "{\"nics\":[{\"bridge\":\"b\"},{\"bridge\":\"b\"}]}", uuid, &why);
	const char *p = out ? strstr(out, "\"mac\":\"") : NULL;

	snprintf(mac, 18, "%s", p ? p + 7 : "");
	CHECK("two NICs have two addresses",
	    p && strstr(p + 8, "\"mac\":\"") &&
		strncmp(strstr(p + 8, "\"mac\":\"") + 7, mac, 17) != 0);
	free(out);
}

static void
addresses(void)
{
	char a[18], b[18];

	mac_of(UUID, a);
	mac_of(UUID, b);
	CHECK("a MAC address is made", name_mac(a));
	CHECK("and is the same again", strcmp(a, b) == 0);
	mac_of("0b9d7fd4-1111-4222-8333-444455556667", b);
	CHECK("and another one for another VM", strcmp(a, b) != 0);
}

static void
refusals(void)
{
	char many[2048] = "{\"disks\":[{\"path\":\"/a\"}";

	CHECK("a path is needed",
	    refused("{\"disks\":[{}]}", "spec.disks[0]: path: missing"));
	CHECK("an absolute one",
	    refused("{\"disks\":[{\"path\":\"a\"}]}", "spec.disks[0]: path:"));
	CHECK("without control characters",
	    refused(
		"{\"disks\":[{\"path\":\"/a\\nb\"}]}", "spec.disks[0]: path:"));
	CHECK("a disk is an object",
	    refused("{\"disks\":[{\"path\":\"/a\"},7]}", "spec.disks[1]:"));
	CHECK("a list is a list", refused("{\"nics\":{}}", "nics:"));
	CHECK("a NIC is an object", refused("{\"nics\":[[]]}", "spec.nics[0]"));
	CHECK("with a bridge",
	    refused("{\"nics\":[{}]}", "spec.nics[0]: bridge: missing"));
	for (int i = 0; i < VMSPEC_DISKS; i++)
		memcpy(many + strlen(many), ",{\"path\":\"/a\"}", 15);
	memcpy(many + strlen(many), "]}", 3);
	CHECK("not too many disks", refused(many, "spec.disks: at most"));
}

int
main(void)
{
	forms();
	addresses();
	refusals();
	return unit_done();
}
