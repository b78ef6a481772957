/* SPDX-License-Identifier: ISC */
#include "line/row.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static void
whole(void)
{
	struct buf b;

	buf_init(&b, 1024);
	row_open(&b, "vm");
	row_str(&b, "vm", "id");
	row_str(&b, "absent", NULL);
	row_int(&b, "least", INT64_MIN);
	row_bool(&b, "yes", true);
	row_bool(&b, "no", false);
	row_raw(&b, "spec", "{\"disks\":[]}");
	row_raw(&b, "none", NULL);
	row_close(&b);
	CHECK("fields in their order, absent ones not at all",
	    strcmp(b.data,
		"{\"type\":\"vm\",\"vm\":\"id\","
		"\"least\":-9223372036854775808,\"yes\":true,\"no\":false,"
		"\"spec\":{\"disks\":[]}}") == 0);
	buf_free(&b);
}

/* Whatever goes in comes out of a JSON parser as it was. */
static void
escapes(void)
{
	char all[0x80], wide[] = "\xc3\xa4 \xe8\x99\x9a \xf0\x9f\x98\x80";
	const char *back;
	struct buf b;
	json_t *v;

	for (int i = 1; i < 0x80; i++)
		all[i - 1] = (char)i;
	all[0x7f] = '\0';
	buf_init(&b, 4096);
	row_open(&b, "t");
	row_str(&b, "all", all);
	row_str(&b, "wide", wide);
	row_str(&b, "empty", "");
	row_close(&b);
	v = json_loads(b.data, JSON_REJECT_DUPLICATES, NULL);
	CHECK("the row is JSON", v != NULL);
	back = json_string_value(json_object_get(v, "all"));
	CHECK("every ASCII character", back && strcmp(back, all) == 0);
	back = json_string_value(json_object_get(v, "wide"));
	CHECK("wide characters", back && strcmp(back, wide) == 0);
	back = json_string_value(json_object_get(v, "empty"));
	CHECK("an empty text is there", back && !*back);
	json_decref(v);
	buf_free(&b);
}

static void
lists(void)
{
	struct buf b;

	buf_init(&b, 200);
	row_open(&b, "t");
	row_list(&b, "none", NULL);
	row_list(&b, "empty", "");
	row_list(&b, "one", "a");
	row_list(&b, "two", "a=1,\"b");
	row_close(&b);
	CHECK("lists of words, those without any left out",
	    strcmp(b.data, "{\"type\":\"t\",\"one\":[\"a\"],"
			   "\"two\":[\"a=1\",\"\\\"b\"]}") == 0);
	buf_free(&b);
}

static void
full(void)
{
	struct buf b;

	buf_init(&b, 20);
	row_open(&b, "vm");
	CHECK("what fits does not overflow", !b.overflow);
	row_str(&b, "name", "0123456789");
	row_close(&b);
	CHECK("what does not is noticed at the end", b.overflow);
	buf_free(&b);
}

int
main(void)
{
	whole();
	escapes();
	lists();
	full();
	return unit_done();
}
