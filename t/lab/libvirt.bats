#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# qemu and libvirtd fail in every order; the VM runs, and never twice.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db
load ../lib/virt
load net
load lab

setup() {
	common_setup
	lab_up n1
	lab_vm web n1
	qemu=$(virt_qemu n1 web)
}

teardown() {
	lab_down
	common_teardown
}

runs_anew() {
	local now

	now=$(virt_qemu n1 web) || return
	[ -n "$now" ] && [ "$now" != "$qemu" ] && vm_is web running
}

qemus() {
	virt_sh n1 pgrep -c qemu-system
}

@test "kill -9 of a guest's qemu: running again with a new process" {
	virt_kill n1 web
	wait_for 30 runs_anew
	[ "$(qemus)" -eq 1 ]
}

@test "qemu dies while libvirtd is away: back when libvirtd is" {
	virt_daemon n1 kill
	virt_kill n1 web
	wait_for 15 vm_is web unknown
	virt_daemon n1 up
	wait_for 30 runs_anew
	[ "$(qemus)" -eq 1 ]
}

@test "libvirtd killed alone: the guest is not touched" {
	virt_daemon n1 kill
	wait_for 15 vm_is web unknown
	virt_daemon n1 up
	wait_for 15 vm_is web running
	[ "$(virt_qemu n1 web)" = "$qemu" ]
}

@test "libvirtd stopped: nothing is started or called off, health says so" {
	cli vm create --name second --host n1 --vcpus 1 --memory-mib 16 --stopped
	virt_daemon n1 stop
	wait_for 30 host_is n1 error
	vm_is web unknown
	cli host show n1 | jq_is '.health_reason | test("libvirt")'
	# A wish is taken, and waits.
	cli vm start second
	wait_for 5 sql_is 1 "SELECT COUNT(*) FROM heartbeat b
	    JOIN host h ON h.name = b.host WHERE b.desired_rev = h.desired_rev"
	vm_is second unknown
	[ "$(qemus)" -eq 1 ]
	virt_daemon n1 cont
	wait_for 30 host_is n1 run
	wait_for 20 vm_is second running
	[ "$(virt_qemu n1 web)" = "$qemu" ]
}
