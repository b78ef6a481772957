#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The worker that writes heartbeats, on a real database.
# shellcheck disable=SC2016 # for the inner shell

load lib/common
load lib/db

A=11111111-1111-4111-8111-111111111111
B=22222222-2222-4222-8222-222222222222
V1=aaaaaaaa-0000-4000-8000-000000000001
V2=aaaaaaaa-0000-4000-8000-000000000002

setup() {
	common_setup
	db_start
	db_schema
	add_host n1
	add_host n2
	T1=$(db_token agent n1)
	T2=$(db_token agent n2)
}

teardown() {
	common_teardown
}

# add_host NAME
add_host() {
	sql "INSERT INTO host(name, health_since, manage_ip, desired_rev,
	    created_at) VALUES ('$1', UTC_TIMESTAMP(3), '127.0.0.1',
	    '0000000000000000', UTC_TIMESTAMP(3))"
}

# add_vm UUID HOST NAME WANT WISH
add_vm() {
	sql "INSERT INTO vm(uuid, name, host, want, wish, vcpus, memory_mib,
	    grace_ms, spec, created_at, changed_at) VALUES ('$1', '$3', '$2',
	    '$4', $5, 1, 16, 30000, '{\"nics\":[]}', UTC_TIMESTAMP(3),
	    UTC_TIMESTAMP(3))"
}

# beat HOST BOOT N [JQ]: a heartbeat's first line.
beat() {
	jq -cn --arg h "$1" --arg b "$2" --argjson n "$3" \
	    '{type: "heartbeat", ts: "2026-01-01T00:00:00.000Z", host: $h,
	    proto: 1, boot: $b, beat: $n, observed_rev: "00000000000000aa",
	    health: "ok", vcpus: 2, memory_mib: 2048, pong_port: 8802} | '"${4:-.}"
}

# vm UUID STATE WANT WISH [JQ]: a line of an inventory.
vm() {
	jq -cn --arg u "$1" --arg s "$2" --arg w "$3" --argjson n "$4" \
	    '{type: "vm", ts: "2026-01-01T00:00:00.000Z", vm: $u, host: "n1",
	    state: $s, want: $w, wish: $n, generation: 1} | '"${5:-.}"
}

# ask ID HOST TOKEN: a request with stdin as its body.
ask() {
	jq -cRs --argjson id "$1" --arg h "$2" --arg t "$3" \
	    '{id: $id, method: "POST", path: "/v1/host/\($h)/heartbeat",
	    token: $t, body: .}'
}

# worker: the requests of stdin as one batch, answers in $DIR/out.
worker() {
	cat >"$DIR/requests"
	"$LIBEXEC/api-heartbeat" <"$DIR/requests" >"$DIR/out" \
	    2>"$DIR/worker.err"
}

# end ID JQ: whether the end of that answer satisfies it.
end() {
	jq -es --argjson id "$1" \
	    'map(select(.id == $id and has("end")) | .end) | length == 1 and
	    (.[0] | '"$2"')' "$DIR/out" >/dev/null
}

# row ID JQ: whether a row of that answer satisfies it.
row() {
	jq -es --argjson id "$1" \
	    'map(select(.id == $id and has("row")) | .row | '"$2"') | any' \
	    "$DIR/out" >/dev/null
}

@test "usage and configuration: 100" {
	run -100 "$LIBEXEC/api-heartbeat" operand
	run -100 "$LIBEXEC/api-heartbeat" -x
	CHIME_INTERVAL=1h run -100 "$LIBEXEC/api-heartbeat" </dev/null
	[[ $output == *CHIME_INTERVAL=1h* ]]
	CHIME_DB_PASSWORD_FILE=/nonexistent run -100 \
	    "$LIBEXEC/api-heartbeat" </dev/null
	run -0 "$LIBEXEC/api-heartbeat" -V
}

