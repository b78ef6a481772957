#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The servers or their database were away for long: nobody is called
# unreachable before it had its three intervals again.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db
load ../lib/virt
load net
load lab

setup() {
	common_setup
}

teardown() {
	lab_down
	common_teardown
}

# The last heartbeats are now ten minutes old, as after a night of repair.
age() {
	sql "UPDATE heartbeat SET seen_at = seen_at - INTERVAL 10 MINUTE"
}

marked() {
	sql "SELECT COUNT(*) FROM event WHERE id > $1
	    AND kind IN ('host.unreachable', 'host.silent')"
}

# From when the pipe counts again to the first mark, at least three intervals.
marked_no_sooner() {
	local from=$1 ms

	wait_for 15 host_is n1 unreachable
	ms=$(($(now_ms) - from))
	[ "$ms" -ge 3000 ]
}

@test "the server was away: three intervals again, then unreachable" {
	lab_up n1
	lab_server stop
	net_cut n1
	age
	last=$(sql 'SELECT COALESCE(MAX(id), 0) FROM event')
	from=$(now_ms)
	lab_server start
	host_is n1 run
	marked_no_sooner "$from"
	[ "$(marked "$last")" -eq 1 ]
}

@test "the database was away: three intervals again, then unreachable" {
	lab_up n1
	db_stop
	net_cut n1
	wait_for 10 lab_refuses
	db_start
	from=$(now_ms)
	age
	marked_no_sooner "$from"
}

lab_refuses() {
	! cli host list >/dev/null 2>&1
}

@test "the server was away and the nodes are well: nobody is marked" {
	lab_up n1 n2
	last=$(sql 'SELECT COALESCE(MAX(id), 0) FROM event')
	lab_server stop
	age
	lab_server start
	wait_for 10 sql_is 2 "SELECT COUNT(*) FROM heartbeat
	    WHERE seen_at > UTC_TIMESTAMP(3) - INTERVAL 5 SECOND"
	# A host that says nothing next to them is marked in its time; until
	# then a wrong count of the other two would have shown.
	net_cut n2
	wait_for 10 host_is n2 unreachable
	host_is n1 run
	sql_is 0 "SELECT COUNT(*) FROM event WHERE id > $last AND host = 'n1'"
}
