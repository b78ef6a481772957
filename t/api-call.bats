# SPDX-License-Identifier: ISC
# libexec/api-call through its lines, on a real MariaDB.
# shellcheck shell=bash disable=SC2154 # set by lib/common and lib/db
# shellcheck disable=SC2016 # programs of sh, perl and jq
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load lib/common
load lib/db

setup() {
	common_setup
	db_start
	db_schema
	ADMIN=$(db_token admin tester)
	TOKEN=$ADMIN
	ID=0
}

# line METHOD PATH [BODY [QUERY [KEY]]]: a request line; BODY is text.
line() {
	ID=$((ID + 1))
	jq -nc --argjson id $ID --arg m "$1" --arg p "$2" --arg b "${3-}" \
	    --arg q "${4-}" --arg k "${5-}" --arg t "$TOKEN" \
	    '{id: $id, method: $m, path: $p, token: $t, body: $b, query: $q,
	      key: $k} | with_entries(select(.value != ""))'
}

# ask METHOD PATH [BODY [QUERY [KEY]]]: one request to a worker of its own;
# answers in ask.out, and sets $status and $code.
ask() {
	line "$@" >ask.in
	"$LIBEXEC/api-call" <ask.in >ask.out 2>ask.err || return
	status=$(jq -r 'select(.end).end.status' ask.out)
	code=$(jq -r 'select(.end) | .end.error.code // ""' ask.out)
}

# gets STATUS [CODE]: what ask got.
gets() {
	[ "$status" = "$1" ] && [ "$code" = "${2-}" ] && return
	echo "expected $1 ${2-}, got:"
	cat ask.out ask.err
	return 1
}

# says PATTERN: the message of an error.
says() {
	jq -r '.end.error.message // ""' ask.out | grep -q -e "$1" && return
	cat ask.out
	return 1
}

# result FILTER: a value of the single result.
result() {
	jq -r "select(.end).end.result | $1" ask.out
}

# host NAME MEMORY VCPUS: a host in run, as its heartbeat would leave it.
host() {
	sql "INSERT INTO host(name, health, health_since, manage_ip, pong_port,
	    vcpus, memory_mib, desired_rev, created_at)
	    VALUES ('$1', 'ok', UTC_TIMESTAMP(3), '127.0.0.1', 9, $3, $2,
	    '0000000000000000', UTC_TIMESTAMP(3))"
}

# vm NAME [HOST [MORE]]: creates one of 1 vCPU and 16 MiB.
vm() {
	ask POST /v1/vm "$(jq -nc --arg n "$1" --arg h "${2-}" \
	    '{name: $n, vcpus: 1, memory_mib: 16, host: $h}
	     | with_entries(select(.value != ""))')"
}

# worker NAME: one that stays, with its stdin in file descriptor $fd.
worker() {
	mkfifo "$1.in"
	start "$1" "$LIBEXEC/api-call"
	exec {fd}>"$1.in"
}

answered() {
	has "$1.out" "^{\"id\":$2,\"end\""
}

@test "wrong usage and configuration: 100, and the variable is named" {
	run -100 --separate-stderr "$LIBEXEC/api-call" -x
	run -100 --separate-stderr "$LIBEXEC/api-call" operand
	CHIME_CPU_RATIO=65 run -100 --separate-stderr "$LIBEXEC/api-call"
	[[ $stderr == *CHIME_CPU_RATIO*65* ]]
	CHIME_DB_PORT=0x50 run -100 --separate-stderr "$LIBEXEC/api-call"
	[[ $stderr == *CHIME_DB_PORT*0x50* ]]
	echo secret >open.txt
	chmod 644 open.txt
	CHIME_DB_PASSWORD_FILE=$DIR/open.txt run -100 --separate-stderr \
	    "$LIBEXEC/api-call"
	[[ $stderr == *CHIME_DB_PASSWORD_FILE*0600* ]]
	[[ $stderr != *secret* ]]
	unset CHIME_DB_SOCKET
	run -100 --separate-stderr "$LIBEXEC/api-call"
	[[ $stderr == *CHIME_DB_SOCKET*CHIME_DB_HOST* ]]
}

@test "no input, no output; a full disk: 111" {
	run -0 "$LIBEXEC/api-call" </dev/null
	[ -z "$output" ]
	line GET /v1/health >in
	run -111 sh -c '"$1" <in >/dev/full' sh "$LIBEXEC/api-call"
	[[ $output == *stdout* ]]
}