@test "no requests: nothing, 0; SIGTERM: 0" {
	run -0 --separate-stderr "$LIBEXEC/api-heartbeat" </dev/null
	[ -z "$output$stderr" ]
	mkfifo w.in
	exec 7<>w.in
	start w "$LIBEXEC/api-heartbeat"
	beat n1 $A 1 | ask 1 n1 "$T1" >&7
	wait_for 10 lines w.out 2
	stop w
	[ "$rc" -eq 0 ]
}

@test "the first beat: written, the host runs, the answer tells all VMs" {
	add_vm $V1 n1 web running 3
	add_vm $V2 n2 other running 1
	beat n1 $A 1 | ask 7 n1 "$T1" | worker
	end 7 '.status == 200'
	row 7 '.type == "host" and .host == "n1" and .boot == "'$A'" and
	    .beat == 1 and .admin == "run" and .full and
	    .desired_rev == "0000000000000000" and .interval_ms == 10000 and
	    (has("observed_rev") | not)'
	row 7 '.type == "vm" and .vm == "'$V1'" and .want == "running" and
	    .wish == 3 and .name == "web" and .restart == "on-failure" and
	    .spec == {"nics": []} and .memory_mib == 16'
	[ "$(grep -c '"row"' out)" -eq 2 ]
	sql_is "$A	1	NULL	ok" \
	    'SELECT boot, beat, observed_rev, health FROM heartbeat'
	sql_is "ok	2	2048	8802" \
	    "SELECT health, vcpus, memory_mib, pong_port FROM host
	    WHERE name = 'n1'"
	sql_is "info	host.run	n1" "SELECT level, kind, host FROM event
	    WHERE kind LIKE 'host%'"
}

# address HOST BUSINESS STORAGE [HEALTH [ADMIN]]
address() {
	sql "UPDATE host SET node_ip = NULLIF('$2', ''), storage_ip =
	    NULLIF('$3', ''), health = '${4:-ok}', admin = '${5:-run}'
	    WHERE name = '$1'"
}

@test "the answer names the host's addresses, and whom to ask" {
	for i in $(seq 3 13); do
		add_host n$i
		address n$i '' "10.2.0.$i"
	done
	address n1 10.1.0.1 10.2.0.1
	address n2 10.1.0.2 ''
	address n3 10.1.0.3 10.2.0.3 unreachable
	address n4 10.1.0.4 10.2.0.4 error
	address n5 10.1.0.5 10.2.0.5 ok down
	address n6 '' 10.2.0.6 silent disabled
	beat n1 $A 1 | ask 1 n1 "$T1" | worker
	row 1 '.node_ip == "10.1.0.1" and .storage_ip == "10.2.0.1" and
	    (.business_peers | sort) == ["10.1.0.2", "10.1.0.4"]'
	# Eight of nine, the same ones every time; neither n3 nor n5.
	row 1 '(.storage_peers | unique | length) == 8 and
	    (.storage_peers | inside(["4", "6", "7", "8", "9", "10", "11",
	    "12", "13"] | map("10.2.0." + .)))'
	first=$(jq -c 'select(.row).row.storage_peers' out)
	beat n1 $A 2 | ask 1 n1 "$T1" | worker
	[ "$(jq -c 'select(.row).row.storage_peers' out)" = "$first" ]
	beat n2 $B 1 | ask 2 n2 "$T2" | worker
	row 2 '.node_ip == "10.1.0.2" and (has("storage_ip") | not) and
	    (.storage_peers | length) == 8'
}

@test "without addresses there is nobody to ask" {
	beat n1 $A 1 | ask 1 n1 "$T1" | worker
	row 1 '[has("node_ip", "storage_ip", "business_peers",
	    "storage_peers")] | any | not'
}

