/* SPDX-License-Identifier: ISC */
/*
 * chime-heartbeat: tells the server that this host lives and what runs on
 * it, and fetches what is wanted of it.
 *
 * In the state folder: boot, observed.jsonl, facts.jsonl, networks.jsonl and
 * nudge are read and watched; desired.jsonl is replaced when a whole, sound
 * answer to the newest beat of this boot says something new, lease.jsonl after
 * every such answer. With -1 one beat, desired lines on stdout; with -f
 * observed lines from a file or stdin.
 *
 * A beat every interval (which the server sets), and at once when the
 * observed_rev changed, a network went down or came up, or a nudge came. Every
 * attempt is a new beat, so that an answer that comes late can be told from the
 * one that counts.
 *
 * Exit: 0 at SIGTERM, or the one beat was answered; 99 it was not in time;
 * 100 wrong configuration, or refused; 111 no server, or no state folder.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "driver/machine.h"
#include "base/die.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/rc.h"
#include "core/name.h"
#include "core/pulse.h"
#include "driver/heart.h"
#include "driver/nets.h"
#include "os/fs.h"
#include "os/net.h"
#include "os/proc.h"
#include "os/ready.h"

#define SYNOPSIS "[-qvV] [-d FD] | -1 [-qvV] [-f FILE] [-t TIME]"

#define INTERVAL_MS   10000 /* until the server tells */
#define JUMP          1000  /* over the numbers a predecessor may have used */
#define REPORT_ROUNDS 3     /* intervals that chime-reconcile has to report */

static struct heart heart = {.out = -1};
static struct pulse pulse;
static struct http_conf server;

/* Says what has become wrong or right since it was called before. */
static void
tell(const struct heart_trouble *now, int *before, const char *well)
{
	if (now->kind && now->kind != *before)
		say_warn("%s", now->text);
	else if (!now->kind && *before)
		say_info("%s", well);
	*before = now->kind;
}

static void
tell_all(void)
{
	static int call, disk, report;
	static unsigned last;

	tell(&heart.call, &call, "heartbeats are answered again");
	tell(&heart.disk, &disk, "the state folder is written again");
	tell(&heart.report, &report, "chime-reconcile reports again");
	if (heart.server != last)
		say_info("heartbeats go to %s now", http_server(heart.http));
	last = heart.server;
}

/* The token may have been replaced. */
static void
reconnect(void)
{
	char reason[HTTP_REASON_SIZE];
	struct http *new = http_new(&server, reason);

	if (!new)
		return;
	http_free(heart.http);
	heart.http = new;
}

static void
changed(const char *name, void *arg)
{
	(void)arg;
	if (!name || strcmp(name, "nudge") == 0 ||
	    (strcmp(name, NETS_FILE) == 0 && heart_nets(&heart)) ||
	    (strcmp(name, "observed.jsonl") == 0 && heart_news(&heart)))
		pulse_wake(&pulse);
}

static void
beat(int stop)
{
	char hex[9];
	int rc;

	heart.patience_ms = pulse_patience(&pulse);
	heart.report_ms = REPORT_ROUNDS * pulse.interval;
	rc = heart_beat(&heart, stop);
	if (proc_stopping(stop))
		return;
	tell_all();
	if (rc == RC_OK) {
		pulse_answered(&pulse, heart.interval_ms);
		return;
	}
	proc_random_hex(4, hex);
	pulse_failed(&pulse, clk_mono_ms(), (uint32_t)strtoul(hex, NULL, 16));
	if (rc == RC_USAGE)
		reconnect();
}

