#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Events as lines, on a real database.

load lib/common
load lib/db

V1=aaaaaaaa-0000-4000-8000-000000000001

setup() {
	common_setup
	db_start
	db_schema
	sql 'DELETE FROM event; ALTER TABLE event AUTO_INCREMENT = 1'
}

# add N [HOST [KIND]]: N events, in a statement that takes exactly N ids.
add() {
	local rows

	rows=$(printf "(UTC_TIMESTAMP(3), 'info', '${3:-host.added}',
	    '${2:-n1}', 'number %d')," $(seq "$1"))
	echo "INSERT INTO event(ts, level, kind, host, text)
	    VALUES ${rows%,}" |
	    mariadb --no-defaults --socket=db.sock --user=root chime
}

# ids FILE: the printed ids, in one line.
ids() {
	jq .id "$1" | xargs
}

# follow NAME OPTION...: chime-events --follow, that has read once.
follow() {
	local name=$1 n

	shift
	executed() {
		sql "SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'" | cut -f 2
	}
	n=$(executed)
	start "$name" chime-events --follow -i 100ms "$@"
	reading() {
		[ "$(executed)" -ge $((n + 2)) ]
	}
	wait_for 10 reading
}

@test "usage and configuration: 100" {
	run -100 chime-events operand
	run -100 chime-events -x
	run -100 chime-events -n -1
	run -100 chime-events -n 5 --after 3
	run -100 chime-events --after x
	run -100 chime-events --host 'N1;'
	run -100 chime-events --vm web
	run -100 chime-events --kind "' OR 1=1"
	run -100 chime-events --interval 1ms
	CHIME_DB_PORT=x CHIME_DB_SOCKET='' run -100 chime-events
	run -0 chime-events -V
}

@test "no events: nothing" {
	run -0 --separate-stderr chime-events
	[ -z "$output$stderr" ]
}

@test "an event with everything, and one with the least" {
	sql "INSERT INTO event VALUES (7, '2026-01-02 03:04:05.678', 'alert',
	    'host.unreachable', 'n1', '$V1', 'admin \"中\"', 'text \\\\ \\n',
	    '{\"n\":[1.50]}'),
	    (8, '2026-01-02 03:04:05.000', 'warning', 'server.schema', NULL,
	    NULL, NULL, '', 'not json')"
	run -0 chime-events
	[ "${#lines[@]}" -eq 2 ]
	[ "$(jq -c 'keys_unsorted' <<<"${lines[0]}")" = \
	    '["type","ts","id","level","kind","host","vm","actor","text","data"]' ]
	jq_is '.type == "event" and .ts == "2026-01-02T03:04:05.678Z" and
	    .id == 7 and .level == "alert" and .kind == "host.unreachable" and
	    .host == "n1" and .vm == "'$V1'" and .actor == "admin \"中\"" and
	    .text == "text \\ \n" and .data == {n: [1.5]}' <<<"${lines[0]}"
	[ "$(jq -c 'keys_unsorted' <<<"${lines[1]}")" = \
	    '["type","ts","id","level","kind","text"]' ]
}

@test "the last 20, the last -n, all behind --after" {
	add 50
	chime-events >out
	[ "$(ids out)" = "$(seq -s ' ' 31 50)" ]
	chime-events -n 3 >out
	[ "$(ids out)" = '48 49 50' ]
	run -0 chime-events -n 0
	[ -z "$output" ]
	chime-events --lines 100 >out
	[ "$(ids out)" = "$(seq -s ' ' 1 50)" ]
	chime-events --after 47 >out
	[ "$(ids out)" = '48 49 50' ]
	run -0 chime-events --after 50
	[ -z "$output" ]
}

@test "more than a page behind --after" {
	add 2500
	chime-events --after 100 >out
	[ "$(ids out)" = "$(seq -s ' ' 101 2500)" ]
}

