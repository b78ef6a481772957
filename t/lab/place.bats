#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Placement through two servers at once: by room, limits and labels.
# shellcheck disable=SC2154 # set by lib/common and lib/db

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
	for h in h1 h2 h3 h4 h5; do
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
	CHIME_API=http://127.0.0.1:${port[n]} chime-call -t 60s "$@"
}

cli() {
	CHIME_API=http://127.0.0.1:${port[1]},http://127.0.0.1:${port[2]} \
	    chimecli "$@"
}

beat() {
	jq -nc --arg h "$1" --arg boot "$(uuid)" '{type: "heartbeat",
	    ts: "2026-01-01T00:00:00.000Z", host: $h, proto: 1, boot: $boot,
	    beat: 1, observed_rev: "0123456789abcdef", health: "ok",
	    vcpus: 64, memory_mib: 6144, pong_port: 8802, full: true}'
}

# create N [FILTER]: vm-N of 512 MiB, changed by the jq filter.
create() {
	local body rc=0

	body=$(jq -nc --arg n "vm-$1" '{name: $n, vcpus: 1, memory_mib: 512,
	    want: "stopped"} | '"${2:-.}")
	on $(($1 % 2 + 1)) POST /v1/vm "$body" >"$DIR/create.$1" \
	    2>"$DIR/why.$1" || rc=$?
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

rcs() {
	cat "$DIR"/rc.* | sort | uniq -c | awk '{ print $2 ":" $1 }' | xargs
}

@test "100 creates for room of 60: 60 placed, 40 refused with reasons, none over" {
	all 100 create
	[ "$(rcs)" = "0:60 1:40" ]
	sql_is 60 "SELECT COUNT(*) FROM vm"
	[ "$(sql 'SELECT MIN(n), MAX(n), MAX(m) FROM (SELECT COUNT(*) AS n,
	    SUM(memory_mib) AS m FROM vm GROUP BY host) x')" = \
	    $'12\t12\t6144' ]
	# Each refusal tells of every host why.
	for i in "$DIR"/rc.*; do
		[ "$(cat "$i")" -eq 1 ] || continue
		[ "$(grep -c 'not on h[1-5]: .* 0 MiB of memory free' \
		    "$DIR/why.${i##*.}")" -eq 5 ]
	done
	sql_is 60 "SELECT COUNT(*) FROM event WHERE kind = 'vm.created'"
}

@test "20 that keep apart onto 5 hosts: one each, 15 refused" {
	apart() {
		create "$1" '. + {labels: ["db"], avoid: ["db"]}'
	}
	all 20 apart
	[ "$(rcs)" = "0:5 1:15" ]
	sql_is 5 "SELECT COUNT(DISTINCT host) FROM vm"
	grep -q 'which is to be avoided' "$DIR"/why.*
	# Nor does one come to them that they avoid, but another does.
	create 30 '. + {labels: ["db"]}'
	create 31 '. + {labels: ["web"]}'
	[ "$(cat "$DIR/rc.30")" = 1 ]
	grep -q 'a VM that avoids the label db' "$DIR/why.30"
	[ "$(cat "$DIR/rc.31")" = 0 ]
	# One that is deleted is in nobody's way.
	gone=$(sql "SELECT name FROM vm WHERE name NOT IN ('vm-31') LIMIT 1")
	on 1 DELETE "/v1/vm/$gone" >/dev/null
	create 30 '. + {labels: ["db"]}'
	[ "$(cat "$DIR/rc.30")" = 0 ]
}

@test "limits, reserves and labels of hosts" {
	cli host set h1 --cpu-ratio 1 --reserve-vcpus 62 --memory-ratio 200 \
	    --reserve-memory-mib 6000 --label ssd --label zone=a >out
	jq_is '.cpu_ratio == 1 and .reserve_vcpus == 62
	    and .memory_ratio == 200 and .reserve_memory_mib == 6000
	    and .labels == ["ssd", "zone=a"]' out
	cli vm create --name a --memory-mib 200 --need ssd --need zone=a \
	    --label x --stopped >out
	jq_is '.host == "h1" and .labels == ["x"] and .need == ["ssd", "zone=a"]
	    and .failover == "manual"' out
	# (6144 - 6000) MiB twice, less 200.
	run -1 cli vm create --name b --memory-mib 100 --need ssd --stopped
	[[ $output == *"h1 has 88 MiB"* ]]
	[[ $output == *"not on h5: h5 does not have the label ssd"* ]]
	run -1 cli vm create --name b --memory-mib 88 --vcpus 2 --host h1 --stopped
	[[ $output == *"h1 has 1 vCPUs free"* ]]
	cli vm create --name b --memory-mib 88 --need ssd --stopped
	# One that is set back is as before; what is not named stays.
	cli host set h1 --no-labels --cpu-ratio 0 >out
	jq_is '(has("labels") or has("cpu_ratio") | not)
	    and .memory_ratio == 200' out
	run -1 cli vm create --name c --need ssd --stopped
	for wrong in '--cpu-ratio 65' '--memory-ratio 0' '--label a,b' ''; do
		# shellcheck disable=SC2086 # words
		run -100 cli host set h1 $wrong
	done
	run -100 cli host set nohost --cpu-ratio 1
	run -1 cli host set h1 --cpu-ratio 2 -n
	run -100 cli vm create --name d --failover auto
	[[ $output == *"failover: auto is not possible yet"* ]]
	run -100 cli vm create --name d --label 'a b'
	[[ $output == *"labels: expected"* ]]
}

@test "the filter and the servers agree" {
	cli host set h2 --label ssd >/dev/null
	cli vm create --name a --host h1 --memory-mib 512 --label db --stopped
	cli host disable h3 >/dev/null
	jq -nc '{type: "vm", vm: "00000000-0000-4000-8000-000000000001",
	    vcpus: 1, memory_mib: 512, name: "b", avoid: ["db"]},
	    {type: "vm", vm: "00000000-0000-4000-8000-000000000002",
	    vcpus: 1, memory_mib: 512, name: "c", need: ["ssd"]}' >new
	{ cli host list; cli vm list; cat new; } | chime-place |
	    jq -r 'select(.target).target' >planned
	cli vm create --name b --memory-mib 512 --avoid db --stopped |
	    jq -r .host >actual
	cli vm create --name c --memory-mib 512 --need ssd --stopped |
	    jq -r .host >>actual
	diff planned actual
	[ "$(xargs <actual)" = "h2 h2" ]
}
