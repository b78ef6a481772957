#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# From kill -9 of a guest's qemu to the guest running again, as a ratio to
# `virsh start` of the same guest: the median of 20 is at most 2.0.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db
load ../lib/virt
load ../lab/net
load ../lab/lab

ROUNDS=${ROUNDS:-20}

setup() {
	common_setup
}

teardown() {
	lab_down
	common_teardown
}

us() {
	echo "${EPOCHREALTIME/[.,]/}"
}

median() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# The same guest under another name, which libvirt alone looks after.
define_twin() {
	virt_virsh n1 dumpxml g1 | sed "s,<name>g1</name>,<name>twin</name>,
	    s,<uuid>.*</uuid>,<uuid>$(uuid)</uuid>," >"$DIR/twin.xml"
	virt_virsh n1 define "$DIR/twin.xml"
}

# libvirt's own word, read as fast as it writes it, and in one piece: between
# two reads the file of the dead qemu may go and that of the new one come.
runs_as_other_than() {
	local now

	now=$(sed -n "s/^<domstatus state='running'.* pid='\([0-9]*\)'.*/\1/p" \
	    "$DIR/n1/run/libvirt/qemu/$1.xml" 2>/dev/null)
	[ -n "$now" ] && [ "$now" != "$2" ]
}

# All run, and for so long that a death now is no crash loop.
settled() {
	jq -es --argjson n "$ROUNDS" '[.[] | select(.vm and .state == "running"
	    and now - (.ts | sub("\\.[0-9]+"; "") | fromdate) > 11)]
	    | length == $n' "$DIR/n1/run/chime/agent/observed.jsonl" >/dev/null
}

@test "kill -9 of a qemu, as a ratio to virsh start" {
	LAB_SERVER_CONF=CHIME_CPU_RATIO=64
	lab_up n1
	for ((i = 1; i <= ROUNDS; i++)); do
		cli vm create --name "g$i" --host n1 --vcpus 1 \
		    --memory-mib 16 --disk "$LAB_DISK" >/dev/null
	done
	wait_for 60 settled
	define_twin
	for ((i = 1; i <= ROUNDS; i++)); do
		t=$(us)
		virt_virsh n1 start twin
		echo $(($(us) - t)) >>"$DIR/start"
		virt_virsh n1 destroy twin

		qemu=$(virt_qemu n1 "g$i")
		t=$(us)
		virt_kill n1 "g$i"
		until runs_as_other_than "g$i" "$qemu"; do :; done
		echo $(($(us) - t)) >>"$DIR/restart"
	done
	start=$(median "$DIR/start") restart=$(median "$DIR/restart")
	awk -v s="$start" -v r="$restart" -v n="$ROUNDS" 'BEGIN {
		printf "virsh start %.0f ms, kill to running %.0f ms", \
		    s / 1000, r / 1000
		printf " (medians of %d): ratio %.2f\n", n, r / s
		exit r > 2 * s }'
}
