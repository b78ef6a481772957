#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Who may do what: people with passwords, machines with tokens, on a real
# MariaDB behind a real chime-apiserver.

load lib/common
load lib/db
load lib/hosts
load lib/access

setup() {
	common_setup
	db_start
	db_schema
	add_host n1
	add_host n2
	access_up
}

teardown() {
	common_teardown
}

@test "every role against every route" {
	local method path need role want token
	declare -A rank=([join]=0 [agent]=0 [viewer]=1 [operator]=2 [admin]=3)

	# What each takes; a name that is not there is enough to see who is
	# let through: 404 and 400 come after 403.
	cat >routes <<-'END'
		GET /v1/user/self viewer
		GET /v1/host viewer
		GET /v1/host/n1 viewer
		GET /v1/vm viewer
		GET /v1/vm/nobody viewer
		GET /v1/vm/nobody/xml operator
		GET /v1/event viewer
		POST /v1/host/none/enable operator
		POST /v1/host/none/disable operator
		POST /v1/host/none/fenced operator
		POST /v1/vm operator
		POST /v1/vm/nobody/start operator
		POST /v1/vm/nobody/stop operator
		POST /v1/vm/nobody/rebuild operator
		DELETE /v1/vm/nobody operator
		POST /v1/host admin
		POST /v1/host/none/down admin
		POST /v1/host/none/set admin
		POST /v1/host/none/replace admin
		DELETE /v1/host/none admin
		GET /v1/user admin
		POST /v1/user admin
		DELETE /v1/user/nobody admin
		POST /v1/user/nobody/password admin
		GET /v1/token admin
		POST /v1/token admin
		DELETE /v1/token/0123456789abcdef admin
	END
	while read -r method path need; do
		req "$method" "$path" none
		gets 401
		for role in join agent viewer operator admin; do
			token=$role
			[ $role != agent ] || [ "$path" != /v1/host/n1 ] ||
			    token=agent2
			req "$method" "$path" $token
			if ((${rank[$role]} < ${rank[$need]})); then
				gets 403 forbidden
			elif [ "$status" = 401 ] || [ "$status" = 403 ]; then
				echo "$role refused: $method $path"
				cat body
				return 1
			fi
		done
	done <routes
	# Every route of the server is in the list, or tested below.
	sed -n 's/^    {"\([A-Z]*\)", {\(.*\)}, AUTH_.*/\1 \2/p' \
	    "$ROOT/lib/api/api.c" | tr -d '", ' | sed 's/v1/ v1/' |
	    sort >have
	awk '{ gsub("/", "", $2); gsub("(n1|none|nobody|0123456789abcdef)$",
	    "*", $2); sub("(none|nobody)", "*", $2); print $1 " " $2 }' routes |
	    cat - <(printf '%s\n' 'GET v1health' 'POST v1login' \
	    'POST v1logout' 'POST v1join') | sed 's/^\([A-Z]*\) /\1/; s/v1/ v1/' |
	    sort >want
	diff have want
}

@test "an agent sees its own host, and no other and no VM" {
	req GET /v1/host/n1 agent
	gets 200
	req GET /v1/host/n2 agent
	gets 403 forbidden
	req GET '/v1/vm?host=n2' agent
	gets 403 forbidden
	req GET '/v1/vm?host=n1' agent
	gets 403 forbidden
}

@test "a viewer who tries to stop a VM is refused, and nothing changes" {
	sql "INSERT INTO vm(uuid, name, host, want, wish, vcpus, memory_mib,
	    grace_ms, spec, created_at, changed_at) VALUES ('$(uuid)', 'web',
	    'n1', 'running', 3, 1, 16, 30000, '{}', UTC_TIMESTAMP(3),
	    UTC_TIMESTAMP(3))"
	sql "UPDATE host SET health = 'ok'"
	# A console's password may be in there.
	req GET /v1/vm/web viewer
	gets 200
	jq_is '.result | has("spec") | not' body
	req GET /v1/vm/web operator
	jq_is '.result | has("spec")' body
	req POST /v1/vm/web/stop viewer
	gets 403 forbidden
	sql_is 'running	3' 'SELECT want, wish FROM vm'
	sql_is 0 "SELECT COUNT(*) FROM event WHERE kind = 'vm.stop'"
	req POST /v1/vm/web/stop operator
	gets 200
	sql_is 'stopped	4' 'SELECT want, wish FROM vm'
}

