#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The business and the storage network of nodes: down is the host's error and
# nobody else's, up again is run by itself. Guests never notice.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db
load ../lib/virt
load net
load lab

setup() {
	common_setup
	LAB_NETS=1
	lab_up n1 n2 n3
	for node in n1 n2 n3; do
		wait_for 30 net_is $node business up
		wait_for 30 net_is $node storage up
	done
}

teardown() {
	lab_down
	common_teardown
}

# net_is NODE NET STATE: by the node's own word.
net_is() {
	jq -es --arg net "$2" --arg state "$3" 'any(.[]; .net == $net and
	    .state == $state)' "$DIR/$1/run/chime/agent/networks.jsonl" \
	    >/dev/null 2>&1
}

# status NODE: what chime-agent says there.
status() {
	virt_sh "$1" env PATH="$PATH" "$BUILD/bin/chime-agent" status \
	    --conf "$DIR/$1/chime/agent.conf"
}

# says NODE REASON: the error the server has of it.
says() {
	host_is "$1" error &&
	    [ "$(cli host show "$1" | jq -r .health_reason)" = "$2" ]
}

# errors NODE: how many events there were.
errors() {
	sql "SELECT COUNT(*) FROM event WHERE host = '$1' AND kind = 'host.error'"
}

@test "storage down: no carrier, then silence; error, an event, and back" {
	lab_vm web n1
	qemu=$(virt_qemu n1 web)
	status n1 | jq_is 'if .type == "fact" then .state == "up" and
	    .peers == 2 and .answered == 2 else true end'

	ip -n "$NET_PFX-n1" link set eth2 down
	wait_for 30 says n1 'storage network: down: no carrier (eth2)'
	cli event list --host n1 | jq -c 'select(.kind == "host.error")' >event
	jq_is '.level == "alert" and (.text | test("n1 reports an error: " +
	    "storage network: down: no carrier"))' event
	# The node says so itself, and needs no server for it.
	lab_server stop
	run -1 --separate-stderr status n1
	jq -c 'select(.type == "fact")' <<<"$output" >facts
	jq_is '.state == if .net == "storage" then "down" else "up" end' facts
	[ "$(jq -r 'select(.net == "storage").reason' facts)" = "no carrier" ]
	lab_server start
	wait_for 30 host_is n1 error
	# Nobody else is in trouble, and VMs are placed there.
	for node in n2 n3; do
		wait_for 15 host_is $node run
		net_is $node storage up
	done
	cli vm create --name other --vcpus 1 --memory-mib 16 --stopped
	sql_is 0 "SELECT COUNT(*) FROM vm WHERE name = 'other' AND host = 'n1'"

	ip -n "$NET_PFX-n1" link set eth2 up
	wait_for 30 host_is n1 run
	wait_for 10 status n1
	cli event list --host n1 | tail -n 1 | jq_is '.kind == "host.run"'

	# The link is well, but nothing comes through it.
	ip -n "$NET_PFX-sw" link set v2-n1 nomaster
	wait_for 30 says n1 \
	    'storage network: down: no peer answers through eth2'
	ip -n "$NET_PFX-sw" link set v2-n1 master br2
	wait_for 30 host_is n1 run
	[ "$(errors n2)$(errors n3)" = 00 ]
	[ "$(virt_qemu n1 web)" = "$qemu" ]
	vm_is web running
}

@test "business down on all nodes: each says so; the last node is no error" {
	ip -n "$NET_PFX-sw" link set br1 down
	for node in n1 n2 n3; do
		wait_for 30 says $node \
		    'business network: down: no peer answers through eth1'
	done
	ip -n "$NET_PFX-sw" link set br1 up
	for node in n1 n2 n3; do
		wait_for 30 host_is $node run
	done
	# Machines that are off leave the lists.
	virt_stop n2
	virt_stop n3
	for node in n2 n3; do
		wait_for 15 host_is $node unreachable
	done
	wait_for 30 net_is n1 storage unknown
	wait_for 30 net_is n1 business unknown
	wait_for 15 host_is n1 run
}