@test "a bad line gets an error record, the lines around it their answers" {
	{
		line GET /v1/health
		cat <<-'EOF'
		{"id":
		[]
		{"method":"GET","path":"/v1/host"}
		{"id":-1,"method":"GET","path":"/v1/host"}
		{"id":1,"id":2,"method":"GET","path":"/v1/health"}
		EOF
		printf '{"id":3,"method":"GET","path":"/v1/\xff"}\n'
		head -c 4300000 /dev/zero | tr '\0' x
		echo
		ID=8
		line GET /v1/health
	} >in
	run -0 --separate-stderr "$LIBEXEC/api-call" <in
	echo "$output" >out
	[ "$(jq -c 'select(.type == "error") | .line' out | paste -sd ' ')" = \
	    "2 3 4 5 6 7 8" ]
	[ "$(jq -c 'select(.end.status == 200) | .id' out | paste -sd ' ')" = \
	    "1 9" ]
}

@test "lines with an id but otherwise wrong: 400 each, and the next is served" {
	cat >in <<-'EOF'
	{"id":1,"path":"/v1/health"}
	{"id":2,"method":"GET"}
	{"id":3,"method":7,"path":"/v1/health"}
	{"id":4,"method":"GET","path":"v1/health"}
	{"id":5,"method":"GET","path":"/v1/%zz"}
	{"id":6,"method":"GET","path":"/v1/%00"}
	{"id":7,"method":"GET","path":"/v1/%ff"}
	{"id":8,"method":"GET","path":"/v1/health","query":"a=1&a=2"}
	{"id":9,"method":"GET","path":"/v1/health","body":{}}
	{"id":10,"method":"GET","path":"/v1/health"}
	EOF
	run -0 --separate-stderr "$LIBEXEC/api-call" <in
	echo "$output" >out
	[ "$(jq -c 'select(.end.error.code == "bad_request") | .id' out |
	    paste -sd ' ')" = "1 2 3 4 5 6 7 8 9" ]
	[ "$(jq -c 'select(.end.status == 200) | .id' out)" = 10 ]
}

@test "what nobody serves is 404; decoding happens before routing" {
	for p in / /v1 /v2/host /v1/host/n1/dance /v1/vm/a/start/b/c \
	    /v1/host//enable; do
		ask GET "$p"
		gets 404 not_found
	done
	ask PUT /v1/host
	gets 404 not_found
	ask GET /v1/%68ost
	gets 200
}

@test "who may: none and unknown 401, an agent only its own host" {
	host n1 64 2
	host n2 64 2
	ask GET /v1/host
	gets 200
	TOKEN=
	ask GET /v1/host
	gets 401 unauthorized
	ask GET /v1/health
	gets 200
	[ "$(result .database)" = ok ]
	TOKEN=$(printf '%064d' 0)
	ask GET /v1/host
	gets 401 unauthorized
	TOKEN="' OR 1=1 -- "
	ask GET /v1/host
	gets 401 unauthorized
	TOKEN=$(db_token agent n1)
	ask GET /v1/host/n1
	gets 200
	for p in /v1/host/n2 /v1/host /v1/vm /v1/event /v1/nothing; do
		ask GET "$p"
		gets 403 forbidden
	done
	ask POST /v1/host/n1/down
	gets 403 forbidden
	sql "UPDATE token SET expires_at = UTC_TIMESTAMP(3)"
	ask GET /v1/host/n1
	gets 401 unauthorized
	# The database holds nothing one could log in with.
	sql_is 0 "SELECT COUNT(*) FROM token WHERE hash = '$ADMIN'"
}

@test "a host is added, changed, and its old token revoked" {
	ask POST /v1/host '{"host":"n1","manage_ip":"10.0.0.1","rack":"r1",
	    "storage_ip":"fd00::1","pong_port":9000,"unknown":[1,{"a":2}]}'
	gets 200
	[ "$(result .status)" = unreachable ]
	first=$(result .token)
	[[ $first =~ ^[0-9a-f]{64}$ ]]
	ask POST /v1/host '{"host":"n1","manage_ip":"10.0.0.2"}'
	gets 200
	second=$(result .token)
	[ "$first" != "$second" ]
	ask GET /v1/host/n1
	[ "$(result '[.manage_ip, .rack, .pong_port, .token] | tostring')" = \
	    '["10.0.0.2",null,8802,null]' ]
	TOKEN=$first
	ask GET /v1/host/n1
	gets 401 unauthorized
	TOKEN=$second
	ask GET /v1/host/n1
	gets 200
	sql_is "host.added host.added" "SELECT GROUP_CONCAT(kind SEPARATOR ' ')
	    FROM event WHERE host = 'n1' AND actor LIKE 'admin:%'"
}

