/* SPDX-License-Identifier: ISC */
/*
 * dbcheck: is the database of the CHIME_DB_* fit for a server? Tried for
 * real: it logs in, writes, reads and rolls back. For `chimeadm initserver
 * check`.
 *
 * out:  a `check` record for each thing that was tried
 * exit: 0 all is well; 1 something is not; 100 wrong usage or configuration
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "driver/dbconf.h"
#include "line/rec.h"
#include "os/proc.h"
#include "store/dbcheck.h"

static bool
tell(const char *what, bool good, const char *reason)
{
	json_t *rec = rec_new("check");

	rec_str(rec, "check", what);
	rec_bool(rec, "healthy", good);
	rec_str(rec, "reason", reason);
	rec_emit(rec);
	return good;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *what;
		int (*check)(struct db *, struct dbcheck *);
	} checks[] = {
	    {"database.writable", dbcheck_writable},
	    {"database.write", dbcheck_write},
	    {"database.durable", dbcheck_durable},
	    {"database.clock", dbcheck_clock},
	};
	struct dbconf conf;
	struct dbcheck c;
	struct db *db;
	bool in, good;

	die_name(argv[0]);
	proc_init();
	if (argc != 1)
		opt_usage("");
	if (dbconf_env(&conf) == -1)
		die(RC_USAGE, "%s", conf.reason);
	conf.conf.answer_s = 5;
	db = db_new(&conf.conf);
	dbconf_wipe(&conf);
	good = in = db_open(db) == 0;
	tell("database.login", in, in ? "it lets us in" : db_reason(db));
	for (size_t i = 0; in && i < sizeof(checks) / sizeof(checks[0]); i++) {
		bool done = db_open(db) == 0 && checks[i].check(db, &c) == 0;

		if (!tell(checks[i].what, done && c.good,
			done ? c.reason : db_reason(db)))
			good = false;
	}
	db_free(db);
	return good ? RC_OK : RC_NO;
}
