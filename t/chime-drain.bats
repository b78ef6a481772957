#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# chime-drain beside chime-reconcile, on a real libvirtd with real qemus: what
# is drained does not come back, whatever happens.

load lib/common
load lib/virt

BOOT=0e5b2a9c-5f43-4f0e-8a55-3c9e0a6b7d10
WEB=6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c01
DB=6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c02

setup() {
	common_setup
	export CHIME_HOST=n1 CHIME_DOMAIN_TYPE=qemu CHIME_AGENT_DIR=$DIR/agent
	export CHIME_RECONCILE=1s CHIME_TOKEN_FILE=$DIR/token
	mkdir agent
	echo $BOOT >agent/boot
	(umask 077 && echo 'the agent of n1' >token)
}

teardown() {
	local status=0

	virt_stop n1 || status=1
	common_teardown && return $status
}

# node [VM...]: libvirtd, chime-reconcile, and these VMs running.
node() {
	virt_start n1
	CHIME_LIBVIRT_URI=$(virt_uri n1)
	export CHIME_LIBVIRT_URI
	wants 1 "$@"
	start rec chime-reconcile
	for vm in "$@"; do
		wait_for 20 is "$vm" '.state == "running"'
	done
}

# wants GENERATION VM...: what the server is said to want.
wants() {
	local generation=$1 vm

	shift
	{
		jq -nc --arg boot $BOOT '{type: "host", host: "n1", boot: $boot,
		    admin: "run", desired_rev: "00000000000000aa"}'
		for vm in "$@"; do
			jq -nc --arg vm "$vm" --argjson g "$generation" \
			    --arg img "${IMG:-$SHARE/boot.img}" '{type: "vm", vm: $vm,
			    name: ("v" + $vm[-2:]), want: "running", wish: 1,
			    generation: $g, vcpus: 1, memory_mib: 16,
			    spec: {disks: [{path: $img, format: "raw",
				device: "floppy", readonly: true}]}}'
		done
	} >agent/desired.tmp
	mv agent/desired.tmp agent/desired.jsonl
}

# is VM FILTER: whether it was observed and satisfies the filter.
is() {
	jq -es --arg vm "$1" "any(.[] | select(.vm == \$vm); $2)" \
	    agent/observed.jsonl >/dev/null 2>&1
}

# record VM [GENERATION]: a line for chime-drain's stdin.
record() {
	jq -nc --arg vm "$1" --argjson g "${2:-null}" \
	    '{type: "vm", vm: $vm} + if $g then {generation: $g} else {} end'
}

# deaf: guests that do not listen to their power button.
deaf() {
	IMG=$DIR/deaf.img
	truncate -s 1440K "$IMG"
}

domains() {
	virt_virsh n1 list --uuid | sed '/^$/d' | sort
}

@test "usage, and what is missing" {
	run -100 chime-drain -x
	run -100 chime-drain operand
	run -100 chime-drain -g soon
	run -0 chime-drain -V
	CHIME_HOST='' run -100 chime-drain -a
	[[ $output == *CHIME_HOST* ]]
	CHIME_TOKEN_FILE='' run -100 chime-drain -a
	[[ $output == *CHIME_TOKEN_FILE* ]]
	chmod 644 token
	run -100 chime-drain -a
	[[ $output == *"CHIME_TOKEN_FILE: $DIR/token"* ]]
	chmod 600 token
	echo garbage >ledger.jsonl
	run -111 chime-drain -a
	[[ $output == *"$DIR/ledger.jsonl: line 1: "* ]]
	rm ledger.jsonl
	CHIME_LIBVIRT_URI="qemu+unix:///system?socket=$DIR/none" \
	    run -111 chime-drain -a
	[[ $output == *"libvirt does not answer"*"nothing was done"* ]]
	[ "$(wc -l <ledger.jsonl)" -eq 1 ]
}

