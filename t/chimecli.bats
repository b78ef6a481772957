#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A server role, and a node on libvirt's test driver: no qemu is needed.

load lib/common
load lib/db

setup() {
	common_setup
	db_start
	db_schema
	start api chime-apiserver -l 127.0.0.1:0
	wait_for 10 has api.err 'listening on'
	export CHIME_API CHIME_TOKEN_FILE=$DIR/admin.token
	CHIME_API=http://$(sed -n 's/.*listening on //p' api.err)
	(umask 077 && db_token admin test >admin.token)
}

# join_token HOST: the file of a new one.
join_token() {
	(umask 077 && db_token join "$1" >"$DIR/join.$1")
	echo "$DIR/join.$1"
}

# node NAME: a host with its agent role, in run.
node() {
	local conf=$DIR/$1/agent.conf

	chimeadm initagent --host "$1" --manage-ip 127.0.0.1 \
	    --pong-port "$(free_port udp)" --api "$CHIME_API" \
	    --token-file "$(join_token "$1")" --libvirt test:///default \
	    --conf-dir "$DIR/$1"
	cat >>"$conf" <<-END
	CHIME_DOMAIN_TYPE=test
	CHIME_RUN_DIR=$DIR/$1/run
	CHIME_LOG_DIR=$DIR/$1/log
	CHIME_AGENT_DIR=$DIR/$1/run/agent
	END
	start "$1" chime-agent run --conf "$conf"
	wait_for 20 host_is "$1" run
}

host_is() {
	chimecli host show "$1" | jq_is ".status == \"$2\""
}

tty() {
	TERM=xterm NO_COLOR=${NO_COLOR-1} script -qec "$*" /dev/null </dev/null |
	    tr -d '\r'
}

@test "wrong usage: 100, with a suggestion" {
	run -100 chimecli
	run -100 chimecli hots list
	[[ $output == *"hots: unknown word (did you mean host?)"* ]]
	run -100 chimecli host
	run -100 chimecli host lits
	[[ $output == *"did you mean list?"* ]]
	run -100 chimecli host show
	run -100 chimecli host show a b
	run -100 chimecli host show ..
	run -100 chimecli vm strat x
	[[ $output == *"did you mean start?"* ]]
	run -100 chimecli vm stop x --nwo
	[[ $output == *"did you mean --now?"* ]]
	run -100 chimecli vm start x --now
	run -100 chimecli vm stop x --wait=soon
	run -100 chimecli event follwo
	[[ $output == *"did you mean follow?"* ]]
	run -100 chimecli event list --after x
	run -0 chimecli -V
}

@test "wrong options of vm create are named, and nothing is sent" {
	export CHIME_API=http://127.0.0.1:1
	for bad in '--name' '--vcpus 1' '--name x --vcpus two' \
	    '--name x --memory-mib -5' '--name x --disk format=raw' \
	    '--name x --disk path=/a,colour=red' '--name x --disk path=/a,shared=1' \
	    '--name x --disk path=/a,path=/b' '--name x --nic mac=1' \
	    '--name x --naem y' '--name x extra'; do
		# shellcheck disable=SC2086 # words
		run -100 chimecli vm create $bad
		[[ $output == "chimecli: error: "* ]]
	done
	run -100 chimecli vm create --name x --memory 5
	[[ $output == *"did you mean --memory-mib?"* ]]
}

@test "nothing there: no records, and a table of titles" {
	run -0 chimecli host list
	[ -z "$output" ]
	run -0 chimecli vm list
	[ -z "$output" ]
	tty chimecli vm list | grep -qx 'NAME  STATUS  WANT  HOST .*'
}

