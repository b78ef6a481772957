#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# chime-stale | chime-ping | chime-mark as one standing pipe, with intervals
# of 1 s: who is called unreachable, when, and what a dead stage does.

load ../lib/common
load ../lib/db
load ../lib/hosts

setup() {
	common_setup
	db_start
	db_schema
	sql 'DELETE FROM event'
	export CHIME_INTERVAL=1s
}

# The pipe, each stage with a pid of its own; up when a tick went through.
monitor() {
	rm -f one two
	mkfifo one two
	start stale sh -c 'exec chime-stale >one'
	start ping sh -c 'exec chime-ping <one >two'
	start mark sh -c 'exec chime-mark <two'
	wait_for 10 has mark.out '"tick"'
}

# passed N: N more ticks go through the whole pipe.
passed() {
	local n=$(($(grep -c '"tick"' mark.out) + $1))

	ticked() {
		[ "$(grep -c '"tick"' mark.out)" -ge "$n" ]
	}
	wait_for 30 ticked
}

# ms FROM TO: milliseconds between two expressions of the database's clock.
ms() {
	sql "SELECT TIMESTAMPDIFF(MICROSECOND, $1, $2) DIV 1000
	    FROM host JOIN heartbeat ON host = name WHERE name = '$3'"
}

@test "unreachable after 3 intervals and the ping-back, in half an interval" {
	for i in 1 2 3 4 5 6; do
		add_host h$i 127.0.0.1 "$(free_port udp)"
	done
	monitor
	# One after the other: each at another moment between two readings.
	for i in 1 2 3 4 5 6; do
		beats h$i 1
	done
	all() {
		sql_is 6 "SELECT COUNT(*) FROM host
		    WHERE health = 'unreachable'"
	}
	wait_for 10 all
	for i in 1 2 3 4 5 6; do
		took=$(ms seen_at health_since h$i)
		echo "h$i: $took ms"
		[ "$took" -ge 3250 ]
		[ "$took" -le 3500 ]
		[ "$(host_events h$i)" = host.unreachable ]
	done
	# And it stays one alert, however often it is named.
	before=$(grep -c '"marked"' mark.out)
	named() {
		[ "$(grep -c '"marked"' mark.out)" -ge $((before + 12)) ]
	}
	wait_for 10 named
	sql_is 6 'SELECT COUNT(*) FROM event'
}

@test "a host that reports every interval is never named" {
	add_host n1
	add_host n2
	beats n1 1
	beats n2 1
	monitor
	for n in 2 3 4 5 6; do
		beats n1 $n
		passed 2
	done
	wait_for 10 health_is n2 unreachable
	health_is n1 ok
	run ! grep -q '"host":"n1"' mark.out
}

@test "silent while the agent answers, then unreachable, and back to run" {
	port=$(free_port udp)
	add_host n1 127.0.0.1 "$port"
	token=$(db_token agent n1)
	(umask 077 && echo "$token" >token)
	export CHIME_TOKEN_FILE=$DIR/token
	pong n1 "$port"
	beats n1 1
	monitor
	wait_for 10 health_is n1 silent
	[ "$(host_events n1)" = host.silent ]
	passed 4
	health_is n1 silent
	stop pong-n1
	wait_for 10 health_is n1 unreachable
	pong n1 "$port"
	wait_for 10 health_is n1 silent
	[ "$(host_events n1)" = 'host.silent host.unreachable host.silent' ]
	printf '{"type":"heartbeat","host":"n1","proto":1,"boot":"%s","beat":2,"observed_rev":"00000000000000aa","health":"ok"}\n' \
	    "$BOOT" >body
	jq -cRs --arg t "$token" '{id: 1, method: "POST", token: $t,
	    path: "/v1/host/n1/heartbeat", body: .}' body >request
	"$LIBEXEC/api-heartbeat" <request >answer
	health_is n1 ok
	[ "$(host_events n1)" = \
	    'host.silent host.unreachable host.silent host.run' ]
}

@test "kill -9 of any stage ends the others by themselves, with 111" {
	for stage in stale ping mark; do
		monitor
		signal $stage KILL
		wait_end $stage 10
		for other in stale ping mark; do
			[ $other != $stage ] || continue
			wait_end $other 10
			[ "$rc" -eq 111 ]
		done
		: >mark.out
	done
}

@test "a stage that hangs is noticed by the one behind it" {
	monitor
	signal stale STOP
	wait_end ping 10
	[ "$rc" -eq 111 ]
	wait_end mark 10
	[ "$rc" -eq 111 ]
	has ping.err 'no tick for 2500 ms'
	stop stale KILL
	: >mark.out
	monitor
	signal ping STOP
	wait_end mark 10
	[ "$rc" -eq 111 ]
	has mark.err 'no tick for 2500 ms'
	stop ping KILL
}

@test "the database restarted: 3 whole intervals again before any word" {
	add_host n1 127.0.0.1 "$(free_port udp)"
	beats n1 1
	sql "UPDATE heartbeat SET seen_at = '2020-01-01'"
	monitor
	passed 4
	health_is n1 ok
	db_stop
	down=$(date -u '+%F %T.%3N')
	db_start
	wait_for 10 health_is n1 unreachable
	took=$(ms "'$down'" health_since n1)
	echo "$took ms"
	[ "$took" -ge 3250 ]
	[ "$(host_events n1)" = host.unreachable ]
}

@test "the pipe restarted: 3 whole intervals again" {
	add_host n1 127.0.0.1 "$(free_port udp)"
	beats n1 1
	sql "UPDATE heartbeat SET seen_at = '2020-01-01'"
	monitor
	passed 4
	for stage in mark ping stale; do
		stop $stage
	done
	health_is n1 ok
	again=$(date -u '+%F %T.%3N')
	: >mark.out
	monitor
	wait_for 10 health_is n1 unreachable
	took=$(ms "'$again'" health_since n1)
	echo "$took ms"
	[ "$took" -ge 3250 ]
}

@test "the database frozen: nobody is blamed for what could not be written" {
	# Ticks stop with it; they are not what is looked at here.
	# 8 s make a host silent, 10 s without a tick end a stage.
	export CHIME_INTERVAL=4s CHIME_MISSED=2
	add_host n1 127.0.0.1 "$(free_port udp)"
	beats n1 1
	monitor
	passed 2
	signal db STOP
	frozen=$(now_ms)
	enough() {
		[ $(($(now_ms) - frozen)) -ge 8600 ]
	}
	wait_for 12 enough
	signal db CONT
	beats n1 2
	passed 2
	health_is n1 ok
	[ -z "$(host_events n1)" ]
	run ! grep -q marked mark.out
}
