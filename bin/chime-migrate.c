/* SPDX-License-Identifier: ISC */
/*
 * chime-migrate: moves running VMs to another node over an interface of
 * choice, with nobody's help but the two libvirts'.
 *
 * in    vm records on stdin, read to their end first (with -a: none, all VMs)
 * out   check and plan records, then progress each second, and a migration
 *       record for each VM at its end
 * exit  0 all moved, -n: nothing to do; 1 some stay, or were refused, -n:
 *       something to do; 99 the destination is silent; 100 usage; 111 libvirt
 *       failed, or it is not clear where a VM is
 *
 * Everything is looked at before anything is touched, and unless -k says
 * otherwise one VM that may not move keeps the others, too. A migration that
 * fails never stops a VM; core/migration.h has what is done when its end is
 * not clear. A signal cancels, and it ends when each VM's place is known.
 */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "core/name.h"
#include "driver/departure.h"
#include "driver/migcheck.h"
#include "driver/migrec.h"
#include "driver/moves.h"
#include "driver/survey.h"
#include "driver/virt_migrate.h"
#include "line/filter.h"
#include "line/json.h"
#include "os/proc.h"

#define SYNOPSIS                                                               \
	"-I IF -D IP [-acknqvV] [-b MIB_S] [-p N] [-s PATH] [-t TIME] [-w VIA]"
#define SHARED_MAX 16

struct app {
	const char *interface, *dest, *shared[SHARED_MAX];
	bool all, keep_going, plan_only, quiet, verbose;
	enum migcheck_via via;
	int parallel, stop;
	int64_t timeout;
	struct survey survey;
	struct virt_way way;
	char uri[MIGCHECK_URI];
	struct filter in;

	int64_t bandwidth;
	struct migrec_out out;
	int rc;
};

static int
take(json_t *rec, struct json_reason *why, void *arg)
{
	struct app *a = arg;
	const char *uuid;

	if (json_need(json_get_str(rec, "vm", 1, 63, &uuid, why), "vm", why) ==
	    -1)
		return -1;
	if (!name_uuid(uuid)) {
		json_why(why, "vm: '%s' is no UUID in lower case", uuid);
		return -1;
	}
	if (survey_add(&a->survey, uuid) == -1) {
		json_why(why,
		    "vm: %s is on the list, or there are more than %d", uuid,
		    SURVEY_MAX);
		return -1;
	}
	return 0;
}

static void
read_list(struct app *a)
{
	struct pollfd f[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
	    {.fd = a->stop, .events = POLLIN}};

	while (!a->in.eof) {
		f[0].revents = 0;
		if (poll(f, 2, -1) == -1 && errno != EINTR)
			die(RC_TEMP, "poll: %s", strerror(errno));
		if (f[1].revents)
			die(RC_NO, "stopped: nothing was begun");
		filter_turn(&a->in, f[0].revents, SIZE_MAX);
	}
	if (a->in.refused)
		a->rc = RC_NO;
}

/* One more result: the more serious one is the program's. */
static void
result(struct app *a, int rc)
{
	if (rc > a->rc)
		a->rc = rc;
}

/* 0, or -1: nobody reads it, which is told once. */
static int
emit(struct app *a, json_t *rec)
{
	bool deaf = a->out.deaf;
	int r = migrec_emit(&a->out, rec);

	if (r == -1 && !deaf)
		say_error("stdout: cannot write: %s", strerror(errno));
	return r;
}

/* One of the checks that are not a VM's; reason NULL: it is good. */
static bool
check(struct app *a, const char *name, int rc, const char *reason)
{
	if (emit(a, migrec_check(name, reason)) == -1)
		exit(RC_TEMP);
	if (reason)
		result(a, rc);
	return reason == NULL;
}