@test "-n prints the request, sends nothing, and exits 1" {
	export CHIME_API=http://127.0.0.1:1
	run -1 chimecli vm create -n --name web --vcpus 2 --memory-mib 64 \
	    --host n1 --restart never --stopped \
	    --disk path=/a.img,format=qcow2,shared \
	    --disk path=/b.iso,device=cdrom,readonly \
	    --nic bridge=br0,mac=52:54:00:00:00:01 --nic bridge=br1
	echo "$output" | jq_is '.type == "request" and .method == "POST"
	    and .path == "/v1/vm" and (.body | del(.vm)) == {name: "web",
	    vcpus: 2, memory_mib: 64, host: "n1", restart: "never",
	    want: "stopped", spec: {disks: [{path: "/a.img", format: "qcow2",
	    shared: true}, {path: "/b.iso", format: "raw", device: "cdrom",
	    readonly: true}], nics: [{bridge: "br0",
	    mac: "52:54:00:00:00:01"}, {bridge: "br1"}]}}'
	run -1 chimecli vm stop 'a b' --now -n
	echo "$output" | jq_is '.path == "/v1/vm/a%20b/stop"
	    and .body.grace_ms == 0'
	run -1 chimecli vm delete x -n
	echo "$output" | jq_is '.method == "DELETE"'
	run -1 chimecli host down n1 -n
	echo "$output" | jq_is '.path == "/v1/host/n1/down"'
	tty chimecli vm start x -n | grep -qx 'POST /v1/vm/x/start'
}

@test "a VM's whole life" {
	node n1
	run -0 chimecli vm create --name web --memory-mib 16 --wait
	echo "$output" | jq_is '.state == "running" and .host == "n1"'
	chimecli vm show web | jq_is '.want == "running"'
	run -0 chimecli vm stop web --now --wait
	echo "$output" | jq_is '.state == "off" and .want == "stopped"'
	run -0 chimecli vm start web --wait=30s
	echo "$output" | jq_is '.state == "running"'
	run -0 chimecli vm list --host n1
	echo "$output" | jq_is '.name == "web"'
	run -0 chimecli vm list --host n2
	[ -z "$output" ]
	run -0 chimecli vm delete web --wait
	run -0 chimecli vm list
	[ -z "$output" ]
	chimecli event list --kind vm.deleted | jq_is '.host == "n1"'
}

@test "a repeated create with the same uuid is the same VM" {
	node n1
	id=$(uuid)
	run -0 chimecli vm create --uuid "$id" --name web --memory-mib 16
	first=$(echo "$output" | jq -r .created_ts)
	run -0 chimecli vm create --uuid "$id" --name web --memory-mib 16
	[ "$(echo "$output" | jq -r .created_ts)" = "$first" ]
	run -1 chimecli vm create --uuid "$id" --name web --memory-mib 32
	[[ $output == *"(409 exists)"* ]]
	[ "$(chimecli vm list | wc -l)" -eq 1 ]
}

@test "when nobody answers, the message says how to repeat it" {
	export CHIME_API=http://127.0.0.1:1
	run -111 chimecli vm create --name web
	[[ $output =~ "repeat it with --uuid "[0-9a-f-]{36} ]]
}

@test "what the server refuses comes with its words" {
	chimeadm initagent --host n1 --manage-ip 127.0.0.1 --api "$CHIME_API" \
	    --token-file "$(join_token n1)" --conf-dir n1
	run -1 chimecli vm create --name web --host n1
	[[ $output == *"n1"*"(409 host_not_run)"* ]]
	run -100 chimecli vm show nope
	[[ $output == *"(404 not_found)"* ]]
	run -100 env CHIME_TOKEN_FILE="$DIR/n1/agent.token" chimecli vm list
	[[ $output == *"(403 forbidden)"* ]]
	run -100 chimecli --token-file n1/agent.token vm list
	[[ $output == *"(403 forbidden)"* ]]
	run -111 chimecli --api http://127.0.0.1:1 vm list
}

@test "--wait has a deadline, and says where it got to" {
	node n1
	chimecli vm create --name web --memory-mib 16 --stopped
	stop n1
	run -99 chimecli vm start web --wait=1
	[[ $output == *"not running in time"* ]]
}

@test "hosts: list, show, disable, down, enable" {
	node n1
	chimecli host list | jq_is '.host == "n1" and .status == "run"'
	run -0 chimecli host disable n1
	echo "$output" | jq_is '.status == "disabled"'
	run -1 chimecli vm create --name web --host n1
	run -0 chimecli host down n1
	wait_for 10 host_is n1 down
	run -0 chimecli host enable n1
	wait_for 10 host_is n1 run
	[ "$(chimecli event list --host n1 | jq -r .kind | grep -E \
	    'enabled|disabled|down' | tr '\n' ' ')" = \
	    "host.disabled host.down host.enabled " ]
}

