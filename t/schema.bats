# SPDX-License-Identifier: ISC
# libexec/schema on a real MariaDB.
# shellcheck shell=bash disable=SC2154 # set by lib/common and lib/db

load lib/common
load lib/db

setup() {
	common_setup
	db_start
}

# schema [OPTION...]: with its output in schema.out and schema.err; sets $rc.
schema() {
	rc=0
	"$LIBEXEC/schema" "$@" >schema.out 2>schema.err || rc=$?
}

# A folder of migrations: the real ones, and N more after them.
more() {
	mkdir -p more
	cp "$SHARE"/schema/*.sql more/
	newest=$(find more -name '*.sql' | wc -l)
	for i in $(seq "$1"); do
		printf -- '-- one more\nCREATE TABLE IF NOT EXISTS t%d (\n  a INT\n);\n' \
		    "$i" >"more/$(printf %03d $((newest + i))).sql"
	done
}

@test "an empty database gets all tables, once" {
	schema -n
	[ "$rc" = 1 ]
	jq_is '.type == "migration" and .applied == false' schema.out
	planned=$(wc -l <schema.out)
	sql_is 0 "SELECT COUNT(*) FROM information_schema.tables
	    WHERE table_schema = 'chime'"
	schema
	[ "$rc" = 0 ]
	[ "$(wc -l <schema.out)" = "$planned" ]
	jq_is '.applied and (.file | test("^[0-9]{3}\\.sql$"))' schema.out
	for t in event heartbeat host inventory schema_version token vm; do
		sql "SELECT * FROM $t"
	done
	sql_is "$planned" "SELECT COUNT(*) FROM event
	    WHERE kind = 'server.schema'"
	schema
	[ "$rc" = 0 ]
	[ ! -s schema.out ]
	schema -n
	[ "$rc" = 0 ]
	[ ! -s schema.out ]
	sql_is "$planned" "SELECT COUNT(*) FROM schema_version"
}

@test "only what is missing is applied, in order" {
	schema
	more 2
	schema -n -f more
	[ "$rc" = 1 ]
	[ "$(jq .version schema.out | xargs)" = "$((newest + 1)) $((newest + 2))" ]
	schema -f more
	[ "$rc" = 0 ]
	sql 'SELECT * FROM t1, t2'
	sql_is "$((newest + 2))" "SELECT MAX(version) FROM schema_version"
}

@test "a newer schema is refused and left alone" {
	more 1
	schema -f more
	for option in '' -n; do
		schema $option
		[ "$rc" = 100 ]
		has schema.err "version $((newest + 1)).*up to $newest.*upgrade"
		[ ! -s schema.out ]
	done
	sql_is "$((newest + 1))" "SELECT MAX(version) FROM schema_version"
}

@test "a migration that fails half way is done again from its start" {
	more 2
	echo 'CREATE TABLE broken (;' >>"more/$(printf %03d $((newest + 2))).sql"
	schema -f more
	[ "$rc" = 100 ]
	has schema.err 'syntax'
	sql_is "$((newest + 1))" "SELECT MAX(version) FROM schema_version"
	sed -i '$d' "more/$(printf %03d $((newest + 2))).sql"
	schema -f more
	[ "$rc" = 0 ]
	[ "$(jq .version schema.out)" = "$((newest + 2))" ]
}

@test "several at once: each migration is applied by one of them" {
	more 3
	for i in 1 2 3 4; do
		start s$i "$LIBEXEC/schema" -f more
	done
	for i in 1 2 3 4; do
		wait_end s$i 30
		[ "$rc" = 0 ]
	done
	cat s?.out >all
	[ "$(jq .version all | sort -n | xargs)" = \
	    "$(seq $((newest + 3)) | xargs)" ]
	sql_is "$((newest + 3))" "SELECT COUNT(*) FROM event
	    WHERE kind = 'server.schema'"
}

@test "another one that does not end is waited for, then 111" {
	start holder mariadb --no-defaults --socket="$DIR/db.sock" --user=root \
	    -e "SELECT GET_LOCK('chime.schema.chime', 0); SELECT SLEEP(60)"
	wait_for 10 sql_is 1 "SELECT IS_USED_LOCK('chime.schema.chime')
	    IS NOT NULL"
	schema
	[ "$rc" = 111 ]
	has schema.err 'another server'
	stop holder
}

@test "wrong usage: 100; wrong folders, files and passwords too" {
	schema -x
	[ "$rc" = 100 ]
	schema operand
	[ "$rc" = 100 ]
	schema -f /nonexistent
	[ "$rc" = 100 ]
	mkdir empty
	schema -f empty
	[ "$rc" = 100 ]
	has schema.err 'no migrations'
	printf 'SELECT 1;\n\0' >empty/001.sql
	schema -f empty
	[ "$rc" = 100 ]
	has schema.err 'NUL'
	CHIME_DB_USER=nobody schema
	[ "$rc" = 100 ]
	has schema.err 'Access denied'
	CHIME_DB_NAME=none schema
	[ "$rc" = 100 ]
	has schema.err 'none'
}

@test "no database: 111; a full disk: 111, and nothing is half done" {
	rc=0
	"$LIBEXEC/schema" >/dev/full 2>schema.err || rc=$?
	[ "$rc" = 111 ]
	has schema.err stdout
	schema
	[ "$rc" = 0 ]
	db_stop
	schema
	[ "$rc" = 111 ]
	has schema.err 'database:'
}

@test "limits of the tables: a name is unique among VMs that are not deleted" {
	schema
	add="INSERT INTO vm(uuid, name, host, want, vcpus, memory_mib, grace_ms,
	    spec, created_at, changed_at) VALUES (UUID(), 'web', 'n1',"
	rest="1, 1, 0, '{}', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"
	sql "$add 'running', $rest"
	run -1 sql "$add 'stopped', $rest"
	sql "UPDATE vm SET want = 'deleted'"
	sql "$add 'stopped', $rest"
	sql "$add 'deleted', $rest"
	run -1 sql "UPDATE vm SET want = 'running'"
}
