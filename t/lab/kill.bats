#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# kill -9 of every process of chime and of its database, one after the other,
# while commands come in: all are back, nothing accepted is lost, and no VM
# notices.
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

# The processes of these names below the lab's own server and node.
victims() {
	local name=$1 pid

	for pid in $(pgrep -x "$name"); do
		if grep -qz "^CHIME_RUN_DIR=$DIR/s1-run$\|^CHIME_CONSOLE_DIR=$DIR/" \
		    "/proc/$pid/environ" 2>/dev/null; then
			echo "$pid"
		fi
	done
}

back() {
	local now

	now=$(victims "$1")
	[ -n "$now" ] && [ "$now" != "$2" ]
}

# flip STATE: wishes it, repeating what was refused for a passing reason
# until it is accepted.
flip() {
	wait_for 20 cli vm "$1" flip
}

@test "kill -9 of each process in turn" {
	lab_up n1
	lab_vm web n1
	cli vm create --name flip --host n1 --vcpus 1 --memory-mib 16 --stopped
	qemu=$(virt_qemu n1 web)
	wish=stop
	for name in chime-apiserver api-heartbeat api-call chime-stale \
	    chime-ping chime-mark chime-heartbeat chime-pong \
	    chime-probe chime-reconcile chime-deadman; do
		before=$(victims "$name")
		[ -n "$before" ] || { echo "$name does not run"; false; }
		[ $wish = start ] && wish=stop || wish=start
		flip $wish
		kill -9 ${before%%$'\n'*}
		wait_for 15 back "$name" "$before" ||
		    { echo "$name is not back"; false; }
		# What was accepted before the kill is still wished.
		want=running
		[ $wish = start ] || want=stopped
		sql_is $want "SELECT want FROM vm WHERE name = 'flip'"
		wait_for 15 host_is n1 run
		echo "# $name" >>"$DIR/killed"
	done
	[ "$(wc -l <"$DIR/killed")" -eq 11 ]
	state=running
	[ $wish = start ] || state=off
	wait_for 40 vm_is flip $state
	[ "$(virt_qemu n1 web)" = "$qemu" ]
	vm_is web running
}

@test "kill -9 of the database: back with all it accepted, nobody unreachable" {
	lab_up n1
	lab_vm web n1
	qemu=$(virt_qemu n1 web)
	cli vm create --name flip --host n1 --vcpus 1 --memory-mib 16 --stopped
	cli vm start flip
	stop db KILL
	# A command without a database is refused as a passing failure.
	run ! cli vm stop flip
	[ "$status" -eq 111 ]
	db_start
	wait_for 15 host_is n1 run
	sql_is running "SELECT want FROM vm WHERE name = 'flip'"
	wait_for 20 vm_is flip running
	sql_is 0 "SELECT COUNT(*) FROM event
	    WHERE kind IN ('host.unreachable', 'host.silent')"
	[ "$(virt_qemu n1 web)" = "$qemu" ]
}

@test "kill -9 of the launchers: the roles start again, the VM runs on" {
	lab_up n1
	lab_vm web n1
	qemu=$(virt_qemu n1 web)
	stop s1 KILL
	lab_server start
	wait_for 15 host_is n1 run
	agent=$(cat "$DIR/n1/run/chime/agent.pid")
	virt_sh n1 kill -9 "$agent"
	wait_for 20 back_agent "$agent"
	wait_for 15 host_is n1 run
	[ "$(virt_qemu n1 web)" = "$qemu" ]
}

back_agent() {
	[ -s "$DIR/n1/run/chime/agent.pid" ] &&
	    [ "$(cat "$DIR/n1/run/chime/agent.pid")" != "$1" ]
}