@test "a host's fields are checked, and the message names the bad one" {
	while IFS='|' read -r field body; do
		ask POST /v1/host "$body"
		gets 400 bad_request
		says "$field"
	done <<-'EOF'
	body|{"host":
	body|[1]
	body|{"host":"a","host":"b","manage_ip":"10.0.0.1"}
	host|{"manage_ip":"10.0.0.1"}
	host|{"host":"","manage_ip":"10.0.0.1"}
	host|{"host":"N1","manage_ip":"10.0.0.1"}
	host|{"host":"-n1","manage_ip":"10.0.0.1"}
	host|{"host":"n1'; DROP TABLE host; --","manage_ip":"10.0.0.1"}
	host|{"host":17,"manage_ip":"10.0.0.1"}
	host|{"host":"0123456789012345678901234567890123456789012345678901234567890123","manage_ip":"10.0.0.1"}
	manage_ip|{"host":"n1"}
	manage_ip|{"host":"n1","manage_ip":"n1.example"}
	manage_ip|{"host":"n1","manage_ip":"10.0.0.256"}
	node_ip|{"host":"n1","manage_ip":"10.0.0.1","node_ip":""}
	storage_ip|{"host":"n1","manage_ip":"10.0.0.1","storage_ip":7}
	rack|{"host":"n1","manage_ip":"10.0.0.1","rack":"a/b"}
	pong_port|{"host":"n1","manage_ip":"10.0.0.1","pong_port":0}
	pong_port|{"host":"n1","manage_ip":"10.0.0.1","pong_port":9223372036854775807}
	body|{"host":"n1","manage_ip":"10.0.0.1","pong_port":99999999999999999999}
	pong_port|{"host":"n1","manage_ip":"10.0.0.1","pong_port":1e3}
	EOF
	sql_is 0 "SELECT COUNT(*) FROM host"
	sql_is 0 "SELECT COUNT(*) FROM event WHERE host IS NOT NULL"
}

@test "enable, disable and down change a host once, with an event each" {
	host n1 64 2
	before=$(sql "SELECT desired_rev FROM host")
	ask POST /v1/host/n1/disable
	gets 200
	[ "$(result .status)" = disabled ]
	[ "$before" != "$(sql "SELECT desired_rev FROM host")" ]
	ask POST /v1/host/n1/disable
	gets 200
	ask POST /v1/host/n1/down
	[ "$(result .status)" = down ]
	ask POST /v1/host/n1/enable
	[ "$(result .status)" = run ]
	sql_is "host.disabled host.down host.enabled" "SELECT GROUP_CONCAT(kind
	    ORDER BY id SEPARATOR ' ') FROM event WHERE host = 'n1'"
	ask POST /v1/host/n9/down
	gets 404 not_found
	ask POST "/v1/host/n1%27%20OR%20%271/down"
	gets 404 not_found
	sql_is run "SELECT admin FROM host"
}

@test "a host is deleted only when it has no VM" {
	host n1 64 2
	TOKEN=$(db_token agent n1)
	agent=$TOKEN
	TOKEN=$ADMIN
	vm web n1
	gets 200
	ask DELETE /v1/host/n1
	gets 409 conflict
	says "1 VMs"
	sql "DELETE FROM vm"
	ask DELETE /v1/host/n1
	gets 200
	[ "$(result .host)" = n1 ]
	TOKEN=$agent
	ask GET /v1/host/n1
	gets 401 unauthorized
	TOKEN=$ADMIN
	ask DELETE /v1/host/n1
	gets 404 not_found
}

