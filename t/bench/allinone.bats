#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# How long `make run` takes to a running VM, the packages being there. People
# are promised 15 s; shown, not asserted: machines differ.

load ../lib/common

@test "from nothing to a running VM" {
	mkdir tmp
	port=$(free_port)
	start one env TMPDIR="$DIR/tmp" chimeadm allinone --port "$port" \
	    --page-port "$(free_port)" --pong-port "$(free_port udp)"
	wait_for 120 has one.out '^running;'
	grep 'VM demo runs' one.out
	stop one INT
}
