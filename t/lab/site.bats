#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A site as a customer has it: two servers on one database, four nodes, TLS,
# real tokens; whoever should not get in, does not, is logged, and does no
# harm.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db
load ../lib/virt
load ../lib/tls
load net
load lab

setup() {
	common_setup
	LAB_TLS=1
	LAB_SERVERS="s1 s2"
	lab_up n1 n2 n3 n4
}

teardown() {
	lab_down
	common_teardown
}

# as TOKEN-FILE METHOD PATH [BODY]: a request from a machine of the site.
as() {
	local token=$1

	shift
	net_in s1 env CHIME_API="$(lab_url)" CHIME_TOKEN_FILE="$token" \
	    CHIME_CA_FILE="${CA:-$DIR/tls/ca.crt}" chime-call -t 5s "$@"
}

token_file() {
	echo "$2" >"$DIR/$1"
	chmod 600 "$DIR/$1"
}

@test "a site: strangers stay out, and a server may go" {
	for n in 1 2 3 4; do
		lab_vm "web$n" "n$n"
	done

	# A wrong CA: the client refuses, nothing of its token goes out.
	mkdir other
	(cd other && tls_ca ca)
	CA=$DIR/other/ca.crt run -111 as admin.token GET /v1/host
	[[ $output == *'has not signed it'* ]]

	# A wrong token, and none that is known any more.
	token_file wrong.token "$(printf 'f%.0s' {1..64})"
	run -100 as wrong.token GET /v1/host
	[[ $output == *401* ]]
	cli token create --role viewer --note old >old.json
	token_file old.token "$(jq -r .token old.json)"
	as old.token GET /v1/host >/dev/null
	sql "UPDATE token SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND
	    WHERE id = '$(jq -r .id old.json)'"
	run -100 as old.token GET /v1/host
	[[ $output == *401* ]]

	# A viewer looks, and stops nothing.
	cli token create --role viewer --note look >look.json
	token_file look.token "$(jq -r .token look.json)"
	as look.token GET /v1/vm >/dev/null
	run -100 as look.token POST /v1/vm/web1/stop
	[[ $output == *403* ]]

	# An agent speaks for its own host, and sees no other.
	run -100 as n1/chime/agent.token GET /v1/host/n2
	[[ $output == *403* ]]
	run -100 as n1/chime/agent.token GET '/v1/vm?host=n2'
	[[ $output == *403* ]]
	run -100 as n1/chime/agent.token POST /v1/host/n2/heartbeat '{}'
	[[ $output == *403* ]]

	# A heartbeat of the past, played again: the row is as it was.
	boot=$(cat n1/run/chime/agent/boot)
	beat=$(sql "SELECT beat FROM heartbeat WHERE host = 'n1'")
	jq -nc --arg boot "$boot" --argjson beat "$((beat > 2 ? beat - 2 : 1))" \
	    '{type: "heartbeat", ts: "2026-01-01T00:00:00.000Z", host: "n1",
	    proto: 1, boot: $boot, beat: $beat, health: "error",
	    reason: "played again", observed_rev: "0123456789abcdef",
	    vcpus: 1, memory_mib: 1, pong_port: 1, full: true}' >replay.json
	as n1/chime/agent.token POST /v1/host/n1/heartbeat - \
	    <replay.json >replay.out 2>&1 || true
	sql_is 0 "SELECT COUNT(*) FROM heartbeat WHERE reason = 'played again'"
	sql_is 0 "SELECT COUNT(*) FROM host WHERE name = 'n1'
	    AND (memory_mib = 1 OR health = 'error')"

	# None of it did harm.
	for n in 1 2 3 4; do
		host_is "n$n" run
		vm_is "web$n" running
	done

	# A server goes: nodes and people use the other.
	stop s1 KILL
	beat=$(sql "SELECT SUM(beat) FROM heartbeat")
	wait_for 10 more_beats "$beat"
	wait_for 10 cli vm stop web1 --now
	wait_for 15 vm_is web1 off
	sql_is 0 "SELECT COUNT(*) FROM event WHERE kind = 'host.unreachable'"
}

more_beats() {
	[ "$(sql 'SELECT SUM(beat) FROM heartbeat')" -ge $(($1 + 8)) ]
}
