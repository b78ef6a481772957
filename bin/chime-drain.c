/* SPDX-License-Identifier: ISC */
/*
 * chime-drain: a node gives VMs away, with or without any network.
 *
 * in    vm records on stdin, or with -a what desired.jsonl and libvirt have
 * out   a signed receipt record for each VM that is off and stays so here; an
 *       error record for each that is not; -n: plan records
 * exit  0 every VM drained, -n: nothing to do; 1 some are not, -n: something to
 *       do; 99 not in time; 100 usage; 111 libvirt, the ledger or the state
 *       folder cannot be used
 *
 * Each VM is refused by the node's ledger before it is stopped, so that
 * chime-reconcile does not start it again, whatever file it is given: only a
 * later generation, which the server issues when it gives the VM out again, is
 * above the refusal. What was refused stays refused when this is cut short.
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
#include "driver/agentdir.h"
#include "driver/drain.h"
#include "driver/receipt.h"
#include "line/filter.h"
#include "line/line.h"
#include "line/rec.h"
#include "os/proc.h"

#define SYNOPSIS "[-anqvV] [-g TIME] [-t TIME]"
#define LIST_MS  20000 /* for libvirt to list, before anything is done */

struct app {
	struct drain drain;
	const char *host, *dir;
	char key[DIGEST_SIZE];
	int64_t grace_ms; /* for all; -1: each VM's own */
	int failed;
};

static void
take_vm(struct app *a, const json_t *o, int64_t line)
{
	int64_t generation = 0, grace = 30000;
	struct json_reason why;
	const char *uuid = NULL;

	if (json_need(json_get_str(o, "vm", NAME_UUID_SIZE - 1,
			  NAME_UUID_SIZE - 1, &uuid, &why),
		"vm", &why) == -1 ||
	    json_get_int(o, "generation", 0, INT64_MAX, &generation, &why) ==
		-1 ||
	    json_get_int(o, "grace_ms", 0, 86400000, &grace, &why) == -1) {
		filter_refuse(line, why.text);
		a->failed++;
	} else if (!name_uuid(uuid)) {
		filter_refuse(line, "vm: expected a UUID in lower case");
		a->failed++;
	} else {
		drain_add(&a->drain, uuid, generation,
		    a->grace_ms >= 0 ? a->grace_ms : grace);
	}
}

/* One line of records; those that are no VM's are not for us. */
static void
take_line(struct app *a, const char *text, size_t len, int64_t line)
{
	struct json_reason why;
	json_t *o = json_object_parse(text, len, &why);
	const char *type = "";

	if (!o) {
		filter_refuse(line, why.text);
		a->failed++;
		return;
	}
	json_get_str(o, "type", 1, 64, &type, NULL);
	if (strcmp(type, "vm") == 0)
		take_vm(a, o, line);
	json_decref(o);
}

static void
read_stdin(struct app *a)
{
	enum line_result r;
	struct line_in in;
	int64_t line = 0;
	char *text;
	size_t len;

	line_in_init(&in, STDIN_FILENO, LINE_MAX_RECORD);
	while ((r = line_read(&in, &text, &len)) != LINE_EOF) {
		line++;
		if (r == LINE_NONE && errno != EINTR)
			die(RC_TEMP, "stdin: cannot read: %s", strerror(errno));
		if (r == LINE_TOO_LONG) {
			filter_refuse(line, "longer than a record may be");
			a->failed++;
		} else if (r == LINE_OK && len) {
			take_line(a, text, len, line);
		}
	}
	line_in_free(&in);
}

