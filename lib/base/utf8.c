/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"

size_t
utf8_char(const char *s, size_t n, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c;
	size_t len;
	uint32_t v;

	if (n == 0)
		return 0;
	c = (unsigned char)s[0];
	len = c < 0x80 ? 1 : c < 0xc0 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (len == 0 || len > n || c > 0xf4)
		return 0;
	v = len == 1 ? c : c & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		c = (unsigned char)s[i];
		if ((c & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (c & 0x3f);
	}
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*code = v;
	return len;
}

static bool
printable(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	return c != 0x2028 && c != 0x2029 && !(c >= 0x202a && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069);
}

bool
utf8_printable(const char *s, size_t n)
{
	uint32_t code;

	for (size_t i = 0, len; i < n; i += len) {
		len = utf8_char(s + i, n - i, &code);
		if (!len || !printable(code))
			return false;
	}
	return true;
}

static void
replace(char *s, size_t n, bool invalid_only)
{
	uint32_t code;

	for (size_t i = 0, len; i < n; i += len) {
		len = utf8_char(s + i, n - i, &code);
		if (len && (invalid_only || printable(code)))
			continue;
		/* One '?' a byte keeps the length. */
		len = len ? len : 1;
		for (size_t k = 0; k < len; k++)
			s[i + k] = '?';
	}
}

void
utf8_clean(char *s, size_t n)
{
	replace(s, n, false);
}

void
utf8_repair(char *s, size_t n)
{
	replace(s, n, true);
}