/* The way there, and that both ends answer. */
static bool
check_way(struct app *a)
{
	struct survey *s = &a->survey;
	char why[MIGCHECK_WHY];
	int r;

	r = migcheck_interface(a->interface, why);
	if (!check(a, "interface", RC_NO, r == -1 ? why : NULL))
		return false;
	r = migcheck_route(a->dest, a->interface, why);
	if (!check(a, "route", RC_NO, r == -1 ? why : NULL))
		return false;
	s->here = virt_end_new(a->way.here);
	s->there = virt_end_new(a->way.there);
	r = migcheck_end(
	    s->here, a->way.here, a->timeout, "see chime-agent status", why);
	if (!check(a, "libvirt", RC_TEMP, r == -1 ? why : NULL))
		return false;
	r = migcheck_end(s->there, a->uri, a->timeout,
	    "try it with virsh -c, or choose another --via", why);
	return check(a, "destination",
	    r == -1 && errno == ETIMEDOUT ? RC_TIMEOUT : RC_TEMP,
	    r == -1 ? why : NULL);
}

static void
show_plan(struct app *a)
{
	for (size_t i = 0; i < a->survey.n; i++) {
		const struct survey_vm *v = &a->survey.vm[i];

		if (emit(a, migrec_plan(v, a->dest, a->interface)) == -1)
			exit(RC_TEMP);
		if (v->action == MIGRATION_MOVE && v->unsure)
			say_warn("%s: %s must have the files of its disks, in "
				 "their size: cannot tell whether it does",
			    v->uuid, a->dest);
		if (v->action == MIGRATION_REFUSE ||
		    (a->plan_only && v->action != MIGRATION_NOTHING))
			result(a, RC_NO);
	}
}

/* All that is looked at before anything is done; whether it may be. */
static bool
prepare(struct app *a)
{
	char why[VIRT_END_WHY];
	int others = 0;

	if (!check_way(a))
		return false;
	if (a->all && survey_add_all(&a->survey, &others, why) == -1)
		return check(a, "libvirt", RC_TEMP, why);
	if (others)
		say_warn("%d domains that are not chime's stay here", others);
	if (survey_decide(&a->survey, why) == -1)
		return check(a, "destination", RC_TEMP, why);
	show_plan(a);
	if (a->survey.refused && !a->keep_going && !a->plan_only)
		say_error("nothing was begun, because some may not be moved: "
			  "leave them out, or give --keep-going");
	return !a->plan_only && (a->keep_going || !a->survey.refused);
}

/* What lasts of a migration; without it none is begun. */
static void
open_ledger(struct app *a)
{
	char why[LEDGERFILE_WHY_SIZE];

	a->way.arg = departures_open(opt_env("CHIME_LEDGER", LEDGERFILE_PATH),
	    opt_env("CHIME_AGENT_DIR", "/run/chime/agent"), a->dest, why);
	if (!a->way.arg)
		die(RC_TEMP, "ledger: %s: nothing is begun", why);
}

/* What happens to a VM, in a bar, or in records, or in both. */
static int
tell(const struct survey_vm *vm, const struct virt_moved *now, void *arg)
{
	struct app *a = arg;

	if (now->over) {
		if (now->end == MIGRATION_UNCLEAR)
			say_error("%s: %s", vm->uuid, migrec_unclear(now));
		return emit(a, migrec_end(vm->uuid, a->dest, now));
	}
	migrec_draw(&a->out, vm->uuid, &now->progress);
	if (a->out.text)
		return 0;
	return emit(a, migrec_progress(vm->uuid, &now->progress));
}

static void
move_all(struct app *a)
{
	struct moves m = {.way = &a->way,
	    .survey = &a->survey,
	    .parallel = a->parallel,
	    .stop = a->stop,
	    .tell = tell,
	    .arg = a};

	open_ledger(a);
	if (moves_run(&m) == -1)
		die(RC_TEMP, "eventfd: %s", strerror(errno));
	migrec_clear(&a->out);
	for (size_t i = m.next; m.untouched && i < a->survey.n; i++)
		if (a->survey.vm[i].action == MIGRATION_MOVE)
			emit(
			    a, migrec_untouched(a->survey.vm[i].uuid, a->dest));
	if (m.stays || m.untouched)
		result(a, RC_NO);
	if (m.unclear || a->out.deaf)
		result(a, RC_TEMP);
}

