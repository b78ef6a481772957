#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Whether networks carry anything: loopback, and two namespaces with a cable.

load lib/common

# Named as those of t/lab (lab/net.bash).
A=c$$-pa
B=c$$-pb
in=()

teardown() {
	local ns rc=0

	common_teardown || rc=1
	for ns in "$A" "$B"; do
		[ ! -e "/run/netns/$ns" ] || ip netns del "$ns"
	done
	return $rc
}

# probe NET INTERFACE PEER [PORT]
probe() {
	printf '{"type":"probe","net":"%s","interface":"%s","peer":"%s"%s}\n' \
	    "$1" "$2" "$3" "${4:+,\"port\":$4}"
}

# cable: eth0 (10.91.1.1) in $A to eth0 (10.91.1.2) in $B. Neither has any
# other way out.
cable() {
	[ "$(id -u)" = 0 ] || skip "needs root to make networks of its own"
	ip netns add "$A"
	ip netns add "$B"
	ip -n "$A" link add eth0 type veth peer name eth0 netns "$B"
	ip -n "$A" addr add 10.91.1.1/24 dev eth0
	ip -n "$B" addr add 10.91.1.2/24 dev eth0
	ip -n "$A" link set lo up
	ip -n "$A" link set eth0 up
	ip -n "$B" link set eth0 up
}

# in_a COMMAND...: exec, so that start's pid is its own.
in_a() {
	ip netns exec "$A" "$@"
}

# state_is FILE STATE: of the newest record.
state_is() {
	[ "$(tail -n 1 "$1" | jq -r .state)" = "$2" ]
}

@test "usage and configuration: 100" {
	run -100 chime-probe operand
	run -100 chime-probe -x
	run -100 chime-probe -t 5ms
	[[ $output == *'-t 5ms: expected'* ]]
	run -100 chime-probe -i 500ms
	[[ $output == *'-i: shorter than the timeout'* ]]
	run -100 chime-probe -F 0 -i 1s
	run -100 chime-probe -F 2
	[[ $output == *'give -i too'* ]]
	run -100 chime-probe -H 1s
	run -100 chime-probe -d 5
	[[ $output == *'without -a'* ]]
	for name in CHIME_BUSINESS_IF CHIME_STORAGE_IF; do
		run -100 env $name=an-interface-too-long chime-probe -a
		[[ $output == *"$name=an-interface-too-long: expected"* ]]
	done
	run -111 env CHIME_AGENT_DIR=none chime-probe -a
	[[ $output == *'none: cannot be watched'* ]]
	run -0 chime-probe -V
}

@test "empty input: nothing" {
	run -0 --separate-stderr chime-probe </dev/null
	[ -z "$output$stderr" ]
}

@test "a refused connection is an answer, and so is an accepted one" {
	probe business lo 127.0.0.1 "$(free_port)" >in
	run -0 --separate-stderr chime-probe -t 5s <in
	jq_is 'keys_unsorted == ["type", "ts", "net", "interface", "state",
	    "peers", "answered"] and .type == "fact" and
	    .net == "business" and .interface == "lo" and .state == "up" and
	    .peers == 1 and .answered == 1' <<<"$output"
	[ -z "$stderr" ]
}

@test "bad lines are refused one by one, the rest goes on: 1" {
	{
		probe business lo 127.0.0.1 1
		echo junk
		probe management lo 127.0.0.1 1
		probe business lo localhost 1
		probe business eth9 127.0.0.2 1
		probe business lo 127.0.0.1 1
		probe storage lo 127.0.0.1 65536
		probe storage an-interface-too-long 127.0.0.1
		echo '{"type":"probe","net":"storage","interface":"lo"}'
		head -c 70000 /dev/zero | tr '\0' x
		echo
		probe storage lo 127.0.0.1 1
	} >in
	run -1 --separate-stderr chime-probe <in
	[ "$(jq -r 'select(.type == "error").line' <<<"$output" |
	    xargs)" = '2 3 4 5 6 7 8 9 10' ]
	for reason in "'localhost' is no numeric address" \
	    'business is on lo already' '127.0.0.1 is on the list'; do
		[[ $output == *"$reason"* ]]
	done
	jq -c 'select(.type == "fact")' <<<"$output" >facts
	[ "$(wc -l <facts)" -eq 2 ]
	jq_is '.state == "up" and .peers == 1' facts
}

