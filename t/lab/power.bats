#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Power cuts: the node's whole tree killed, its /run wiped, and booted again.
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

@test "after a power cut VMs wanted running run again, stopped ones do not" {
	lab_up n1
	lab_vm web n1
	lab_vm idle n1
	cli vm stop idle --now
	wait_for 10 vm_is idle off

	virt_stop n1
	wait_for 10 host_is n1 unreachable
	lab_boot n1
	wait_for 10 host_is n1 run
	wait_for 20 vm_is web running
	[ "$(virt_virsh n1 list --name)" = web ]
}

@test "a node that boots starts nothing before the server has answered" {
	lab_up n1
	lab_vm web n1
	virt_stop n1
	lab_server stop
	lab_boot n1
	# Its agent is up and has asked in vain, twice.
	wait_for 15 has "$DIR/n1/log/heartbeat/current" 'cannot\|refused\|connect'
	wait_for 10 test -s "$DIR/n1/run/chime/agent/observed.jsonl"
	[ -z "$(virt_virsh n1 list --name)" ]
	lab_server start
	wait_for 20 vm_is web running
}

@test "a node put down starts nothing when it boots, and enable brings it back" {
	lab_up n1
	lab_vm web n1
	cli host down n1
	wait_for 60 vm_is web off
	run ! cli vm start web
	[ "$status" -eq 1 ]
	[[ $output == *down* ]]

	lab_boot n1
	wait_for 15 sql_is 1 "SELECT COUNT(*) FROM host WHERE name = 'n1'
	    AND health = 'ok'"
	wait_for 10 jq_is 'select(.type == "host") | .desired_rev != null' \
	    "$DIR/n1/run/chime/agent/observed.jsonl"
	[ -z "$(virt_virsh n1 list --name)" ]
	cli host enable n1
	wait_for 20 vm_is web running
}