/* Where both libvirts are. */
static void
set_way(struct app *a)
{
	const char *pki = opt_env("CHIME_LIBVIRT_PKI", NULL);

	if (pki && !migcheck_pki(pki))
		die(RC_USAGE, "CHIME_LIBVIRT_PKI: '%s' is no plain path", pki);
	if (migcheck_uri(a->via, a->dest, pki, a->uri) == -1)
		die(RC_USAGE, "-D: '%s' is no numeric address", a->dest);
	if (a->via == MIGCHECK_TCP &&
	    strcmp(opt_env("CHIME_ALLOW_PLAINTEXT", "0"), "1") != 0)
		die(RC_USAGE,
		    "-w tcp: others on that network could take it over: use "
		    "tls or ssh, or set CHIME_ALLOW_PLAINTEXT=1 if it is yours "
		    "alone");
	a->way = (struct virt_way){
	    .here = opt_env("CHIME_LIBVIRT_URI", "qemu:///system"),
	    .there = a->uri,
	    .dest = a->dest,
	    .bandwidth = a->bandwidth,
	    .patience_ms = 3 * a->timeout,
	    .begin = departure_begin,
	    .over = departure_over};
	a->survey.rule.dest = a->dest;
	a->survey.shared = a->shared;
}

static void
add_shared(struct app *a, const char *path)
{
	if (*path != '/')
		die(RC_USAGE, "-s: '%s' is no absolute path", path);
	if (a->survey.nshared == SHARED_MAX)
		die(RC_USAGE, "-s: at most %d", SHARED_MAX);
	a->shared[a->survey.nshared++] = path;
}

static void
option(struct app *a, int c)
{
	switch (c) {
	case 'a':
		a->all = true;
		break;
	case 'b':
		a->bandwidth = opt_int('b', optarg, 1, 1000000);
		break;
	case 'c':
		a->survey.rule.copy_storage = true;
		break;
	case 'D':
		a->dest = optarg;
		break;
	case 'I':
		a->interface = optarg;
		break;
	case 'k':
		a->keep_going = true;
		break;
	case 'n':
		a->plan_only = true;
		break;
	case 'p':
		a->parallel = (int)opt_int('p', optarg, 1, MOVES_MAX);
		break;
	case 's':
		add_shared(a, optarg);
		break;
	case 't':
		a->timeout = opt_span_ms('t', optarg, 100, 600000);
		break;
	case 'w':
		if (migcheck_via(optarg, &a->via) == -1)
			die(RC_USAGE, "-w: '%s' is not tls, ssh or tcp",
			    optarg);
		break;
	case 'q':
		a->quiet = true;
		break;
	case 'v':
		a->verbose = true;
		break;
	case 'V':
		opt_version();
	default:
		opt_usage(SYNOPSIS);
	}
}

static void
options(struct app *a, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"all", no_argument, NULL, 'a'},
	    {"bandwidth", required_argument, NULL, 'b'},
	    {"copy-storage", no_argument, NULL, 'c'},
	    {"dest", required_argument, NULL, 'D'},
	    {"interface", required_argument, NULL, 'I'},
	    {"keep-going", no_argument, NULL, 'k'},
	    {"dry-run", no_argument, NULL, 'n'},
	    {"parallel", required_argument, NULL, 'p'},
	    {"shared", required_argument, NULL, 's'},
	    {"timeout", required_argument, NULL, 't'},
	    {"via", required_argument, NULL, 'w'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(
		    argc, argv, "ab:cD:I:knp:s:t:w:qvV", longs, NULL)) != -1)
		option(a, c);
	if (argc > optind || !a->dest || !a->interface)
		opt_usage(SYNOPSIS);
	if (strlen(a->interface) >= IF_NAMESIZE)
		die(RC_USAGE, "-I: '%s' is no name of an interface",
		    a->interface);
	die_verbosity(a->quiet, a->verbose);
}

int
main(int argc, char **argv)
{
	static struct app a = {.parallel = 2, .timeout = 10000};

	die_name(argv[0]);
	proc_init();
	options(&a, argc, argv);
	set_way(&a);
	a.out.text = isatty(STDOUT_FILENO);
	a.out.bar = isatty(STDERR_FILENO);
	if ((a.stop = proc_stop_fd()) == -1)
		die(RC_TEMP, "signals: %s", strerror(errno));
	a.in = (struct filter){.type = "vm", .work = take, .arg = &a};
	filter_init(&a.in, 10000);
	if (!a.all)
		read_list(&a);
	if (prepare(&a))
		move_all(&a);
	departures_close(a.way.arg);
	filter_free(&a.in);
	survey_free(&a.survey);
	return a.rc;
}