@test "no full answer when the revision is known, and none for n2" {
	add_vm $V1 n1 web running 1
	beat n1 $A 1 '.desired_rev = "0000000000000000"' |
	    ask 1 n1 "$T1" | worker
	end 1 '.status == 200'
	[ "$(grep -c '"row"' out)" -eq 1 ]
	row 1 'has("full") | not'
	beat n1 $A 2 '.desired_rev = "0000000000000001"' |
	    ask 1 n1 "$T1" | worker
	row 1 '.full'
	row 1 '.vm == "'$V1'"'
}

@test "an inventory is stored, acknowledged, and replaced as a whole" {
	{
		beat n1 $A 1 '.full = true'
		vm $V1 running running 1
		vm $V2 off stopped 2 '.reason = "stopped, as wanted" |
		    .restarts = 2 | .stray = true'
	} | ask 1 n1 "$T1" | worker
	row 1 '.observed_rev == "00000000000000aa"'
	sql_is "$V1	running	NULL	1	0
$V2	off	stopped, as wanted	2	1" \
	    'SELECT vm, state, reason, wish, stray FROM inventory ORDER BY vm'
	# A beat with another revision and no inventory: the old one stands.
	beat n1 $A 2 '.observed_rev = "00000000000000bb"' |
	    ask 2 n1 "$T1" | worker
	row 2 '.observed_rev == "00000000000000aa"'
	beat n1 $A 3 '.observed_rev = "00000000000000bb" | .full = true' |
	    ask 3 n1 "$T1" | worker
	row 3 '.observed_rev == "00000000000000bb"'
	sql_is 0 'SELECT COUNT(*) FROM inventory'
}

@test "a VM that was started again by its agent: an event, once" {
	add_vm $V1 n1 web running 1
	told() {
		{
			beat n1 $A "$1" ".full = true |
			    .observed_rev = \"00000000000000$1$1\""
			vm $V1 running running 1 "$2"
			vm $V2 running running 1 '.restarts = 3'
		} | ask "$1" n1 "$T1" | worker
		sql "SELECT level, vm, text FROM event
		    WHERE kind = 'vm.restarted' ORDER BY id" >events
	}
	told 1 .
	[ ! -s events ]
	told 2 '.restarts = 1'
	[ "$(cat events)" = "warning	$V1	VM web died on n1 and was started \
again, 1 time in this boot of the host" ]
	told 3 '.restarts = 1'
	lines events 1 && ! lines events 2
	told 4 '.restarts = 3'
	grep -q '3 times' events
	# Counted anew: a boot, or an agent that forgot.
	told 5 .
	told 6 '.restarts = 1'
	lines events 3 && ! lines events 4
}

@test "an inventory with one bad line is refused, its heartbeat counts" {
	{
		beat n1 $A 1 '.full = true'
		vm $V1 running running 1
	} | ask 1 n1 "$T1" | worker
	for bad in junk '{"type":"vm"}' \
	    '{"type":"vm","vm":"x","state":"off"}' \
	    "{\"type\":\"vm\",\"vm\":\"$V2\",\"state\":\"O\\u0027; DROP\"}" \
	    "{\"type\":\"vm\",\"vm\":\"$V2\",\"state\":\"off\",\"wish\":-1}" \
	    "$(vm $V1 off running 1)"; do
		n=$((${n:-1} + 1))
		{
			beat n1 $A $n '.full = true |
			    .observed_rev = "00000000000000bb"'
			vm $V1 running running 1
			echo "$bad"
		} | ask $n n1 "$T1" | worker
		end $n '.status == 200'
		row $n '.beat == '$n' and .observed_rev == "00000000000000aa"'
		grep -q 'inventory refused' worker.err
	done
	sql_is "$V1" 'SELECT vm FROM inventory'
}

@test "unknown types and fields in an inventory are passed over" {
	{
		beat n1 $A 1 '.full = true | .x = [1, {}]'
		echo '{"type":"weather","rain":true}'
		echo
		vm $V1 running running 1 '.colour = "red"'
	} | ask 1 n1 "$T1" | worker
	row 1 '.observed_rev == "00000000000000aa"'
	sql_is 1 'SELECT COUNT(*) FROM inventory'
}

