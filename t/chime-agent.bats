#!/usr/bin/env bats
# SPDX-License-Identifier: ISC

load lib/common

# conf [LINE...]: a node on libvirt's test driver, and no server that answers.
conf() {
	[ -e token ] || (umask 077 && echo secret >token)
	{
		echo "CHIME_HOST=n1"
		echo "CHIME_API=http://127.0.0.1:$(free_port)"
		echo "CHIME_TOKEN_FILE=$DIR/token"
		echo "CHIME_LIBVIRT_URI=test:///default"
		echo "CHIME_PONG_LISTEN=127.0.0.1:$(free_port udp)"
		echo "CHIME_RUN_DIR=$DIR/run"
		echo "CHIME_LOG_DIR=$DIR/log"
		echo "CHIME_AGENT_DIR=$DIR/agent"
		echo "CHIME_LEDGER=$DIR/ledger.jsonl"
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >agent.conf
}

agent_run() {
	start agent chime-agent run --conf agent.conf
}

status() {
	chime-agent status --conf agent.conf >status
}

# status_has FILTER: a line of it.
status_has() {
	status || true
	jq -es "any($1)" status >/dev/null
}

ours() {
	local p

	for p in /proc/[0-9]*; do
		if tr '\0' '\n' <"$p/environ" | grep -qx "CHIME_RUN_DIR=$DIR/run"
		then
			echo "${p#/proc/} $(cat "$p/comm")"
		fi
	done 2>/dev/null
}

none_left() {
	[ -z "$(ours)" ]
}

@test "migrate: only a plan without --confirm, with the node's settings" {
	run -100 chime-agent migrate
	[[ $output == 'usage: chime-agent migrate --interface'* ]]
	run -100 chime-agent migrate --all --uuid x --interface lo --dest ::1
	run -100 chime-agent migrate --all --dest
	[[ $output == *'option --dest: needs a value'* ]]
	run -100 chime-agent migrate --all --interface lo --dest n2
	[[ $output == *"chime-migrate: error: -D: 'n2'"* ]]
	conf CHIME_ALLOW_PLAINTEXT=1
	run -111 --separate-stderr chime-agent migrate --conf agent.conf \
	    --uuid "$(uuid | tr a-f A-F)" --interface lo --dest 127.0.0.1 \
	    --via tcp --parallel 3 --copy-storage --shared /a --shared '/b c'
	jq_is 'if .check == "destination" then (.ok | not) and
	    (.reason | test("qemu[+]tcp://127.0.0.1/system")) else .ok end' \
	    <<<"$output"
	[[ $stderr == *'only the plan: --confirm does it'* ]]
	run -111 --separate-stderr chime-agent migrate --conf agent.conf --all \
	    --interface lo --dest 127.0.0.1 --confirm
	[ -z "$stderr" ]
}

@test "wrong usage: 100, with a suggestion" {
	run -100 chime-agent
	run -100 chime-agent stopp
	[[ $output == *"did you mean stop?"* ]]
	run -100 chime-agent run -d
	run -0 chime-agent -V
	[[ $output == "chime-agent "[0-9]* ]]
}

@test "what is missing in the configuration is named" {
	conf
	for name in CHIME_HOST CHIME_API CHIME_TOKEN_FILE; do
		conf
		sed -i "/^$name=/d" agent.conf
		run -100 chime-agent run --conf agent.conf
		[[ $output == *"$name: not set: chimeadm initagent"* ]]
	done
	conf
	chmod 644 token
	run -100 chime-agent run --conf agent.conf
	[[ $output == *"others may read it: chmod 600 $DIR/token"* ]]
	rm token
	run -100 chime-agent run --conf agent.conf
	[[ $output == *"token: cannot be read"* ]]
	[ ! -e agent ]
}

@test "without a server: up, and the node's own health is known" {
	conf
	run -1 chime-agent status --conf agent.conf
	[[ $output == *"not running"* ]]
	agent_run
	wait_for 20 status_has '.service == "reconcile" and .state == "up"'
	wait_for 20 status_has '.service == "pong" and .ready'
	[ "$(jq -s -c 'map(select(.type == "service").service)' status)" = \
	    '["deadman","heartbeat","pong","probe","reconcile"]' ]
	[ "$(ours | grep -c ' chime-agent$')" -eq 1 ]
	[ "$(cat run/agent.pid)" = "$pid" ]
	stop agent
	[ "$rc" -eq 0 ]
	[ ! -s agent.out ]
	none_left
}

@test "the health that the node observed is shown, running or not" {
	conf
	mkdir agent
	ts=2026-01-02T03:04:05.678Z
	cat >agent/observed.jsonl <<-END
	{"type":"host","ts":"$ts","host":"n1","boot":"b","observed_rev":"r","health":"error","reason":"libvirt does not answer"}
	{"type":"vm","ts":"$ts","vm":"v","host":"n1","state":"unknown"}
	END
	cat >agent/lease.jsonl <<-END
	{"type":"lease","ts":"$ts","host":"n1","boot":"b","beat":7,"sent_ms":1000,"interval_ms":10000}
	END
	run -1 --separate-stderr chime-agent status --conf agent.conf
	[ "${#lines[@]}" -eq 2 ]
	echo "$output" | jq_is '.type == "lease" and .beat == 7
	    or .health == "error" and .reason == "libvirt does not answer"'
	script -qec 'chime-agent status --conf agent.conf' tty </dev/null || true
	has tty 'node n1: .*error.*, libvirt does not answer'
	has tty 'server: answered the heartbeat of [0-9]* s ago'
	rm agent/*
	script -qec 'chime-agent status --conf agent.conf' tty </dev/null || true
	has tty 'node: nothing observed yet'
}

# fact NET STATE AGE_MS [REASON]: what chime-probe found so long ago.
fact() {
	jq -nc --arg net "$1" --arg state "$2" --arg reason "${4-}" \
	    --argjson at "$(($(now_ms) - $3))" '{type: "fact", ts: "t",
	    net: $net, interface: "eth1", state: $state, peers: 3,
	    answered: (if $state == "up" then 2 else 0 end)}
	    + if $reason == "" then {} else {reason: $reason} end
	    + {since: "2026-01-02T03:04:05.678Z", at_ms: $at,
	    interval_ms: 10000}'
}

# shown: what a person sees, without colours.
shown() {
	NO_COLOR=1 script -qec 'chime-agent status --conf agent.conf' tty \
	    </dev/null || true
}

@test "the node's networks are shown, with or without a server" {
	conf
	agent_run
	wait_for 20 status_has '.service == "probe" and .ready'
	wait_for 20 status_has '.type == "host" and .health == "ok"'
	# Nothing is told of its networks, so there are none.
	wait_for 20 test -e agent/networks.jsonl
	[ ! -s agent/networks.jsonl ]
	wait_for 20 status
	s6-svc -p run/agent-sv/probe # it would write its own
	{
		fact business up 0
		fact storage down 0 'no peer answers'
	} >agent/networks.jsonl
	status_has '.type == "fact" and .net == "storage" and .state == "down"'
	shown
	has tty 'network business: up through eth1, 2 of 3 peers answer'
	has tty 'network storage: down since 2026-.* eth1, no peer answers'
	# A network that is down makes the difference; one long ago does not.
	run ! status
	fact storage down 40000 'no peer answers' >agent/networks.jsonl
	status
	shown
	has tty 'network storage: unknown, chime-probe does not report'
}

@test "colours, and none with NO_COLOR" {
	conf
	mkdir agent
	echo '{"type":"host","ts":"","host":"n1","health":"ok"}' \
	    >agent/observed.jsonl
	TERM=xterm script -qec 'chime-agent status --conf agent.conf' tty \
	    </dev/null || true
	has tty "$(printf '\033\\[32mok')"
	NO_COLOR=1 TERM=xterm script -qec \
	    'chime-agent status --conf agent.conf' tty </dev/null || true
	has tty 'node n1: ok'
	run ! has tty "$(printf '\033')"
}

@test "a boot is one as long as its folder is there" {
	conf
	agent_run
	wait_for 10 test -s agent/boot
	grep -qxE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' agent/boot
	cp agent/boot first
	stop agent
	agent_run
	wait_for 20 status_has '.service == "pong" and .ready'
	cmp first agent/boot
	signal agent KILL
	wait_end agent 5
	agent_run
	wait_for 20 status_has '.service == "pong" and .ready'
	cmp first agent/boot
	stop agent
	rm -r agent
	agent_run
	wait_for 10 test -s agent/boot
	run ! cmp -s first agent/boot
	stop agent
	none_left
}

@test "each service is back when it was killed" {
	conf
	agent_run
	wait_for 20 status_has '.service == "pong" and .ready'
	for name in deadman heartbeat pong probe reconcile; do
		svc=$DIR/run/agent-sv/$name
		old=$(s6-svstat -o pid "$svc")
		kill -KILL "$old"
		wait_for 10 renewed "$svc" "$old"
		has "log/$name/current" "finish: info: $name ended: signal 9"
	done
	run -0 chime-agent stop --conf agent.conf
	wait_end agent 10
	[ "$rc" -eq 0 ]
	none_left
}

renewed() {
	[ "$(s6-svstat -o up "$1")" = true ] &&
	    [ "$(s6-svstat -o pid "$1")" != "$2" ]
}

@test "a server role and an agent role live in one CHIME_RUN_DIR" {
	conf
	agent_run
	wait_for 20 status_has '.service == "pong" and .ready'
	echo "CHIME_DB_SOCKET=/nonexistent" >server.conf
	grep -E 'RUN_DIR|LOG_DIR' agent.conf >>server.conf
	echo "CHIME_API_LISTEN=127.0.0.1:$(free_port)" >>server.conf
	start server chime-server run --conf server.conf
	wait_for 10 test -d run/server-sv/apiserver/supervise
	run -0 chime-server stop --conf server.conf
	wait_end server 15
	[ "$rc" -eq 0 ]
	status_has '.service == "pong" and .ready'
}

@test "drain: shown first, done with --confirm, receipts into a file" {
	conf
	run -100 chime-agent drain --conf agent.conf
	[[ $output == *"--all | --uuid"* ]]
	run -100 chime-agent drain --all --uuid x --conf agent.conf
	run -100 chime-agent drain --all --conf "$DIR/none"
	[[ $output == *"none: cannot be read"* ]]
	mkdir agent
	jq -nc '{type: "vm", vm: "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c01",
	    generation: 4}' >agent/desired.jsonl
	run -1 --separate-stderr chime-agent drain --all --conf agent.conf
	jq_is '.type == "plan" and .action == "refuse"' <<<"$output"
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == *"nothing was done: --confirm does it"* ]]
	run ! grep refuse ledger.jsonl
	run -0 --separate-stderr chime-agent drain --all --confirm \
	    --receipt out --conf agent.conf
	[[ $stderr == *"1 VMs drained"*"chimecli host rebuild"* ]]
	jq_is '.type == "receipt" and .host == "n1"
	    and .generation == "1.4.0"' out
	has ledger.jsonl '"refuse"'
	run -0 chime-agent drain --all --conf agent.conf
	run -1 --separate-stderr chime-agent drain --confirm --conf agent.conf \
	    --uuid 00000000-0000-4000-A000-000000000000
	[[ $output == *"nothing is known of it here"* ]]
}
