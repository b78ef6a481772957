#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Giving a VM to another host: what is a proof that it does not run on its own,
# and what is not. On a real MariaDB behind a real chime-apiserver.

load lib/common
load lib/db
load lib/hosts
load lib/access

VM=6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c01

setup() {
	common_setup
	db_start
	db_schema
	for n in n1 n2 n3; do
		add_host $n
		beats $n 1
	done
	sql "UPDATE host SET vcpus = 8, memory_mib = 1024"
	access_up
	create $VM web '{}'
}

# create UUID NAME MORE: a VM on n1, with more of its description.
create() {
	req POST /v1/vm operator "$(jq -cn --arg vm "$1" --arg name "$2" \
	    --argjson more "$3" '{vm: $vm, name: $name, host: "n1", vcpus: 1,
	    memory_mib: 64, want: "running", spec: {disks: [{path: "/shared/d",
	    format: "raw", shared: true}]}} + $more')"
	gets 200
}

# reported HOST STATE [REFUSED]: what the host's inventory says of the VM.
reported() {
	sql "REPLACE INTO inventory(host, vm, state, want, wish, generation)
	    VALUES ('$1', '$VM', '$2', 'running', 1, 1);
	    DELETE FROM inventory_refused WHERE host = '$1'"
	[ -z "${3:-}" ] || sql "INSERT INTO inventory_refused
	    VALUES ('$1', '$VM', $3)"
}

unreachable() {
	sql "UPDATE host SET health = 'unreachable' WHERE name = '$1'"
}

# receipt [JQ-FILTER]: one of n1's, changed before it is signed.
receipt() {
	jq -n --arg vm "$VM" "{ts: \"2026-01-02T03:04:05.678Z\", host: \"n1\",
	    vm: \$vm, ledger: \"00112233445566778899aabbccddeeff\",
	    generation: \"1.1.0\"} | ${1:-.}" >fields
	key=$(printf %s "${TOKENS[agent]}" | sha256sum | cut -d ' ' -f 1)
	mac=$(jq -rj '"chime receipt\n\(.ts)\n\(.host)\n\(.vm)\n\(.ledger)\n"
	    + "\(.generation)\n"' fields |
	    openssl dgst -sha256 -hmac "$key" | sed 's/.* //')
	jq -c --arg mac "$mac" '{type: "receipt"} + . + {mac: $mac}' fields
}

# xml DISK...: the VM is an imported one with these disks.
xml() {
	sql "UPDATE vm SET spec = JSON_OBJECT('xml',
	    '<domain><devices>$*</devices></domain>')"
}

rebuild() {
	req POST "/v1/vm/$VM/rebuild" operator "${1:-{\}}"
}

row() {
	sql "SELECT host, generation FROM vm WHERE uuid = '$VM'" | xargs
}

@test "without a proof nothing moves: running, silent and unreachable are none" {
	rebuild
	gets 409 no_proof
	reported n1 running
	rebuild
	gets 409 no_proof
	# Off is not refused, and a refusal alone is not off.
	reported n1 off
	rebuild
	gets 409 no_proof
	reported n1 running 1
	rebuild
	gets 409 no_proof
	reported n1 unknown 1
	rebuild
	gets 409 no_proof
	unreachable n1
	reported n1 running
	rebuild
	gets 409 no_proof
	body_is '.error.message | test("chime-agent drain")
	    and test("--confirm-fenced")'
	[ "$(row)" = "n1 1" ]
	sql_is 0 "SELECT COUNT(*) FROM event WHERE kind = 'vm.rebuilt'"
}