@test "who may: 401 without or with an unknown token, 403 with another's" {
	admin=$(db_token admin someone)
	{
		beat n1 $A 1 | ask 1 n1 "$T2"
		beat n1 $A 1 | ask 2 n1 "$admin"
		beat n1 $A 1 | ask 3 n1 "' OR 1=1 --"
		beat n1 $A 1 | ask 4 n1 "$T1" | jq -c 'del(.token)'
		echo junk | ask 5 n1 "$T2"
		beat n2 $B 4 | ask 6 n2 "$T2"
	} | worker
	end 1 '.status == 403 and .error.code == "forbidden"'
	end 2 '.status == 403'
	end 3 '.status == 401 and .error.code == "unauthorized"'
	end 4 '.status == 401'
	end 5 '.status == 403'
	end 6 '.status == 200'
	sql_is n2 'SELECT host FROM heartbeat'
}

@test "a revoked and an expired token: 401" {
	sql "UPDATE token SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND
	    WHERE host = 'n1'"
	sql "DELETE FROM token WHERE host = 'n2'"
	{
		beat n1 $A 1 | ask 1 n1 "$T1"
		beat n2 $A 1 | ask 2 n2 "$T2"
	} | worker
	end 1 '.status == 401'
	end 2 '.status == 401'
}

@test "bad heartbeats are refused alone, the good ones of the batch count" {
	local id=10

	{
		beat n1 $A 1 | ask 1 n1 "$T1"
		while IFS= read -r change; do
			id=$((id + 1))
			beat n1 $A 9 "$change" | ask $id n1 "$T1"
		done <<-'E'
			del(.boot)
			.boot = "x"
			.boot = "11111111-1111-4111-8111-11111111111A"
			.beat = -1
			.beat = 1e300
			.beat = "7"
			.proto = 2
			del(.proto)
			.health = "fine"
			.host = "n2"
			.observed_rev = "short"
			.observed_rev = "00000000000000AA"
			.desired_rev = 0
			.vcpus = 0
			.memory_mib = 99999999999
			.pong_port = 65536
			.full = "yes"
			.type = "vm"
			[.]
		E
		printf '' | ask 41 n1 "$T1"
		echo '{"a":1,"a":2}' | ask 42 n1 "$T1"
		printf '{"type":"heartbeat"' | ask 43 n1 "$T1"
		beat n1 $A 1 | ask 44 n1 "$T1" | jq -c 'del(.body)'
		beat n1 $A 1 | ask 45 n1 "$T1" | jq -c '.method = "GET"'
		beat n1 $A 1 | ask 46 'n1%2f' "$T1"
		beat n1 $A 1 | ask 47 '../n1' "$T1"
		beat n1 $A 1 | ask 48 "$(printf '%064d' 1)" "$T1"
		beat n2 $B 5 | ask 2 n2 "$T2"
	} >all
	worker <all
	end 1 '.status == 200'
	end 2 '.status == 200'
	for ((i = 11; i <= id; i++)); do
		end $i '.status == 400 and .error.code == "bad_request" and
		    (.error.message | length > 5)'
	done
	for i in 41 42 43 44; do
		end $i '.status == 400'
	done
	for i in 45 46 47 48; do
		end $i '.status == 404'
	done
	[ "$id" -eq 29 ]
	sql_is "n1	1
n2	5" 'SELECT host, beat FROM heartbeat ORDER BY host'
}

@test "lines that are no requests are said and skipped" {
	{
		echo junk
		echo '{"method":"POST"}'
		echo
		head -c 5000000 /dev/zero | tr '\0' x
		echo
		beat n1 $A 1 | ask 1 n1 "$T1"
	} | worker
	end 1 '.status == 200'
	[ "$(grep -c '"end"' out)" -eq 1 ]
	[ "$(grep -c error: worker.err)" -eq 3 ]
}

