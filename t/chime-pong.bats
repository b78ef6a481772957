#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The agent's answer to the ping-back.

load lib/common

BOOT=11111111-1111-4111-8111-111111111111
ID=0123456789abcdef

setup() {
	common_setup
	mkdir agent
	export CHIME_HOST=n1 CHIME_AGENT_DIR=$DIR/agent
	PORT=$(free_port udp)
}

serve() {
	mkfifo ready
	exec 7<>ready
	start pong chime-pong -v -d 7 -l "127.0.0.1:$PORT"
	read -r -t 10 -u 7 _
}

# send TEXT: one datagram; what comes back within 2 s, "" for nothing.
send() {
	printf '%s' "$1" | perl -MSocket -e '
		local $/; my $m = <STDIN>; my $a;
		socket(S, PF_INET, SOCK_DGRAM, 0) or die $!;
		connect(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die $!;
		send(S, $m, 0); alarm 2; $SIG{ALRM} = sub { exit };
		recv(S, $a, 2048, 0); print $a' "$PORT"
}

# lease BEAT AGE_MS [BOOT]: what chime-heartbeat leaves behind.
lease() {
	local sent

	# The boot clock and the monotonic one differ by suspends only.
	sent=$(($(now_ms) - $2))
	echo "${3:-$BOOT}" >agent/lease-boot
	printf '{"type":"lease","ts":"2026-01-01T00:00:00.000Z","host":"n1","boot":"%s","beat":%d,"sent_ms":%d,"interval_ms":10000}\n' \
	    "${3:-$BOOT}" "$1" "$sent" >agent/lease.jsonl
}

@test "usage and configuration: 100" {
	run -100 chime-pong operand
	run -100 chime-pong -x
	run -100 chime-pong -l nowhere:1
	run -100 chime-pong -l 127.0.0.1:99999
	CHIME_HOST='' run -100 chime-pong -l "127.0.0.1:$PORT"
	[[ $output == *'CHIME_HOST: not set'* ]]
	CHIME_HOST=N_1 run -100 chime-pong -l "127.0.0.1:$PORT"
	[[ $output == *"CHIME_HOST: 'N_1' is no host name"* ]]
	run -100 chime-pong -l "127.0.0.1:$PORT" -d 2
	run -0 chime-pong -V
}

@test "a port in use: 111, and it says which" {
	serve
	run -111 chime-pong -l "127.0.0.1:$PORT"
	[[ $output == *"127.0.0.1:$PORT: cannot listen: Address already in use"* ]]
}

@test "before the first answered beat: no beat; SIGTERM: 0" {
	serve
	send "{\"type\":\"ping\",\"id\":\"$ID\"}" >answer
	jq_is '. == {type: "pong", id: "'$ID'", host: "n1"}' answer
	echo "$BOOT" >agent/boot
	send "{\"type\":\"ping\",\"id\":\"$ID\"}" >answer
	jq_is '. == {type: "pong", id: "'$ID'", host: "n1", boot: "'$BOOT'"}' \
	    answer
	stop pong
	[ "$rc" -eq 0 ]
}

@test "the age of the newest answered beat, counted from when it was sent" {
	echo "$BOOT" >agent/boot
	lease 17 5000
	serve
	send "{\"type\":\"ping\",\"id\":\"$ID\",\"new\":{\"x\":1}}" >answer
	jq_is '.boot == "'$BOOT'" and .beat == 17 and .beat_age_ms >= 5000 and
	    .beat_age_ms < 15000 and .interval_ms == 10000' answer
	lease 18 0
	send "{\"type\":\"ping\",\"id\":\"$ID\"}" >answer
	jq_is '.beat == 18 and .beat_age_ms < 5000' answer
	[ ! -e agent/nudge ]
}

@test "a lease of another boot, from the future, or broken is none" {
	echo "$BOOT" >agent/boot
	serve
	lease 17 5000 22222222-2222-4222-8222-222222222222
	send "{\"type\":\"ping\",\"id\":\"$ID\"}" >answer
	jq_is '(has("beat") or has("beat_age_ms")) | not' answer
	lease 17 -500000
	send "{\"type\":\"ping\",\"id\":\"$ID\"}" >answer
	jq_is 'has("beat") | not' answer
	echo '{"type":"lease","bo' >agent/lease.jsonl
	send "{\"type\":\"ping\",\"id\":\"$ID\"}" >answer
	jq_is '.host == "n1" and (has("beat") | not)' answer
	head -c 100000 /dev/zero | tr '\0' 7 >agent/boot
	send "{\"type\":\"ping\",\"id\":\"$ID\"}" >answer
	jq_is '. == {type: "pong", id: "'$ID'", host: "n1"}' answer
	rm -r agent
	send "{\"type\":\"ping\",\"id\":\"$ID\"}" >answer
	jq_is '. == {type: "pong", id: "'$ID'", host: "n1"}' answer
}

@test "with a token a poll must be signed with it, for this host and id" {
	(umask 077 && echo secret >token)
	export CHIME_TOKEN_FILE=$DIR/token
	hash=$(printf secret | sha256sum | cut -d ' ' -f 1)
	key=$(printf 'chime ping-back' | openssl dgst -sha256 -hmac "$hash" |
	    sed 's/.* //')
	# signed HOST ID: the mac of a poll.
	signed() {
		printf 'poll\n%s\n%s\n' "$1" "$2" |
		    openssl dgst -sha256 -hmac "$key" | sed 's/.* //'
	}
	serve
	for mac in '' ',"mac":"short"' ",\"mac\":\"$(signed n2 $ID)\"" \
	    ",\"mac\":\"$(signed n1 0000000000000000)\""; do
		send "{\"type\":\"poll\",\"id\":\"$ID\"$mac}" >answer
		[ ! -s answer ]
	done
	[ ! -e agent/nudge ]
	send "{\"type\":\"poll\",\"id\":\"$ID\",\"mac\":\"$(
	    signed n1 $ID)\"}" >answer
	[ -f agent/nudge ]
	mac=$(printf 'pong\nn1\n%s\n\n-1\n-1\n-1\n' $ID |
	    openssl dgst -sha256 -hmac "$key" | sed 's/.* //')
	jq_is ".mac == \"$mac\"" answer
	# A ping asks for nothing but the proof.
	send "{\"type\":\"ping\",\"id\":\"$ID\"}" >answer
	jq_is ".mac == \"$mac\"" answer
	# Without its token it proves nothing, and does nothing.
	rm token
	send "{\"type\":\"poll\",\"id\":\"$ID\",\"mac\":\"$(
	    signed n1 $ID)\"}" >answer
	[ ! -s answer ]
	has pong.err 'CHIME_TOKEN_FILE: .*token: No such file'
}

