/* SPDX-License-Identifier: ISC */
#include "base/buf.h"

#include <errno.h>

#include "unit.h"

static void
test_bound(void)
{
	struct buf b;

	buf_init(&b, 5);
	CHECK("to the bound", buf_add(&b, "12345", 5) == 0 && b.len == 5);
	CHECK("nothing more fits, nothing does", buf_add(&b, "", 0) == 0);
	errno = 0;
	CHECK("over the bound", buf_add(&b, "6", 1) == -1);
	CHECK("errno", errno == EMSGSIZE && b.overflow);
	CHECK("what was there stays", unit_same(b.data, "12345"));
	buf_drop(&b, 5);
	CHECK("an overflow stays after room is made",
	    b.len == 0 && buf_puts(&b, "x") == -1);
	buf_clear(&b);
	CHECK("cleared", !b.overflow && buf_puts(&b, "x") == 0);
	CHECK("a length that would wrap", buf_reserve(&b, (size_t)-1) == -1);
	buf_free(&b);
	CHECK("freed", !b.data && !b.len && !b.overflow && b.max == 5);
	CHECK("usable again", buf_puts(&b, "abc") == 0);
	buf_free(&b);
	buf_init(&b, 0);
	CHECK("a bound of 0", buf_puts(&b, "") == 0 && buf_puts(&b, "a") == -1);
	buf_free(&b);
}

static void
test_printf(void)
{
	struct buf b;

	buf_init(&b, 10);
	CHECK("printf", buf_printf(&b, "%d-%s", 12, "ab") == 0);
	CHECK("its text", unit_same(b.data, "12-ab") && b.len == 5);
	CHECK("printf to the bound", buf_printf(&b, "%s", "cdefg") == 0);
	CHECK("printf over the bound", buf_printf(&b, "%d", 1) == -1);
	CHECK("nothing of it", unit_same(b.data, "12-abcdefg"));
	buf_free(&b);
}

int
main(void)
{
	struct buf b;
	char c;
	int good = 1;

	buf_init(&b, 1 << 20);
	CHECK("allocates nothing yet", !b.data && b.len == 0);
	buf_clear(&b);
	buf_drop(&b, 0);
	CHECK("clear and drop of nothing", !b.data);
	CHECK("reserve", buf_reserve(&b, 100) == 0);
	CHECK("is a string at once", unit_same(b.data, ""));
	for (int i = 0; i < 100000; i++) {
		c = (char)('a' + i % 26);
		good = good && buf_add(&b, &c, 1) == 0;
	}
	CHECK("grows", good && b.len == 100000 && b.data[b.len] == '\0');
	CHECK("keeps what was there", b.data[26 * 3000 + 2] == 'c');
	buf_drop(&b, 99999);
	CHECK("drop", b.len == 1 && unit_same(b.data, "d"));
	buf_drop(&b, 1);
	CHECK("drop of all", unit_same(b.data, ""));
	CHECK("bytes with NUL", buf_add(&b, "a\0b", 3) == 0 && b.len == 3 &&
				    memcmp(b.data, "a\0b", 4) == 0);
	buf_free(&b);
	test_bound();
	test_printf();
	return unit_done();
}