@test "a host that is gone: 404, and nothing of it stays" {
	sql "DELETE FROM host WHERE name = 'n1'"
	{
		{
			beat n1 $A 1 '.full = true'
			vm $V1 running running 1
		} | ask 1 n1 "$T1"
		beat n2 $B 1 | ask 2 n2 "$T2"
	} | worker
	end 1 '.status == 404 and .error.code == "not_found"'
	end 2 '.status == 200'
	sql_is n2 'SELECT host FROM heartbeat'
	sql_is 0 'SELECT COUNT(*) FROM inventory'
}

@test "a late beat of the same boot never moves the row back" {
	{
		beat n1 $A 5 | ask 1 n1 "$T1"
		beat n1 $A 4 '.health = "error"' | ask 2 n1 "$T1"
	} | worker
	end 1 '.status == 200'
	end 2 '.status == 409 and .error.code == "replayed"'
	beat n1 $A 3 '.health = "error" | .full = true' |
	    ask 3 n1 "$T1" | worker
	end 3 '.status == 409 and .error.code == "replayed"'
	sql_is 0 'SELECT COUNT(*) FROM inventory'
	sql_is "5	ok" 'SELECT beat, health FROM heartbeat'
	sql_is ok "SELECT health FROM host WHERE name = 'n1'"
	# The same beat once more is no sign of life either.
	sql "UPDATE host SET health = 'unreachable'"
	beat n1 $A 5 | ask 4 n1 "$T1" | worker
	end 4 '.status == 409 and .error.code == "replayed"'
	sql_is unreachable "SELECT health FROM host WHERE name = 'n1'"
}

@test "another boot begins its own count" {
	beat n1 $A 5 | ask 1 n1 "$T1" | worker
	{
		beat n1 $B 1 | ask 2 n1 "$T1"
	} | worker
	row 2 '.beat == 1 and .boot == "'$B'"'
	sql_is "$B	1" 'SELECT boot, beat FROM heartbeat'
	# Two boots in one batch: the one that came last is answered.
	{
		beat n1 $A 7 | ask 3 n1 "$T1"
		beat n1 $B 2 | ask 4 n1 "$T1"
	} | worker
	end 3 '.status == 409 and .error.code == "conflict"'
	row 4 '.boot == "'$B'"'
}

@test "health: error with its reason, changed reasons, well again" {
	beat n1 $A 1 | ask 1 n1 "$T1" | worker
	beat n1 $A 2 '.health = "error" | .reason = "libvirt is gone"' |
	    ask 1 n1 "$T1" | worker
	sql_is "error	libvirt is gone" \
	    "SELECT health, health_reason FROM host WHERE name = 'n1'"
	beat n1 $A 3 '.health = "error" | .reason = "still \u001b gone"' |
	    ask 1 n1 "$T1" | worker
	sql_is "error	still ? gone" \
	    "SELECT health, health_reason FROM host WHERE name = 'n1'"
	beat n1 $A 4 | ask 1 n1 "$T1" | worker
	sql_is "ok	NULL" \
	    "SELECT health, health_reason FROM host WHERE name = 'n1'"
	for health in silent unreachable; do
		sql "UPDATE host SET health = '$health' WHERE name = 'n1'"
		beat n1 $A "1$(sql 'SELECT COUNT(*) FROM event')" |
		    ask 1 n1 "$T1" | worker
	done
	sql_is "info	host.run
alert	host.error
info	host.run
info	host.run
info	host.run" "SELECT level, kind FROM event WHERE kind LIKE 'host%'
	    ORDER BY id"
}

@test "a reason of any length and script is stored" {
	beat n1 $A 1 '.health = "error" | .reason = ("电源故障" * 100)' |
	    ask 1 n1 "$T1" | worker
	end 1 '.status == 200'
	sql_is 85 "SELECT CHAR_LENGTH(health_reason) FROM host
	    WHERE name = 'n1'"
}

