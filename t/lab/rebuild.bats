#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Failures that only a person can mend: a node's management network gone (its
# VMs are migrated by hand), all its networks gone (they are drained on it, and a
# receipt is carried), and a node without power.
# At no moment does a VM run on two nodes.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db
load ../lib/virt
load ../lib/pair
load net
load lab

setup() {
	common_setup
}

teardown() {
	lab_down
	common_teardown
}

# shared_vm NAME NODE: a VM whose writable disk both nodes have.
shared_vm() {
	[ -e "$DIR/$1.img" ] || cp "$SHARE/boot.img" "$DIR/$1.img"
	cli vm create --name "$1" --host "$2" --vcpus 1 --memory-mib 16 \
	    --disk "path=$DIR/$1.img,format=raw,device=floppy,shared" >/dev/null
	wait_for 20 vm_is "$1" running
}

runs_on() {
	virt_virsh "$1" list --name | grep -qx "$2"
}

owner_is() {
	[ "$(cli vm show "$1" | jq -r .host)" = "$2" ]
}

@test "management gone: migrated by hand over the business network" {
	LAB_NETS=1 LAB_LISTEN=1
	lab_up n1 n2
	lab_vm web n1
	net_cut n1
	wait_for 15 host_is n1 unreachable
	run -0 virt_sh n1 chime-agent migrate --interface eth1 --all \
	    --dest "$(net_more_ip 1 n2)" --via tcp --confirm \
	    --conf "$DIR/n1/chime/agent.conf"
	run ! runs_on n1 web
	# The servers learn it from where it went, and that node looks after it.
	wait_for 15 owner_is web n2
	wait_for 15 vm_is web running
	old=$(virt_qemu n2 web)
	virt_kill n2 web
	again() {
		runs_on n2 web && [ "$(virt_qemu n2 web)" != "$old" ]
	}
	wait_for 20 again
	# Where it was, it is not started again: cut off, and back.
	run ! runs_on n1 web
	net_heal n1
	wait_for 15 host_is n1 run
	wait_for 10 vm_is web running
	run ! runs_on n1 web
	owner_is web n2
	cli event list | grep -q '"vm.migrated"'
}

@test "both networks gone: drained on the node, rebuilt elsewhere by receipt" {
	lab_up n1 n2
	shared_vm web n1
	uuid=$(cli vm show web | jq -r .vm)
	net_cut n1
	wait_for 15 host_is n1 unreachable
	run -1 cli host rebuild n1
	[[ $output == *"may run on host n1"* ]]
	runs_on n1 web
	# On its console: shown first, then done.
	run -1 virt_sh n1 chime-agent drain --all --conf "$DIR/n1/chime/agent.conf"
	[[ $output == *"to be refused and stopped"* ]]
	runs_on n1 web
	run -0 virt_sh n1 chime-agent drain --all --confirm --grace 0s \
	    --receipt "$DIR/receipt" --conf "$DIR/n1/chime/agent.conf"
	run ! runs_on n1 web
	# The agent is alive and wants it running; the ledger does not let it.
	wait_for 15 jq_is "select(.vm == \"$uuid\") | .state == \"off\"
	    and .refused == 1" "$DIR/n1/run/chime/agent/observed.jsonl"
	run ! runs_on n1 web
	cli host rebuild n1 --receipt "$DIR/receipt" >moved
	jq_is '.proof == "receipt" and .to == "n2"' moved
	wait_for 20 vm_is web running
	runs_on n2 web
	# The network is mended: the node learns that it is not its own any more.
	net_heal n1
	wait_for 15 host_is n1 run
	run ! runs_on n1 web
	# And back again, by the same door; its ledger is above that by now.
	run -0 virt_sh n2 chime-agent drain --all --confirm --grace 0s \
	    --conf "$DIR/n2/chime/agent.conf"
	wait_for 15 cli host rebuild n2
	wait_for 20 runs_on n1 web
	run ! runs_on n2 web
}

@test "no power: rebuilt when a person says so, and not started at its return" {
	lab_up n1 n2
	shared_vm web n1
	virt_stop n1
	wait_for 15 host_is n1 unreachable
	run -1 cli host rebuild n1
	[[ $output == *"may run on host n1"* ]]
	cli host rebuild n1 --confirm-fenced >moved
	jq_is '.proof == "off" and .to == "n2"' moved
	wait_for 20 vm_is web running
	runs_on n2 web
	lab_boot n1
	wait_for 20 host_is n1 run
	run ! runs_on n1 web
	runs_on n2 web
	cli event list | grep -q '"vm.rebuilt"'
}