@test "a user logs in, is who it says, and logs out" {
	add_user alice operator 'correct horse'
	login alice 'correct horse'
	gets 200
	body_is '.result | .type == "login" and .user == "alice" and
	    .role == "operator" and (.token | length == 64)'
	body_is '.result.expires_ts[:19] + "Z" | fromdate | . - now
	    | . > 11.9 * 3600 and . < 12.1 * 3600'
	TOKENS[alice]=$(jq -r .result.token body)
	req GET /v1/user/self alice
	body_is '.result | .user == "alice" and .role == "operator"'
	req POST /v1/host/n1/disable alice
	gets 200
	sql_is user:alice "SELECT actor FROM event WHERE kind = 'host.disabled'"
	req POST /v1/logout alice
	gets 200
	req GET /v1/user/self alice
	gets 401 unauthorized
	# What no login made is not ended by a logout.
	req POST /v1/logout admin
	gets 409 conflict
	req GET /v1/user/self admin
	gets 200
}

@test "passwords: yescrypt in the database, in no log, no event, no list" {
	add_user alice viewer 'correct horse'
	add_user bob viewer 'correct horse'
	sql 'SELECT password FROM user' >hashes
	[ "$(grep -c '^\$y\$' hashes)" = 2 ]
	[ "$(sort -u hashes | wc -l)" = 2 ]
	login alice 'battery staple'
	gets 401 unauthorized
	login alice 'correct horse'
	req GET /v1/user admin
	body_is '[.result[] | has("password")] == [false, false]'
	cp body list
	run ! grep -rqe 'correct horse' -e 'battery staple' -e '\$y\$' \
	    list server.err server.out
	sql 'SELECT * FROM event' >events
	sql 'SELECT * FROM request' >>events
	sql 'SELECT * FROM login_try' >>events
	run ! grep -qe 'correct horse' -e 'battery staple' events
	sql_is 1 "SELECT COUNT(*) FROM event WHERE kind = 'login.failed'"
	# And who types the password as the name leaves no trace of it.
	login hunter22hunter22 x
	gets 401 unauthorized
	sql 'SELECT * FROM event; SELECT * FROM login_try' >events
	run ! grep -q hunter22 events
}

@test "bad users are refused: names, roles, passwords" {
	local body

	for body in '{}' '{"user":"a","role":"viewer"}' \
	    '{"user":"a","role":"viewer","password":"short"}' \
	    '{"user":"a","role":"agent","password":"long enough"}' \
	    '{"user":"self","role":"viewer","password":"long enough"}' \
	    '{"user":"A","role":"viewer","password":"long enough"}' \
	    '{"user":"a/b","role":"viewer","password":"long enough"}' \
	    '{"user":"a.","role":"viewer","password":"long enough"}'; do
		req POST /v1/user admin "$body"
		gets 400 bad_request
	done
	add_user a.b-c_9 viewer 'long enough'
	req POST /v1/user admin \
	    '{"user":"a.b-c_9","role":"admin","password":"long enough"}'
	gets 409 exists
	sql_is viewer 'SELECT role FROM user'
}

@test "five wrong passwords of one user: 429, for the right one, too" {
	add_user alice viewer 'correct horse'
	add_user bob viewer 'correct horse'
	for _ in 1 2 3 4 5; do
		login alice wrong
		gets 401 unauthorized
	done
	login alice 'correct horse'
	gets 429 too_many
	grep -qi '^retry-after: [1-9][0-9]*' head
	[ "$(sed -n 's/^[Rr]etry-[Aa]fter: \([0-9]*\).*/\1/p' head)" -le 300 ]
	# Others go on, and so does alice when the time is over.
	login bob 'correct horse'
	gets 200
	sql 'UPDATE login_try SET at = at - INTERVAL 301 SECOND'
	login alice 'correct horse'
	gets 200
	# Right ones do not count.
	for _ in 1 2 3 4 5 6; do
		login alice 'correct horse'
		gets 200
	done
}

@test "users there are not are throttled like those there are" {
	for _ in 1 2 3 4 5; do
		login nobody wrong
		gets 401 unauthorized
		[ "$(jq -r .error.message body)" = \
		    'there is no such user, or it has another password' ]
	done
	login nobody wrong
	gets 429 too_many
}

