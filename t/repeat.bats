#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Requests that are repeated: done once, answered the same.
# shellcheck disable=SC2154 # set by lib/common and lib/db

load lib/common
load lib/db

setup_file() {
	"${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -fPIC -shared \
	    -o "$BATS_FILE_TMPDIR/mute.so" "$ROOT/t/lib/mute.c"
}

setup() {
	common_setup
	db_start
	db_schema
	ADMIN=$(db_token admin tester)
	OTHER=$(db_token admin other)
	for n in 1 2; do
		port[n]=$(free_port)
		# The library comes before a sanitizer's, which minds.
		start "server$n" env "CHIME_API_LISTEN=127.0.0.1:${port[n]}" \
		    LD_PRELOAD="$BATS_FILE_TMPDIR/mute.so" MUTE="$DIR/mute$n" \
		    ASAN_OPTIONS=verify_asan_link_order=0 chime-apiserver
		wait_for 10 tcp_open "${port[n]}"
	done
	sql "INSERT INTO host(name, health, health_since, manage_ip, pong_port,
	    vcpus, memory_mib, desired_rev, created_at)
	    VALUES ('n1', 'ok', UTC_TIMESTAMP(3), '127.0.0.1', 9, 64, 4096,
	    '0000000000000000', UTC_TIMESTAMP(3))"
}

# ask SERVER KEY METHOD PATH [BODY]: sets $status; the answer is in body.
ask() {
	local n=$1 key=$2 method=$3 path=$4

	shift 4
	status=$(curl -s --max-time 30 -o body -w '%{http_code}' \
	    -X "$method" -H "Authorization: Bearer ${TOKEN:-$ADMIN}" \
	    -H "Idempotency-Key: $key" -H 'Accept: application/x-ndjson' \
	    ${1:+-d "$1"} "http://127.0.0.1:${port[n]}$path")
}

# body NAME: of a create.
vm() {
	jq -nc --arg n "$1" '{name: $n, vcpus: 1, memory_mib: 16,
	    want: "stopped"}'
}

@test "a repeat gets the same answer, through any server, and changes nothing" {
	ask 1 k1 POST /v1/vm "$(vm web)"
	[ "$status" = 200 ]
	mv body first
	ask 2 k1 POST /v1/vm "$(vm web)"
	[ "$status" = 200 ]
	cmp body first
	# Even when all has changed since.
	ask 1 k2 DELETE /v1/vm/web
	[ "$status" = 200 ]
	ask 2 k1 POST /v1/vm "$(vm web)"
	cmp body first
	ask 2 k2 DELETE /v1/vm/web
	[ "$status" = 200 ]
	sql_is 1 "SELECT COUNT(*) FROM vm"
	sql_is 2 "SELECT COUNT(*) FROM event WHERE kind LIKE 'vm.%'"
	# A start that is repeated late does not undo the stop after it.
	ask 1 k3 POST /v1/vm "$(vm db)"
	ask 1 k4 POST /v1/vm/db/start
	ask 1 k5 POST /v1/vm/db/stop
	ask 2 k4 POST /v1/vm/db/start
	[ "$status" = 200 ]
	jq_is '.want == "running"' body
	sql_is stopped "SELECT want FROM vm WHERE live_name = 'db'"
}

@test "another content under the key: 422; another actor does not see it" {
	ask 1 k1 POST /v1/vm "$(vm web)"
	[ "$status" = 200 ]
	ask 2 k1 POST /v1/vm "$(vm db)"
	[ "$status" = 422 ]
	jq_is '.error.code == "key_reused"' body
	ask 2 k1 POST /v1/vm/web/start
	[ "$status" = 422 ]
	sql_is 1 "SELECT COUNT(*) FROM vm"
	TOKEN=$OTHER ask 1 k1 POST /v1/vm "$(vm db)"
	[ "$status" = 200 ]
	jq_is '.name == "db"' body
	sql_is 2 "SELECT COUNT(*) FROM vm"
	for key in "$(printf '%065d' 0)" 'a b'; do
		ask 1 "$key" POST /v1/vm "$(vm c)"
		[ "$status" = 400 ]
	done
}