@test "tables: aligned, in any script, coloured only where welcome" {
	node n1
	chimecli vm create --name 数据库 --memory-mib 16 --wait
	chimecli vm create --name web --memory-mib 16 --wait
	tty chimecli vm list >table
	grep -qx 'NAME    STATUS   WANT     HOST  .*' table
	grep -qx 'web     running  running  n1    .*' table
	grep -qx '数据库  running  running  n1    .*' table
	run ! has table "$(printf '\033')"
	NO_COLOR='' tty chimecli vm list | grep -q "$(printf '\033\\[32mrunning')"
	tty chimecli vm show 数据库 | grep -qx 'name  *数据库'
	tty chimecli host show n1 | grep -qx 'status  *run'
}

@test "events: list, since, the last, of one VM" {
	node n1
	chimecli vm create --name web --memory-mib 16 --wait >/dev/null
	chimecli vm create --name db --memory-mib 16 --wait >/dev/null
	chimecli event list >all
	jq_is '.type == "event" and .id > 0' all
	id=$(jq -r 'select(.kind == "host.run").id' all)
	chimecli event list --after "$id" | jq_is ".id > $id"
	[ "$(chimecli event list --last 2)" = "$(tail -n 2 all)" ]
	chimecli event list --vm web | jq_is '.text | contains("web")'
	tty chimecli event list | grep -q '  info  *vm.created  *VM web'
}

@test "event follow: what happens from now on, each once" {
	node n1
	chimecli vm create --name old --memory-mib 16 >/dev/null
	start follow chimecli event follow
	start filtered chimecli event follow --kind vm.start --after 0
	# It is following when it has asked once more.
	wait_for 10 pgrep -P "$(pid_of follow)" jq
	chimecli vm create --name new --memory-mib 16 --wait >/dev/null
	chimecli vm stop new --now --wait >/dev/null
	chimecli vm start new --wait >/dev/null
	wait_for 10 has follow.out vm.start
	wait_for 10 has filtered.out vm.start
	jq_is '.kind == "vm.start"' filtered.out
	run ! has follow.out 'VM old was'
	[ "$(jq -r .id follow.out | sort | uniq -d)" = "" ]
	[ "$(jq -r 'select(.kind | startswith("vm.")).kind' follow.out |
	    head -n 3 | tr '\n' ' ')" = "vm.created vm.stop vm.start " ]
	# The server away for a moment does not end it.
	stop api
	wait_for 10 has follow.err 'GET /v1/event'
	start api chime-apiserver -l "${CHIME_API#http://}"
	wait_for 10 has api.err 'listening on'
	chimecli vm stop new --now >/dev/null
	wait_for 10 stops_are 2
}

stops_are() {
	[ "$(jq -r 'select(.kind == "vm.stop").id' follow.out | wc -l)" -eq "$1" ]
}

@test "event follow ends as a whole" {
	start follow chimecli event follow --after 0
	wait_for 10 has follow.out server.schema
	[ "$(followers)" -ge 3 ]
	stop follow
	wait_for 15 no_followers
}

# How many processes of ours follow. Two greps for all of /proc: a fork a
# process takes seconds on a busy machine.
followers() {
	grep -lzxF "CHIME_TOKEN_FILE=$DIR/admin.token" /proc/[0-9]*/environ \
	    2>/dev/null | sed 's/environ$/cmdline/' |
	    xargs -r grep -lF follow 2>/dev/null | wc -l
}

no_followers() {
	[ "$(followers)" -eq 0 ]
}

@test "event follow ends when nobody reads any more" {
	chimeadm initagent --host n1 --manage-ip 127.0.0.1 --api "$CHIME_API" \
	    --token-file "$(join_token n1)" --conf-dir n1
	start follow sh -c 'chimecli event follow --after 0 | head -n 1'
	wait_for 10 has follow.out server.schema
	# It notices when it has the next thing to say.
	wait_for 20 happens_until_ended follow
	wait_end follow 5
	[ "$rc" -eq 0 ]
	[ "$(wc -l <follow.out)" -eq 1 ]
}

happens_until_ended() {
	chimecli host disable n1 >/dev/null
	chimecli host enable n1 >/dev/null
	ended "$1"
}