@test "a VM's fields are checked, and the message names the bad one" {
	host n1 64 2
	while IFS='|' read -r field body; do
		ask POST /v1/vm "$body"
		gets 400 bad_request
		says "$field" || return
	done <<-'EOF'
	body|{
	body|{"name":"a","name":"b","vcpus":1,"memory_mib":16}
	name|{"vcpus":1,"memory_mib":16}
	name|{"name":"","vcpus":1,"memory_mib":16}
	name|{"name":"a/b","vcpus":1,"memory_mib":16}
	name|{"name":"a\u0007b","vcpus":1,"memory_mib":16}
	name|{"name":" a","vcpus":1,"memory_mib":16}
	name|{"name":"0b9d7fd4-1111-4222-8333-444455556666","vcpus":1,"memory_mib":16}
	name|{"name":["a"],"vcpus":1,"memory_mib":16}
	vcpus|{"name":"a","memory_mib":16}
	vcpus|{"name":"a","vcpus":0,"memory_mib":16}
	vcpus|{"name":"a","vcpus":-1,"memory_mib":16}
	vcpus|{"name":"a","vcpus":1.0,"memory_mib":16}
	vcpus|{"name":"a","vcpus":"1","memory_mib":16}
	memory_mib|{"name":"a","vcpus":1,"memory_mib":9223372036854775807}
	body|{"name":"a","vcpus":1,"memory_mib":9223372036854775808}
	memory_mib|{"name":"a","vcpus":1,"memory_mib":null}
	vm|{"vm":"web","name":"a","vcpus":1,"memory_mib":16}
	vm|{"vm":"00000000-0000-0000-0000-000000000000","name":"a","vcpus":1,"memory_mib":16}
	vm|{"vm":"0B9D7FD4-1111-4222-8333-444455556666","name":"a","vcpus":1,"memory_mib":16}
	host|{"name":"a","vcpus":1,"memory_mib":16,"host":"N 1"}
	want|{"name":"a","vcpus":1,"memory_mib":16,"want":"deleted"}
	restart|{"name":"a","vcpus":1,"memory_mib":16,"restart":"sometimes"}
	grace_ms|{"name":"a","vcpus":1,"memory_mib":16,"grace_ms":-1}
	spec|{"name":"a","vcpus":1,"memory_mib":16,"spec":[]}
	spec.disks\[1\]: path|{"name":"a","vcpus":1,"memory_mib":16,"spec":{"disks":[{"path":"/a"},{"path":"b"}]}}
	spec.disks\[0\]: format|{"name":"a","vcpus":1,"memory_mib":16,"spec":{"disks":[{"path":"/a","format":"vmdk"}]}}
	spec.nics\[0\]: bridge|{"name":"a","vcpus":1,"memory_mib":16,"spec":{"nics":[{"bridge":"a b"}]}}
	spec.nics\[0\]: mac|{"name":"a","vcpus":1,"memory_mib":16,"spec":{"nics":[{"bridge":"br0","mac":"01:00:00:00:00:01"}]}}
	EOF
	sql_is 0 "SELECT COUNT(*) FROM vm"
}

@test "names with SQL, XML and wide characters come back as they went in" {
	host n1 640 9
	while read -r name; do
		vm "$name" n1
		gets 200
		ask GET "/v1/vm/$(jq -rn --arg n "$name" '$n | @uri')"
		gets 200
		[ "$(result .name)" = "$name" ]
	done <<-'EOF'
	Robert'); DROP TABLE vm; --
	<domain type="kvm">&amp;'"<a>]]>
	虚拟机-一
	%s%n\0"\\
	😀😀
	EOF
	sql_is 5 "SELECT COUNT(*) FROM vm"
	# 63 characters of four bytes each, and one more.
	long=$(printf '😀%.0s' $(seq 63))
	vm "$long" n1
	gets 200
	vm "😀$long" n1
	gets 400 bad_request
	# Upper and lower case, and letters with and without a mark, differ.
	vm Ä n1
	gets 200
	vm ä n1
	gets 200
}

@test "a body of 1 MiB is read, a larger one is 413, unknown fields ignored" {
	host n1 64 2
	fill() {
		head -c "$1" /dev/zero | tr '\0' x
	}
	base='{"name":"big","vcpus":1,"memory_mib":16,"junk":""}'
	for extra in 0 1; do
		fill $((1024 * 1024 - ${#base} + extra)) >junk
		jq -Rcs '{name: "big", vcpus: 1, memory_mib: 16, junk: .}' junk |
		    tr -d '\n' >body
		[ "$(stat -c %s body)" = $((1024 * 1024 + extra)) ]
		jq -nc --rawfile b body --arg t "$TOKEN" '{id: 1, method:
		    "POST", path: "/v1/vm", token: $t, body: $b}' >in
		"$LIBEXEC/api-call" <in >out.$extra
	done
	jq_is '.end.status == 200' out.0
	jq_is '.end.status == 413 and .end.error.code == "too_large"' out.1
	sql_is 1 "SELECT COUNT(*) FROM vm"
}

@test "a create is repeated by UUID or Idempotency-Key without a second VM" {
	host n1 64 2
	id=$(uuid)
	body='{"vm":"'$id'","name":"web","vcpus":1,"memory_mib":16,
	    "spec":{"nics":[{"bridge":"br0"}],"disks":[{"path":"/d\"isk"}]}}'
	ask POST /v1/vm "$body"
	gets 200
	spec=$(result '.spec | tostring')
	jq -e '.disks[0] == {path: "/d\"isk", format: "raw", device: "disk"}
	    and (.nics[0].mac | test("^52(:[0-9a-f]{2}){5}$"))' <<<"$spec"
	ask POST /v1/vm "$body"
	gets 200
	[ "$(result '.spec | tostring')" = "$spec" ]
	ask POST /v1/vm "${body/:16/:17}"
	gets 409 exists
	ask POST /v1/vm '{"name":"web","vcpus":1,"memory_mib":16}'
	gets 409 name_taken
	body='{"name":"two","vcpus":1,"memory_mib":16}'
	ask POST /v1/vm "$body" '' key-1
	gets 200
	two=$(result .vm)
	ask POST /v1/vm "$body" '' key-1
	gets 200
	[ "$(result .vm)" = "$two" ]
	ask POST /v1/vm "$body" '' key-2
	gets 409 name_taken
	sql_is 2 "SELECT COUNT(*) FROM vm"
	sql_is 2 "SELECT COUNT(*) FROM event WHERE kind = 'vm.created'"
}

@test "the server places on the freest host in run, the first by name" {
	host n2 64 8
	host n1 64 8
	host n3 640 8
	host n4 9999 8
	sql "UPDATE host SET admin = 'disabled' WHERE name = 'n3';
	    UPDATE host SET health = 'error' WHERE name = 'n4'"
	for want in n1 n2 n1 n2; do
		vm "vm$((++i))"
		gets 200
		[ "$(result .host)" = $want ]
	done
	vm x n3
	gets 409 host_not_run
	says 'n3 is disabled'
	vm x n9
	gets 404 not_found
	# Not one VM more than fits, in memory and in vCPUs (4 a core).
	ask POST /v1/vm '{"name":"x","vcpus":1,"memory_mib":33}'
	gets 409 no_capacity
	says 'n1 has 32 MiB'
	ask POST /v1/vm '{"name":"x","vcpus":31,"memory_mib":1}'
	gets 409 no_capacity
	ask POST /v1/vm '{"name":"x","vcpus":30,"memory_mib":1,"host":"n1"}'
	gets 200
	ask POST /v1/vm '{"name":"y","vcpus":1,"memory_mib":1,"host":"n1"}'
	gets 409 no_capacity
	says 'n1 has 0 vCPUs free'
	sql "UPDATE host SET memory_mib = NULL, health = 'ok'"
	vm z
	gets 409 no_capacity
	says 'not yet reported'
}

@test "start, stop and delete: a new wish only when something changes" {
	host n1 64 2
	vm web
	id=$(result .vm)
	rev=$(sql "SELECT desired_rev FROM host")
	ask POST /v1/vm/web/start
	[ "$(result .wish)" = 1 ]
	[ "$rev" = "$(sql "SELECT desired_rev FROM host")" ]
	ask POST "/v1/vm/$id/stop"
	[ "$(result '[.want, .wish] | tostring')" = '["stopped",2]' ]
	[ "$rev" != "$(sql "SELECT desired_rev FROM host")" ]
	ask POST /v1/vm/web/stop
	[ "$(result .wish)" = 2 ]
	# "At once" is another wish, and the VM's own grace comes back later.
	ask POST /v1/vm/web/stop '{"grace_ms":0}'
	[ "$(result '[.wish, .grace_ms] | tostring')" = '[3,30000]' ]
	sql_is 0 "SELECT grace_ms FROM vm"
	ask POST /v1/vm/web/start
	[ "$(result '[.want, .wish] | tostring')" = '["running",4]' ]
	sql_is 30000 "SELECT grace_ms FROM vm"
	# Off under an older wish is old news; under this one, start tries again.
	report="REPLACE INTO inventory(host, vm, state, wish) VALUES ('n1', '$id'"
	sql "$report, 'off', 3)"
	ask POST /v1/vm/web/start
	[ "$(result .wish)" = 4 ]
	sql "$report, 'off', 4)"
	ask POST /v1/vm/web/start
	[ "$(result .wish)" = 5 ]
	ask POST /v1/vm/web/stop '{"grace_ms":"soon"}'
	gets 400 bad_request
	ask DELETE /v1/vm/web
	[ "$(result '[.want, .wish] | tostring')" = '["deleted",6]' ]
	ask DELETE "/v1/vm/$id"
	[ "$(result .wish)" = 6 ]
	ask POST "/v1/vm/$id/start"
	gets 409 conflict
	# Its name is free again, its UUID is not.
	ask GET /v1/vm/web
	gets 404 not_found
	vm web
	gets 200
	sql_is "$(sql "SELECT SUM(wish) - COUNT(*) FROM vm")" "SELECT COUNT(*)
	    FROM event WHERE kind IN ('vm.start', 'vm.stop', 'vm.delete')"
}

@test "commands for hosts that cannot hear them are refused and say why" {
	host n1 64 2
	vm web
	sql "UPDATE host SET health = 'unreachable'"
	for c in start stop; do
		ask POST /v1/vm/web/$c
		gets 409 host_unreachable
		says 'n1.*unreachable.*chimecli host show n1'
	done
	ask DELETE /v1/vm/web
	gets 409 host_unreachable
	ask GET /v1/vm/web
	[ "$(result '[.status, .state] | tostring')" = '["unknown","unknown"]' ]
	sql "UPDATE host SET health = 'ok', admin = 'down'"
	ask POST /v1/vm/web/start
	gets 409 host_down
	says 'chimecli host enable n1'
	vm other n1
	gets 409 host_not_run
	ask POST /v1/vm/none/start
	gets 404 not_found
	ask POST /v1/vm/%20/start
	gets 404 not_found
	sql_is 1 "SELECT wish FROM vm"
}

@test "after the commit the agent is nudged; before a refusal it is not" {
	port=$(free_port udp)
	start pong perl -MSocket -e '
		socket(S, PF_INET, SOCK_DGRAM, 0) or die $!;
		bind(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die $!;
		$| = 1; print "ready\n";
		while (recv(S, $m, 600, 0)) { print "$m\n" }' "$port"
	wait_for 5 has pong.out ready
	host n1 64 2
	sql "UPDATE host SET pong_port = $port"
	vm "$(uuid)$(uuid)"
	gets 400 bad_request
	ask POST /v1/vm '{"name":"x","vcpus":1,"memory_mib":99999}'
	gets 409 no_capacity
	vm web
	ask POST /v1/host/n1/disable
	wait_for 5 lines pong.out 3
	tail -n +2 pong.out >polls
	[ "$(wc -l <polls)" = 2 ]
	jq_is '.type == "poll" and (.id | test("^[0-9a-f]{16}$"))' polls
}

@test "lists are paged by key: every row once, in order" {
	host n1 64 2
	host n2 64 2
	sql "INSERT INTO vm(uuid, name, host, want, vcpus, memory_mib, grace_ms,
	    spec, created_at, changed_at)
	    SELECT UUID(), CONCAT('vm', seq), IF(seq % 3, 'n1', 'n2'),
	    'running', 1, 1, 0, '{}', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
	    FROM seq_1_to_2500"
	for query in '' host=n2; do
		next=
		: >all
		for page in 1 2 3 4; do
			ask GET /v1/vm '' "${query:+$query&}after=$next"
			gets 200
			jq -r 'select(.row).row.vm' ask.out >>all
			next=$(jq -r 'select(.end) | .end.next // ""' ask.out)
			[ -n "$next" ] || break
		done
		[ -z "$next" ]
		sort -c all
		[ "$(sort -u all | wc -l)" = "$(sql "SELECT COUNT(*) FROM vm
		    ${query:+WHERE host = 'n2'}")" ]
		[ "$(wc -l <all)" = "$(sort -u all | wc -l)" ]
	done
	[ "$page" = 1 ]
	# A page that ends exactly at the end has no next.
	ask GET /v1/vm '' "limit=833&host=n2"
	jq_is 'select(.end) | .end.next == null' <(tail -n 1 ask.out)
	ask GET /v1/vm '' "limit=832&host=n2"
	jq_is '.end.next != null' <(tail -n 1 ask.out)
	ask GET /v1/host '' limit=1
	jq_is '.end.next == "n1"' <(tail -n 1 ask.out)
	ask GET /v1/host '' after=n1
	[ "$(jq -r 'select(.row).row | "\(.host) \(.vms)"' ask.out)" = "n2 833" ]
	for q in limit=0 limit=1001 limit=-1 limit=x limit= after=%27 host=A; do
		ask GET /v1/vm '' $q
		gets 400 bad_request
	done
}

@test "events are listed by id, filtered, from a cursor, or the newest" {
	# One event a migration, of which there will be more.
	sql "DELETE FROM event WHERE id > 1"
	host n1 64 2
	vm web
	id=$(result .vm)
	ask POST /v1/vm/web/stop
	ask POST /v1/host/n1/disable
	ids() {
		ask GET /v1/event '' "$1"
		gets 200
		jq -r 'select(.row).row.kind' ask.out | paste -sd ' '
	}
	[ "$(ids '')" = "server.schema vm.created vm.stop host.disabled" ]
	[ "$(ids host=n1)" = "vm.created vm.stop host.disabled" ]
	[ "$(ids vm="$id")" = "vm.created vm.stop" ]
	[ "$(ids kind=vm.stop)" = "vm.stop" ]
	[ "$(ids 'newest=1&limit=2')" = "vm.stop host.disabled" ]
	ids limit=2
	next=$(jq -r 'select(.end).end.next' ask.out)
	[ "$(ids after="$next")" = "vm.stop host.disabled" ]
	for q in after=-1 after=x host=A vm=web 'kind=%27' newest=2; do
		ask GET /v1/event '' "$q"
		gets 400 bad_request
	done
}

@test "32 creates, stops and starts at once through two workers" {
	for h in n1 n2 n3; do
		host $h 160 4
	done
	# 30 fit; the two workers race for one name, then for the last places.
	for w in 1 2; do
		line POST /v1/vm '{"name":"both","vcpus":1,"memory_mib":16}' \
		    >w$w.in
		for i in $(seq 16); do
			line POST /v1/vm '{"name":"vm'"$w-$i"'","vcpus":1,
			    "memory_mib":16}'
		done >>w$w.in
	done
	for w in 1 2; do
		start w$w "$LIBEXEC/api-call"
	done
	wait_end w1 30 && [ "$rc" = 0 ]
	wait_end w2 30 && [ "$rc" = 0 ]
	cat w1.out w2.out >all
	[ "$(jq -c 'select(.end.status == 200)' all | wc -l)" = 30 ]
	[ "$(jq -r 'select(.end.status != 200).end.error.code' all | sort |
	    uniq -c | xargs)" = "1 name_taken 3 no_capacity" ]
	sql_is 30 "SELECT COUNT(DISTINCT uuid) FROM vm"
	sql_is 30 "SELECT COUNT(*) FROM event WHERE kind = 'vm.created'"
	sql_is "160 160 160" "SELECT GROUP_CONCAT(m SEPARATOR ' ') FROM
	    (SELECT SUM(memory_mib) m FROM vm GROUP BY host) t"

	# Every accepted change is one wish and one event: none is lost.
	for w in 1 2; do
		for i in $(seq 16); do
			for c in stop start; do
				line POST "/v1/vm/vm1-$i/$c"
				line POST "/v1/vm/vm2-$i/$c"
			done
		done >w$w.in
	done
	for w in 1 2; do
		start w$w "$LIBEXEC/api-call"
	done
	wait_end w1 30 && [ "$rc" = 0 ]
	wait_end w2 30 && [ "$rc" = 0 ]
	cat w1.out w2.out >all
	[ "$(jq -r '.end.status' all | sort | uniq -c | xargs)" = \
	    "116 200 12 404" ]
	sql_is 30 "SELECT COUNT(*) FROM vm WHERE want = 'running'"
	sql_is "$(sql "SELECT SUM(wish - 1) FROM vm")" "SELECT COUNT(*)
	    FROM event WHERE kind IN ('vm.start', 'vm.stop')"
	[ "$(sql "SELECT MIN(wish) FROM vm WHERE name <> 'both'")" -ge 3 ]
	# Nothing was stopped or started twice in a row.
	sql_is 0 "SELECT COUNT(*) FROM (SELECT kind, LAG(kind)
	    OVER (PARTITION BY vm ORDER BY id) AS last FROM event
	    WHERE kind IN ('vm.start', 'vm.stop')) t WHERE kind = last"
}