@test "more peers than it takes are refused" {
	for i in $(seq 257); do
		probe storage lo "127.0.1.$((i % 250))" 1 |
		    sed "s/127.0.1/127.$((i / 250)).1/"
	done >in
	run -1 chime-probe -t 5s <in
	jq -c 'select(.type == "error")' <<<"$output" >errors
	jq_is '.line == 257 and .reason == "more than 256 peers"' errors
	jq -c 'select(.type == "fact")' <<<"$output" >facts
	jq_is '.answered == 256' facts
}

@test "an unknown type passes as it is" {
	echo '{"type":"note", "x":1}' >in
	run -0 chime-probe <in
	[ "$output" = '{"type":"note", "x":1}' ]
}

@test "no such interface is down: 1" {
	{
		probe storage no-such-if 127.0.0.1 1
		probe business lo 127.0.0.1 1
	} >in
	run -1 chime-probe <in
	jq_is 'if .net == "storage" then .state == "down" and
	    .reason == "no such interface" and .answered == 0
	    else .state == "up" end' <<<"$output"
}

@test "an output that cannot be written ends it: 111" {
	probe business lo 127.0.0.1 1 >in
	run -111 bash -c 'chime-probe <in >/dev/full'
	[[ $output == *'stdout: cannot write'* ]]
	run -111 timeout 30 bash -c 'chime-probe -i 1s <in >/dev/full'
}

@test "SIGTERM: 0, between rounds, without peers, and while it reads" {
	probe business lo 127.0.0.1 1 >p.in
	start p chime-probe -i 1h
	wait_for 10 has p.out '"up"'
	stop p
	[ "$rc" -eq 0 ]
	start idle chime-probe -i 1h
	stop idle
	[ "$rc" -eq 0 ]
	mkfifo q.in
	exec 7<>q.in
	start q chime-probe
	echo '{"type":"note"}' >&7
	wait_for 10 has q.out note
	stop q
	[ "$rc" -eq 0 ]
}

@test "two namespaces: TCP and ICMP answer, and only through the interface" {
	cable
	{
		probe business eth0 10.91.1.2
		probe storage eth0 10.91.1.2 9
	} >in
	run -0 --separate-stderr in_a chime-probe -t 5s <in
	[ "$(wc -l <<<"$output")" -eq 2 ]
	jq_is '.state == "up" and .answered == 1' <<<"$output"
	[ -z "$stderr" ]
	# The same peer is not behind loopback.
	probe business lo 10.91.1.2 >in
	run -1 in_a chime-probe -t 300ms <in
	jq_is '.state == "down" and .reason == "no peer answers"' <<<"$output"
	# Nor is our own address behind the cable's end.
	probe storage eth0 127.0.0.1 9 >in
	run -1 in_a chime-probe -t 300ms <in
}

@test "two namespaces: IPv6, global and link-local" {
	cable
	[ -e /proc/net/if_inet6 ] || skip "no IPv6 here"
	ip -n "$A" addr add fd91::1/64 dev eth0 nodad
	ip -n "$B" addr add fd91::2/64 dev eth0 nodad
	ip -n "$B" addr add fe80::b/64 dev eth0 nodad
	ip -n "$A" addr add fe80::a/64 dev eth0 nodad
	{
		probe business eth0 fd91::2
		probe business eth0 fe80::b
		probe storage eth0 fd91::2 9
	} >in
	run -0 in_a chime-probe -t 5s <in
	jq_is '.state == "up" and .peers == .answered' <<<"$output"
}

@test "two namespaces: raw sockets where there are no others" {
	cable
	in_a sysctl -qw net.ipv4.ping_group_range='1 0'
	probe business eth0 10.91.1.2 >in
	run -0 in_a chime-probe -t 5s <in
	jq_is '.answered == 1' <<<"$output"
	command -v setpriv || skip "no setpriv"
	# With neither, nothing is known, which is not down.
	run -1 --separate-stderr in_a setpriv --bounding-set -net_raw \
	    --inh-caps -net_raw chime-probe -t 300ms <in
	jq_is '.state == "unknown" and .answered == 0 and
	    .reason == "1 of 1 peers could not be asked, no other answers"' \
	    <<<"$output"
	[[ $stderr == *'10.91.1.2: cannot ask: '* ]]
}

