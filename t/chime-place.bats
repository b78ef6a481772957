#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# chime-place: what goldens do not show (t/data/chime-place has the choices).

load lib/common

host() {
	jq -nc --arg h "$1" --arg s "$2" --argjson m "$3" '{type: "host",
	    ts: "2026-01-02T03:04:05.678Z", host: $h, status: $s, vcpus: 64,
	    memory_mib: $m, vcpus_used: 0, memory_used_mib: 0}'
}

vm() {
	jq -nc --arg vm "$1" --arg h "$2" '{type: "vm",
	    ts: "2026-01-02T03:04:05.678Z", vm: $vm, host: $h, name: $vm,
	    want: "running", vcpus: 1, memory_mib: 64}'
}

@test "usage, and a closed stdout" {
	run -100 chime-place operand
	run -100 chime-place -y
	run -100 chime-place -x 'N 1' </dev/null
	[[ $output == *"N 1"* ]]
	CHIME_CPU_RATIO=65 run -100 chime-place </dev/null
	[[ $output == *CHIME_CPU_RATIO*65* ]]
	run -0 chime-place </dev/null
	[ -z "$output" ]
	vm a '' >in
	run -111 sh -c 'chime-place <in >/dev/full'
	[[ $output == *stdout* ]]
	run -0 chime-place -V
}

@test "the default ratio is the server's" {
	{
		host n1 run 1000 | jq -c '.vcpus = 1'
		for i in a b c; do vm $i ''; done
	} >in
	run -0 chime-place <in
	CHIME_CPU_RATIO=2 run -1 chime-place <in
	[ "$(grep -c '"why_not"' <<<"$output")" = 1 ]
}

@test "ends by SIGTERM" {
	mkfifo place.in
	start place chime-place
	exec {fd}>place.in
	stop place
	[ "$rc" -eq 0 ]
	exec {fd}>&-
}

@test "a tick ends a round; the stream's end is then a failure" {
	mkfifo place.in
	start place chime-place
	exec {fd}>place.in
	{
		host n1 run 64
		vm a ''
		echo '{"type":"tick","ts":"2026-01-02T03:04:05.678Z","round":1}'
	} >&"$fd"
	wait_for 5 has place.out '"round":1'
	has place.out '"vm":"a".*"target":"n1"'
	# What was before is forgotten: n1 has its room again.
	{
		host n1 run 64
		vm b ''
		echo '{"type":"tick","ts":"2026-01-02T03:04:05.678Z","round":2}'
	} >&"$fd"
	wait_for 5 has place.out '"round":2'
	has place.out '"vm":"b".*"target":"n1"'
	exec {fd}>&-
	wait_end place 5
	[ "$rc" -eq 111 ]
}

@test "a stage before that hangs ends it" {
	mkfifo place.in
	export CHIME_INTERVAL=200ms
	start place chime-place
	exec {fd}>place.in
	echo '{"type":"tick","ts":"2026-01-02T03:04:05.678Z","round":1}' >&"$fd"
	wait_end place 10
	[ "$rc" -eq 111 ]
	has place.err 'no tick'
	exec {fd}>&-
}

@test "300 hosts that all refuse: a record within its bound" {
	{
		for ((i = 0; i < 300; i++)); do
			host "host-with-a-long-name-$i" unreachable 64
		done
		vm a ''
	} >in
	run -1 --separate-stderr chime-place <in
	[ "${#output}" -lt 65536 ]
	[ "$(jq '[(.why_not | length), .why_not_hosts] | join(" ")' \
	    <<<"$output")" = '"256 300"' ]
}