@test "poll touches the nudge and is answered as well" {
	serve
	send "{\"type\":\"poll\",\"id\":\"$ID\"}" >answer
	jq_is '.type == "pong"' answer
	[ -f agent/nudge ]
	touch -d 2020-01-01 agent/nudge
	send "{\"type\":\"poll\",\"id\":\"$ID\"}" >answer
	[ -n "$(find agent/nudge -newermt 2021-01-01)" ]
	# Where it cannot be touched, the answer comes all the same.
	rm -r agent
	send "{\"type\":\"poll\",\"id\":\"$ID\"}" >answer
	jq_is '.type == "pong"' answer
	wait_for 10 has pong.err 'nudge: cannot touch'
}

@test "whatever else comes is dropped, and the next ping answered" {
	local senders=()

	serve
	{
		for text in '' x '{}' '{"type":"pong","id":"0123456789abcdef"}' \
		    '{"type":"ping"}' '{"type":"ping","id":"short"}' \
		    '{"type":"ping","id":"0123456789abcdeF"}' \
		    '{"type":"ping","type":"poll","id":"0123456789abcdef"}' \
		    "{\"type\":\"ping\",\"id\":\"$ID\",\"x\":\"$(
			printf '%600s' '')\"}"; do
			send "$text" &
			senders+=($!)
		done
		wait "${senders[@]}"
	} >answers
	[ ! -s answers ]
	[ "$(grep -c 'dropped a datagram' pong.err)" -eq 9 ]
	send "{\"type\":\"ping\",\"id\":\"$ID\"}" >answer
	jq_is '.id == "'$ID'"' answer
	[ ! -e agent/nudge ]
}
