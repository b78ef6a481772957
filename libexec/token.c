/* SPDX-License-Identifier: ISC */
/*
 * Makes a token for the API and records its hash: `token admin NOTE` for a
 * person, `token agent HOST` for the agent of a host that is known (its old
 * token is revoked), `token join HOST` for a machine that is to become a host,
 * good once and for a day.
 *
 * in:   CHIME_DB_*
 * out:  the token, a line on stdout, or with -o in a file of mode 0600
 * exit: 0; 100 wrong usage or an unknown host; 111 the database, the file or
 *       stdout failed: what was handed out is worth nothing, do it again
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "base/utf8.h"
#include "core/name.h"
#include "driver/dbconf.h"
#include "line/line.h"
#include "os/fs.h"
#include "os/proc.h"
#include "store/host.h"
#include "store/token.h"

#define SYNOPSIS "[-qvV] [-o file] admin note | agent host | join host"

struct request {
	enum token_role role;
	const char *who;
	const char *file; /* NULL: stdout */
	bool handed_out;
	char text[TOKEN_SIZE];
	char id[TOKEN_ID_SIZE];
};

static const struct option longs[] = {{"output", required_argument, NULL, 'o'},
    {"quiet", no_argument, NULL, 'q'}, {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};

static int
add(struct db *db, void *arg)
{
	struct request *r = arg;
	struct token_new t = {.text = r->text, .id = r->id, .role = r->role};
	struct host h;
	int known;

	if (r->role == TOKEN_ADMIN)
		t.note = r->who;
	else
		t.host = r->who;
	if (r->role == TOKEN_JOIN)
		t.span_s = TOKEN_JOIN_S;
	if (r->role != TOKEN_AGENT)
		return token_add(db, &t);
	known = host_lock(db, r->who, &h);
	if (known != 1)
		return known == -1 ? -1 : 1;
	if (token_revoke_host(db, r->who) == -1)
		return -1;
	return token_add(db, &t);
}

/* Before the commit, and once: what nobody got is not recorded. */
static void
hand_out(struct request *r)
{
	char line[TOKEN_SIZE + 1];

	if (r->handed_out)
		return;
	snprintf(line, sizeof(line), "%s\n", r->text);
	if (r->file &&
	    fs_replace(r->file, line, strlen(line), 0600, true) == -1)
		die(RC_TEMP, "%s: cannot write: %s", r->file, strerror(errno));
	if (!r->file && line_write(STDOUT_FILENO, line, strlen(line)) == -1)
		die(RC_TEMP, "stdout: cannot write: %s", strerror(errno));
	r->handed_out = true;
}

static int
add_and_hand_out(struct db *db, void *arg)
{
	int done = add(db, arg);

	if (done == 0)
		hand_out(arg);
	return done;
}

static void
check(const struct request *r)
{
	size_t n = strlen(r->who);

	if (r->role != TOKEN_ADMIN && !name_host(r->who))
		die(RC_USAGE,
		    "host %s: expected 1 to 63 of a-z 0-9 . - with a letter "
		    "or digit at both ends",
		    r->who);
	if (r->role == TOKEN_ADMIN &&
	    (n == 0 || n > TOKEN_NOTE_MAX || !utf8_printable(r->who, n)))
		die(RC_USAGE,
		    "note %s: expected 1 to %d bytes of printable text", r->who,
		    TOKEN_NOTE_MAX);
}

static void
make(struct request *r)
{
	struct dbconf conf;
	struct db *db;
	int done;

	if (dbconf_env(&conf) == -1)
		die(RC_USAGE, "%s", conf.reason);
	db = db_new(&conf.conf);
	dbconf_wipe(&conf);
	token_new(r->text, r->id);
	done = db_transact(db, add_and_hand_out, r);
	if (done == 1)
		die(RC_USAGE, "host %s: not known; add it first", r->who);
	if (done == -1)
		die(db_error(db) == DB_FAILED ? RC_USAGE : RC_TEMP,
		    "database: %s", db_reason(db));
	db_free(db);
	say_info("token %s: made for %s", r->id, r->who);
}

int
main(int argc, char *argv[])
{
	struct request r = {0};
	bool quiet = false, verbose = false;
	int c;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "o:qvV", longs, NULL)) != -1)
		switch (c) {
		case 'o':
			r.file = optarg;
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
	if (argc - optind != 2)
		opt_usage(SYNOPSIS);
	if (strcmp(argv[optind], "admin") == 0)
		r.role = TOKEN_ADMIN;
	else if (strcmp(argv[optind], "agent") == 0)
		r.role = TOKEN_AGENT;
	else if (strcmp(argv[optind], "join") == 0)
		r.role = TOKEN_JOIN;
	else
		opt_usage(SYNOPSIS);
	r.who = argv[optind + 1];
	die_verbosity(quiet, verbose);
	check(&r);
	make(&r);
	return RC_OK;
}
