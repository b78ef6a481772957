/* SPDX-License-Identifier: ISC */
#include "store/dbcheck.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clk.h"

#define OFFSET_MS 1000

static void __attribute__((format(printf, 3, 4)))
found(struct dbcheck *c, bool good, const char *fmt, ...)
{
	va_list ap;

	c->good = good;
	va_start(ap, fmt);
	vsnprintf(c->reason, sizeof(c->reason), fmt, ap);
	va_end(ap);
}

int
dbcheck_writable(struct db *db, struct dbcheck *c)
{
	char on[128] = "";
	int r;

	memset(c, 0, sizeof(*c));
	/* Not all servers have all of them; MariaDB has more words than ON. */
	if (db_query(db,
		"SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', "
		"'super_read_only', 'innodb_read_only')",
		"") == -1)
		return -1;
	while ((r = db_next(db)) == 1) {
		const char *value = db_str(db, 1);
		size_t n = strlen(on);

		if (value && strcmp(value, "OFF") != 0)
			snprintf(on + n, sizeof(on) - n, "%s%.40s=%.20s",
			    n ? ", " : "", db_str(db, 0), value);
	}
	if (r == -1)
		return -1;
	if (*on)
		found(c, false, "it is read-only: %s", on);
	else
		found(c, true, "it takes writes");
	return 0;
}

/* Whether the row of dbcheck_write is there: 1, 0 or -1. */
static int
row_there(struct db *db)
{
	int r;

	if (db_query(db, "SELECT version FROM schema_version WHERE version = 0",
		"") == -1)
		return -1;
	r = db_next(db);
	db_done(db);
	return r;
}

int
dbcheck_write(struct db *db, struct dbcheck *c)
{
	int during, after;

	memset(c, 0, sizeof(*c));
	if (db_begin(db) == -1)
		return -1;
	/* Migrations begin with 1. */
	if (db_exec(db,
		"INSERT INTO schema_version (version, applied_at) "
		"VALUES (0, NOW(3))",
		"") == -1 ||
	    (during = row_there(db)) == -1) {
		db_close(db);
		return -1;
	}
	if (db_rollback(db) == -1 || (after = row_there(db)) == -1)
		return -1;
	if (during == 1 && after == 0)
		found(c, true, "a row was written, read and rolled back");
	else if (during == 0)
		found(c, false, "a row that was written cannot be read");
	else
		found(c, false,
		    "a row that was rolled back is still there: the tables "
		    "are not InnoDB");
	return 0;
}

int
dbcheck_durable(struct db *db, struct dbcheck *c)
{
	int64_t flush, binlog, sync;

	memset(c, 0, sizeof(*c));
	if (db_query(db,
		"SELECT @@GLOBAL.innodb_flush_log_at_trx_commit, "
		"@@GLOBAL.log_bin, @@GLOBAL.sync_binlog",
		"") == -1 ||
	    db_next(db) != 1)
		return -1;
	flush = db_int(db, 0);
	binlog = db_int(db, 1);
	sync = db_int(db, 2);
	db_done(db);
	if (flush != 1)
		found(c, false,
		    "innodb_flush_log_at_trx_commit = %" PRId64
		    ": a power cut loses what was committed: set it to 1",
		    flush);
	else if (binlog && sync != 1)
		found(c, false,
		    "sync_binlog = %" PRId64
		    ": after a power cut a replica may know more than this "
		    "server: set it to 1",
		    sync);
	else
		found(c, true, "a commit is on the disk when it is answered");
	return 0;
}

static int64_t
wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
dbcheck_clock(struct db *db, struct dbcheck *c)
{
	int64_t before, its, mine, took, offset;

	memset(c, 0, sizeof(*c));
	before = clk_mono_ms();
	if (db_query(db, "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
		"") == -1 ||
	    db_next(db) != 1)
		return -1;
	mine = wall_ms();
	took = clk_mono_ms() - before;
	its = db_int(db, 0);
	db_done(db);
	/* It looked at its clock at some moment of the time this took. */
	offset = its - mine;
	if (offset < 0)
		offset = offset + took < 0 ? offset + took : 0;
	found(c, offset > -OFFSET_MS && offset < OFFSET_MS,
	    "its clock and this one are %" PRId64 " ms apart (within %" PRId64
	    " ms)",
	    offset, took);
	return 0;
}
