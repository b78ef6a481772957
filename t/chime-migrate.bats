#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# chime-migrate without a second node: its options, its input, and the checks
# that say no before libvirt is asked. t/lab/migrate.bats has real migrations.
# shellcheck disable=SC2154

load lib/common

ID=11111111-1111-4111-8111-111111111111

setup() {
	common_setup
	export CHIME_LIBVIRT_URI=test:///default
	vm "$ID" >in
}

vm() {
	printf '{"type":"vm","vm":"%s"}\n' "$@"
}

migrate() {
	chime-migrate -I lo -D 127.0.0.1 -t 300ms "$@"
}

@test "usage" {
	run -0 chime-migrate -V
	run -100 chime-migrate
	[[ $output == usage:* ]]
	run -100 chime-migrate -I lo
	run -100 chime-migrate -D 127.0.0.1
	run -100 migrate word
	run -100 migrate -D n2
	[[ $output == *"'n2' is no numeric address"* ]]
	run -100 migrate -I an-interface-too-long
	[[ $output == *'is no name of an interface'* ]]
	run -100 migrate -b 0
	run -100 migrate -p 17
	run -100 migrate -t 1ms
	run -100 migrate -s relative
	[[ $output == *"'relative' is no absolute path"* ]]
	CHIME_LIBVIRT_PKI='/a?no_verify=1' run -100 migrate
	[[ $output == *CHIME_LIBVIRT_PKI* ]]
	run -100 migrate -w rsh
	[[ $output == *"'rsh' is not tls, ssh or tcp"* ]]
}

@test "an open connection needs a word: CHIME_ALLOW_PLAINTEXT" {
	run -100 migrate -w tcp <in
	[[ $output == *CHIME_ALLOW_PLAINTEXT=1* ]]
	[[ $output != *'"type"'* ]]
	CHIME_ALLOW_PLAINTEXT=1 run -111 migrate -w tcp <in
	[[ $output == *'qemu+tcp://127.0.0.1/system'* ]]
}

@test "an interface that is not there, and the wrong one: 1, and what to do" {
	run -1 migrate -I no-such-if <in
	[[ $output == *'choose one that ip link shows'* ]]
	# Nothing leads to a documentation address through loopback.
	run -1 migrate -D 192.0.2.1 <in
	jq_is 'if .check == "interface" then .ok
	    else .check == "route" and (.ok | not) and
	    (.reason | test("add a route|address on that network")) end' \
	    <<<"$output"
}

@test "no libvirt here, and none there: 111" {
	CHIME_LIBVIRT_URI="qemu+unix:///system?socket=$DIR/none" \
	    run -111 migrate <in
	[[ $output == *'see chime-agent status'* ]]
	run -111 migrate <in
	jq_is 'if .check == "destination" then (.ok | not) and
	    (.reason | test("qemu[+]tls://127.0.0.1/system: .*--via"))
	    else .ok end' <<<"$output"
	[ "$(wc -l <<<"$output")" -eq 4 ]
	[ ! -e /proc/net/if_inet6 ] || {
		run -111 migrate -D ::1 -a
		[[ $output == *'qemu+tls://[::1]/system'* ]]
	}
}

@test "bad lines are refused, the rest goes on" {
	{
		echo '{"type":"note"}'
		echo 'no JSON'
		vm 'not-a-uuid'
		echo '{"type":"vm"}'
		vm "$ID" "$ID"
	} >in
	run -111 migrate <in
	grep '"type":"error"' <<<"$output" >errors
	[ "$(jq -c .line errors | xargs)" = '2 3 4 6' ]
	has errors 'is no UUID in lower case'
	has errors 'is on the list'
	grep -q '{"type":"note"}' <<<"$output"
}

@test "an output that cannot be written ends it: 111" {
	run -111 bash -c 'chime-migrate -I lo -D 127.0.0.1 <in >/dev/full'
	[[ $output == *'stdout: cannot write'* ]]
}

@test "SIGTERM while it reads: nothing was begun" {
	mkfifo q.in
	exec 7<>q.in
	start q chime-migrate -I lo -D 127.0.0.1
	echo '{"type":"note"}' >&7
	wait_for 10 has q.out note
	stop q
	[ "$rc" -eq 1 ]
	has q.err 'nothing was begun'
}
