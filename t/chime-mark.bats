#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Writing down who is unreachable, on a real database.

load lib/common
load lib/db
load lib/hosts

setup() {
	common_setup
	db_start
	db_schema
	add_host n1
	beats n1 17
	sql 'DELETE FROM event'
}

# silent HOST BEAT PING [BOOT]
silent() {
	printf '{"type":"silent","ts":"2026-01-01T00:00:00.000Z","host":"%s","boot":"%s","beat":%d,"silent_ms":30050,"address":"127.0.0.1","port":1,"ping":"%s"}\n' \
	    "$1" "${4:-$BOOT}" "$2" "$3"
}

@test "usage and configuration: 100" {
	run -100 chime-mark operand
	run -100 chime-mark -x
	CHIME_INTERVAL=1ms run -100 chime-mark
	[[ $output == *CHIME_INTERVAL=1ms* ]]
	CHIME_DB_PORT=x CHIME_DB_SOCKET='' run -100 chime-mark
	run -0 chime-mark -V
}

@test "empty input: nothing, not even a database is needed" {
	db_stop
	run -0 --separate-stderr chime-mark </dev/null
	[ -z "$output$stderr" ]
}

@test "no answer: unreachable, with an alert; again: no second one" {
	silent n1 17 no-answer >in
	run -0 chime-mark <in
	jq_is '.type == "marked" and .host == "n1" and .changed and
	    .health == "unreachable" and (.reason | test("30.0 s"))' \
	    <<<"$output"
	sql_is "unreachable	1" "SELECT health, health_reason LIKE
	    'no heartbeat for 30.0 s%' FROM host"
	sql_is "alert	host.unreachable	n1" \
	    'SELECT level, kind, host FROM event'
	since=$(sql 'SELECT health_since FROM host')
	run -0 chime-mark <in
	jq_is '.changed == false and .health == "unreachable"' <<<"$output"
	sql_is 1 'SELECT COUNT(*) FROM event'
	sql_is "$since" 'SELECT health_since FROM host'
}

@test "an answer: silent; and both ways from there while it stays quiet" {
	silent n1 17 answered | chime-mark
	health_is n1 silent
	silent n1 17 no-answer | chime-mark
	health_is n1 unreachable
	silent n1 17 answered | chime-mark
	health_is n1 silent
	[ "$(host_events n1)" = 'host.silent host.unreachable host.silent' ]
	sql_is 3 "SELECT COUNT(*) FROM event WHERE level = 'alert'"
}

@test "a host that reported meanwhile is left alone" {
	{
		silent n1 16 no-answer
		silent n1 18 no-answer
		silent n1 17 no-answer 22222222-2222-4222-8222-222222222222
	} >in
	run -0 chime-mark <in
	jq_is '.changed == false and .reason == "it has reported since"' \
	    <<<"$output"
	health_is n1 ok
	[ -z "$(host_events n1)" ]
}

@test "a host that is unknown or never reported is left alone" {
	add_host n2
	{
		silent n2 0 no-answer
		silent n3 0 no-answer
		silent "n1' OR ''='" 17 no-answer
	} >in
	run -0 chime-mark <in
	jq_is '.changed == false' <<<"$output"
	[ "$(wc -l <<<"$output")" -eq 3 ]
	health_is n1 ok
}

@test "a host the operator took out: no alert, an information" {
	sql "UPDATE host SET admin = 'down'"
	silent n1 17 no-answer | chime-mark
	sql_is "info	host.unreachable" 'SELECT level, kind FROM event'
}

@test "-n: 1 and what it would do, 0 when there is nothing; never more" {
	silent n1 17 no-answer >in
	run -1 chime-mark -n <in
	jq_is '.changed and .health == "unreachable"' <<<"$output"
	health_is n1 ok
	sql_is 0 'SELECT COUNT(*) FROM event'
	chime-mark <in
	run -0 chime-mark --dry-run <in
	jq_is '.changed == false' <<<"$output"
}

@test "bad lines are refused one by one, the rest goes on: 1" {
	{
		echo junk
		echo '{"type":"silent","host":"n1"}'
		silent n1 17 maybe
		silent n1 17 no-answer | jq -c 'del(.ping)'
		silent n1 17 no-answer | jq -c '.beat = "17"'
		silent n1 17 no-answer | jq -c '.silent_ms = -1'
		head -c 70000 /dev/zero | tr '\0' x
		echo
		echo '{"type":"weather","rain":1.50}'
		silent n1 17 no-answer
	} >in
	run -1 chime-mark <in
	[ "$(jq -c 'select(.type == "error") | .line' <<<"$output" | xargs)" = \
	    '1 2 3 4 5 6 7' ]
	grep -qxF '{"type":"weather","rain":1.50}' <<<"$output"
	health_is n1 unreachable
}

@test "a full disk: 111" {
	silent n1 17 no-answer >in
	run -111 bash -c 'chime-mark <in >/dev/full'
	[[ $output == *'stdout: cannot write'* ]]
}

@test "by hand without a database: an error record and 111" {
	db_stop
	silent n1 17 no-answer >in
	run -111 chime-mark <in
	jq_is '.type == "error" and .line == 1 and
	    (.reason | startswith("n1: database: "))' <<<"$output"
}

@test "standing without a database: drops the record, goes on with it" {
	mkfifo m.in
	exec 7<>m.in
	start m chime-mark
	db_stop
	echo '{"type":"tick"}' >&7
	silent n1 17 no-answer >&7
	wait_for 10 has m.out '"line":2,"reason":"n1: database'
	db_start
	again() {
		silent n1 17 no-answer >&7
		has m.out '"changed":true'
	}
	wait_for 10 again
	health_is n1 unreachable
	stop m
	[ "$rc" -eq 0 ]
}

@test "a host that beats while it is being marked is not marked" {
	# A heartbeat's transaction holds the row; mark waits for its outcome.
	{
		echo 'BEGIN; UPDATE chime.heartbeat SET beat = 18;
		    SELECT "held";'
		wait_for 20 test -e release
		echo 'COMMIT;'
	} | mariadb --no-defaults --socket=db.sock --user=root -n \
	    --skip-column-names >held 3>&- &
	holder=$!
	wait_for 10 has held held
	silent n1 17 no-answer >m.in
	start m chime-mark
	waits() {
		sql "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'" |
		    grep -q '	1$'
	}
	wait_for 10 waits
	touch release
	wait $holder
	wait_end m 10
	[ "$rc" -eq 0 ]
	has m.out 'it has reported since'
	health_is n1 ok
	[ -z "$(host_events n1)" ]
}

@test "health and event are one: without the event no health" {
	sql 'RENAME TABLE event TO elsewhere'
	silent n1 17 no-answer >in
	run -111 chime-mark <in
	health_is n1 ok
}

@test "ticks pass at once; none for five rounds, or the end: 111" {
	echo '{"type":"tick"}' >in
	run -111 chime-mark <in
	[[ $output == *'the stage before has ended'* ]]
	mkfifo m.in
	exec 7<>m.in
	CHIME_INTERVAL=400ms start m chime-mark
	before=$(now_ms)
	cat in >&7
	wait_for 10 has m.out '"tick"'
	wait_end m 10
	after=$(now_ms)
	[ "$rc" -eq 111 ]
	has m.err 'no tick for 1000 ms'
	[ $((after - before)) -ge 990 ]
}