@test "facts that are not told stay as they were" {
	beat n1 $A 1 | ask 1 n1 "$T1" | worker
	beat n1 $A 2 'del(.vcpus, .memory_mib, .pong_port)' |
	    ask 1 n1 "$T1" | worker
	beat n1 $A 3 '.vcpus = 4' | ask 1 n1 "$T1" | worker
	sql_is "4	2048	8802" "SELECT vcpus, memory_mib, pong_port
	    FROM host WHERE name = 'n1'"
}

@test "a VM that ended by itself is wanted stopped from then on" {
	add_vm $V1 n1 web running 3
	{
		beat n1 $A 1 '.full = true | .desired_rev = "0000000000000000"'
		vm $V1 off running 3 '.final = true |
		    .reason = "guest powered itself off"'
	} | ask 1 n1 "$T1" | worker
	sql_is "stopped	4" 'SELECT want, wish FROM vm'
	row 1 '.type == "host" and .full and
	    .desired_rev != "0000000000000000"'
	row 1 '.vm == "'$V1'" and .want == "stopped" and .wish == 4'
	sql_is "vm.off	$V1	n1" "SELECT kind, vm, host FROM event
	    WHERE kind LIKE 'vm%'"
	# The same word again is about a wish that is over.
	{
		beat n1 $A 2 '.full = true'
		vm $V1 off running 3 '.final = true'
	} | ask 1 n1 "$T1" | worker
	sql_is "stopped	4" 'SELECT want, wish FROM vm'
}

@test "an end under an old wish, of a stray or of another's VM is no end" {
	add_vm $V1 n1 web running 4
	add_vm $V2 n2 other running 1
	{
		beat n1 $A 1 '.full = true'
		vm $V1 off running 3 '.final = true'
		vm $V2 off running 1 '.final = true'
	} | ask 1 n1 "$T1" | worker
	{
		beat n1 $A 2 '.full = true'
		vm $V1 off running 4 '.final = true | .stray = true'
	} | ask 1 n1 "$T1" | worker
	{
		beat n1 $A 3 '.full = true'
		vm $V1 off running 4
	} | ask 1 n1 "$T1" | worker
	{
		beat n1 $A 4 '.full = true'
		vm $V1 unknown running 4 '.final = true'
	} | ask 1 n1 "$T1" | worker
	sql_is "running	4
running	1" 'SELECT want, wish FROM vm ORDER BY uuid'
}

@test "a VM whose deletion is done is gone, with its inventory" {
	add_vm $V1 n1 web deleted 5
	add_vm $V2 n1 db deleted 5
	{
		beat n1 $A 1 '.full = true | .desired_rev = "0000000000000000"'
		vm $V1 off deleted 5
		vm $V2 stopping deleted 5
	} | ask 1 n1 "$T1" | worker
	sql_is $V2 'SELECT uuid FROM vm'
	sql_is $V2 'SELECT vm FROM inventory'
	sql_is "vm.deleted	$V1" "SELECT kind, vm FROM event
	    WHERE kind LIKE 'vm%'"
	row 1 '.full and .desired_rev != "0000000000000000"'
	[ "$(grep -c '"row"' out)" -eq 2 ]
}

