/* SPDX-License-Identifier: ISC */
#include "core/name.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static void
hosts(void)
{
	char s[NAME_HOST_MAX + 2];

	CHECK("a letter is a host", name_host("a"));
	CHECK("dots and dashes inside", name_host("n-1.rack.2"));
	CHECK("no empty host", !name_host(""));
	CHECK("no dash first", !name_host("-a"));
	CHECK("no dot last", !name_host("a."));
	CHECK("no upper case", !name_host("N1"));
	CHECK("no underscore", !name_host("a_b"));
	CHECK("no quote", !name_host("a'b"));
	CHECK("no letter with a mark", !name_host("\xc3\xa4"));
	memset(s, 'a', sizeof(s));
	s[NAME_HOST_MAX] = '\0';
	CHECK("63 bytes are a host", name_host(s));
	s[NAME_HOST_MAX] = 'a';
	s[NAME_HOST_MAX + 1] = '\0';
	CHECK("64 bytes are none", !name_host(s));
}

static void
uuids(void)
{
	CHECK("a UUID", name_uuid("0b9d7fd4-1111-4222-8333-444455556666"));
	CHECK("not that of zeros",
	    !name_uuid("00000000-0000-0000-0000-000000000000"));
	CHECK("a single one is enough",
	    name_uuid("00000000-0000-0000-0000-000000000001"));
	CHECK("not in upper case",
	    !name_uuid("0B9d7fd4-1111-4222-8333-444455556666"));
	CHECK(
	    "not cut short", !name_uuid("0b9d7fd4-1111-4222-8333-44445555666"));
	CHECK("nothing behind it",
	    !name_uuid("0b9d7fd4-1111-4222-8333-4444555566667"));
	CHECK("dashes in their places",
	    !name_uuid("0b9d7fd41-111-4222-8333-444455556666"));
	CHECK("no other letters",
	    !name_uuid("0b9d7fd4-1111-4222-8333-44445555666g"));
	CHECK("not empty", !name_uuid(""));
}

static void
vms(void)
{
	char s[4 * (NAME_VM_MAX + 1) + 1] = "";

	CHECK("blanks inside", name_vm("my web server"));
	CHECK("quotes and angles", name_vm("a'b\"<c>&"));
	CHECK("other scripts", name_vm("\xe8\x99\x9a\xe6\x8b\x9f"));
	CHECK("not empty", !name_vm(""));
	CHECK("no slash", !name_vm("a/b"));
	CHECK("no control character", !name_vm("a\tb"));
	CHECK("no C1 control character", !name_vm("a\xc2\x85"));
	CHECK("no broken UTF-8", !name_vm("a\xff"));
	CHECK("no blank first", !name_vm(" a"));
	CHECK("no blank last", !name_vm("a "));
	CHECK("nothing that hides a UUID",
	    !name_vm("0B9d7fd4-1111-4222-8333-444455556666"));
	CHECK("but something close to one",
	    name_vm("0b9d7fd4-1111-4222-8333-44445555666"));
	for (int i = 0; i < NAME_VM_MAX; i++)
		memcpy(s + strlen(s), "\xf0\x9f\x98\x80", 5);
	CHECK("63 characters of four bytes", name_vm(s));
	memcpy(s + strlen(s), "a", 2);
	CHECK("not 64 characters", !name_vm(s));
}

static void
devices(void)
{
	CHECK("a bridge", name_bridge("br0.100"));
	CHECK("15 bytes", name_bridge("abcdefghijklmno"));
	CHECK("not 16", !name_bridge("abcdefghijklmnop"));
	CHECK("no empty bridge", !name_bridge(""));
	CHECK("no dot first", !name_bridge("."));
	CHECK("no blank in it", !name_bridge("br 0"));
	CHECK("a MAC address", name_mac("52:54:00:12:ab:cf"));
	CHECK("no upper case in it", !name_mac("52:54:00:12:AB:CF"));
	CHECK("not for many receivers", !name_mac("01:00:5e:00:00:01"));
	CHECK("not all zeros", !name_mac("00:00:00:00:00:00"));
	CHECK("not cut short", !name_mac("52:54:00:12:ab:c"));
	CHECK("no dashes", !name_mac("52-54-00-12-ab-cf"));
	CHECK("no other letters", !name_mac("52:54:00:12:ab:cg"));
}

static void
labels(void)
{
	char s[80] = "";

	CHECK("a label", name_label("rack=r1/a:B_c-d.2"));
	CHECK("a digit first", name_label("1"));
	CHECK("no sign first", !name_label("-a") && !name_label("=a"));
	CHECK("no comma or quote", !name_label("a,b") && !name_label("a\"b"));
	CHECK("no blank", !name_label("a b") && !name_label(""));
	memset(s, 'x', 63);
	CHECK("63 bytes", name_label(s));
	s[63] = 'x';
	CHECK("not 64", !name_label(s));
}

int
main(void)
{
	hosts();
	uuids();
	vms();
	devices();
	labels();
	return unit_done();
}
