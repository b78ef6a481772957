/* SPDX-License-Identifier: ISC */
/*
 * chime-deadman: ends VMs whose lease is over, or lets the watchdog reset the
 * node.
 *
 * in    CHIME_AGENT_DIR/lease.jsonl, libvirt, /proc
 * out   CHIME_AGENT_DIR/deadman.jsonl; a byte to CHIME_WATCHDOG, time and again
 * exit  0 stopped; 100 usage, or times that are not safe together; 111 the
 *       state folder cannot be used, or another one runs
 *
 * Nothing here waits for libvirt or a process (driver/fencer.h). Should this
 * program wait all the same, or not run at all, then the watchdog is not
 * petted: that is what it is for. So an armed watchdog must outlive a stop of
 * the agent: what is told to end then stays behind, without a supervisor, and
 * goes on until the next chime-deadman takes over.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "driver/agentdir.h"
#include "driver/fencer.h"
#include "driver/petter.h"
#include "os/fs.h"
#include "os/proc.h"
#include "os/ready.h"
#include "os/steady.h"

#define SYNOPSIS "[-d fd] [-qvV]"
#define LOCK     "deadman.lock"
#define TICK_MS  1000 /* what is lost otherwise is found so soon */
#define LOCK_MS  5000 /* for one that was killed to be gone */

struct app {
	struct fencer fencer;
	const char *dir;
	struct petter petter;
	char boot[AGENTDIR_BOOT_SIZE];
	int watch_fd;
	bool watched; /* the folder is the one that watch_fd watches */
	bool look;    /* lease.jsonl may have changed */
};

static void
say(bool warning, const char *text)
{
	if (warning)
		say_warn("%s", text);
	else
		say_info("%s", text);
}

static void
set_timers(struct lease_timers *t)
{
	const int64_t hour = 3600000;
	char why[512];

	*t = (struct lease_timers){
	    .interval = opt_env_span_ms("CHIME_INTERVAL", 10000, 200, 60000),
	    .lease = opt_env_span_ms("CHIME_LEASE", 40000, 100, hour),
	    .kill = opt_env_span_ms("CHIME_KILL", 12000, 100, hour),
	    .watchdog =
		opt_env_span_ms("CHIME_WATCHDOG_TIME", 10000, 100, hour),
	    .margin = opt_env_span_ms("CHIME_MARGIN", 3000, 1, hour),
	    .sum = opt_env_span_ms("CHIME_SUM", 66300, 100, 2 * hour),
	    .old = 20000,
	    .lose = 600000,
	};
	if (lease_check(t, why, sizeof(why)) == -1)
		die(RC_USAGE,
		    "CHIME_LEASE, CHIME_KILL, CHIME_WATCHDOG_TIME, "
		    "CHIME_MARGIN, CHIME_SUM: %s",
		    why);
}

/*
 * One of a kind. The one that stays behind is killed: that costs no more than
 * any other kill. left: we are that one, and the one before is ending.
 */
static void
lock(const struct app *a, bool left)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	const struct fences_head *h = &a->fencer.head;
	int64_t deadline = clk_mono_ms() + LOCK_MS, pid = 0;

	while (agentdir_lock(a->dir, LOCK) == -1) {
		if ((errno != EAGAIN && errno != EACCES) ||
		    agentdir_locked(a->dir, LOCK, &pid) == -1)
			die(RC_TEMP, "%s/" LOCK ": %s", a->dir,
			    strerror(errno));
		if (!left && pid > 1 && h->left && h->pid == pid)
			kill((pid_t)pid, SIGKILL);
		else if ((!left && pid) || clk_mono_ms() > deadline)
			die(RC_TEMP, "another chime-deadman runs, pid %lld",
			    (long long)pid);
		nanosleep(&pause, NULL);
	}
	if (!left && h->left)
		say_info("took over from the one that stayed behind");
}