@test "drained: off and refused at its generation; the next one is issued" {
	reported n1 off 1
	rebuild '{"dry_run":true}'
	gets 200
	body_is '.result | .dry_run and .proof == "drained" and .generation == 2'
	[ "$(row)" = "n1 1" ]
	rebuild
	gets 200
	body_is '.result | .type == "rebuild" and .from == "n1"
	    and (.to | test("n[23]")) and .generation_before == 1
	    and .generation == 2 and (has("dry_run") | not)'
	[ "$(row)" = "$(jq -r .result.to body) 2" ]
	sql "SELECT text FROM event WHERE kind = 'vm.rebuilt'" |
	    grep "from host n1 to n[23], generation 1 to 2, by proof: drained"
	# The old refusal is below what is wanted now: no proof any more.
	sql "UPDATE vm SET host = 'n1'"
	rebuild
	gets 409 no_proof
}

@test "a receipt proves it, whoever carries it" {
	unreachable n1
	r=$(receipt)
	rebuild "{\"receipt\":$r}"
	gets 200
	body_is '.result.proof == "receipt"'
	# Once it was given out again, an old receipt is none.
	sql "UPDATE vm SET host = 'n1'"
	rebuild "{\"receipt\":$r}"
	gets 409 no_proof
	body_is '.error.message | test("earlier time")'
}

@test "receipts that are wrong: changed, of another host, VM, or token" {
	unreachable n1
	for change in '.generation = "1.9.0"' '.mac = "0" * 64' \
	    '.ledger = "f" * 32'; do
		rebuild "{\"receipt\":$(receipt | jq -c "$change")}"
		gets 409 no_proof
		body_is '.error.message | test("not signed by host n1")'
	done
	rebuild "{\"receipt\":$(receipt '.host = "n2"')}"
	gets 409 no_proof
	body_is '.error.message | test("on host n2")'
	rebuild "{\"receipt\":$(receipt '.vm = (.vm | sub("01$"; "02"))')}"
	gets 409 no_proof
	for change in '.vm = "web"' '.mac = "x"' 'del(.ledger)' \
	    '.generation = 1' '.host = "N 1"' '.type = "vm"'; do
		rebuild "{\"receipt\":$(receipt | jq -c "$change")}"
		gets 400
		body_is '.error.message | test("^receipt: ")'
	done
	sql "DELETE FROM token WHERE host = 'n1'"
	rebuild "{\"receipt\":$(receipt)}"
	gets 409 no_proof
	[ "$(row)" = "n1 1" ]
}

@test "a person says it is off: believed once every other host has reported" {
	reported n1 running
	req POST /v1/host/n1/fenced operator
	gets 409 host_reports
	unreachable n1
	rebuild
	gets 409 no_proof
	req POST /v1/host/n1/fenced operator
	gets 200
	rebuild
	gets 409 not_yet
	body_is '.error.message | test("moved to host n[23]")'
	beats n2 2
	rebuild
	gets 409 not_yet
	beats n3 2
	rebuild
	gets 200
	body_is '.result.proof == "off"'
	sql "SELECT text FROM event WHERE kind = 'vm.rebuilt'" |
	    grep 'by proof: off, says operator:\|by proof: off, says admin:'
}

@test "off is not believed when it reports again, nor with a copy elsewhere" {
	unreachable n1
	req POST /v1/host/n1/fenced operator
	gets 200
	beats n2 2
	beats n3 2
	reported n3 paused
	rebuild
	gets 409 no_proof
	body_is '.error.message | test("n3 reports a copy")'
	reported n3 off
	beats n1 2
	rebuild
	gets 409 no_proof
	body_is '.error.message | test("it reported since")'
}

@test "two hosts are off: both must be said to be" {
	unreachable n1
	unreachable n3
	req POST /v1/host/n1/fenced operator
	gets 200
	beats n2 2
	rebuild
	gets 409 not_yet
	req POST /v1/host/n3/fenced operator
	gets 200
	rebuild
	gets 200
	body_is '.result.to == "n2"'
}

