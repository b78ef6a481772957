/* SPDX-License-Identifier: ISC */
/*
 * Brings the database's tables to the newest shape: applies the migrations
 * NNN.sql that it has not seen, in order, one at a time among all servers.
 *
 * in:   the folder of migrations (-f; share/chime/schema), CHIME_DB_*
 * out:  one record a migration: {"type":"migration","ts","version","file",
 *       "applied"}; an event server.schema each
 * exit: 0 up to date; with -n: 0 nothing to do, 1 something; 100 also when
 *       the database is newer than this program; 111 the database failed
 *
 * A database newer than this program is left alone: an old server writing to
 * tables it does not know would undo what the new one promises.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "driver/dbconf.h"
#include "line/rec.h"
#include "os/fs.h"
#include "os/proc.h"
#include "store/migrate.h"

#define SQL_MAX      (1024 * 1024)
#define VERSIONS_MAX 999
#define ANSWER_S     3600 /* a large table may be rebuilt */

static const struct option longs[] = {{"file", required_argument, NULL, 'f'},
    {"dry-run", no_argument, NULL, 'n'}, {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'}, {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0}};

static void
migration_path(const char *dir, int64_t version, char path[static PATH_MAX])
{
	if (snprintf(path, PATH_MAX, "%s/%03" PRId64 ".sql", dir, version) >=
	    PATH_MAX)
		die(RC_USAGE, "%s: the path is too long", dir);
}

/* The newest migration there is in dir; there must be a first one. */
static int64_t
newest_in(const char *dir)
{
	char path[PATH_MAX];
	int64_t n = 0;

	while (n < VERSIONS_MAX) {
		migration_path(dir, n + 1, path);
		if (access(path, R_OK) == -1) {
			if (errno != ENOENT)
				die(RC_USAGE, "%s: %s", path, strerror(errno));
			break;
		}
		n++;
	}
	if (n == 0)
		die(RC_USAGE, "%s/001.sql: there are no migrations here", dir);
	return n;
}

static void __attribute__((noreturn)) die_db(struct db *db, const char *what)
{
	die(db_error(db) == DB_FAILED ? RC_USAGE : RC_TEMP, "%s: %s", what,
	    db_reason(db));
}

static struct db *
connect_db(void)
{
	struct dbconf c;
	struct db *db;

	if (dbconf_env(&c) == -1)
		die(RC_USAGE, "%s", c.reason);
	c.conf.answer_s = ANSWER_S;
	db = db_new(&c.conf);
	dbconf_wipe(&c);
	return db;
}

static void
report(int64_t version, bool applied)
{
	json_t *rec = rec_new("migration");
	char file[32];

	snprintf(file, sizeof(file), "%03" PRId64 ".sql", version);
	rec_int(rec, "version", version);
	rec_str(rec, "file", file);
	rec_bool(rec, "applied", applied);
	rec_emit(rec);
}

static int64_t
version_of(struct db *db, int64_t newest)
{
	int64_t version;

	if (migrate_version(db, &version) == -1)
		die_db(db, "database");
	if (version > newest)
		die(RC_USAGE,
		    "database: its schema is version %" PRId64
		    ", this program knows up to %" PRId64
		    ": it was changed by a newer chime; upgrade chime on this "
		    "server, nothing was changed",
		    version, newest);
	return version;
}

static void
apply(struct db *db, const char *dir, int64_t version)
{
	char path[PATH_MAX];
	struct buf sql;

	migration_path(dir, version, path);
	buf_init(&sql, SQL_MAX);
	if (fs_read(path, &sql) == -1)
		die(RC_TEMP, "%s: cannot read: %s", path, strerror(errno));
	if (sql.len != strlen(sql.data ? sql.data : ""))
		die(RC_USAGE, "%s: has a NUL byte in it", path);
	if (migrate_apply(db, version, sql.data ? sql.data : (char[]){""}) ==
	    -1)
		die_db(db, path);
	buf_free(&sql);
	say_info("database: schema version %" PRId64 " applied", version);
	report(version, true);
}

int
main(int argc, char *argv[])
{
	char dir[PATH_MAX], home[PATH_MAX];
	bool plan = false, quiet = false, verbose = false;
	const char *from = NULL;
	int64_t version, newest;
	struct db *db;
	int c, got;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "f:nqvV", longs, NULL)) != -1)
		switch (c) {
		case 'f':
			from = optarg;
			break;
		case 'n':
			plan = true;
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
			opt_usage("[-nqvV] [-f dir]");
		}
	if (optind != argc)
		opt_usage("[-nqvV] [-f dir]");
	die_verbosity(quiet, verbose);
	if (!from && proc_home(home, sizeof(home)) == -1)
		die(RC_TEMP, "my own path: %s", strerror(errno));
	if (snprintf(dir, sizeof(dir), "%s%s", from ? from : home,
		from ? "" : "/share/chime/schema") >= (int)sizeof(dir))
		die(RC_USAGE, "%s: the path is too long", from ? from : home);
	newest = newest_in(dir);
	db = connect_db();
	version = version_of(db, newest);
	if (!plan && version < newest) {
		got = migrate_lock(db);
		if (got == -1)
			die_db(db, "database");
		if (got == 0)
			die(RC_TEMP, "database: another server changes the "
				     "schema now: try again later");
		/* Another one may have done it while this one waited. */
		version = version_of(db, newest);
	}
	for (int64_t v = version + 1; v <= newest; v++)
		if (plan)
			report(v, false);
		else
			apply(db, dir, v);
	db_free(db);
	return plan && version < newest ? RC_NO : RC_OK;
}
