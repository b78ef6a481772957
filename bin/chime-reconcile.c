/* SPDX-License-Identifier: ISC */
/*
 * chime-reconcile: makes libvirt match what the server wants of this node.
 *
 * in    CHIME_AGENT_DIR/desired.jsonl (with -1, -n: stdin), libvirt's events
 * out   CHIME_AGENT_DIR/observed.jsonl (-1: stdout; -n: the plan on stdout)
 * exit  0 stopped, done, -n: nothing to do; 1 -n: something to do, -1: lines
 *       refused or actions failed; 99 -1: actions not finished in time; 100
 *       usage, or a desired file that is not this node's; 111 libvirt does not
 *       answer, or the state folder cannot be used
 *
 * The main thread never waits for libvirt (driver/virt.h), so one stuck VM
 * delays no other; what to do is decided in core/plan.h. A death is acted on
 * when its event arrives; the listing every CHIME_RECONCILE only guards
 * against events that never came.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "driver/keeper.h"
#include "line/filter.h"
#include "line/line.h"
#include "line/rec.h"
#include "os/fs.h"
#include "os/proc.h"
#include "os/ready.h"

struct app {
	struct keeper keeper;
	char boot[NAME_UUID_SIZE];
	bool look; /* desired.jsonl may have changed */
	int refused, todo;
};

static void
say(bool warning, const char *text)
{
	if (warning)
		say_warn("%s", text);
	else
		say_info("%s", text);
}

/* -n: says what act would do. */
static bool
show(struct member *m, void *arg)
{
	json_t *rec = rec_new("plan");
	struct app *a = arg;

	rec_str(rec, "vm", m->uuid);
	rec_str(rec, "host", a->keeper.roster.desired.name);
	rec_str(rec, "action", plan_action_word(m->plan.action));
	rec_str(rec, "reason", m->plan.reason);
	rec_emit(rec);
	a->todo++;
	return false;
}

/* -1: after its one pass, nothing more is begun. */
static bool
leave(struct member *m, void *arg)
{
	(void)m;
	(void)arg;
	return false;
}

static void
refuse_line(int64_t line, const char *reason, void *arg)
{
	struct app *a = arg;

	a->refused++;
	filter_refuse(line, reason);
}

static void
pass_line(const char *line, size_t len, void *arg)
{
	(void)arg;
	filter_pass(line, len);
}

static void
on_file(const char *name, void *arg)
{
	struct app *a = arg;

	if (!name || strcmp(name, "desired.jsonl") == 0)
		a->look = true;
}