@test "a hundred hosts in one batch, unsorted, one statement" {
	local i

	for i in {100..199}; do
		echo "INSERT INTO host(name, health_since, manage_ip,
		    desired_rev, created_at) VALUES ('h$i', UTC_TIMESTAMP(3),
		    '127.0.0.1', '0000000000000000', UTC_TIMESTAMP(3));
		    INSERT INTO token(hash, id, role, host, created_at)
		    VALUES (SHA2('token$i', 256), 'i$i', 'agent', 'h$i',
		    UTC_TIMESTAMP(3));"
	done >hosts.sql
	sql "$(cat hosts.sql)"
	beat X $A 1 >body
	for i in {100..199}; do
		echo "$((i * 7919 % 1000)) $i"
	done | sort -n | while read -r _ i; do
		sed "s/\"X\"/\"h$i\"/" body >b
		jq -cRs --argjson id "$i" --arg h "h$i" \
		    '{id: $id, method: "POST", token: "token\($id)",
		    path: "/v1/host/\($h)/heartbeat", body: .}' b
	done >all
	before=$(sql "SHOW GLOBAL STATUS LIKE 'Com_commit'" | cut -f 2)
	worker <all
	after=$(sql "SHOW GLOBAL STATUS LIKE 'Com_commit'" | cut -f 2)
	[ "$(grep -c '"status":200' out)" -eq 100 ]
	sql_is 100 'SELECT COUNT(*) FROM heartbeat WHERE beat = 1'
	sql_is 100 "SELECT COUNT(*) FROM event WHERE kind = 'host.run'"
	[ $((after - before)) -eq 1 ]
}

@test "what the database alone refuses spoils nothing else" {
	sql "ALTER TABLE heartbeat ADD CHECK (beat <> 13)"
	{
		beat n1 $A 13 | ask 1 n1 "$T1"
		beat n2 $B 1 | ask 2 n2 "$T2"
	} | worker
	end 1 '.status == 503 and .error.code == "database"'
	end 2 '.status == 200'
	sql_is n2 'SELECT host FROM heartbeat'
}

@test "the database away: 503 at once; back: the same worker goes on" {
	mkfifo w.in
	exec 7<>w.in
	start w "$LIBEXEC/api-heartbeat"
	beat n1 $A 1 | ask 1 n1 "$T1" >&7
	wait_for 10 has w.out '"id":1,"end":{"status":200'
	db_stop KILL
	{
		beat n1 $A 2 | ask 2 n1 "$T1"
		beat n2 $B 2 | ask 3 n2 "$T2"
	} >&7
	wait_for 10 has w.out '"id":2,"end":{"status":503'
	wait_for 10 has w.out '"id":3,"end":{"status":503'
	db_start
	again() {
		id=$((${id:-10} + 1))
		beat n1 $A $id | ask $id n1 "$T1" >&7
		wait_for 10 has w.out "\"id\":$id,\"end\"" &&
		    has w.out "\"id\":$id,\"end\":{\"status\":200"
	}
	wait_for 10 again
	sql_is $id 'SELECT beat FROM heartbeat'
	# A restart between two batches is not even noticed.
	db_stop
	db_start
	beat n1 $A 99 | ask 99 n1 "$T1" >&7
	wait_for 10 has w.out '"id":99,"end":{"status":200'
}

@test "a row that somebody holds: the batch waits, then counts" {
	beat n1 $A 1 | ask 1 n1 "$T1" | worker
	{
		echo 'BEGIN; SELECT beat FROM chime.heartbeat FOR UPDATE;
		    SELECT "held";'
		wait_for 20 test -e release
	} | mariadb --no-defaults --socket=db.sock --user=root -n \
	    --skip-column-names >held 3>&- &
	holder=$!
	wait_for 10 has held held
	mkfifo w.in
	exec 7<>w.in
	start w "$LIBEXEC/api-heartbeat"
	beat n1 $A 2 | ask 2 n1 "$T1" >&7
	waits() {
		sql "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'" |
		    grep -q '	1$'
	}
	wait_for 10 waits
	[ ! -s w.out ]
	touch release
	wait_for 10 has w.out '"id":2,"end":{"status":200'
	wait $holder
}

@test "nobody to answer: 111" {
	run -111 bash -c '"$LIBEXEC/api-heartbeat" <"$1" >/dev/full' - \
	    <(beat n1 $A 1 | ask 1 n1 "$T1")
	[[ $output == *'stdout: cannot write'* ]]
}