@test "the last place of a host is taken once, fifty times over" {
	sql "INSERT INTO host(name, health, health_since, manage_ip, pong_port,
	    vcpus, memory_mib, desired_rev, created_at)
	    SELECT CONCAT('h', seq), 'ok', UTC_TIMESTAMP(3), '127.0.0.1', 9, 4,
	    16, '0000000000000000', UTC_TIMESTAMP(3) FROM seq_1_to_50"
	for w in 1 2; do
		for i in $(seq 50); do
			line POST /v1/vm '{"name":"vm'"$w-$i"'","vcpus":1,
			    "memory_mib":16,"host":"h'"$i"'"}'
		done >w$w.in
	done
	for w in 1 2; do
		start w$w "$LIBEXEC/api-call"
	done
	wait_end w1 30 && [ "$rc" = 0 ]
	wait_end w2 30 && [ "$rc" = 0 ]
	[ "$(cat w1.out w2.out | jq -r '.end.error.code // "made"' | sort |
	    uniq -c | xargs)" = "50 made 50 no_capacity" ]
	sql_is 50 "SELECT COUNT(DISTINCT host) FROM vm"
	sql_is 50 "SELECT COUNT(*) FROM vm"
}

@test "the same VM created by two workers at once is there once" {
	host n1 640 8
	host n2 640 8
	for i in $(seq 20); do
		line POST /v1/vm '{"vm":"'"$(uuid)"'","name":"vm'"$i"'",
		    "vcpus":1,"memory_mib":16}'
	done >w1.in
	cp w1.in w2.in
	for w in 1 2; do
		start w$w "$LIBEXEC/api-call"
	done
	wait_end w1 30 && [ "$rc" = 0 ]
	wait_end w2 30 && [ "$rc" = 0 ]
	jq_is '.end.status == 200' w1.out
	jq_is '.end.status == 200' w2.out
	[ "$(jq -r '[.end.result.vm, .end.result.host] | @tsv' w1.out w2.out |
	    sort -u | wc -l)" = 20 ]
	sql_is 20 "SELECT COUNT(*) FROM event WHERE kind = 'vm.created'"
}

