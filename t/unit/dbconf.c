/* SPDX-License-Identifier: ISC */
#include "driver/dbconf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static const char *const names[] = {
    "SOCKET", "HOST", "PORT", "USER", "NAME", "PASSWORD_FILE"};

static void
clear(void)
{
	char name[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "CHIME_DB_%s", names[i]);
		unsetenv(name);
	}
}

static int
refused(const char *name, const char *value, const char *says)
{
	struct dbconf c;
	int got;

	clear();
	setenv("CHIME_DB_HOST", "db", 1);
	setenv(name, value, 1);
	got = dbconf_env(&c) == -1 && strstr(c.reason, name) &&
	      strstr(c.reason, says);
	if (!got)
		printf("# %s\n", c.reason);
	return got;
}

static void
passwords(void)
{
	char path[] = "/tmp/dbconf.XXXXXX";
	struct dbconf c;
	int fd = mkstemp(path);

	CHECK("a password file", fd != -1 && write(fd, "s3cret\n", 7) == 7);
	close(fd);
	clear();
	setenv("CHIME_DB_SOCKET", "/run/db.sock", 1);
	setenv("CHIME_DB_PASSWORD_FILE", path, 1);
	CHECK("is read", dbconf_env(&c) == 0);
	CHECK("without its newline", unit_same(c.conf.password, "s3cret"));
	dbconf_wipe(&c);
	CHECK("and can be wiped", !c.conf.password && !c.secret[0]);
	chmod(path, 0640);
	CHECK("not when others may read it",
	    refused("CHIME_DB_PASSWORD_FILE", path, "0600"));
	CHECK("the secret is in no message",
	    dbconf_env(&c) == -1 && !strstr(c.reason, "s3cret"));
	unlink(path);
	CHECK("nor when it is not there",
	    refused("CHIME_DB_PASSWORD_FILE", path, "No such file"));
}

int
main(void)
{
	char path[200];
	struct dbconf c;

	clear();
	CHECK("an address is needed", dbconf_env(&c) == -1);
	CHECK("and the reason names both ways",
	    strstr(c.reason, "CHIME_DB_SOCKET") &&
		strstr(c.reason, "CHIME_DB_HOST"));
	setenv("CHIME_DB_HOST", "db", 1);
	CHECK("a host is enough", dbconf_env(&c) == 0);
	CHECK("the rest has defaults",
	    c.conf.port == 3306 && unit_same(c.conf.user, "chime") &&
		unit_same(c.conf.name, "chime") && !c.conf.password);
	setenv("CHIME_DB_SOCKET", "/run/db.sock", 1);
	CHECK("a socket",
	    dbconf_env(&c) == 0 && unit_same(c.conf.socket, "/run/db.sock"));
	CHECK("port 0", refused("CHIME_DB_PORT", "0", "65535"));
	CHECK("a port with more behind it",
	    refused("CHIME_DB_PORT", "3306x", "65535"));
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[108] = '\0';
	CHECK("a path too long for a socket",
	    refused("CHIME_DB_SOCKET", path, "107"));
	path[107] = '\0';
	setenv("CHIME_DB_SOCKET", path, 1);
	CHECK("the longest one", dbconf_env(&c) == 0);
	passwords();
	return unit_done();
}