@test "two namespaces: a dead host is not a dead network" {
	cable
	{
		probe storage eth0 10.91.1.2
		probe storage eth0 10.91.1.3
		probe storage eth0 10.91.1.4 22
	} >in
	before=$(now_ms)
	run -0 in_a chime-probe -t 900ms <in
	after=$(now_ms)
	jq_is '.state == "up" and .peers == 3 and .answered == 1 and
	    (has("reason") | not)' <<<"$output"
	# At the same time, within the timeout.
	[ $((after - before)) -lt 10000 ]
}

@test "two namespaces: down after so many rounds, up after the hold" {
	cable
	probe storage eth0 10.91.1.2 >p.in
	start p ip netns exec "$A" chime-probe -i 300ms -t 200ms -F 3 -H 1s
	wait_for 10 state_is p.out up
	# The other end takes nothing any more, but the carrier stays.
	ip -n "$B" addr del 10.91.1.2/24 dev eth0
	wait_for 20 state_is p.out down
	jq -r 'select(.answered == 0).reason' p.out >reasons
	[ "$(head -n 3 reasons | xargs -d '\n')" = "no peer answers, round 1 \
of 3 no peer answers, round 2 of 3 no peer answers" ]
	jq_is 'if .answered == 1 or .reason != "no peer answers" then
	    .state == "up" else .state == "down" end' p.out
	ip -n "$B" addr add 10.91.1.2/24 dev eth0
	wait_for 20 state_is p.out up
	# 300 ms a round: held down for three of them at least.
	[ "$(grep -c 'held down until 1000' p.out)" -ge 3 ]
	# And the link itself.
	ip -n "$B" link set eth0 down
	wait_for 20 state_is p.out down
	[ "$(tail -n 1 p.out | jq -r .reason)" = 'no carrier' ]
	stop p
	[ "$rc" -eq 0 ]
}

@test "what comes while it is stopped counts" {
	cable
	probe storage eth0 10.91.1.2 >p.in
	start p ip netns exec "$A" chime-probe -i 300ms -t 200ms -F 1 -H 0s
	for _ in 1 2 3 4; do
		wait_for 10 state_is p.out up
		signal p STOP
		n=$(wc -l <p.out)
		sleep 0.5 # the stop itself
		signal p CONT
		wait_for 10 lines p.out $((n + 2))
	done
	stop p
	[ "$rc" -eq 0 ]
	jq_is '.state == "up"' p.out
}

# told JQ: what the server says of the node, in desired.jsonl.
told() {
	mkdir -p agent
	jq -nc '{type: "host", ts: "t", host: "n1", admin: "run",
	    interval_ms: 10000} + '"$1" >agent/new
	echo '{"type":"vm","ts":"t","vm":"x"}' >>agent/new
	mv agent/new agent/desired.jsonl
}

# agent OPTION...: as the service does; only root may send echoes for sure.
agent() {
	[ "$(id -u)" = 0 ] || skip "needs root to ask by ICMP"
	mkdir -p agent
	CHIME_AGENT_DIR=$DIR/agent start p "${in[@]}" chime-probe -a "$@"
}

# found FILTER: whether networks.jsonl as an array satisfies it.
found() {
	[ -e agent/networks.jsonl ] &&
	    jq -es "$1" agent/networks.jsonl >/dev/null
}

