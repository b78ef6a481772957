/* SPDX-License-Identifier: ISC */
#include "driver/dbconf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/num.h"
#include "base/opt.h"
#include "os/fs.h"

static int
bad(struct dbconf *c, const char *name, const char *value, const char *why)
{
	snprintf(
	    c->reason, sizeof(c->reason), "%s=%.120s: %s", name, value, why);
	return -1;
}

static int
read_password(struct dbconf *c, const char *path)
{
	if (fs_read_secret(path, c->secret, sizeof(c->secret)) == 0) {
		c->conf.password = c->secret;
		return 0;
	}
	if (errno == EACCES)
		return bad(c, "CHIME_DB_PASSWORD_FILE", path,
		    "cannot be read, or group or others may read it (mode "
		    "0600 is expected)");
	if (errno == EINVAL)
		return bad(c, "CHIME_DB_PASSWORD_FILE", path,
		    "a first line of 1 to 255 bytes was expected");
	return bad(c, "CHIME_DB_PASSWORD_FILE", path, strerror(errno));
}

int
dbconf_env(struct dbconf *c)
{
	const char *port = opt_env("CHIME_DB_PORT", "3306");
	const char *file = opt_env("CHIME_DB_PASSWORD_FILE", NULL);
	int64_t n;

	memset(c, 0, sizeof(*c));
	c->conf.socket = opt_env("CHIME_DB_SOCKET", NULL);
	c->conf.host = opt_env("CHIME_DB_HOST", NULL);
	c->conf.user = opt_env("CHIME_DB_USER", "chime");
	c->conf.name = opt_env("CHIME_DB_NAME", "chime");
	if (!c->conf.socket && !c->conf.host) {
		snprintf(c->reason, sizeof(c->reason),
		    "where the database is: set CHIME_DB_SOCKET to the path "
		    "of its socket, or CHIME_DB_HOST (and CHIME_DB_PORT)");
		return -1;
	}
	if (c->conf.socket && strlen(c->conf.socket) >=
				  sizeof(((struct sockaddr_un *)0)->sun_path))
		return bad(c, "CHIME_DB_SOCKET", c->conf.socket,
		    "a socket's path has at most 107 bytes");
	if (num_int(port, 1, 65535, &n) == -1)
		return bad(c, "CHIME_DB_PORT", port,
		    "an integer from 1 to 65535 was expected");
	c->conf.port = (unsigned)n;
	return file ? read_password(c, file) : 0;
}

void
dbconf_wipe(struct dbconf *c)
{
	volatile char *p = c->secret;

	for (size_t i = 0; i < sizeof(c->secret); i++)
		p[i] = '\0';
	c->conf.password = NULL;
}
