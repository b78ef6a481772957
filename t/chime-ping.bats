#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Asking silent hosts, against real agents' ping-backs.
# shellcheck disable=SC2016 # Perl's variables

load lib/common
load lib/hosts

setup() {
	common_setup
	P1=$(free_port udp)
}

# silent HOST PORT [ADDRESS]
silent() {
	printf '{"type":"silent","ts":"2026-01-01T00:00:00.000Z","host":"%s","boot":"%s","beat":17,"silent_ms":30050,"address":"%s","port":%d}\n' \
	    "$1" "$BOOT" "${3:-127.0.0.1}" "$2"
}

@test "usage and configuration: 100" {
	run -100 chime-ping operand
	run -100 chime-ping -x
	run -100 chime-ping -t 5ms
	[[ $output == *'-t 5ms: expected'* ]]
	CHIME_PING_TIMEOUT=never run -100 chime-ping
	[[ $output == *CHIME_PING_TIMEOUT=never* ]]
	run -0 chime-ping -V
}

@test "empty input: nothing" {
	run -0 --separate-stderr chime-ping </dev/null
	[ -z "$output$stderr" ]
}

@test "answered, with the beat's age; the record is otherwise the same" {
	pong n1 "$P1"
	echo "$BOOT" >agent-n1/boot
	printf '{"boot":"%s","beat":17,"sent_ms":0,"interval_ms":1000}\n' \
	    "$BOOT" >agent-n1/lease.jsonl
	silent n1 "$P1" >in
	run -0 chime-ping -t 5s <in
	jq_is '.ping == "answered" and (.beat_age_ms > 0)' <<<"$output"
	[ "$(jq -cS 'del(.ping, .beat_age_ms)' <<<"$output")" = \
	    "$(jq -cS . in)" ]
}

@test "with a key, only an answer that is signed with it is believed" {
	(umask 077 && echo 'the token of n1' >token)
	hash=$(printf 'the token of n1' | sha256sum | cut -d ' ' -f 1)
	key=$(printf 'chime ping-back' | openssl dgst -sha256 -hmac "$hash" |
	    sed 's/.* //')
	silent n1 "$P1" | jq -c --arg key "$key" '. + {key: $key}' >in
	pong n1 "$P1"
	run -0 --separate-stderr chime-ping -t 1s <in
	jq_is '.ping == "no-answer"' <<<"$output"
	# shellcheck disable=SC2154 # run sets it
	[ "$(grep -c 'without its key: not believed' <<<"$stderr")" -eq 1 ]
	stop pong-n1
	CHIME_TOKEN_FILE=$DIR/token pong n1 "$P1"
	run -0 --separate-stderr chime-ping -t 5s <in
	jq_is '.ping == "answered" and (has("key") | not)' <<<"$output"
	[ -z "$stderr" ]
	# The token was replaced on both ends, while it runs.
	echo 'the next one' >token
	run -0 chime-ping -t 1s <in
	[[ $output == *'"no-answer"'* ]]
	hash=$(printf 'the next one' | sha256sum | cut -d ' ' -f 1)
	key=$(printf 'chime ping-back' | openssl dgst -sha256 -hmac "$hash" |
	    sed 's/.* //')
	silent n1 "$P1" | jq -c --arg key "$key" '. + {key: $key}' >in
	run -0 chime-ping -t 5s <in
	jq_is '.ping == "answered"' <<<"$output"
	silent n1 "$P1" | jq -c '. + {key: "short"}' >in
	run -1 chime-ping <in
	[[ $output == *'"error"'*key* ]]
}

@test "an agent that never reported answers without an age" {
	pong n1 "$P1"
	silent n1 "$P1" >in
	run -0 chime-ping -t 5s <in
	jq_is '.ping == "answered" and (has("beat_age_ms") | not)' <<<"$output"
}

@test "no answer: not before the timeout, though the port refuses" {
	silent n1 "$P1" >in
	before=$(now_ms)
	run -0 chime-ping -t 900ms <in
	after=$(now_ms)
	jq_is '.ping == "no-answer" and (has("beat_age_ms") | not)' \
	    <<<"$output"
	[ $((after - before)) -ge 890 ]
}

