/* SPDX-License-Identifier: ISC */
#include "core/name.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* Own tests of characters: those of ctype.h depend on the locale. */
static bool
lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
hex(char c)
{
	if (digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
name_host(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > NAME_HOST_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool edge = i == 0 || i == n - 1;

		if (!lower(s[i]) && !digit(s[i]) &&
		    (edge || (s[i] != '.' && s[i] != '-')))
			return false;
	}
	return true;
}

/* The shape of a UUID, upper case too. */
static bool
uuid_shape(const char *s)
{
	for (size_t i = 0; i < NAME_UUID_SIZE - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = s[i] >= 'A' && s[i] <= 'F' ? (char)(s[i] + 32) : s[i];

		if (dash ? c != '-' : hex(c) == -1)
			return false;
	}
	return s[NAME_UUID_SIZE - 1] == '\0';
}

bool
name_uuid(const char *s)
{
	return uuid_shape(s) && strpbrk(s, "ABCDEF") == NULL &&
	       strspn(s, "0-") != NAME_UUID_SIZE - 1;
}

bool
name_vm(const char *s)
{
	size_t n = strlen(s), chars = 0;

	if (n == 0 || n > NAME_VM_BYTES || !utf8_printable(s, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '/')
			return false;
		chars += ((unsigned char)s[i] & 0xc0) != 0x80;
	}
	return chars <= NAME_VM_MAX && s[0] != ' ' && s[n - 1] != ' ' &&
	       !uuid_shape(s);
}

bool
name_bridge(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 15 || s[0] == '.')
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789._-") == n;
}

bool
name_mac(const char *s)
{
	if (strlen(s) != 17 || strspn(s, "0:") == 17)
		return false;
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? s[i] != ':' : hex(s[i]) == -1)
			return false;
	/* The lowest bit of the first byte means many receivers. */
	return hex(s[1]) % 2 == 0;
}

bool
name_label(const char *s)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n = strlen(s);

	return n >= 1 && n <= NAME_LABEL_MAX && strchr(first, *s) &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:=") == n;
}
