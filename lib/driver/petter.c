/* SPDX-License-Identifier: ISC */
#include "driver/petter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OFTEN_MS 1000 /* the longest between two pettings */

static void __attribute__((format(printf, 3, 4)))
say(const struct petter *p, bool warning, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->say(warning, text);
}

/* Said once, until it changes. */
static void
failed(struct petter *p, const char *what)
{
	if (p->error != errno)
		say(p, true, "CHIME_WATCHDOG: %s: %s: %s", p->path, what,
		    strerror(errno));
	p->error = errno;
	watchdog_close(&p->dog);
}

static void
open_it(struct petter *p, const char *path, int fd)
{
	if (watchdog_open(&p->dog, path, fd, p->most) == -1)
		failed(p, "cannot be armed");
	else if (!petter_armed(p))
		say(p, true,
		    "CHIME_WATCHDOG: %s: resets after %" PRId64
		    " ms, expected at most CHIME_WATCHDOG_TIME, %" PRId64
		    " ms: it is petted, and does not count as armed",
		    p->path, p->dog.timeout_ms, p->most);
	else
		say(p, false,
		    "watchdog: %s is armed and resets after %" PRId64 " ms",
		    p->path, p->dog.timeout_ms);
}

void
petter_init(struct petter *p, const char *path, int fd, int64_t most,
    void (*tell)(bool warning, const char *text))
{
	*p = (struct petter){
	    .path = path, .most = most, .say = tell, .dog = {.fd = -1}};
	if (!path)
		say(p, true,
		    "CHIME_WATCHDOG is not set: no watchdog is armed, and VMs "
		    "that need one do not start here");
	else if (fd != -1)
		open_it(p, NULL, fd);
}

void
petter_pet(struct petter *p, int64_t now)
{
	if (!p->path || now < p->next)
		return;
	if (p->dog.fd == -1)
		open_it(p, p->path, -1);
	if (p->dog.fd != -1) {
		if (watchdog_pet(&p->dog) == -1)
			failed(p, "cannot be petted");
		else
			p->error = 0;
	}
	/* From now: the last one was late, this one is not early. */
	p->next = now + (p->most / 4 < OFTEN_MS ? p->most / 4 : OFTEN_MS);
}

bool
petter_armed(const struct petter *p)
{
	return p->dog.fd != -1 && p->dog.timeout_ms <= p->most;
}