static void
run(struct app *a, int stop_fd, int watch_fd, int64_t period, int ready_fd)
{
	struct keeper *k = &a->keeper;
	struct pollfd p[] = {
	    {.fd = stop_fd, .events = POLLIN},
	    {.fd = watch_fd, .events = POLLIN},
	    {.fd = virt_fd(k->virt), .events = POLLIN},
	};
	int64_t next_list = clk_mono_ms() + period, wake, now;
	bool ready = false;

	while (!p[0].revents) {
		if (a->look)
			keeper_load(k);
		a->look = false;
		wake = keeper_pass(k);
		if (k->told && !ready) {
			ready_notify(ready_fd);
			ready = true;
		}
		if (!wake || wake > next_list)
			wake = next_list;
		now = clk_mono_ms();
		if (poll(p, 3, wake > now ? (int)(wake - now) : 0) == -1 &&
		    errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		fs_watch_drain(watch_fd, on_file, a);
		keeper_drain(k);
		if (clk_mono_ms() >= next_list) {
			virt_list(k->virt);
			next_list = clk_mono_ms() + period;
			a->look = true; /* should inotify have lost it */
		}
	}
}

static void
serve(struct app *a, int stop_fd, int64_t period, int ready_fd)
{
	struct keeper *k = &a->keeper;
	int watch_fd;

	/* Before the first look, so that no change falls between the two. */
	watch_fd = fs_watch(k->dir);
	if (watch_fd == -1)
		die(RC_TEMP, "%s: cannot watch: %s", k->dir, strerror(errno));
	observed_init(&k->observed, k->host, k->boot);
	keeper_recall(k);
	a->look = true;
	run(a, stop_fd, watch_fd, period, ready_fd);
	close(watch_fd);
}

/* Until libvirt has listed; dies when it does not in time. */
static void
wait_list(struct app *a, int stop_fd, int64_t deadline, bool must)
{
	struct pollfd p[] = {
	    {.fd = stop_fd, .events = POLLIN},
	    {.fd = virt_fd(a->keeper.virt), .events = POLLIN},
	};
	int64_t now;

	/* A refused connection is an answer; a silent one is not. */
	while (!a->keeper.roster.libvirt && !a->keeper.roster.why) {
		now = clk_mono_ms();
		if (now >= deadline)
			break;
		if (poll(p, 2, (int)(deadline - now)) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (p[0].revents)
			die(RC_TEMP, "stopped");
		keeper_drain(&a->keeper);
	}
	if (must && !a->keeper.roster.libvirt)
		die(RC_TEMP, "%s", keeper_sick(&a->keeper));
}

/* Until every action is over; false when they are not in time. */
static bool
wait_jobs(struct app *a, int stop_fd, int64_t deadline)
{
	struct pollfd p[] = {
	    {.fd = stop_fd, .events = POLLIN},
	    {.fd = virt_fd(a->keeper.virt), .events = POLLIN},
	};

	while (roster_jobs(&a->keeper.roster)) {
		int64_t now = clk_mono_ms();

		if (now >= deadline || p[0].revents)
			return false;
		if (poll(p, 2, (int)(deadline - now)) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		keeper_drain(&a->keeper);
	}
	return true;
}

static void
read_desired(struct app *a, int fd)
{
	const struct desired_sink sink = {
	    .bad = refuse_line, .other = pass_line, .arg = a};
	const char *why;
	struct desired d;
	struct buf b;
	ssize_t n;

	buf_init(&b, DESIRED_MAX);
	do {
		if (buf_reserve(&b, 65536) == -1)
			die(RC_USAGE, "desired: larger than %d bytes",
			    DESIRED_MAX);
		n = read(fd, b.data + b.len, 65536);
		if (n == -1 && errno != EINTR)
			die(RC_TEMP, "desired: cannot read: %s",
			    strerror(errno));
		if (n > 0)
			b.len += (size_t)n;
	} while (n);
	desired_parse(&d, b.data, b.len, &sink);
	buf_free(&b);
	why = keeper_unfit(&a->keeper, &d);
	if (why)
		die(RC_USAGE, "desired: %s: nothing is done", why);
	roster_adopt(&a->keeper.roster, &d);
}

/* -1 and -n: one pass over stdin's desired file. The exit code. */
static int
once(struct app *a, int stop_fd, bool plan_only, int64_t timeout)
{
	int64_t deadline = clk_mono_ms() + timeout;
	struct roster *r = &a->keeper.roster;
	bool finished;
	struct buf b;

	a->keeper.answers = true; /* its absence alone is worth a line */
	wait_list(a, stop_fd, deadline, plan_only);
	if (!a->keeper.boot)
		a->keeper.boot = r->desired.boot;
	/* A look makes no ledger. */
	if (!plan_only || access(a->keeper.ledger_path, F_OK) == 0)
		keeper_open_ledger(&a->keeper, clk_mono_ms());
	if (plan_only) {
		roster_plan(r, clk_mono_ms(), show, a);
		return a->todo || a->refused ? RC_NO : RC_OK;
	}
	roster_plan(r, clk_mono_ms(), keeper_act, &a->keeper);
	finished = wait_jobs(a, stop_fd, deadline);
	roster_plan(r, clk_mono_ms(), leave, a);
	observed_init(&a->keeper.observed, r->desired.name, r->desired.boot);
	observed_update(&a->keeper.observed, r, keeper_sick(&a->keeper));
	buf_init(&b, OBSERVED_MAX);
	if (observed_dump(&a->keeper.observed, r, &b) == -1)
		die(RC_BUG, "observed: too large");
	if (line_write(STDOUT_FILENO, b.data, b.len) == -1)
		die(RC_TEMP, "stdout: cannot write: %s", strerror(errno));
	buf_free(&b);
	if (!r->libvirt)
		return RC_TEMP;
	if (!finished)
		return RC_TIMEOUT;
	return a->refused || a->keeper.failed ? RC_NO : RC_OK;
}

static void
read_boot(struct app *a, bool needed)
{
	char path[PATH_MAX];
	struct buf b;

	if (snprintf(path, sizeof(path), "%s/boot", a->keeper.dir) >=
	    (int)sizeof(path))
		die(RC_USAGE, "CHIME_AGENT_DIR: too long");
	buf_init(&b, 64);
	if (fs_read(path, &b) == -1) {
		if (needed)
			die(RC_TEMP, "%s: %s", path, strerror(errno));
	} else {
		snprintf(a->boot, sizeof(a->boot), "%.*s",
		    (int)strcspn(b.data ? b.data : "", "\r\n"),
		    b.data ? b.data : "");
		if (!name_uuid(a->boot))
			die(RC_USAGE, "%s: '%s' is no UUID", path, a->boot);
		a->keeper.boot = a->boot;
	}
	buf_free(&b);
}

static void
configure(struct app *a, bool daemon)
{
	const char *type = opt_env("CHIME_DOMAIN_TYPE", NULL);
	struct keeper *k = &a->keeper;

	k->say = say;
	k->dir = opt_env("CHIME_AGENT_DIR", "/run/chime/agent");
	k->host =
	    daemon ? opt_env_need("CHIME_HOST") : opt_env("CHIME_HOST", NULL);
	if (k->host && !name_host(k->host))
		die(RC_USAGE, "CHIME_HOST: '%s' is no host name", k->host);
	k->ledger_path = opt_env("CHIME_LEDGER", LEDGERFILE_PATH);
	k->console = opt_env("CHIME_CONSOLE_DIR", NULL);
	if (k->console && k->console[0] != '/')
		die(RC_USAGE, "CHIME_CONSOLE_DIR: '%s' is not absolute",
		    k->console);
	if (type && strcmp(type, "kvm") != 0 && strcmp(type, "qemu") != 0 &&
	    strcmp(type, "test") != 0)
		die(RC_USAGE,
		    "CHIME_DOMAIN_TYPE: '%s' is not kvm, qemu or "
		    "test",
		    type);
	read_boot(a, daemon);
	roster_init(&k->roster, clk_mono_ms());
}

static void
connect_virt(struct keeper *k)
{
	k->virt = virt_new(opt_env("CHIME_LIBVIRT_URI", "qemu:///system"),
	    opt_env("CHIME_DOMAIN_TYPE", NULL));
	if (!k->virt)
		die(RC_TEMP, "libvirt: cannot start: %s", strerror(errno));
}

int
main(int argc, char *argv[])
{
	static const struct option longs[] = {
	    {"once", no_argument, NULL, '1'},
	    {"dry-run", no_argument, NULL, 'n'},
	    {"timeout", required_argument, NULL, 't'},
	    {"ready-fd", required_argument, NULL, 'd'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	bool one = false, plan_only = false, quiet = false, verbose = false;
	int64_t timeout = 60000, period;
	struct app a = {.look = true};
	int c, stop_fd, ready_fd = -1, rc = RC_OK;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "1nt:d:qvV", longs, NULL)) != -1) {
		switch (c) {
		case '1':
			one = true;
			break;
		case 'n':
			plan_only = true;
			break;
		case 't':
			timeout = opt_span_ms('t', optarg, 1, 3600000);
			break;
		case 'd':
			ready_fd = (int)opt_int('d', optarg, 3, 1023);
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
			opt_usage("[-1n] [-t time] [-d fd] [-qvV]");
		}
	}
	if (optind != argc)
		opt_usage("[-1n] [-t time] [-d fd] [-qvV]");
	die_verbosity(quiet, verbose);
	one |= plan_only;
	configure(&a, !one);
	period = opt_env_span_ms("CHIME_RECONCILE", 30000, 100, 3600000);
	if ((stop_fd = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	/* What is wrong with the input is said before libvirt is asked. */
	if (one)
		read_desired(&a, STDIN_FILENO);
	connect_virt(&a.keeper);
	if (one)
		rc = once(&a, stop_fd, plan_only, timeout);
	else
		serve(&a, stop_fd, period, ready_fd);
	virt_free(a.keeper.virt);
	ledgerfile_close(a.keeper.ledger);
	observed_free(&a.keeper.observed);
	roster_free(&a.keeper.roster);
	return rc;
}