static void
run(int stop, int watch)
{
	struct pollfd p[] = {
	    {.fd = stop, .events = POLLIN}, {.fd = watch, .events = POLLIN}};

	pulse_init(&pulse, INTERVAL_MS, clk_mono_ms());
	while (!proc_stopping(stop)) {
		int64_t now = clk_mono_ms(), wait = pulse_next(&pulse) - now;

		if (wait > 0 && poll(p, 2, (int)wait) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		fs_watch_drain(watch, changed, NULL);
		if (wait > 0)
			continue;
		pulse_begin(&pulse, now);
		beat(stop);
	}
}

/* One beat by hand; what is wrong becomes the exit code. */
static int
once(void)
{
	int rc;

	heart.self.any_boot = true;
	heart.out = STDOUT_FILENO;
	if (heart.observed_file) {
		heart_news(&heart);
		if (heart.report.kind)
			die(RC_USAGE, "%s", heart.report.text);
	}
	rc = heart_beat(&heart, -1);
	if (rc == RC_OK && heart.disk.kind)
		die(RC_TEMP, "%s", heart.disk.text);
	if (rc != RC_OK)
		say_error("%s", heart.call.text);
	return rc;
}

/* A boot of its own, for a beat by hand where no agent runs. */
static void
make_boot(char boot[static AGENTDIR_BOOT_SIZE])
{
	char x[33];

	proc_random_hex(16, x);
	snprintf(boot, AGENTDIR_BOOT_SIZE, "%.8s-%.4s-4%.3s-a%.3s-%.12s", x,
	    x + 8, x + 13, x + 17, x + 20);
}

static void
take_place(bool by_hand)
{
	static char boot[AGENTDIR_BOOT_SIZE];

	heart.self.boot = boot;
	heart.dir = opt_env("CHIME_AGENT_DIR", "/run/chime/agent");
	if (agentdir_boot(heart.dir, boot) == -1) {
		if (!by_hand || (errno != ENOENT && errno != ENOTDIR))
			die(RC_TEMP,
			    "%s/boot: no UUID of this boot: %s; `chime-agent "
			    "run` makes it",
			    heart.dir, strerror(errno));
		make_boot(boot);
		heart.dir = NULL;
		return;
	}
	if (agentdir_lock(heart.dir, "heartbeat.lock") == -1)
		die(RC_TEMP, "%s/heartbeat.lock: %s", heart.dir,
		    errno == EAGAIN || errno == EACCES
			? "another chime-heartbeat runs here"
			: strerror(errno));
	heart.self.beat = agentdir_beat(heart.dir, boot);
	if (heart.self.beat)
		heart.self.beat += JUMP;
}

static void
configure(int stop)
{
	const char *pong = opt_env("CHIME_PONG_LISTEN", "0.0.0.0:8802");
	static char machine[MACHINE_SIZE];
	char reason[HTTP_REASON_SIZE];
	struct net_addr a;

	heart.self.host = opt_env_need("CHIME_HOST");
	if (!name_host(heart.self.host))
		die(RC_USAGE,
		    "CHIME_HOST=%s: expected 1 to 63 of a-z 0-9 . and -, a "
		    "letter or digit first and last",
		    heart.self.host);
	if (net_parse(pong, "8802", &a) == -1 ||
	    num_int(a.port, 1, 65535, &heart.self.pong_port) == -1)
		die(RC_USAGE,
		    "CHIME_PONG_LISTEN=%s: expected ADDRESS:PORT, like "
		    "0.0.0.0:8802",
		    pong);
	/* The server says whether it wants to know. */
	if (machine_id(machine, reason) == 0)
		heart.self.machine = machine;
	else
		say_warn("%s", reason);
	heart.vcpus = opt_env_int("CHIME_VCPUS", 0, 1, 65536);
	heart.memory_mib = opt_env_int("CHIME_MEMORY_MIB", 0, 1, INT32_MAX);
	server.bases = opt_env_need("CHIME_API");
	server.token_file = opt_env_need("CHIME_TOKEN_FILE");
	server.ca_file = opt_env("CHIME_CA_FILE", NULL);
	server.plaintext =
	    strcmp(opt_env("CHIME_ALLOW_PLAINTEXT", "0"), "1") == 0;
	server.answer_max = EXCHANGE_MAX;
	server.stop_fd = stop;
	heart.http = http_new(&server, reason);
	if (!heart.http)
		die(RC_USAGE, "CHIME_API, CHIME_TOKEN_FILE, CHIME_CA_FILE: %s",
		    reason);
}

static const struct option longs[] = {
    {"once", no_argument, NULL, '1'},
    {"ready-fd", required_argument, NULL, 'd'},
    {"file", required_argument, NULL, 'f'},
    {"timeout", required_argument, NULL, 't'},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

int
main(int argc, char **argv)
{
	bool quiet = false, verbose = false, by_hand = false;
	int o, rc = RC_OK, stop = -1, watch = -1, ready = -1;

	die_name(argv[0]);
	proc_init();
	heart.patience_ms = INTERVAL_MS;
	while ((o = getopt_long(argc, argv, "1d:f:t:qvV", longs, NULL)) != -1) {
		switch (o) {
		case '1':
			by_hand = true;
			break;
		case 'd':
			ready = (int)opt_int('d', optarg, 3, 1023);
			break;
		case 'f':
			heart.observed_file = optarg;
			break;
		case 't':
			heart.patience_ms =
			    opt_span_ms('t', optarg, 1, 3600000);
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
	if (heart.observed_file)
		by_hand = true;
	if (heart.observed_file && strcmp(heart.observed_file, "-") == 0)
		heart.observed_file = "/dev/stdin";
	if (!by_hand && (stop = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	configure(stop);
	take_place(by_hand);
	if (by_hand) {
		rc = once();
	} else {
		watch = fs_watch(heart.dir);
		if (watch == -1)
			die(RC_TEMP, "%s: cannot be watched: %s", heart.dir,
			    strerror(errno));
		ready_notify(ready);
		run(stop, watch);
	}
	http_free(heart.http);
	heart_free(&heart);
	return rc;
}