@test "a database killed under load: 503, then back; nothing half done" {
	host n1 999999 999
	worker w
	jq -nc --arg t "$TOKEN" 'range(1; 3001) | {id: ., method: "POST",
	    path: "/v1/vm", token: $t, body: ({name: "vm\(.)", vcpus: 1,
	    memory_mib: 1} | tostring)}' >lines
	ID=3000
	cat lines >&"$fd" 3>&- &
	wait_for 20 answered w 20
	db_stop KILL
	[ "$(wc -l <w.out)" -lt 3000 ]
	# One waits for the database to come back, up to 8 s; those behind it
	# do not wait again.
	wait_for 20 answered w 3000
	has w.out '"status":503'
	db_start
	line GET /v1/health >&"$fd"
	line POST /v1/vm '{"name":"later","vcpus":1,"memory_mib":1}' >&"$fd"
	wait_for 10 answered w 3002
	stop w
	[ "$rc" = 0 ]
	jq_is '.end.status == 200' <(tail -n 2 w.out)
	jq_is '.end.status == 200 or .end.error.code == "database"' w.out
	# Whoever was told 200 is there; every VM has its event; none twice.
	jq -r 'select(.end.status == 200).end.result.vm // empty' w.out |
	    sort >told
	sql "SELECT uuid FROM vm ORDER BY uuid" >there
	[ -z "$(comm -23 told there)" ]
	sql_is "$(wc -l <there)" "SELECT COUNT(DISTINCT vm) FROM event
	    WHERE kind = 'vm.created'"
	sql_is "$(wc -l <there)" "SELECT COUNT(*) FROM event
	    WHERE kind = 'vm.created'"
	has w.err 'database:'
}