@test "a drained VM is off, stays off, and comes back above the refusal only" {
	node $WEB $DB
	record $WEB >in
	run -1 chime-drain -n <in
	[ "$(jq -r '.action' <<<"$output")" = drain ]
	[[ $output == *"to be refused and stopped, up to generation 1.1.0"* ]]
	run -0 --separate-stderr chime-drain -g 0s <in
	jq_is ".type == \"receipt\" and .host == \"n1\" and .vm == \"$WEB\"
	    and .generation == \"1.1.0\" and (.mac | length) == 64
	    and (.ledger | length) == 32" <<<"$output"
	[ "$(domains)" = $DB ]
	wait_for 10 is $WEB '.state == "off" and (.reason | test("refused"))'
	is $DB '.state == "running"'
	# A new reconciler, and the same wish told again: still off.
	stop rec KILL
	wants 1 $WEB $DB
	start rec chime-reconcile
	wait_for 10 has rec.err 'libvirt answers'
	touch agent/desired.jsonl
	wait_for 10 is $WEB '.state == "off" and (.reason | test("refused"))'
	run ! grep -q "$WEB.*: start: " rec.err
	# By hand, too.
	run -0 chime-reconcile -1 <agent/desired.jsonl
	[ "$(domains)" = $DB ]
	# Nothing is left to do, and it is said again.
	run -0 chime-drain -n <in
	[ -z "$output" ]
	run -0 --separate-stderr chime-drain <in
	[ "$(jq -r .generation <<<"$output")" = 1.1.0 ]
	# The server gives it out again.
	wants 2 $WEB
	wait_for 20 is $WEB '.state == "running"'
	has ledger.jsonl '"start".*"generation":"1.2.0"'
}

@test "-a: all that is wanted or runs here, each with its receipt" {
	node $WEB $DB
	# The agent's folder was lost, so libvirt tells; and the other way round.
	stop rec
	wants 3 $WEB
	run -0 --separate-stderr chime-drain -a -g 0s
	[ "$(jq -rs 'map(.vm + " " + .generation) | .[]' <<<"$output")" = \
	    "$WEB 1.3.0
$DB 1.1.0" ]
	[ -z "$(domains)" ]
	run -0 chime-drain -na
}

@test "a guest that ignores the power button is destroyed after the grace" {
	deaf
	node $WEB
	record $WEB >drain.in
	start drain chime-drain -g 1s
	wait_for 20 has drain.err "$WEB: destroy"
	wait_end drain 20
	[ "$rc" -eq 0 ]
	has drain.err "$WEB: shutdown"
	has drain.out '"receipt"'
}

@test "killed half way: the refusal stands, and chime-reconcile ends the VM" {
	deaf
	node $WEB
	record $WEB >drain.in
	start drain chime-drain -g 1h -t 2h
	wait_for 20 has drain.err "$WEB: shutdown"
	[ "$(domains)" = $WEB ]
	# While it is at work, nobody else touches the VM.
	is $WEB '.state == "running" or .state == "stopping"'
	stop drain KILL
	# Its own grace of 30 s is not waited for here.
	wait_for 20 has rec.err "$WEB.*: shutdown: refused"
	virt_kill n1 v01
	wait_for 10 is $WEB '.state == "off" and (.reason | test("refused"))'
	run ! grep -q "$WEB.*: start: .*died" rec.err
	run -0 --separate-stderr chime-drain <drain.in
	[ "$(jq -r .type <<<"$output")" = receipt ]
}

@test "no receipt without libvirt's word" {
	node $WEB
	# A qemu that is stopped can only be destroyed slowly.
	virt_sh n1 kill -STOP "$(virt_qemu n1 v01)"
	record $WEB >in
	run -99 --separate-stderr chime-drain -g 0s -t 1s <in
	[ "$(jq -r .type <<<"$output")" = error ]
	[[ $output == *"refused here, but not seen off"* ]]
	wait_for 30 is $WEB '.state == "off"'
}

@test "unknown VMs, another's domains and bad lines get an error each" {
	node $WEB
	virt_virsh n1 create /dev/stdin <<-END
		<domain type='qemu'><name>other</name><uuid>$DB</uuid>
		<memory unit='MiB'>16</memory><os><type>hvm</type></os></domain>
	END
	{
		record $WEB
		record $DB
		record 6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c03
		echo '{"type":"vm","vm":"web"}'
		echo 'no JSON'
		echo '{"type":"host","host":"n1"}'
	} >in
	run -1 --separate-stderr chime-drain -g 0s <in
	[ "$(jq -rs 'map(.type) | sort | join(" ")' <<<"$output")" = \
	    "error error error error receipt" ]
	[[ $output == *"not chime's: left alone"* ]]
	[[ $output == *"nothing is known of it here"* ]]
	[ "$(domains)" = $DB ]
}

@test "a ledger that cannot be written: nothing is stopped" {
	node $WEB
	record $WEB >in
	# shellcheck disable=SC2016 # for that shell
	run -1 sh -c 'trap "" XFSZ; ulimit -f 0; exec chime-drain -g 0s <in'
	[[ $output == *"ledger.jsonl: cannot write: File too large"* ]]
	[ "$(domains)" = $WEB ]
	run ! grep refuse ledger.jsonl
	is $WEB '.state == "running"'
}