@test "twenty wrong passwords from one address: 429 for all its users" {
	local i

	for i in {1..20}; do
		login "u$((i % 5 + 1))-$((i / 5))" wrong
		gets 401 unauthorized
	done
	login fresh wrong
	gets 429 too_many
}

@test "many at once are no way round the throttle" {
	local i pids=()

	add_user alice viewer 'correct horse'
	for i in {1..24}; do
		jq -cn --arg p "wrong$i" '{user: "alice", password: $p}' |
		    curl -s -o /dev/null -w '%{http_code}\n' --max-time 30 \
		    -d @- "$url/v1/login" >"try.$i" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	cat try.* | sort | uniq -c >counts
	cat counts
	[ "$(awk '$2 == 401 { print $1 }' counts)" = 5 ]
	[ "$(awk '$2 == 429 { print $1 }' counts)" = 19 ]
}

@test "a new password ends the other logins, and needs the old one" {
	add_user alice viewer 'correct horse'
	login alice 'correct horse'
	TOKENS[one]=$(jq -r .result.token body)
	login alice 'correct horse'
	TOKENS[two]=$(jq -r .result.token body)
	req POST /v1/user/alice/password one '{"password":"new password"}'
	gets 400 bad_request
	req POST /v1/user/alice/password one \
	    '{"password":"new password","old":"wrong one"}'
	gets 401 unauthorized
	req POST /v1/user/alice/password one \
	    '{"password":"new password","old":"correct horse"}'
	gets 200
	req GET /v1/user/self one
	gets 200
	req GET /v1/user/self two
	gets 401 unauthorized
	login alice 'correct horse'
	gets 401 unauthorized
	login alice 'new password'
	gets 200
	# Nobody else's, unless an administrator says so.
	add_user bob viewer 'correct horse'
	req POST /v1/user/bob/password one '{"password":"new password"}'
	gets 403 forbidden
	req POST /v1/user/alice/password admin '{"password":"third password"}'
	gets 200
	req GET /v1/user/self one
	gets 401 unauthorized
	login alice 'third password'
	gets 200
}

@test "a deleted user is out at once" {
	add_user alice admin 'correct horse'
	login alice 'correct horse'
	TOKENS[alice]=$(jq -r .result.token body)
	req DELETE /v1/user/alice admin
	gets 200
	req GET /v1/host alice
	gets 401 unauthorized
	login alice 'correct horse'
	gets 401 unauthorized
	req DELETE /v1/user/alice admin
	gets 404 not_found
}