/* Who we are, and what there is to take up. */
static void
begin(struct app *a, bool left)
{
	struct fences_head *h = &a->fencer.head;

	a->dir = opt_env("CHIME_AGENT_DIR", "/run/chime/agent");
	h->host = opt_env_need("CHIME_HOST");
	if (!name_host(h->host))
		die(RC_USAGE, "CHIME_HOST: '%s' is no host name", h->host);
	if (agentdir_boot(a->dir, a->boot) == -1)
		die(RC_TEMP, "%s/boot: %s", a->dir, strerror(errno));
	h->boot = a->boot;
	fencer_recall(&a->fencer, a->dir);
	lock(a, left);
	/* Once more: until just now it was the other one's. */
	fences_free(&a->fencer.vms);
	fencer_recall(&a->fencer, a->dir);
	if (h->reset)
		say_error("the watchdog was given up in this boot: it is "
			  "petted no more");
	h->pid = getpid();
	h->left = left;
}

/* The one to pet: what was armed in this boot can only be petted on. */
static const char *
watchdog_path(const struct app *a)
{
	const char *path = opt_env("CHIME_WATCHDOG", NULL);
	const char *armed = a->fencer.head.watchdog;

	if (path && strlen(path) >= FENCES_PATH_SIZE)
		die(RC_USAGE, "CHIME_WATCHDOG: longer than %d bytes",
		    FENCES_PATH_SIZE - 1);
	if (!*armed || (path && strcmp(path, armed) == 0))
		return path;
	say_warn("CHIME_WATCHDOG: %s: in this boot it stays %s, which was "
		 "armed",
	    path ? path : "not set", armed);
	return armed;
}

/* Not after the watchdog was given up. */
static void
pet(struct app *a, int64_t now)
{
	struct fences_head *h = &a->fencer.head;
	bool armed = h->armed, petting = h->petting;

	if (!h->reset)
		petter_pet(&a->petter, now);
	h->petting = a->petter.dog.fd != -1 && !h->reset;
	h->armed = petter_armed(&a->petter);
	if (h->petting)
		snprintf(
		    h->watchdog, sizeof(h->watchdog), "%s", a->petter.path);
	h->watchdog_ms = a->petter.dog.fd == -1 ? 0 : a->petter.dog.timeout_ms;
	if (h->armed != armed || h->petting != petting)
		a->fencer.changed = true;
}

/* Starts the one that stays behind, with nothing of this one's but the
 * watchdog. False when it cannot. */
static bool
stay_behind(struct app *a)
{
	char fd[16],
	    *argv[] = {(char *)"chime-deadman", (char *)"-L", fd, NULL};
	pid_t pid;

	snprintf(fd, sizeof(fd), "%d", a->petter.dog.fd);
	pid = fork();
	if (pid == -1)
		return false;
	if (pid)
		return true;
	setsid();
	for (int i = 0; i < 1024; i++)
		if (i != a->petter.dog.fd)
			close(i);
	fcntl(a->petter.dog.fd, F_SETFD, 0);
	execv("/proc/self/exe", argv);
	_exit(127);
}

/* Whether the program may end now. */
static bool
stop(struct app *a, int stop_fd)
{
	size_t n = fencer_count(&a->fencer);
	struct signalfd_siginfo info;

	while (read(stop_fd, &info, sizeof(info)) > 0)
		continue;
	if (a->petter.dog.fd == -1) {
		if (n)
			say_warn("stopped: nobody ends %zu fenced VMs when "
				 "their leases are over",
			    n);
		return true;
	}
	if (a->fencer.head.left)
		return false;
	if (stay_behind(a)) {
		say_info("stopped: the watchdog is armed, so a process stays "
			 "behind that pets it and fences %zu VMs",
		    n);
		/* At once: it waits for our lock, and does not pet yet. */
		_exit(RC_OK);
	}
	say_error("not stopped: the watchdog is armed, and no process can be "
		  "left behind: fork: %s",
	    strerror(errno));
	return false;
}

