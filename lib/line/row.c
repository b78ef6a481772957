/* SPDX-License-Identifier: ISC */
#include "line/row.h"

#include <inttypes.h>
#include <string.h>

#include "line/wire.h"

/* Keys are the program's own and need no escapes. */
static void
key_of(struct buf *b, const char *key)
{
	buf_add(b, ",\"", 2);
	buf_puts(b, key);
	buf_add(b, "\":", 2);
}

void
row_open(struct buf *b, const char *type)
{
	buf_puts(b, "{\"type\":\"");
	buf_puts(b, type);
	buf_add(b, "\"", 1);
}

void
row_str(struct buf *b, const char *key, const char *value)
{
	if (!value)
		return;
	key_of(b, key);
	wire_string(b, value, strlen(value));
}

void
row_int(struct buf *b, const char *key, int64_t value)
{
	key_of(b, key);
	buf_printf(b, "%" PRId64, value);
}

void
row_bool(struct buf *b, const char *key, bool value)
{
	row_raw(b, key, value ? "true" : "false");
}

void
row_raw(struct buf *b, const char *key, const char *json)
{
	if (!json)
		return;
	key_of(b, key);
	buf_puts(b, json);
}

void
row_list(struct buf *b, const char *key, const char *words)
{
	const char *sep = "[";

	if (!words || !*words)
		return;
	key_of(b, key);
	for (size_t n; *words; words += n + (words[n] == ',')) {
		n = strcspn(words, ",");
		buf_puts(b, sep);
		wire_string(b, words, n);
		sep = ",";
	}
	buf_puts(b, "]");
}

void
row_close(struct buf *b)
{
	buf_add(b, "}", 1);
}
