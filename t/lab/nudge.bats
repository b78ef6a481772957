#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A command reaches the agent at once by the nudge, and with the next beat
# when the nudge is lost.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db
load ../lib/virt
load net
load lab

setup() {
	common_setup
	# Beats so far apart that what comes at once did not come by one.
	LAB_INTERVAL=6s
	lab_up n1
	lab_vm web n1
}

teardown() {
	lab_down
	common_teardown
}

desires() {
	jq -es --arg want "$1" 'any(.[]; .name == "web" and .want == $want)' \
	    "$DIR/n1/run/chime/agent/desired.jsonl" >/dev/null
}

@test "a stop reaches the agent within a second of the answer" {
	cli vm stop web --now
	wait_for 1 desires stopped
	wait_for 10 vm_is web off
}

@test "and with the next beat when nobody hears the nudge" {
	s6-svc -wD -d "$(lab_svc n1 pong)"
	cli vm stop web --now
	wait_for 7 desires stopped
	wait_for 10 vm_is web off
}