static void
on_file(const char *name, void *arg)
{
	struct app *a = arg;

	a->watched &= name != NULL;
	if (!name || strcmp(name, "lease.jsonl") == 0)
		a->look = true;
}

/* Watches the folder, anew when it was lost, and then looks. */
static void
watch(struct app *a)
{
	if (a->watched)
		return;
	if (a->watch_fd != -1)
		close(a->watch_fd);
	a->watch_fd = fs_watch(a->dir);
	a->watched = a->watch_fd != -1;
	a->look = true;
}

/* One round; the time at which the next one is due. */
static int64_t
round_once(struct app *a)
{
	struct fencer *f = &a->fencer;
	int64_t now = clk_boot_ms(), wake;

	watch(a);
	if (a->look)
		fencer_load(f, a->dir, now);
	a->look = false;
	wake = fencer_pass(f, now);
	pet(a, now);
	fencer_write(f, a->dir, now);
	if (a->petter.path && !f->head.reset && a->petter.next < wake)
		wake = a->petter.next;
	return wake < now + TICK_MS ? wake : now + TICK_MS;
}

static void
run(struct app *a, int stop_fd, int ready_fd)
{
	struct pollfd p[] = {
	    {.fd = stop_fd, .events = POLLIN},
	    {.fd = -1, .events = POLLIN},
	    {.fd = virt_fd(a->fencer.virt), .events = POLLIN},
	};
	int64_t wake = round_once(a), now;

	ready_notify(ready_fd);
	for (;;) {
		p[1].fd = a->watch_fd;
		now = clk_boot_ms();
		if (poll(p, 3, wake > now ? (int)(wake - now) : 0) == -1 &&
		    errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (a->watch_fd != -1)
			fs_watch_drain(a->watch_fd, on_file, a);
		if (proc_stopping(stop_fd) && stop(a, stop_fd))
			return;
		fencer_drain(&a->fencer, clk_boot_ms());
		wake = round_once(a);
	}
}

/* It goes on without, but a machine short of memory may then reset. */
static void
be_steady(void)
{
	if (steady_memory() == -1)
		say_warn("cannot lock its memory: %s", strerror(errno));
	if (steady_oom() == -1)
		say_warn("oom_score_adj -1000: %s", strerror(errno));
	if (steady_schedule() == -1)
		say_warn("real-time priority: %s", strerror(errno));
}

int
main(int argc, char *argv[])
{
	static const struct option longs[] = {
	    {"ready-fd", required_argument, NULL, 'd'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	static struct app a = {.watch_fd = -1};
	int c, stop_fd, ready_fd = -1, left_fd = -1;
	bool quiet = false, verbose = false;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "d:L:qvV", longs, NULL)) != -1) {
		switch (c) {
		case 'd':
			ready_fd = (int)opt_int('d', optarg, 3, 1023);
			break;
		case 'L': /* for itself: see stay_behind */
			left_fd = (int)opt_int('L', optarg, 3, 1023);
			break;
		case 'q':
			quiet = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'V':
			opt_version();
		default:
			opt_usage(SYNOPSIS);
		}
	}
	if (optind != argc)
		opt_usage(SYNOPSIS);
	die_verbosity(quiet, verbose);
	set_timers(&a.fencer.timers);
	a.fencer.say = say;
	fencer_init(&a.fencer);
	if ((stop_fd = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	begin(&a, left_fd != -1);
	petter_init(&a.petter, watchdog_path(&a), left_fd,
	    a.fencer.timers.watchdog, say);
	pet(&a, clk_boot_ms());
	be_steady();
	a.fencer.virt =
	    virt_new(opt_env("CHIME_LIBVIRT_URI", "qemu:///system"), NULL);
	if (!a.fencer.virt)
		die(RC_TEMP, "libvirt: cannot start: %s", strerror(errno));
	run(&a, stop_fd, ready_fd);
	virt_free(a.fencer.virt);
	fences_free(&a.fencer.vms);
	return RC_OK;
}
