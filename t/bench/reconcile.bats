#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# One pass over 1000 domains that libvirt knows, as a ratio to `virsh list
# --all` there: at most 1/10 (of medians).
#
# A pass is what chime-reconcile does every CHIME_RECONCILE and after what it
# did: it asks libvirtd for a listing over its standing connection, takes it
# in, and plans for all 1000 VMs (t/bench/looks.c). Not in it are the start of
# the process, connecting, and the metadata of each domain, which is read once
# in its life. Nor is virsh's start counted: its list is a tenth of what a virsh
# that lists eleven times takes longer than one that lists once.
#
# Twice: with all domains off, in the qemu driver, which chime leaves out of
# its listing; and with all running, in libvirt's test driver behind the same
# libvirtd, as 1000 qemus are too many.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/virt

DOMAINS=1000
ROUNDS=5

setup() {
	common_setup
}

teardown() {
	virt_stop n1
	common_teardown
}

us() {
	echo "${EPOCHREALTIME/[.,]/}"
}

# took COMMAND...: the median of its ROUNDS runs, in microseconds.
took() {
	local i t

	for ((i = 0; i < ROUNDS; i++)); do
		t=$(us)
		"$@" >/dev/null
		echo $(($(us) - t))
	done | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# The VMs as the server wants them, and as definitions of TYPE.
vms() {
	awk -v n="$DOMAINS" -v boot="$(uuid)" -v want="$2" 'BEGIN {
		rest = "\"wish\":1,\"generation\":1,\"restart\":\"never\","
		rest = rest "\"grace_ms\":0,\"vcpus\":1,\"memory_mib\":16"
		printf "{\"type\":\"host\",\"host\":\"n1\",\"boot\":\"%s\",", \
		    boot
		print "\"admin\":\"run\",\"desired_rev\":\"0123456789abcdef\"}"
		for (i = 0; i < n; i++) {
			printf "{\"type\":\"vm\",\"vm\":\"00000000-0000-4000-"
			printf "8000-%012d\",\"name\":\"g%d\",", i, i
			printf "\"want\":\"%s\",%s}\n", want, rest
		}
	}' >desired.jsonl
	awk -v n="$DOMAINS" -v type="$1" 'BEGIN {
		for (i = 0; i < n; i++) {
			printf "<domain type=\"%s\"><name>g%d</name>", type, i
			printf "<uuid>00000000-0000-4000-8000-%012d</uuid>", i
			printf "<metadata><vm xmlns=\"urn:chime:vm\""
			printf " wish=\"1\" generation=\"1\"/></metadata>"
			printf "<memory unit=\"MiB\">16</memory><os>"
			print "<type arch=\"x86_64\">hvm</type></os></domain>"
		}
	}' >domains
}

# compare URI RUNNING
compare() {
	local list='list --all;' once many n listed pass

	[ "$(virsh -q -c "$1" list --all --name | grep -c .)" = "$DOMAINS" ]
	once=$(took virsh -q -c "$1" "$list")
	list=$list$list$list$list$list$list$list$list$list$list$list
	many=$(took virsh -q -c "$1" "$list")
	"$BUILD/bench/looks" "$1" 20 <desired.jsonl >looked
	read -r n listed pass <looked
	[ "$n" = "$DOMAINS" ]
	[ "$listed" = "$2" ]
	awk -v v=$(((many - once) / 10)) -v p="$pass" -v r="$2" 'BEGIN {
		printf "%d running: virsh list --all %.1f ms, ", r, v / 1000
		printf "a pass %.2f ms: ratio %.3f\n", p / 1000, p / v
		exit p > v / 10 }'
}

@test "a pass over $DOMAINS domains that are off" {
	virt_conf n1
	mkdir -p n1/etc/qemu
	vms qemu stopped
	while read -r xml; do
		name=${xml#*<name>}
		echo "$xml" >"n1/etc/qemu/${name%%</name>*}.xml"
	done <domains
	virt_start n1
	compare "$(virt_uri n1)" 0
}

@test "a pass over $DOMAINS domains that run" {
	virt_start n1
	vms test running
	{ echo '<node>' && cat domains && echo '</node>'; } >n1/run/node.xml
	compare "test+unix:///run/node.xml?socket=$DIR/n1/run/libvirt/libvirt-sock" \
	    "$DOMAINS"
}