@test "the last administrator stays" {
	local id

	add_user alice admin 'correct horse'
	add_user carol admin 'correct horse'
	login alice 'correct horse'
	TOKENS[alice]=$(jq -r .result.token body)
	# Without tokens that last, only the two are left.
	for id in $(sql "SELECT id FROM token WHERE role = 'admin' AND
	    expires_at IS NULL"); do
		req DELETE "/v1/token/$id" alice
		gets 200
	done
	req DELETE /v1/user/carol alice
	gets 200
	req DELETE /v1/user/alice alice
	gets 409 last_admin
	# A token that will expire is nobody to rely on; one that lasts is.
	sql "UPDATE token SET role = 'admin' WHERE role = 'operator' AND
	    expires_at IS NOT NULL LIMIT 1"
	req DELETE /v1/user/alice alice
	gets 409 last_admin
	TOKENS[last]=$(db_token admin last)
	req DELETE /v1/user/alice alice
	gets 200
	id=$(sql "SELECT id FROM token WHERE note = 'last'")
	req DELETE "/v1/token/$id" last
	gets 409 last_admin
	req GET /v1/user/self last
	gets 200
}

@test "two who take away the last two administrators: one remains" {
	local i n

	for i in {1..5}; do
		add_user a$i admin 'correct horse'
		add_user b$i admin 'correct horse'
		sql "DELETE FROM token WHERE role = 'admin'"
		for n in a b; do
			login $n$i 'correct horse'
			gets 200
			TOKENS[$n]=$(jq -r .result.token body)
		done
		curl -s -o one -X DELETE -H "Authorization: Bearer ${TOKENS[a]}" \
		    "$url/v1/user/b$i" 3>&- &
		one=$!
		curl -s -o two -X DELETE -H "Authorization: Bearer ${TOKENS[b]}" \
		    "$url/v1/user/a$i" 3>&- &
		wait $one $!
		sql_is 1 "SELECT COUNT(*) FROM user"
		TOKENS[admin]=$(db_token admin again)
		for n in $(sql 'SELECT name FROM user'); do
			req DELETE "/v1/user/$n" admin
			gets 200
		done
	done
}

@test "tokens are made, listed without themselves, expire and are revoked" {
	local id text

	req POST /v1/token admin '{"role":"viewer","note":"dashboard"}'
	gets 200
	text=$(jq -r .result.token body)
	id=$(jq -r .result.id body)
	TOKENS[new]=$text
	body_is '.result | .role == "viewer" and .note == "dashboard" and
	    has("expires_ts")'
	req GET /v1/vm new
	gets 200
	req GET '/v1/token?limit=1000' admin
	gets 200
	body_is --arg id "$id" '[.result[] | select(.id == $id)] | length == 1'
	run ! grep -q "$text" body
	run ! grep -rq "$text" server.err server.out
	sql "UPDATE token SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND
	    WHERE id = '$id'"
	req GET /v1/vm new
	gets 401 unauthorized
	sql "UPDATE token SET expires_at = NULL WHERE id = '$id'"
	req GET /v1/vm new
	gets 200
	req DELETE "/v1/token/$id" admin
	gets 200
	req GET /v1/vm new
	gets 401 unauthorized
	req DELETE "/v1/token/$id" admin
	gets 404 not_found
	req DELETE /v1/token/%c3%a9 admin
	gets 404 not_found
	for text in '{}' '{"role":"agent"}' '{"role":"viewer","host":"n1"}' \
	    '{"role":"join","host":"N1"}' '{"role":"viewer","expires_s":0}' \
	    '{"role":"viewer","expires_s":1e9}'; do
		req POST /v1/token admin "$text"
		gets 400 bad_request
	done
}

@test "tokens page by id" {
	local n next=

	for _ in 1 2 3; do
		req POST /v1/token admin '{"role":"viewer"}'
	done
	n=$(sql 'SELECT COUNT(*) FROM token')
	: >ids
	while :; do
		req GET "/v1/token?limit=2${next:+&after=$next}" admin
		gets 200
		jq -r '.result[].id' body >>ids
		next=$(jq -r '.next // ""' body)
		[ "$next" ] || break
	done
	[ "$(sort -u ids | wc -l)" = "$n" ]
	[ "$(wc -l <ids)" = "$n" ]
}

@test "chimecli: users, login, tokens, and no password in any argument" {
	export CHIME_API=$url HOME=$DIR/home
	unset XDG_CONFIG_HOME
	mkdir home
	echo "${TOKENS[admin]}" >admin.token
	chmod 600 admin.token
	echo 'correct horse' >password
	chmod 600 password
	# What chimecli starts, seen from within.
	mkdir spy
	for f in chime-call jq; do
		cat >"spy/$f" <<-END
			#!/bin/sh
			printf '%s\n' "\$*" >>"$DIR/argv"
			exec $(command -v $f) "\$@"
		END
		chmod +x spy/$f
	done
	CHIME_TOKEN_FILE=admin.token PATH=$DIR/spy:$PATH run -0 chimecli \
	    user create alice --role operator --password-file password
	[ "$(jq -r .role <<<"$output")" = operator ]
	PATH=$DIR/spy:$PATH run -0 --separate-stderr chimecli \
	    login alice --password-file - <password
	jq -e '.user == "alice" and (has("token") | not)' <<<"$output"
	[ "$(stat -c %a home/.config/chime/token)" = 600 ]
	[ "$(stat -c %a home/.config/chime)" = 700 ]
	# The login is what the others use.
	run -0 chimecli user self
	[ "$(jq -r .user <<<"$output")" = alice ]
	run -100 --separate-stderr chimecli user list
	[[ $stderr == *operator*administrator* ]]
	echo 'battery staple' >new
	PATH=$DIR/spy:$PATH run -0 chimecli user passwd \
	    --old-password-file password --password-file new
	run ! grep -qe horse -e staple argv
	run -0 chimecli logout
	[ ! -e home/.config/chime/token ]
	run -1 chimecli logout
	run -100 --separate-stderr chimecli login alice --password-file password
	[[ $stderr == *401* ]]
	[ ! -e home/.config/chime/token ]

	export CHIME_TOKEN_FILE=admin.token
	run -0 chimecli token create --role join --host n3 --output join.token
	jq -e '.role == "join" and .host == "n3" and (has("token") | not)' \
	    <<<"$output"
	[ "$(stat -c %a join.token)" = 600 ]
	id=$(jq -r .id <<<"$output")
	run -0 chimecli token list
	grep -q "$id" <<<"$output"
	run -1 chimecli token revoke "$id" -n
	run -0 chimecli token revoke "$id"
	run -100 chimecli token revoke "$id"
	run -1 chimecli user delete alice --dry-run
	run -0 chimecli user delete alice
	run -100 chimecli user create bob --password-file password
	run -100 chimecli token create --role wizard
}

# join HOST MACHINE TOKEN [FILTER]: a machine asks to be a host.
join() {
	req POST /v1/join "$3" "$(jq -cn --arg h "$1" --arg m "$2" \
	    '{host: $h, manage_ip: "127.0.0.9", machine: $m} | '"${4-.}")"
}

# join_token KEY [HOST [SECONDS]]
join_token() {
	req POST /v1/token admin "$(jq -cn --arg h "${2-}" \
	    --argjson s "${3-3600}" '{role: "join", expires_s: $s}
	    + if $h == "" then {} else {host: $h} end')"
	gets 200
	TOKENS[$1]=$(jq -r .result.token body)
}

# beat HOST BOOT N TOKEN [FILTER]
beat() {
	req POST "/v1/host/$1/heartbeat" "$4" "$(jq -cn --arg h "$1" \
	    --arg b "$2" --argjson n "$3" '{type: "heartbeat",
	    ts: "2026-01-01T00:00:00.000Z", host: $h, proto: 1, boot: $b,
	    beat: $n, observed_rev: "00000000000000aa", health: "ok",
	    vcpus: 2, memory_mib: 2048, pong_port: 8802} | '"${5-.}")"
}

