#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Who is silent, on a real database. Intervals are 200 ms to keep it short.
# shellcheck disable=SC2016 # for the inner shell

load lib/common
load lib/db
load lib/hosts

setup() {
	common_setup
	db_start
	db_schema
	export CHIME_INTERVAL=200ms
}

@test "usage and configuration: 100" {
	run -100 chime-stale operand
	run -100 chime-stale -x
	run -100 chime-stale -i 0
	[[ $output == *'-i 0: expected a time from 200ms'* ]]
	run -100 chime-stale -m 1
	CHIME_MISSED=1 run -100 chime-stale -1
	[[ $output == *'CHIME_MISSED=1'* ]]
	CHIME_DB_PORT=0 CHIME_DB_SOCKET='' run -100 chime-stale -1
	run -0 chime-stale -V
}

@test "no hosts, and hosts that never reported: nothing" {
	run -0 --separate-stderr chime-stale -1
	[ -z "$output$stderr" ]
	add_host n1
	run -0 --separate-stderr chime-stale -1
	[ -z "$output$stderr" ]
}

@test "-1: a silent host, with all that is needed to ask it" {
	add_host n1 10.1.2.3 1234
	beats n1 17
	run -0 --separate-stderr chime-stale -1
	jq_is '.type == "silent" and .host == "n1" and .beat == 17 and
	    .boot == "'"$BOOT"'" and .address == "10.1.2.3" and
	    .port == 1234 and .silent_ms >= 600 and .silent_ms < 800' \
	    <<<"$output"
	[ -z "$stderr" ]
}

@test "the key that the agent must have goes along, and is no token" {
	add_host n1
	beats n1 1
	db_token agent n1 >old
	sql "UPDATE token SET created_at = '2020-01-01'"
	db_token agent n1 >new
	run -0 --separate-stderr chime-stale -1
	hash=$(tr -d '\n' <new | sha256sum | cut -d ' ' -f 1)
	key=$(printf 'chime ping-back' | openssl dgst -sha256 -hmac "$hash" |
	    sed 's/.* //')
	jq_is ".key == \"$key\"" <<<"$output"
	[[ $output != *"$(cat new)"* && $output != *"$hash"* ]]
}

@test "-1 takes its whole time, and options win over the environment" {
	add_host n1
	beats n1 1
	before=$(now_ms)
	run -0 chime-stale -1 -i 300ms -m 4
	after=$(now_ms)
	[ $((after - before)) -ge 1190 ]
	jq_is '.silent_ms >= 1200 and .silent_ms < 1500' <<<"$output"
}

@test "-1 names no host that reported meanwhile, by beat or by boot" {
	add_host n1
	add_host n2
	add_host n3
	beats n1 1
	beats n2 1
	beats n3 1
	executed() {
		sql "SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'" | cut -f 2
	}
	before=$(executed)
	CHIME_INTERVAL=1s start s chime-stale -1
	# Two readings have begun, so one is done.
	readings() {
		[ "$(executed)" -ge $((before + 2)) ]
	}
	wait_for 10 readings
	beats n1 2
	beats n2 1 22222222-2222-4222-8222-222222222222
	wait_end s 10
	[ "$rc" -eq 0 ]
	jq_is '.host == "n3"' s.out
}

@test "-1 without a database: 111 at once, with the reason" {
	db_stop
	run -111 chime-stale -1
	[[ $output == *'chime-stale: error: database: '*'connect'* ]]
}

@test "-1 without tables: 111" {
	sql 'DROP TABLE heartbeat'
	run -111 chime-stale -1
	[[ $output == *heartbeat* ]]
}

@test "-1 on a full disk: 111" {
	add_host n1
	beats n1 1
	run -111 bash -c 'chime-stale -1 >/dev/full'
	[[ $output == *'stdout: cannot write'* ]]
}

@test "standing: ticks, counted; readiness; SIGTERM: 0" {
	mkfifo ready
	exec 7<>ready
	start s chime-stale -d 7
	read -r -t 10 -u 7 _
	wait_for 10 lines s.out 5
	stop s
	[ "$rc" -eq 0 ]
	jq_is '.type == "tick" and (.ts | length == 24)' s.out
	[ "$(jq -s 'map(.round) == [range(1; length + 1)]' s.out)" = true ]
}

@test "standing: a host that stays silent is named every interval" {
	add_host n1
	beats n1 1
	start s chime-stale
	named() {
		[ "$(grep -c '"silent"' s.out)" -ge "$1" ]
	}
	wait_for 10 named 3
	stop s
	[ "$(jq -s 'map(select(.type == "silent") | .silent_ms) |
	    .[0] >= 600 and .[1] >= .[0] + 200 and .[2] >= .[1] + 200' \
	    s.out)" = true ]
}

@test "standing: without a database it ticks on, and counts anew with it" {
	add_host n1
	beats n1 1
	db_stop
	CHIME_INTERVAL=1s start s chime-stale
	wait_for 10 lines s.out 3
	has s.err 'database: .*counting begins anew'
	db_start
	wait_for 10 has s.err 'answers again'
	wait_for 10 has s.out '"silent"'
	# One message a change, however often it tried.
	[ "$(wc -l <s.err)" -eq 2 ]
	# A restart during the count: the next word is a whole count later.
	db_stop
	db_start
	before=$(now_ms)
	n=$(grep -c '"silent"' s.out)
	more() {
		[ "$(grep -c '"silent"' s.out)" -gt "$n" ]
	}
	wait_for 10 more
	after=$(now_ms)
	tail -n 20 s.out | grep '"silent"' | tail -n 1 >last
	jq_is '.silent_ms >= 3000 and .silent_ms < 4000' last
	[ $((after - before)) -ge 2500 ]
}

@test "nobody reads: 111" {
	run -111 bash -c 'chime-stale | head -n 1 >/dev/null
	    exit ${PIPESTATUS[0]}'
	[[ $output == *'stdout: cannot write'* ]]
}