@test "a short restart of the database is waited for, not answered with 503" {
	host n1 64 2
	worker w
	line GET /v1/health >&"$fd"
	wait_for 10 answered w 1
	db_stop
	line POST /v1/vm '{"name":"web","vcpus":1,"memory_mib":1}' >&"$fd"
	db_start
	wait_for 10 answered w 2
	jq_is '.end.status == 200' w.out
	stop w
	[ "$rc" = 0 ]
}

@test "a worker idle for so long that the server hung up just goes on" {
	worker w
	line GET /v1/health >&"$fd"
	wait_for 10 answered w 1
	for id in $(sql "SELECT id FROM information_schema.processlist
	    WHERE db = 'chime' AND id <> CONNECTION_ID()"); do
		sql "KILL $id"
	done
	line GET /v1/host >&"$fd"
	line GET /v1/health >&"$fd"
	wait_for 10 answered w 3
	jq_is '.end.status == 200' w.out
}

@test "without tables, or a wrong password: 503, and the log says why" {
	sql "DROP TABLE inventory"
	ask GET /v1/vm
	gets 503 database
	has ask.err "inventory' doesn't exist"
	has ask.err 'chimeadm initserver mysql. brings them up to date'
	export CHIME_DB_USER=nobody
	ask GET /v1/health
	gets 503 database
	has ask.err 'Access denied'
}

@test "a frozen database: 503 in time, one commit at most, then back" {
	host n1 64 2
	worker w
	line GET /v1/health >&"$fd"
	wait_for 10 answered w 1
	signal db STOP
	before=$(now_ms)
	line POST /v1/vm '{"name":"web","vcpus":1,"memory_mib":1}' '' one >&"$fd"
	wait_for 20 answered w 2
	# The front gives a worker 15 s.
	[ $(($(now_ms) - before)) -lt 15000 ]
	signal db CONT
	line POST /v1/vm '{"name":"web","vcpus":1,"memory_mib":1}' '' one >&"$fd"
	wait_for 20 answered w 3
	jq_is '.end.status == (if .id == 2 then 503 else 200 end)' w.out
	sql_is 1 "SELECT COUNT(*) FROM vm"
	sql_is 1 "SELECT COUNT(*) FROM event WHERE kind = 'vm.created'"
}
