#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A node the servers cannot hear, and one that only half answers.
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

# How long after its last heartbeat the host was called this, in ms.
marked_after() {
	sql "SELECT ROUND(TIMESTAMPDIFF(MICROSECOND, h.seen_at, e.ts) / 1000)
	    FROM event e JOIN heartbeat h ON h.host = e.host
	    WHERE e.host = '$1' AND e.kind = 'host.$2' ORDER BY e.id DESC LIMIT 1"
}

@test "a node that is cut off: unreachable in time, refused, and back by itself" {
	lab_up n1 n2
	lab_vm web n1
	qemu=$(virt_qemu n1 web)

	net_cut n1
	wait_for 10 host_is n1 unreachable
	ms=$(marked_after n1 unreachable)
	[ "$ms" -ge 3000 ] # three intervals
	[ "$ms" -le 3500 ] # and the ping-back, within half of one
	cli event list --host n1 | jq_is 'select(.kind == "host.unreachable")
	    | .level == "alert"'
	host_is n2 run

	# Commands are refused with what to do, and change nothing.
	for order in start stop; do
		run ! cli vm $order web
		[ "$status" -eq 1 ]
		[[ $output == *n1*unreachable* ]]
	done
	sql_is running "SELECT want FROM vm WHERE name = 'web'"
	run ! cli vm create --name other --host n1 --vcpus 1 --memory-mib 16
	[ "$status" -eq 1 ]
	sql_is 0 "SELECT COUNT(*) FROM vm WHERE name = 'other'"
	# Placement goes elsewhere.
	cli vm create --name placed --vcpus 1 --memory-mib 16
	sql_is n2 "SELECT host FROM vm WHERE name = 'placed'"
	# The VM itself never noticed.
	[ "$(virt_qemu n1 web)" = "$qemu" ]

	net_heal n1
	wait_for 10 host_is n1 run
	sql_is 1 "SELECT COUNT(*) FROM event
	    WHERE host = 'n1' AND kind = 'host.unreachable'"
	cli vm stop web --now
	wait_for 10 vm_is web off
}

@test "only chime-heartbeat is frozen: silent, not unreachable" {
	lab_up n1
	s6-svc -p "$(lab_svc n1 heartbeat)"
	wait_for 10 host_is n1 silent
	ms=$(marked_after n1 silent)
	[ "$ms" -ge 3000 ]
	[ "$ms" -le 3500 ]
	sql_is 0 "SELECT COUNT(*) FROM event
	    WHERE host = 'n1' AND kind = 'host.unreachable'"
	s6-svc -c "$(lab_svc n1 heartbeat)"
	wait_for 10 host_is n1 run
}
