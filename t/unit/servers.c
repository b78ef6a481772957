/* SPDX-License-Identifier: ISC */
/* lib/driver/servers: whom a client speaks to, and what it refuses. */
#include "driver/servers.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char file[64];
static char reason[SERVERS_REASON_SIZE];

/* How many servers; -1 when refused. */
static int
servers(const char *bases, bool token, bool plaintext)
{
	struct servers s;
	int n = -1;

	if (servers_read(&s, bases, token ? file : NULL, plaintext, reason) ==
	    0)
		n = (int)s.n;
	servers_free(&s);
	return n;
}

static void
put(const char *text)
{
	FILE *f = fopen(file, "w");

	if (!f)
		abort();
	fputs(text, f);
	fclose(f);
}

static void
bases(void)
{
	static const char *const bad[] = {"", "host", "ftp://h", "http://",
	    "http://h/x", "http://u@h", "http://h?x", "http://h#x",
	    "http://h:x", "http://h:99999", "http://a,,http://b", "http://a,",
	    "http://a b"};

	CHECK("one", servers("http://127.0.0.1:8801", false, true) == 1);
	CHECK("several, with slashes at their ends",
	    servers("http://a/,https://b//,http://[::1]:80", false, true) == 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(bad[i], servers(bad[i], false, true) == -1);
	CHECK("nine are too many",
	    servers("http://a,http://b,http://c,http://d,http://e,http://f,"
		    "http://g,http://h,http://i",
		false, true) == -1);
}

static void
tokens(void)
{
	char long_one[400];

	put("t0ken\n");
	chmod(file, 0600);
	CHECK("a token for loopback",
	    servers("http://127.0.0.1,http://localhost:1,http://[::1]", true,
		false) == 3);
	CHECK("over TLS", servers("https://192.0.2.1", true, false) == 1);
	CHECK("not readably",
	    servers("http://127.0.0.1,http://192.0.2.1", true, false) == -1 &&
		strstr(reason, "CHIME_ALLOW_PLAINTEXT"));
	CHECK("unless allowed", servers("http://192.0.2.1", true, true) == 1);
	CHECK("nor without a token: a password may be sent",
	    servers("http://192.0.2.1", false, false) == -1 &&
		servers("http://192.0.2.1", false, true) == 1);
	put("two words\n");
	CHECK("two words are none", servers("http://[::1]", true, false) == -1);
	put("\n");
	CHECK("nothing is none", servers("http://[::1]", true, false) == -1);
	memset(long_one, 'x', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	put(long_one);
	CHECK("too long is none", servers("http://[::1]", true, false) == -1);
	put("t0ken\n");
	chmod(file, 0640);
	CHECK("others may not read it",
	    servers("http://[::1]", true, false) == -1 &&
		strstr(reason, "0600") && !strstr(reason, "t0ken"));
	unlink(file);
	CHECK("no file",
	    servers("http://[::1]", true, false) == -1 && strstr(reason, file));
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	int fd;

	snprintf(file, sizeof(file), "%s/unit.XXXXXX",
	    tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	fd = mkstemp(file);
	if (fd == -1)
		return 1;
	close(fd);
	bases();
	tokens();
	return unit_done();
}