@test "a local disk, no room, and a VM that is to be deleted" {
	reported n1 off 1
	sql "UPDATE vm SET spec = '{\"disks\":[{\"path\":\"/var/d\",
	    \"format\":\"raw\"}]}'"
	rebuild
	gets 409 local_disk
	body_is '.error.message | test("has /var/d on host n1 alone")'
	# An imported domain's disks are looked at, too.
	xml '<disk type="network"/><disk type="file"><source file="/var/x"/></disk>'
	rebuild
	gets 409 local_disk
	body_is '.error.message | test("has /var/x on host n1 alone")'
	xml '<disk type="file"><shareable/></disk>'
	sql "UPDATE host SET memory_mib = 32 WHERE name <> 'n1'"
	rebuild
	gets 409 no_capacity
	body_is '.error.details | length == 3'
	sql "UPDATE vm SET want = 'deleted'"
	rebuild
	gets 409 conflict
	[ "$(row)" = "n1 1" ]
}

@test "who may, and what is no request" {
	for role in viewer agent join; do
		req POST "/v1/vm/$VM/rebuild" $role '{}'
		gets 403
		req POST /v1/host/n1/fenced $role
		gets 403
	done
	req POST /v1/vm/nobody/rebuild operator '{}'
	gets 404
	req POST /v1/host/nobody/fenced operator
	gets 404
	rebuild '{"dry_run":1}'
	gets 400
	rebuild '{"receipt":[]}'
	gets 400
	rebuild '['
	gets 400
}

@test "a start of what its host refuses issues the next generation" {
	reported n1 off 1
	req POST "/v1/vm/$VM/start" operator
	gets 200
	[ "$(row)" = "n1 2" ]
	# It is under way now: another start changes nothing.
	req POST "/v1/vm/$VM/start" operator
	gets 200
	[ "$(row)" = "n1 2" ]
}

# beat TOKEN HOST N VM-RECORD-FIELDS: its heartbeat with one VM.
beat() {
	{
		jq -nc --arg host "$2" --arg boot "$BOOT" --argjson n "$3" \
		    '{type: "heartbeat", host: $host, proto: 1, boot: $boot,
		    beat: $n, observed_rev: "00000000000000\(10 + $n)",
		    health: "ok", full: true}'
		jq -nc --arg vm "$VM" "{type: \"vm\", vm: \$vm, wish: 1} + $4"
	} >beat
	req POST "/v1/host/$2/heartbeat" "$1" "$(cat beat)"
	gets 200
}

@test "a copy that was migrated by hand makes its host the owner" {
	reported n1 running
	# Not before it runs, and not a copy of another time.
	beat agent2 n2 10 '{state: "paused", stray: true, generation: 1}'
	[ "$(row)" = "n1 1" ]
	beat agent2 n2 11 '{state: "running", stray: true, generation: 2}'
	[ "$(row)" = "n1 1" ]
	# Meanwhile it is not started at home.
	req POST "/v1/vm/$VM/stop" operator '{}'
	gets 200
	req POST "/v1/vm/$VM/start" operator
	gets 409 copy_elsewhere
	body_is '.error.message | test("host n2 reports a copy")'
	beat agent2 n2 12 '{state: "running", stray: true, generation: 1}'
	[ "$(row)" = "n2 2" ]
	sql "SELECT text FROM event WHERE kind = 'vm.migrated'" |
	    grep 'from host n1 to n2, generation 1 to 2'
	# The answer names it already, so that it is a stray no more.
	grep -q "$VM" body
	# An older copy that wakes up elsewhere changes nothing.
	beat agent n1 10 '{state: "running", stray: true, generation: 1}'
	[ "$(row)" = "n2 2" ]
}