alerts() {
	sql_is "$2" "SELECT COUNT(*) FROM event WHERE kind = '$1' AND
	    level = 'alert'"
}

M1=$(printf '1%.0s' {1..64})
M2=$(printf '2%.0s' {1..64})

@test "a machine joins with a join token, once" {
	join_token j
	join n3 "$M1" j
	gets 200
	body_is '.result | .host == "n3" and .manage_ip == "127.0.0.9" and
	    .status == "unreachable"'
	TOKENS[n3]=$(jq -r .result.token body)
	req GET /v1/host/n3 n3
	gets 200
	beat n3 $BOOT 1 n3 ".machine = \"$M1\""
	gets 200
	# The same token again, for whatever: refused, reported once a minute.
	join n3 "$M1" j
	gets 403 token_used
	join n4 "$M2" j
	gets 403 token_used
	alerts host.refused 1
	req GET /v1/host/n4 admin
	gets 404 not_found
	req GET /v1/host/n3 n3
	gets 200
	# A join token opens nothing else, and nothing else joins.
	req GET /v1/host/n3 j
	gets 403 forbidden
	beat n3 $BOOT 2 j
	gets 403 forbidden
	for role in admin operator viewer agent; do
		join n5 "$M1" $role
		gets 403 forbidden
	done
	join n5 "$M1" none
	gets 401 unauthorized
}

@test "join tokens: wrong, expired, revoked, for another host" {
	TOKENS[wrong]=${TOKENS[join]%?????}00000
	join n3 "$M1" wrong
	gets 401 unauthorized
	join_token late n3
	sql "UPDATE token SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND
	    WHERE role = 'join'"
	join n3 "$M1" late
	gets 401 unauthorized
	join_token gone n3
	req DELETE "/v1/token/$(jq -r .result.id body)" admin
	join n3 "$M1" gone
	gets 401 unauthorized
	join_token other n4
	join n3 "$M1" other
	gets 403 forbidden
	sql_is 2 'SELECT COUNT(*) FROM host'
	# A refusal does not use it up.
	join n4 "$M1" other
	gets 200
}