@test "-a: the server's list, and a changed one without a restart" {
	told '{node_ip: "127.0.0.1", storage_ip: "127.0.0.1",
	    business_peers: ["127.0.0.2"],
	    storage_peers: ["127.0.0.2", "127.0.0.3"]}'
	agent -i 300ms -t 200ms
	wait_for 10 found 'map([.net, .interface, .address, .state, .peers,
	    .answered]) == [["business", "lo", "127.0.0.1", "up", 1, 1],
	    ["storage", "lo", "127.0.0.1", "up", 2, 2]]'
	jq_is 'keys_unsorted == ["type", "ts", "net", "interface", "address",
	    "state", "peers", "answered", "since", "at_ms", "interval_ms"] and
	    .interval_ms == 300' agent/networks.jsonl
	told '{storage_ip: "127.0.0.1", storage_peers: ["127.0.0.4"]}'
	wait_for 10 found 'map([.net, .peers]) == [["storage", 1]]'
	# What cannot be used changes nothing, or is left out.
	echo junk >agent/new
	mv agent/new agent/desired.jsonl
	wait_for 10 has p.err 'warning: desired.jsonl: '
	told '{storage_ip: "127.0.0.1", storage_peers: ["web", "127.0.0.5",
	    "127.0.0.6"]}'
	wait_for 10 found 'map([.net, .peers]) == [["storage", 2]]'
	has p.err "storage: not asked: peer: 'web' is no numeric address"
	# Nobody left to ask is unknown; no network at all is nothing.
	told '{storage_ip: "127.0.0.1"}'
	wait_for 10 found '.[0] | .state == "unknown" and .peers == 0 and
	    .reason == "there is no peer to ask"'
	told '{storage_peers: ["127.0.0.5"]}'
	wait_for 10 found '. == []'
	stop p
	[ "$rc" -eq 0 ]
	[ ! -s p.out ]
}

@test "-a: ready before the server was heard, then asks at once, by its pace" {
	agent -d 5 5>ready
	wait_for 10 test -s ready
	wait_for 10 found '. == []'
	told '{interval_ms: 60000, storage_ip: "127.0.0.1",
	    storage_peers: ["127.0.0.2"]}'
	wait_for 10 found '.[0] | .state == "up" and .interval_ms == 180000'
	run -111 env CHIME_AGENT_DIR="$DIR/agent" chime-probe -a
	[[ $output == *'another chime-probe runs here'* ]]
	stop p
	[ "$rc" -eq 0 ]
}

@test "-a: an address that no interface has, and an interface by its name" {
	told '{business_peers: ["127.0.0.2"], storage_ip: "192.0.2.1",
	    storage_peers: ["127.0.0.2"]}'
	CHIME_BUSINESS_IF=lo agent -i 300ms -t 200ms
	wait_for 10 found '.[0].state == "up" and .[0].interface == "lo" and
	    (.[0] | has("address") | not)'
	wait_for 10 found '.[1] | .state == "down" and
	    .reason == "no interface has its address" and
	    .address == "192.0.2.1" and (has("interface") | not)'
}

@test "-a: more peers than the server names, if the operator says so" {
	run -100 env CHIME_STORAGE_PEERS=san chime-probe -a
	[[ $output == *'CHIME_STORAGE_PEERS=san: expected'* ]]
	told '{storage_ip: "127.0.0.1", storage_peers: ["127.0.0.2"]}'
	CHIME_BUSINESS_PEERS=127.0.0.3 CHIME_STORAGE_PEERS=127.0.0.3,127.0.0.2 \
	    agent -i 300ms -t 200ms
	wait_for 10 found 'map([.net, .peers, .answered]) ==
	    [["storage", 2, 2]]'
	has p.err 'storage: not asked: peer: 127.0.0.2 is on the list'
}

@test "-a: what was down is so after a restart, and since when" {
	cable
	in=(ip netns exec "$A")
	told '{storage_ip: "10.91.1.1", storage_peers: ["10.91.1.2"]}'
	agent -i 300ms -t 200ms -F 2 -H 1h
	wait_for 10 found '.[0].state == "up"'
	ip -n "$B" addr del 10.91.1.2/24 dev eth0
	wait_for 10 found '.[0] | .state == "down" and .interface == "eth0"'
	since=$(jq -r .since agent/networks.jsonl)
	signal p KILL
	wait_end p 5
	ip -n "$B" addr add 10.91.1.2/24 dev eth0
	agent -i 300ms -t 200ms -F 2 -H 1h
	wait_for 10 found '.[0] | .state == "down" and .answered == 1'
	[ "$(jq -r .since agent/networks.jsonl)" = "$since" ]
	# But not when it was long ago.
	stop p
	jq -c '.at_ms -= 1000' agent/networks.jsonl >agent/new
	mv agent/new agent/networks.jsonl
	agent -i 300ms -t 200ms
	wait_for 10 found '.[0].state == "up"'
}
