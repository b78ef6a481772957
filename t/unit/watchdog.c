/* SPDX-License-Identifier: ISC */
/* lib/os/watchdog and lib/driver/petter, with a FIFO. */
#include "os/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/petter.h"
#include "unit.h"

static int said;
static char last[512];

static void
say(bool warning, const char *text)
{
	(void)warning;
	said++;
	snprintf(last, sizeof(last), "%s", text);
}

static void
test_watchdog(void)
{
	struct watchdog w;
	char c = 'x';
	int in;

	CHECK("absent", watchdog_open(&w, "none", -1, 9000) == -1 &&
			    errno == ENOENT && w.fd == -1);
	CHECK("no watchdog", watchdog_open(&w, "/dev/null", -1, 9000) == -1 &&
				 errno == ENOTTY && w.fd == -1);
	close(open("file", O_CREAT | O_WRONLY, 0600));
	CHECK("a file",
	    watchdog_open(&w, "file", -1, 9000) == -1 && errno == ENOTTY);
	unlink("file");
	mkfifo("dog", 0600);
	CHECK("nobody reads",
	    watchdog_open(&w, "dog", -1, 9000) == -1 && errno == ENXIO);
	in = open("dog", O_RDONLY | O_NONBLOCK);
	CHECK("armed",
	    watchdog_open(&w, "dog", -1, 9000) == 0 && w.timeout_ms == 9000);
	CHECK("not by that alone", read(in, &c, 1) == -1 && errno == EAGAIN);
	CHECK("petted", watchdog_pet(&w) == 0 && read(in, &c, 1) == 1);
	CHECK("not disarmed", c != 'V');
	CHECK("its end passes to the next",
	    watchdog_open(&w, NULL, w.fd, 8000) == 0 && w.timeout_ms == 8000 &&
		watchdog_pet(&w) == 0);
	close(in);
	CHECK("its reader died", watchdog_pet(&w) == -1 && errno == EPIPE);
	watchdog_close(&w);
	CHECK("closed", w.fd == -1);
	unlink("dog");
}

static void
test_petter(void)
{
	struct petter p;
	int in;

	petter_init(&p, NULL, -1, 8000, say);
	petter_pet(&p, 1000);
	CHECK("none is none",
	    !petter_armed(&p) && said == 1 && strstr(last, "not set"));
	petter_init(&p, "dog", -1, 2000, say);
	petter_pet(&p, 1000);
	CHECK("not there", !petter_armed(&p) && said == 2 &&
			       strstr(last, "dog: cannot be armed: No such"));
	petter_pet(&p, 1500);
	CHECK("said once", said == 2 && p.next == 2000);
	mkfifo("dog", 0600);
	in = open("dog", O_RDONLY | O_NONBLOCK);
	petter_pet(&p, 1999);
	CHECK("not before its time", !petter_armed(&p));
	petter_pet(&p, 2000);
	CHECK("armed", petter_armed(&p) && p.next == 2500 &&
			   strstr(last, "resets after 2000 ms"));
	close(in);
	petter_pet(&p, 2500);
	CHECK("lost", !petter_armed(&p) && strstr(last, "cannot be petted"));
	in = open("dog", O_RDONLY | O_NONBLOCK);
	petter_pet(&p, 3000);
	CHECK("and back", petter_armed(&p));
	p.dog.timeout_ms = 2001;
	CHECK("too slow is not armed", !petter_armed(&p));
	watchdog_close(&p.dog);
	close(in);
	unlink("dog");
	petter_init(&p, "dog", -1, 60000, say);
	petter_pet(&p, 1000);
	CHECK("once a second at least", p.next == 2000);
}

int
main(void)
{
	char dir[] = "/tmp/chime-watchdog.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) == -1)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	test_watchdog();
	test_petter();
	if (chdir("/") == 0)
		rmdir(dir);
	return unit_done();
}
