/* SPDX-License-Identifier: ISC */
#include "driver/migcheck.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "os/egress.h"
#include "os/reach.h"

static const char *const words[] = {"tls", "ssh", "tcp"};

int
migcheck_via(const char *word, enum migcheck_via *via)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(word, words[i]) == 0) {
			*via = (enum migcheck_via)i;
			return 0;
		}
	return -1;
}

bool
migcheck_pki(const char *path)
{
	return *path == '/' && strlen(path) < MIGCHECK_PKI &&
	       path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789/._-")] ==
		   '\0';
}

int
migcheck_uri(enum migcheck_via via, const char *dest, const char *pki,
    char uri[static MIGCHECK_URI])
{
	const char *open = strchr(dest, ':') ? "[" : "";
	const char *close = *open ? "]" : "";
	char query[MIGCHECK_PKI + 16] = "";
	struct reach r;

	if (reach_init(&r, dest, 0) == -1)
		return -1;
	/* ssh must not ask a terminal that libvirt's daemon has not. */
	if (via == MIGCHECK_SSH)
		snprintf(query, sizeof(query), "?no_tty=1");
	else if (via == MIGCHECK_TLS && pki)
		snprintf(query, sizeof(query), "?pkipath=%.127s", pki);
	snprintf(uri, MIGCHECK_URI, "qemu+%s://%s%s%.60s%s/system%s",
	    words[via], via == MIGCHECK_SSH ? "root@" : "", open, dest, close,
	    query);
	return 0;
}

int
migcheck_interface(const char *name, char why[static MIGCHECK_WHY])
{
	int up = reach_link(name);

	if (up == 1)
		return 0;
	if (up == -1)
		snprintf(why, MIGCHECK_WHY,
		    "%s: %s: choose one that ip link shows", name,
		    strerror(errno));
	else
		snprintf(why, MIGCHECK_WHY,
		    "%s is down: look at its cable, ip link set %s up", name,
		    name);
	return -1;
}

int
migcheck_route(
    const char *dest, const char *interface, char why[static MIGCHECK_WHY])
{
	char name[IF_NAMESIZE];

	if (egress_of(dest, name) == -1)
		snprintf(why, MIGCHECK_WHY,
		    "%s: %s: add a route to it through %s", dest,
		    strerror(errno), interface);
	else if (strcmp(name, interface) != 0)
		snprintf(why, MIGCHECK_WHY,
		    "%s is reached through %s, not %s: give the destination's "
		    "address on that network, or add a route",
		    dest, name, interface);
	else
		return 0;
	return -1;
}

int
migcheck_end(struct virt_end *e, const char *uri, int64_t ms, const char *hint,
    char why[static MIGCHECK_WHY])
{
	char reason[VIRT_END_WHY] = "";
	int saved;

	if (virt_end_open(e, ms, reason) == 0)
		return 0;
	saved = errno;
	snprintf(why, MIGCHECK_WHY, "%s: %s: %s", uri, reason, hint);
	errno = saved;
	return -1;
}