@test "--fence: the host's script switches it off, and that is read twice" {
	export CHIME_API=$url CHIME_TOKEN_FILE=$DIR/operator.token
	(umask 077 && echo "${TOKENS[operator]}" >operator.token)
	export CHIME_FENCE_DIR=$DIR/fence.d
	mkdir -m 755 fence.d
	echo on >power
	cat >fence.d/n1 <<-END
		#!/bin/sh
		# A stand-in for a power switch: a file.
		jq -r .op | grep -q status || echo off >$DIR/power
		echo "{\"type\":\"power\",\"host\":\"n1\",\"state\":\"\$(cat $DIR/power)\"}"
	END
	chmod 755 fence.d/n1
	run -1 chimecli host rebuild n1 --fence
	[[ $output == *"n1 is run, not unreachable: it is not switched off"* ]]
	unreachable n1
	run -1 chimecli host rebuild n1 --fence -n
	[[ $output == *"would switch host n1 off"* ]]
	[ "$(cat power)" = on ]
	chmod 644 fence.d/n1
	run -100 chimecli host rebuild n1 --fence --wait 0
	sql_is 0 "SELECT COUNT(*) FROM host_off"
	chmod 755 fence.d/n1
	run -1 chimecli host rebuild n1 --fence --wait 0
	[[ $output == *'"first":"off"'*'"second":"off"'*"has not reported"* ]]
	[ "$(cat power)" = off ]
	beats n2 5
	beats n3 5
	run -0 --separate-stderr chimecli host rebuild n1
	jq_is '.proof == "off"' <<<"$output"
}

@test "eight at once: one of them moves it" {
	reported n1 off 1
	for i in 1 2 3 4 5 6 7 8; do
		start "c$i" curl -s --max-time 30 -X POST -d '{}' -H \
		    "Authorization: Bearer ${TOKENS[operator]}" \
		    "$url/v1/vm/$VM/rebuild"
	done
	for i in 1 2 3 4 5 6 7 8; do
		wait_end "c$i" 30
	done
	cat c?.out | jq -s -e 'map(select(.result)) | length == 1'
	cat c?.out | jq -s -e 'map(.error.code | select(.)) | unique
	    == ["no_proof"]'
	[ "$(row | cut -d ' ' -f 2)" = 2 ]
	sql_is 1 "SELECT COUNT(*) FROM event WHERE kind = 'vm.rebuilt'"
}

@test "chimecli host rebuild: shown first, one line a VM" {
	export CHIME_API=$url CHIME_TOKEN_FILE=$DIR/operator.token
	(umask 077 && echo "${TOKENS[operator]}" >operator.token)
	create 6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c02 db '{}'
	unreachable n1
	receipt >r
	run -1 --separate-stderr chimecli host rebuild n1 --receipt r -n
	[ "$(jq -rs 'map(.type) | sort | join(" ")' <<<"$output")" = \
	    "error rebuild" ]
	[ "$(row)" = "n1 1" ]
	run -1 --separate-stderr chimecli host rebuild n1 --receipt - <r
	jq -es 'any(.type == "rebuild" and .proof == "receipt")
	    and any(.type == "error" and (.reason | test("may run on host n1")))' \
	    <<<"$output"
	[[ "$(row)" == n[23]" 2" ]]
	run -1 --separate-stderr chimecli host rebuild n1 --confirm-fenced -n
	jq_is '.vm | test("9c02$")' <<<"$output"
	jq_is '.target | test("n[23]")' <<<"$output"
	sql_is 0 "SELECT COUNT(*) FROM host_off"
	run -1 chimecli host rebuild n1 --confirm-fenced --wait 0
	[[ $output == *"has not reported"* ]]
	beats n2 3
	beats n3 3
	run -0 --separate-stderr chimecli host rebuild n1
	jq_is '.proof == "off"' <<<"$output"
	run -0 chimecli host rebuild n1
	[ -z "$output" ]
	run -100 chimecli host rebuild
	run -100 chimecli host rebuild n1 --recept r
	[[ $output == *"did you mean --receipt?"* ]]
	run -100 chimecli host rebuild n1 --receipt none
	run -100 chimecli host rebuild n1 --also-fenced n2
	echo 'no JSON' >r
	run -100 chimecli host rebuild n1 --receipt r
	[[ $output == *"expected receipt records"* ]]
}
