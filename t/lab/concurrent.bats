#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Many commands at once through two servers on one database.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db

setup() {
	common_setup
	db_start
	db_schema
	db_token admin test >"$DIR/admin.token"
	chmod 600 "$DIR/admin.token"
	export CHIME_TOKEN_FILE=$DIR/admin.token
	for n in 1 2; do
		port[n]=$(free_port)
		start "server$n" env "CHIME_API_LISTEN=127.0.0.1:${port[n]}" \
		    chime-apiserver
		wait_for 10 tcp_open "${port[n]}"
	done
	# Four hosts that take eight VMs of 512 MiB each, and have reported.
	for h in h1 h2 h3 h4; do
		on 1 POST /v1/host "{\"host\":\"$h\",\"manage_ip\":\"127.0.0.1\"}" |
		    jq -r .token >"$DIR/$h.token"
		chmod 600 "$DIR/$h.token"
		CHIME_TOKEN_FILE=$DIR/$h.token on 1 POST "/v1/host/$h/heartbeat" \
		    "$(beat "$h")" >/dev/null
	done
}

# on SERVER CHIME-CALL-ARG...
on() {
	local n=$1

	shift
	CHIME_API=http://127.0.0.1:${port[n]} chime-call "$@"
}

beat() {
	jq -nc --arg h "$1" --arg boot "$(uuid)" '{type: "heartbeat",
	    ts: "2026-01-01T00:00:00.000Z", host: $h, proto: 1, boot: $boot,
	    beat: 1, observed_rev: "0123456789abcdef", health: "ok",
	    vcpus: 64, memory_mib: 4096, pong_port: 8802, full: true}'
}

create() {
	local body rc=0

	body=$(jq -nc --arg vm "$(uuid)" --arg n "vm-$1" '{vm: $vm, name: $n,
	    vcpus: 1, memory_mib: 512, want: "stopped"}')
	on $(($1 % 2 + 1)) POST /v1/vm "$body" >"$DIR/create.$1" 2>&1 || rc=$?
	echo $rc >"$DIR/rc.$1"
}

# all N COMMAND...: N at once, each with its number behind.
all() {
	local n=$1 pids=() i

	shift
	for ((i = 1; i <= n; i++)); do
		"$@" "$i" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}" || :
}

@test "40 creates for room of 32: 32 placed, 8 refused, no host over" {
	all 40 create
	[ "$(cat "$DIR"/rc.* | grep -cx 0)" -eq 32 ]
	[ "$(cat "$DIR"/rc.* | grep -cx 1)" -eq 8 ]
	# Refused with the reason of each host.
	grep -lq no_capacity "$DIR"/create.*
	[ "$(sql 'SELECT COUNT(*), COUNT(DISTINCT uuid) FROM vm')" = $'32\t32' ]
	[ "$(sql 'SELECT MAX(n), SUM(m > 4096) FROM (SELECT COUNT(*) AS n,
	    SUM(memory_mib) AS m FROM vm GROUP BY host) x')" = $'8\t0' ]
	sql_is 32 "SELECT COUNT(*) FROM event WHERE kind = 'vm.created'"
}

# Odd ones wish it running, even ones stopped, each again and again.
flip() {
	local verb=start k

	for k in 1 2 3 4; do
		on $((($1 + k) % 2 + 1)) POST "/v1/vm/vm-1/$verb" >/dev/null ||
		    echo "$1 $k" >>"$DIR/flip.failed"
		[ $verb = start ] && verb=stop || verb=start
	done
}

@test "32 clients start and stop one VM: every change counted, none lost" {
	create 1
	all 32 flip
	[ ! -e "$DIR/flip.failed" ]
	# Each change of the wish is one event and one step of the counter.
	[ "$(sql "SELECT v.wish - 1 = (SELECT COUNT(*) FROM event e
	    WHERE e.vm = v.uuid AND e.kind IN ('vm.start', 'vm.stop'))
	    FROM vm v")" = 1 ]
	# Starts and stops alternate: between two starts there was a stop.
	sql "SELECT kind FROM event WHERE kind IN ('vm.start', 'vm.stop')
	    ORDER BY id" | uniq -d >"$DIR/twice"
	[ ! -s "$DIR/twice" ]
}

@test "creates, starts, stops and deletes at once: every VM on one host" {
	mixed() {
		create "$1"
		on 1 POST "/v1/vm/vm-$1/start" >/dev/null
		on 2 POST "/v1/vm/vm-$1/stop" >/dev/null
		[ $(($1 % 4)) -ne 0 ] || on 1 DELETE "/v1/vm/vm-$1" >/dev/null
	}
	all 32 mixed
	[ "$(cat "$DIR"/rc.* | sort | uniq -c | tr -s ' ')" = " 32 0" ]
	sql_is 24 "SELECT COUNT(*) FROM vm WHERE want = 'stopped'"
	sql_is 8 "SELECT COUNT(*) FROM vm WHERE want = 'deleted'"
	sql_is 0 "SELECT COUNT(*) FROM vm WHERE host NOT IN
	    ('h1', 'h2', 'h3', 'h4')"
}
