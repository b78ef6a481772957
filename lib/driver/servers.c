/* SPDX-License-Identifier: ISC */
#include "driver/servers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "os/fs.h"
#include "os/net.h"

static int __attribute__((format(printf, 2, 3)))
fail(char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, SERVERS_REASON_SIZE, fmt, ap);
	va_end(ap);
	return -1;
}

/* One base URL: http(s)://HOST[:PORT]; safe: others may read what is sent. */
static int
add_base(struct servers *s, const char *text, size_t n, bool safe, char *reason)
{
	struct net_addr a;
	const char *host = "";
	char *base = mem_calloc(1, n + 1);

	memcpy(base, text, n);
	while (n && base[n - 1] == '/')
		base[--n] = '\0';
	if (s->n == SERVERS_MAX) {
		free(base);
		return fail(reason, "more than %d servers", SERVERS_MAX);
	}
	s->base[s->n++] = base;
	if (strncmp(base, "http://", 7) == 0)
		host = base + 7;
	else if (strncmp(base, "https://", 8) == 0)
		host = base + 8;
	if (strpbrk(host, "/@?# ") || net_parse(host, "80", &a) == -1)
		return fail(reason,
		    "%s: expected http://HOST:PORT or https://HOST:PORT", base);
	if (!safe && base[4] == ':' && !net_is_loopback(a.host))
		return fail(reason,
		    "%s: all that is sent would be readable on the network: "
		    "use https, or set CHIME_ALLOW_PLAINTEXT=1 if that network "
		    "is yours alone",
		    base);
	return 0;
}

static bool
is_token(const char *s)
{
	for (; *s; s++)
		if (*s <= 0x20 || *s >= 0x7f)
			return false;
	return true;
}

static int
read_token(struct servers *s, const char *file, char *reason)
{
	if (fs_read_secret(file, s->token, sizeof(s->token)) == 0 &&
	    is_token(s->token))
		return 0;
	s->token[0] = '\0';
	if (errno == EACCES)
		return fail(reason,
		    "token file %s: it must be yours, and readable by nobody "
		    "else (mode 0600)",
		    file);
	if (errno == ENOENT || errno == ENOTDIR)
		return fail(reason, "token file %s: %s", file, strerror(errno));
	return fail(reason, "token file %s: its first line is no token", file);
}

int
servers_read(struct servers *s, const char *bases, const char *token_file,
    bool plaintext, char reason[static SERVERS_REASON_SIZE])
{
	/* Without a token, too: a password may be in the request. */
	memset(s, 0, sizeof(*s));
	for (;;) {
		size_t n = strcspn(bases, ",");

		if (add_base(s, bases, n, plaintext, reason) == -1)
			return -1;
		if (!bases[n])
			break;
		bases += n + 1;
	}
	return token_file ? read_token(s, token_file, reason) : 0;
}

void
servers_free(struct servers *s)
{
	for (unsigned i = 0; i < s->n; i++)
		free(s->base[i]);
	memset(s, 0, sizeof(*s));
}