@test "by host, VM and kind" {
	add 3 n1
	add 2 n2 host.run
	sql "UPDATE event SET vm = '$V1' WHERE id IN (2, 5)"
	chime-events --host n2 >out
	[ "$(ids out)" = '4 5' ]
	chime-events --vm $V1 >out
	[ "$(ids out)" = '2 5' ]
	chime-events --kind host.run --vm $V1 >out
	[ "$(ids out)" = 5 ]
	chime-events --after 1 --host n1 >out
	[ "$(ids out)" = '2 3' ]
	run -0 chime-events --host n3
	[ -z "$output" ]
}

@test "--follow: what is there, what comes, each once; SIGTERM: 0" {
	add 30
	follow f -n 2
	wait_for 10 lines f.out 2
	add 3
	wait_for 10 lines f.out 5
	add 1 n2
	wait_for 10 lines f.out 6
	stop f
	[ "$rc" -eq 0 ]
	[ "$(ids f.out)" = '29 30 31 32 33 34' ]
}

@test "--follow --after: the rest of a broken stream" {
	add 1200
	follow f --after 1190
	wait_for 10 lines f.out 10
	add 2
	wait_for 10 lines f.out 12
	[ "$(ids f.out)" = "$(seq -s ' ' 1191 1202)" ]
}

@test "--follow --host on an empty table" {
	follow f --host n2
	add 2 n1
	add 1 n2
	wait_for 10 lines f.out 1
	[ "$(ids f.out)" = 3 ]
}

@test "an event that commits after a later one comes, once" {
	add 1
	follow f -n 0
	{
		echo "BEGIN; INSERT INTO chime.event(ts, level, kind, text)
		    VALUES (UTC_TIMESTAMP(3), 'info', 'late', 'late');
		    SELECT 'held';"
		wait_for 20 test -e release
		echo 'COMMIT;'
	} | mariadb --no-defaults --socket=db.sock --user=root -n \
	    --skip-column-names >held 3>&- &
	holder=$!
	wait_for 10 has held held
	add 2
	wait_for 10 lines f.out 2
	touch release
	wait $holder
	wait_for 10 lines f.out 3
	add 1
	wait_for 10 lines f.out 4
	[ "$(ids f.out)" = '3 4 2 5' ]
}

@test "--follow: the database away and back: nothing lost, nothing twice" {
	add 2
	follow f
	wait_for 10 lines f.out 2
	db_stop KILL
	wait_for 10 has f.err 'waiting for it'
	db_start
	add 2
	wait_for 10 lines f.out 4
	[ "$(ids f.out)" = "1 2 $(sql 'SELECT id FROM event WHERE id > 2' |
	    xargs)" ]
	wait_for 10 has f.err 'answers again'
	[ "$(wc -l <f.err)" -eq 2 ]
}

@test "--follow begins although the database is not there yet" {
	add 2
	db_stop
	start f chime-events --follow -i 100ms
	wait_for 10 has f.err 'waiting for it'
	db_start
	wait_for 10 lines f.out 2
	[ "$(ids f.out)" = '1 2' ]
}

@test "--follow: a database that went back is noticed" {
	add 10
	follow f
	wait_for 10 lines f.out 10
	sql 'DELETE FROM event WHERE id > 5; ALTER TABLE event
	    AUTO_INCREMENT = 6'
	db_stop
	db_start
	wait_for 10 has f.err 'the database has gone back'
	add 1
	wait_for 10 lines f.out 11
	[ "$(tail -n 1 f.out | jq .id)" -eq 6 ]
}

@test "without a database: 111 and the reason" {
	db_stop
	run -111 chime-events
	[[ $output == *'chime-events: error: database: '* ]]
}

@test "nobody reads: 111, even when nothing happens" {
	add 1
	run -111 bash -c 'chime-events >/dev/full'
	mkfifo out
	start f bash -c 'exec chime-events --follow -n 0 >out'
	exec 7<out
	exec 7<&-
	wait_end f 10
	[ "$rc" -eq 111 ]
}