@test "a refusal is not kept; a token in an answer is not readable" {
	ask 1 k1 POST /v1/vm/none/start
	[ "$status" = 404 ]
	ask 1 k2 POST /v1/vm "$(vm none)"
	ask 2 k1 POST /v1/vm/none/start
	[ "$status" = 200 ]
	ask 1 k3 POST /v1/host '{"host":"n2","manage_ip":"10.0.0.2"}'
	token=$(jq -r .token body)
	[ "${#token}" = 64 ]
	ask 2 k3 POST /v1/host '{"host":"n2","manage_ip":"10.0.0.2"}'
	[ "$(jq -r .token body)" = "$token" ]
	sql_is 1 "SELECT COUNT(*) FROM token WHERE host = 'n2'"
	sql "SELECT * FROM request" >rows
	[ "$(wc -l <rows)" = 3 ]
	run -1 grep -F -e "$token" -e '"host"' rows
}

@test "a worker killed between commit and answer: the repeat finds it done" {
	touch mute1
	ask 1 k1 POST /v1/vm "$(vm web)"
	[ "$status" = 503 ]
	has body worker_lost
	[ ! -e mute1 ]
	sql_is 1 "SELECT COUNT(*) FROM vm"
	ask 2 k1 POST /v1/vm "$(vm web)"
	[ "$status" = 200 ]
	jq_is '.name == "web"' body
	sql_is 1 "SELECT COUNT(*) FROM vm"
	sql_is 1 "SELECT COUNT(*) FROM event WHERE kind = 'vm.created'"
	# What the tools do by themselves, over both servers in turn.
	echo "$ADMIN" >token
	chmod 600 token
	touch mute1
	CHIME_API=http://127.0.0.1:${port[1]},http://127.0.0.1:${port[2]} \
	    CHIME_TOKEN_FILE=token chime-call POST /v1/vm "$(vm db)" >out
	[ ! -e mute1 ]
	jq_is '.name == "db"' out
	sql_is 2 "SELECT COUNT(*) FROM event WHERE kind = 'vm.created'"
}

@test "20 at once with one key: one VM, one answer" {
	pids=()
	for i in {1..20}; do
		curl -s --max-time 60 -o "body.$i" -w '%{http_code}\n' \
		    -H "Authorization: Bearer $ADMIN" \
		    -H "Idempotency-Key: same" \
		    -H 'Accept: application/x-ndjson' -d "$(vm web)" \
		    "http://127.0.0.1:${port[i % 2 + 1]}/v1/vm" \
		    >"code.$i" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(cat code.* | sort | uniq -c | xargs)" = "20 200" ]
	[ "$(cat body.* | sort -u | wc -l)" = 1 ]
	sql_is 1 "SELECT COUNT(*) FROM vm"
	sql_is 1 "SELECT COUNT(*) FROM event WHERE kind = 'vm.created'"
}

@test "what is older than a day is forgotten, a batch at a time" {
	sql "INSERT INTO request(actor, request_key, digest, created_at)
	    SELECT 'a', seq, REPEAT('0', 64),
	    UTC_TIMESTAMP(3) - INTERVAL 25 HOUR FROM seq_1_to_450"
	sql "INSERT INTO request(actor, request_key, digest, created_at)
	    VALUES ('a', 'young', REPEAT('0', 64),
	    UTC_TIMESTAMP(3) - INTERVAL 23 HOUR)"
	purged() {
		ask 1 "k$RANDOM" GET /v1/health
		sql_is 0 "SELECT COUNT(*) FROM request WHERE actor = 'a'
		    AND request_key <> 'young'"
	}
	wait_for 30 purged
	sql_is 1 "SELECT COUNT(*) FROM request WHERE request_key = 'young'"
}
