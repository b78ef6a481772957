/* SPDX-License-Identifier: ISC */
#include "driver/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/rc.h"
#include "os/net.h"

static struct listen_result __attribute__((format(printf, 2, 3)))
fail(int rc, const char *fmt, ...)
{
	struct listen_result r = {.fd = -1, .rc = rc};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r.reason, sizeof(r.reason), fmt, ap);
	va_end(ap);
	return r;
}

static void
name(struct listen_result *r)
{
	char host[NET_HOST_SIZE] = "?", port[NET_PORT_SIZE] = "?";
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	bool v6;

	if (getsockname(r->fd, (struct sockaddr *)&ss, &len) == 0)
		getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host),
		    port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	v6 = strchr(host, ':') != NULL;
	snprintf(r->at, sizeof(r->at), "%s%s%s:%s", v6 ? "[" : "", host,
	    v6 ? "]" : "", port);
}

struct listen_result
listen_open(const char *address, const char *default_port, bool safe)
{
	struct listen_result r = {.rc = RC_OK};
	struct net_addr a;

	if (net_parse(address, default_port, &a) == -1)
		return fail(RC_USAGE,
		    "expected ADDRESS:PORT, like 127.0.0.1:%s or [::1]:%s",
		    default_port, default_port);
	if (!net_is_loopback(a.host) && !safe)
		return fail(RC_USAGE,
		    "plain HTTP would carry tokens readably over the network: "
		    "set CHIME_TLS_CERT and CHIME_TLS_KEY (chimeadm initserver "
		    "tls), or CHIME_ALLOW_PLAINTEXT=1 if that network is yours "
		    "alone");
	r.fd = net_bind(&a, SOCK_STREAM);
	if (r.fd != -1) {
		name(&r);
		return r;
	}
	if (errno == EADDRINUSE)
		return fail(RC_TEMP,
		    "the port is in use, perhaps by another one of these; "
		    "`ss -ltnp` shows by whom");
	if (errno == EINVAL)
		return fail(RC_USAGE, "a numeric address is needed");
	return fail(RC_TEMP, "%s", strerror(errno));
}

unsigned
listen_connections(unsigned most, unsigned spare)
{
	struct rlimit files, old;

	if (getrlimit(RLIMIT_NOFILE, &old) == -1)
		return 0;
	files = old;
	files.rlim_cur = most + spare;
	if (files.rlim_cur > files.rlim_max)
		files.rlim_cur = files.rlim_max;
	if (files.rlim_cur > old.rlim_cur &&
	    setrlimit(RLIMIT_NOFILE, &files) == -1)
		files = old;
	if (files.rlim_cur <= spare)
		return 0;
	return files.rlim_cur - spare > most
		   ? most
		   : (unsigned)(files.rlim_cur - spare);
}