@test "bad machines and addresses: 400, and the token stays good" {
	local filter

	join_token j
	for filter in 'del(.machine)' '.machine = "1"' '.machine = 7' \
	    ".machine = \"${M1%?}G\"" 'del(.manage_ip)' '.host = "N"'; do
		join n3 "$M1" j "$filter"
		gets 400 bad_request
	done
	join n3 "$M1" j
	gets 200
}

@test "another machine of a known name is refused and reported" {
	join_token one
	join n3 "$M1" one
	gets 200
	TOKENS[n3]=$(jq -r .result.token body)
	join_token two n3
	join n3 "$M2" two
	gets 409 host_duplicate
	join n3 "$M2" two
	gets 409 host_duplicate
	alerts host.refused 1
	# The first one is as it was.
	beat n3 $BOOT 1 n3 ".machine = \"$M1\""
	gets 200
	# It joins again, reinstalled: a new token, the old one is worth nothing.
	join n3 "$M1" two
	gets 200
	beat n3 $BOOT 2 n3 ".machine = \"$M1\""
	gets 401 unauthorized
	# Replaced by another machine, on the administrator's word.
	req POST /v1/host/n3/replace admin
	gets 200
	join_token any
	join n3 "$M2" any
	gets 403 forbidden
	join_token three n3
	join n3 "$M2" three
	gets 200
}

@test "two machines with one join token at once: one of them joins" {
	local i one

	for i in 1 2 3 4 5; do
		join_token j
		curl -s -o one -d "{\"host\":\"a$i\",\"manage_ip\":\"127.0.0.1\",
		    \"machine\":\"$M1\"}" -H "Authorization: Bearer \
${TOKENS[j]}" "$url/v1/join" 3>&- &
		one=$!
		join b$i "$M2" j
		wait $one
		sql_is 1 "SELECT COUNT(*) FROM host WHERE name IN ('a$i', 'b$i')"
	done
}

@test "a cloned machine's heartbeats are refused, reported and harmless" {
	join_token j
	join n3 "$M1" j
	TOKENS[n3]=$(jq -r .result.token body)
	beat n3 $BOOT 7 n3 ".machine = \"$M1\""
	gets 200
	sql 'SELECT * FROM heartbeat; SELECT * FROM host' >before
	for i in 8 9 10; do
		beat n3 "$(uuid)" $i n3 ".machine = \"$M2\""
		gets 403 host_duplicate
	done
	beat n3 $BOOT 11 n3
	gets 403 host_duplicate
	sql 'SELECT * FROM heartbeat; SELECT * FROM host' | diff before -
	alerts host.duplicate 1
	sql 'UPDATE host_machine SET refused_at = refused_at - INTERVAL 61 SECOND'
	beat n3 "$(uuid)" 8 n3 ".machine = \"$M2\""
	gets 403 host_duplicate
	alerts host.duplicate 2
	beat n3 $BOOT 8 n3 ".machine = \"$M1\""
	gets 200
	# A host an administrator added tells no machine, and need not.
	beat n1 $BOOT 1 agent
	gets 200
}

@test "a replayed heartbeat is refused and changes nothing" {
	beat n1 $BOOT 5 agent
	gets 200
	sql 'SELECT * FROM heartbeat; SELECT * FROM host' >before
	beat n1 $BOOT 5 agent '.health = "error" | .reason = "replayed"'
	gets 409 replayed
	beat n1 $BOOT 4 agent '.observed_rev = "00000000000000bb" | .full = true'
	gets 409 replayed
	sql 'SELECT * FROM heartbeat; SELECT * FROM host' | diff before -
	beat n1 $BOOT 6 agent
	gets 200
}

@test "an agent that lost its count goes on from the server's" {
	export CHIME_HOST=n1 CHIME_API=$url CHIME_TOKEN_FILE=$DIR/agent.token \
	    CHIME_AGENT_DIR=$DIR/agent
	mkdir agent
	echo "$BOOT" >agent/boot
	(umask 077 && echo "${TOKENS[agent]}" >agent.token)
	beat n1 $BOOT 5000 agent
	gets 200
	start heartbeat chime-heartbeat
	wait_for 20 has agent/lease.jsonl '"beat":500[1-9]'
	sql_is 1 "SELECT beat > 5000 FROM heartbeat"
}