/* What the server wanted here last; there may be nothing. */
static void
read_desired(struct app *a)
{
	struct buf b;
	char *at, *end;
	int64_t line = 0;

	buf_init(&b, DESIRED_MAX);
	if (agentdir_read(a->dir, "desired.jsonl", &b) == -1 && errno != ENOENT)
		die(RC_TEMP, "%s/desired.jsonl: %s", a->dir, strerror(errno));
	if (buf_reserve(&b, 1) == -1)
		die(RC_TEMP, "%s/desired.jsonl: too large", a->dir);
	if (b.data)
		b.data[b.len] = '\0';
	for (at = b.data; at && *at; at = end) {
		end = at + strcspn(at, "\n");
		if (end > at)
			take_line(a, at, (size_t)(end - at), ++line);
		end += *end == '\n';
	}
	buf_free(&b);
}

/* Until libvirt has listed: what is not known is not given away. */
static void
wait_list(struct app *a, int stop_fd)
{
	int64_t deadline = clk_mono_ms() + LIST_MS, now;
	struct roster *r = &a->drain.roster;
	struct pollfd p[] = {{.fd = stop_fd, .events = POLLIN},
	    {.fd = virt_fd(a->drain.virt), .events = POLLIN}};

	while (!r->libvirt && (now = clk_mono_ms()) < deadline) {
		if (poll(p, 2, (int)(deadline - now)) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (p[0].revents)
			die(RC_TEMP, "stopped; nothing was done");
		drain_notes(&a->drain);
		if (r->why && !r->libvirt)
			break;
	}
	if (!r->libvirt)
		die(RC_TEMP,
		    "libvirt does not answer: %s; nothing was done: what runs "
		    "here cannot be told",
		    r->why ? r->why : "no answer to connecting");
}

static void
say_failed(const struct app *a, const struct drain_vm *v, const char *why)
{
	json_t *o = rec_new("error");

	rec_str(o, "host", a->host);
	rec_str(o, "vm", v->uuid);
	rec_str(o, "reason", why);
	rec_emit(o);
}

/* -n: the exit code. */
static int
show(const struct app *a)
{
	int rc = a->failed ? RC_NO : RC_OK;
	char gen[GEN_SIZE], text[128];

	for (size_t i = 0; i < a->drain.n; i++) {
		const struct drain_vm *v = &a->drain.vm[i];
		json_t *o;

		if (v->state == DRAIN_FAILED) {
			say_failed(a, v, v->why);
			rc = RC_NO;
			continue;
		}
		if (!v->there && v->refused)
			continue;
		gen_format(v->gen, gen);
		snprintf(text, sizeof(text), "%s%s, up to generation %s",
		    v->refused ? "refused" : "to be refused",
		    v->there ? " and stopped" : "", gen);
		o = rec_new("plan");
		rec_str(o, "host", a->host);
		rec_str(o, "vm", v->uuid);
		rec_str(o, "action", v->there ? "drain" : "refuse");
		rec_str(o, "reason", text);
		rec_emit(o);
		rc = RC_NO;
	}
	return rc;
}

/* What became of each VM; the exit code. */
static int
report(const struct app *a, int rc)
{
	struct receipt r;

	memset(&r, 0, sizeof(r));
	snprintf(r.host, sizeof(r.host), "%s", a->host);
	snprintf(
	    r.ledger, sizeof(r.ledger), "%s", ledgerfile_id(a->drain.ledger));
	clk_ts(r.ts);
	for (size_t i = 0; i < a->drain.n; i++) {
		const struct drain_vm *v = &a->drain.vm[i];

		if (v->state == DRAIN_DONE && rc == RC_OK) {
			memcpy(r.vm, v->uuid, sizeof(r.vm));
			r.gen = v->gen;
			receipt_sign(&r, a->key);
			rec_emit(receipt_record(&r));
		}
	}
	for (size_t i = 0; i < a->drain.n; i++) {
		const struct drain_vm *v = &a->drain.vm[i];

		if (v->state == DRAIN_FAILED)
			say_failed(a, v, v->why);
		else if (v->state == DRAIN_WAITS)
			say_failed(a, v,
			    "another program of this node is at work on it");
		else if (v->state != DRAIN_DONE || rc != RC_OK)
			say_failed(a, v,
			    "refused here, but not seen off: no receipt yet");
		else
			continue;
		rc = rc == RC_OK ? RC_NO : rc;
	}
	return rc == RC_OK && a->failed ? RC_NO : rc;
}

static int
run(struct app *a, int stop_fd, int64_t timeout)
{
	struct pollfd p[] = {{.fd = stop_fd, .events = POLLIN},
	    {.fd = virt_fd(a->drain.virt), .events = POLLIN}};
	int64_t deadline = clk_mono_ms() + timeout, wake, now;
	bool over = false;

	drain_begin(&a->drain);
	for (;;) {
		wake = drain_step(&a->drain, &over);
		if (over)
			return report(a, RC_OK);
		now = clk_mono_ms();
		if (now >= deadline)
			return report(a, RC_TIMEOUT);
		if (!wake || wake > deadline)
			wake = deadline;
		if (poll(p, 2, wake > now ? (int)(wake - now) : 0) == -1 &&
		    errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (p[0].revents) {
			say_warn("stopped: what is refused stays refused");
			return report(a, RC_TEMP);
		}
		drain_notes(&a->drain);
	}
}

static void
configure(struct app *a, bool plan_only)
{
	const char *token = opt_env("CHIME_TOKEN_FILE", NULL);
	char boot[AGENTDIR_BOOT_SIZE] = "";
	char why[LEDGERFILE_WHY_SIZE];

	a->host = opt_env_need("CHIME_HOST");
	if (!name_host(a->host))
		die(RC_USAGE, "CHIME_HOST: '%s' is no host name", a->host);
	a->dir = opt_env("CHIME_AGENT_DIR", "/run/chime/agent");
	if (!plan_only) {
		token = opt_env_need("CHIME_TOKEN_FILE");
		if (digest_secret(token, a->key) == -1)
			die(RC_USAGE, "CHIME_TOKEN_FILE: %s: %s", token,
			    strerror(errno));
	}
	/* Without an agent in this boot there is none; nothing is started. */
	(void)agentdir_boot(a->dir, boot);
	a->drain.ledger = ledgerfile_open(
	    opt_env("CHIME_LEDGER", LEDGERFILE_PATH), boot, why);
	if (!a->drain.ledger)
		die(RC_TEMP, "ledger: %s", why);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"all", no_argument, NULL, 'a'},
	    {"dry-run", no_argument, NULL, 'n'},
	    {"grace", required_argument, NULL, 'g'},
	    {"timeout", required_argument, NULL, 't'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	bool all = false, plan_only = false, quiet = false, verbose = false;
	struct app a = {.grace_ms = -1};
	int64_t timeout = 120000;
	int c, rc, stop_fd;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "ang:t:qvV", longs, NULL)) != -1) {
		switch (c) {
		case 'a':
			all = true;
			break;
		case 'n':
			plan_only = true;
			break;
		case 'g':
			a.grace_ms = opt_span_ms('g', optarg, 0, 86400000);
			break;
		case 't':
			timeout = opt_span_ms('t', optarg, 1, 86400000);
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
	configure(&a, plan_only);
	if ((stop_fd = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	if (all)
		read_desired(&a);
	else
		read_stdin(&a);
	roster_init(&a.drain.roster, clk_mono_ms());
	a.drain.virt =
	    virt_new(opt_env("CHIME_LIBVIRT_URI", "qemu:///system"), NULL);
	if (!a.drain.virt)
		die(RC_TEMP, "libvirt: cannot start: %s", strerror(errno));
	wait_list(&a, stop_fd);
	if (all)
		drain_add_listed(
		    &a.drain, a.grace_ms >= 0 ? a.grace_ms : 30000);
	drain_look(&a.drain);
	rc = plan_only ? show(&a) : run(&a, stop_fd, timeout);
	virt_free(a.drain.virt);
	ledgerfile_close(a.drain.ledger);
	drain_free(&a.drain);
	return rc;
}
