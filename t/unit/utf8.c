/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"

#include "unit.h"

/* The character's number, or -1 when the bytes are none. */
static long
code_of(const char *s, size_t n)
{
	uint32_t code;

	return utf8_char(s, n, &code) == n ? (long)code : -1;
}

static void
test_char(void)
{
	uint32_t code;

	CHECK("one byte", code_of("a", 1) == 'a');
	CHECK("NUL is a character", code_of("", 1) == 0);
	CHECK("two bytes", code_of("\xc3\xa9", 2) == 0xe9);
	CHECK("three bytes", code_of("\xe4\xb8\xad", 3) == 0x4e2d);
	CHECK("four bytes", code_of("\xf0\x9f\x90\xa2", 4) == 0x1f422);
	CHECK("the last one", code_of("\xf4\x8f\xbf\xbf", 4) == 0x10ffff);
	CHECK("behind the last one", code_of("\xf4\x90\x80\x80", 4) == -1);
	CHECK("five bytes", code_of("\xf8\x88\x80\x80\x80", 5) == -1);
	CHECK("overlong slash", code_of("\xc0\xaf", 2) == -1);
	CHECK("overlong in three", code_of("\xe0\x80\xaf", 3) == -1);
	CHECK("overlong in four", code_of("\xf0\x80\x80\xaf", 4) == -1);
	CHECK("surrogate", code_of("\xed\xa0\x80", 3) == -1);
	CHECK("tail alone", code_of("\x80", 1) == -1);
	CHECK("0xff", code_of("\xff", 1) == -1);
	CHECK("tail missing", code_of("\xe4\xb8z", 3) == -1);
	CHECK("cut short", utf8_char("\xe4\xb8\xad", 2, &code) == 0);
	CHECK("nothing", utf8_char("", 0, &code) == 0);
}

static void
test_printable(void)
{
	CHECK("plain", utf8_printable("web-1 ~", 7));
	CHECK("Chinese", utf8_printable("\xe4\xb8\xad\xe6\x96\x87", 6));
	CHECK("empty", utf8_printable("", 0));
	CHECK("newline", !utf8_printable("a\nb", 3));
	CHECK("DEL", !utf8_printable("\x7f", 1));
	CHECK("NUL", !utf8_printable("a\0b", 3));
	CHECK("C1, an escape of its own", !utf8_printable("\xc2\x9b", 2));
	CHECK("no-break space", utf8_printable("\xc2\xa0", 2));
	CHECK("line separator", !utf8_printable("\xe2\x80\xa8", 3));
	CHECK("bidirectional override", !utf8_printable("\xe2\x80\xae", 3));
	CHECK("bidirectional isolate", !utf8_printable("\xe2\x81\xa6", 3));
	CHECK("invalid", !utf8_printable("a\xff", 2));
}

static void
test_replace(void)
{
	char a[] = "a\x1b[0m\xe4\xb8\xad\xff\xc2\x9bz\xe4\xb8";
	char b[] = "a\nb\xff\xe4\xb8\xad\xe4\xb8";

	utf8_clean(a, sizeof(a) - 1);
	CHECK("cleaned", unit_same(a, "a?[0m\xe4\xb8\xad???z??"));
	utf8_repair(b, sizeof(b) - 1);
	CHECK("repaired", unit_same(b, "a\nb?\xe4\xb8\xad??"));
}

int
main(void)
{
	test_char();
	test_printable();
	test_replace();
	return unit_done();
}