@test "an agent that comes back within the timeout has answered" {
	start dying perl -MSocket -e '
		socket(S, PF_INET, SOCK_DGRAM, 0) or die $!;
		bind(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die $!;
		recv(S, my $m, 2048, 0)' "$P1"
	wait_for 10 udp_open "$P1"
	silent n1 "$P1" >p.in
	start p chime-ping -t 9s
	wait_end dying 10
	pong n1 "$P1"
	wait_end p 10
	[ "$rc" -eq 0 ]
	jq_is '.ping == "answered"' p.out
}

@test "all are asked at the same time" {
	for i in $(seq 100); do
		silent "h$i" "$P1"
	done >in
	before=$(now_ms)
	run -0 chime-ping -t 1s <in
	after=$(now_ms)
	[ "$(grep -c '"no-answer"' <<<"$output")" -eq 100 ]
	# One after the other would take 100 s.
	[ $((after - before)) -lt 20000 ]
}

@test "IPv6, and addresses that are none" {
	grep -q ' lo$' /proc/net/if_inet6 || skip "no IPv6 here"
	mkfifo ready
	exec 7<>ready
	start p6 env CHIME_HOST=n1 chime-pong -d 7 -l "[::1]:$P1"
	read -r -t 10 -u 7 _
	{
		silent n1 "$P1" ::1
		silent n2 "$P1" nowhere.example
	} >in
	run -0 --separate-stderr chime-ping -t 500ms <in
	jq_is 'if .host == "n1" then .ping == "answered"
	    else .ping == "no-answer" end' <<<"$output"
	[[ $stderr == *'n2: address nowhere.example is no number'* ]]
}

@test "another host at the address is no answer" {
	pong n2 "$P1"
	silent n1 "$P1" >in
	run -0 --separate-stderr chime-ping -t 900ms <in
	jq_is '.host == "n1" and .ping == "no-answer"' <<<"$output"
	[[ $stderr == *'n1: n2 answers at its address'* ]]
}

@test "an answer to another question is none" {
	start liar perl -MSocket -e '
		socket(S, PF_INET, SOCK_DGRAM, 0) or die $!;
		bind(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die $!;
		while (my $from = recv(S, my $m, 2048, 0)) {
			print STDERR "asked\n";
			for my $a ("junk", $m,
			    q({"type":"pong","id":"0000000000000000","host":"n1"}),
			    q({"type":"pong","host":"n1"})) {
				send(S, $a, 0, $from);
			}
		}' "$P1"
	silent n1 "$P1" >in
	asked() {
		chime-ping -t 900ms <in >out
		has liar.err asked
	}
	wait_for 10 asked
	jq_is '.ping == "no-answer"' out
}

@test "bad lines are refused one by one, the rest goes on: 1" {
	{
		silent n1 "$P1"
		echo junk
		echo '{"type":"silent","host":"n2"}'
		echo '{"type":"silent","host":7,"address":"127.0.0.1"}'
		echo '{"type":"silent","host":"n2","address":"127.0.0.1","port":0}'
		echo '{"host":"n1"}'
		head -c 70000 /dev/zero | tr '\0' x
		echo
		echo '{"type":"weather","rain":1.50}'
		silent n3 "$P1"
	} >in
	run -1 --separate-stderr chime-ping -t 100ms <in
	[ "$(jq -c 'select(.type == "error") | .line' <<<"$output" | xargs)" = \
	    '2 3 4 5 6 7' ]
	[ "$(grep -c '"no-answer"' <<<"$output")" -eq 2 ]
	grep -qxF '{"type":"weather","rain":1.50}' <<<"$output"
}

@test "a full disk: 111" {
	silent n1 "$P1" >in
	run -111 bash -c 'chime-ping -t 50ms <in >/dev/full'
	[[ $output == *'stdout: cannot write'* ]]
}

@test "a tick passes at once, though a host is being asked; SIGTERM: 0" {
	mkfifo p.in
	exec 7<>p.in
	start p chime-ping -t 60s
	silent n1 "$P1" >&7
	echo '{"type":"tick","round":1}' >&7
	wait_for 10 has p.out '"tick"'
	[ "$(wc -l <p.out)" -eq 1 ]
	stop p
	[ "$rc" -eq 0 ]
}

@test "a standing pipe that ends, or has no tick for five rounds: 111" {
	echo '{"type":"tick"}' >in
	run -111 chime-ping <in
	[[ $output == *'the stage before has ended'* ]]
	mkfifo p.in
	exec 7<>p.in
	CHIME_INTERVAL=400ms start p chime-ping
	before=$(now_ms)
	cat in >&7
	wait_end p 10
	after=$(now_ms)
	[ "$rc" -eq 111 ]
	has p.err 'no tick for 1000 ms'
	[ $((after - before)) -ge 990 ]
}

@test "stopped for longer than the timeout, it still waits for the answers" {
	pong n1 "$P1"
	mkfifo p.in
	exec 7<>p.in
	start p chime-ping -t 600ms
	echo '{"type":"x"}' >&7
	wait_for 10 has p.out x
	signal p STOP
	signal pong-n1 STOP
	silent n1 "$P1" >&7
	signal p CONT
	# Its first datagram waits at the stopped agent; now it is stopped too.
	queued() {
		grep -i ":$(printf '%04X' "$P1") " /proc/net/udp |
		    grep -qv ' 00000000:00000000 '
	}
	wait_for 10 queued
	signal p STOP
	sleep 1
	signal pong-n1 CONT
	signal p CONT
	wait_for 10 has p.out '"ping"'
	has p.out '"answered"'
}
