# SPDX-License-Identifier: ISC
# chime-apiserver with workers that do what a path says (t/lib/worker.c).
# shellcheck shell=bash disable=SC2154 # set by lib/common and lib/api
# shellcheck disable=SC2016 # programs of sh, perl and jq

load lib/common
load lib/api

setup_file() {
	api_worker
}

# error STATUS CODE: what get got.
error() {
	[ "$status" = "$1" ] && jq_is ".error.code == \"$2\" and
	    .error.status == $1 and (.error.message | length) > 0 and
	    (.requestId | length) == 24" body && return
	echo "expected $1 $2, got $status"
	cat body
	return 1
}

@test "usage, configuration and commands that do not exist" {
	run -100 chime-apiserver -x
	run -100 chime-apiserver operand
	run -0 chime-apiserver -V
	CHIME_API_WORKERS=33 run -100 chime-apiserver
	[[ $output == *CHIME_API_WORKERS=33* ]]
	run -100 chime-apiserver -l nonsense:x
	[[ $output == *ADDRESS:PORT* ]]
	run -100 chime-apiserver -l 127.0.0.1:0 -H /nonexistent -C "$WORKER"
	[[ $output == */nonexistent* ]]
}

@test "plain HTTP off loopback needs to be allowed" {
	run -100 chime-apiserver -l 0.0.0.0:0 -H "$WORKER" -C "$WORKER"
	[[ $output == *CHIME_ALLOW_PLAINTEXT=1* ]]
	export CHIME_ALLOW_PLAINTEXT=1
	start api chime-apiserver -l 0.0.0.0:0 -H "$WORKER" -C "$WORKER"
	wait_for 5 has api.err 'listening on 0.0.0.0:'
}

@test "a port in use" {
	api_start one
	run -111 chime-apiserver -l "127.0.0.1:$port" -H "$WORKER" -C "$WORKER"
	[[ $output == *"port is in use"* ]]
}

@test "it is ready when it listens and its workers run" {
	start api bash -c 'exec chime-apiserver -d 4 -l 127.0.0.1:0 -H "$1" \
	    -C "$1" 4>ready' - "$WORKER"
	wait_for 5 lines ready 1
	[ "$(workers api | wc -l)" = 4 ]
}

@test "a request reaches a worker as it was sent" {
	api_start api
	get '/v1/echo/a%2Fb?x=1&y=%20' -H 'Authorization: bearer t0ken' \
	    -H 'Idempotency-Key: k1' -d $'{"name":"\u4e2d\\n\\u0007"}\n\t'
	[ "$status" = 200 ]
	jq_is '.result.method == "POST" and .result.token == "t0ken" and
	    .result.path == "/v1/echo/a%2Fb" and .result.query == "x=1&y=%20"
	    and .result.key == "k1" and .result.peer == "127.0.0.1" and
	    .result.request == .requestId and
	    .result.body == "{\"name\":\"中\\n\\u0007\"}\n\t"' body
	grep -qi "^x-request-id: $(jq -r .requestId body)" head
	grep -qi '^content-type: application/json' head
	get /v1/echo -H 'Authorization: Basic abc'
	jq_is '.result | has("token", "body", "query", "key") | not' body
}

@test "lists: as an envelope, as lines, with the next key in both" {
	api_start api
	get /v1/list/3/10
	jq_is '.next == "näxt/1" and [.result[].n] == [0,1,2]' body
	get /v1/list/3/10 -H 'Accept: application/x-ndjson'
	[ "$(wc -l <body)" = 3 ]
	jq_is '.type == "row"' body
	grep -qi '^chime-next: n%C3%A4xt%2F1' head
	grep -qi '^content-type: application/x-ndjson' head
	get /v1/list/0/10
	jq_is '.result == []' body
	get /v1/list/0/10 -H 'Accept: application/x-ndjson'
	[ "$status" = 200 ]
	[ ! -s body ]
	get /v1/pid -H 'Accept: application/x-ndjson'
	jq_is '.status == "ok"' body
}

@test "errors of workers are passed on, as an envelope in any case" {
	api_start api
	for s in 400 401 403 404 409 503; do
		get "/v1/status/$s" -H 'Accept: application/x-ndjson'
		error $s test
		jq_is '.error.message == "asked for \"it\""' body
	done
	grep -qi '^content-type: application/json' head
}

@test "paths and methods that are not passed on" {
	api_start api
	get /elsewhere
	error 404 not_found
	for p in /v1/a%00b /v1/%1f /v1/../x /v1/%2e%2E/x /v1/. /v1/%zz \
	    /v1/% '/v1/echo?a=%00'; do
		get "$p"
		error 400 bad_request
	done
	for m in PUT PATCH OPTIONS BREW; do
		get /v1/echo -X $m
		error 405 method_not_allowed
	done
	grep -qi '^allow: .*POST' head
	get /v1/... && [ "$status" = 200 ]
	get /v1/echo -X POST --data-binary $'\xff\xfe'
	error 400 bad_request
	printf '{"a":"\1"}' >bad
	get /v1/echo --data-binary @bad
	error 400 bad_request
	printf 'a\0b' >bad
	get /v1/echo --data-binary @bad
	error 400 bad_request
	get /v1/echo -H 'Idempotency-Key: a b'
	error 400 bad_request
}

@test "HEAD, HTTP/1.0 and several requests on one connection" {
	api_start api
	get /v1/list/3/10 -I
	[ "$status" = 200 ]
	grep -qi '^content-length: [1-9]' head
	printf 'GET /v1/echo HTTP/1.0\r\n\r\n' | raw >out
	grep -q '^HTTP/1.* 200' out
	tail -n 1 out | jq_is '.result.path == "/v1/echo"'
	for i in 1 2 3; do
		printf 'GET /v1/echo/%s HTTP/1.1\r\nHost: x\r\n\r\n' $i
	done >in
	printf 'GET /v1/echo/4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' \
	    >>in
	raw <in >out
	[ "$(grep -c '^HTTP/1.1 200' out)" = 4 ]
	[ "$(grep -o '"path":"/v1/echo/.' out | tr -d '\n')" = \
	    '"path":"/v1/echo/1"path":"/v1/echo/2"path":"/v1/echo/3"path":"/v1/echo/4' ]
}

@test "a body of 1 MiB is passed on, one byte more is refused" {
	api_start api
	head -c 1048576 /dev/zero | tr '\0' '"' >big
	get /v1/echo --data-binary @big
	[ "$status" = 200 ]
	jq_is '.result.body | length == 1048576' body
	printf x >>big
	get /v1/echo --data-binary @big
	error 413 too_large
	get /v1/echo --data-binary @big -H 'Transfer-Encoding: chunked'
	error 413 too_large
	get /v1/echo
	[ "$status" = 200 ]
}

@test "what is no HTTP, and what is too long, harms nobody" {
	api_start api
	printf 'I beg your pardon?\r\n\r\n' | raw >out
	{ printf 'GET /v1/echo HTTP/1.1\r\nX: '
	    head -c 20000 /dev/zero | tr '\0' x
	    printf '\r\n\r\n'; } | raw >out || true
	grep -q '^HTTP/1.1 4' out
	printf 'POST /v1/echo HTTP/1.1\r\nContent-Length: -5\r\n\r\n' | raw >out
	run ! grep -q ' 200 ' out
	get /v1/echo
	[ "$status" = 200 ]
}

@test "slow clients are closed in time and hurt nobody" {
	export CHIME_API_CLIENT_TIMEOUT=1s
	api_start api
	# One byte now and then keeps a connection busy, never idle.
	for i in 1 2 3 4 5; do
		start slow$i perl -MIO::Socket::INET -e '
			$SIG{PIPE} = "IGNORE";
			$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
			syswrite($s, "GET /v1/echo HTTP/1.1\r\nX: ");
			$s->blocking(0);
			while (syswrite($s, "x")) {
				select(undef, undef, undef, 0.1);
				defined(sysread($s, $b, 1)) and last;
			}' "$port"
	done
	get /v1/echo
	[ "$status" = 200 ]
	for i in 1 2 3 4 5; do
		wait_end slow$i 10
	done
	# A body that never comes.
	printf 'POST /v1/echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf' |
	    raw >out
	[ ! -s out ]
	get /v1/echo
	[ "$status" = 200 ]
}

@test "a client that does not read its answer costs others nothing" {
	export CHIME_API_WORKERS=1 CHIME_API_CLIENT_TIMEOUT=2s
	api_start api
	start lazy perl -MIO::Socket::INET -e '
		$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
		syswrite($s, "GET /v1/list/200/50000 HTTP/1.1\r\nHost: x\r\n\r\n");
		sysread($s, $b, 1) or die;
		open(F, ">", "reading"); close(F);
		sleep 3600' "$port"
	wait_for 10 test -e reading
	get /v1/echo
	[ "$status" = 200 ]
}

@test "many clients that send slowly cannot take all memory" {
	api_start api
	# 300 bodies of 700 kB, each a MiB in memory, none of them whole.
	start flood perl -MIO::Socket::INET -e '
		$x = "x" x 700000;
		for (1 .. 300) {
			$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
			print $s "POST /v1/echo HTTP/1.1\r\nContent-Length: " .
			    "900000\r\n\r\n$x";
			push @all, $s;
		}
		open(F, ">", "flooded"); close(F);
		sleep 3600' "$port"
	wait_for 30 test -e flooded
	busy() {
		get /v1/echo -d small && [ "$status" = 503 ]
	}
	wait_for 20 busy
	error 503 busy
	stop flood
	accepted() {
		get /v1/echo -d small && [ "$status" = 200 ]
	}
	wait_for 10 accepted
}

@test "answers larger than the bound are refused, and said to be so" {
	api_start api
	get /v1/list/300/60000
	error 500 too_large
}

@test "500 requests at once" {
	api_start api
	for i in {1..500}; do
		echo "url = \"$url/v1/echo/$i\""
		echo "output = \"$DIR/many.$i\""
	done >urls
	head -n 500 urls >urls.1
	tail -n 500 urls >urls.2
	# curl has at most 300 transfers in parallel.
	for c in 1 2; do
		start curl$c curl -s --no-progress-meter --parallel \
		    --parallel-max 250 --parallel-immediate -K urls.$c \
		    --max-time 60
	done
	wait_end curl1 60
	wait_end curl2 60
	[ "$(cat many.* | jq -r .result.path | sort -u | wc -l)" = 500 ]
}

@test "a worker that dies loses what it had, and is started again" {
	export CHIME_API_WORKERS=1
	api_start api
	get /v1/die -X POST
	error 503 worker_lost
	get /v1/half -X POST
	error 503 worker_lost
	get /v1/garbage -X POST
	error 503 worker_lost
	get /v1/stranger -X POST
	error 503 worker_lost
	get /v1/pid
	[ "$status" = 200 ]
	has api.err 'exited 7'
	has api.err 'makes no sense'
}

@test "a GET whose worker dies is given to another one, once" {
	export CHIME_API_WORKERS=2
	api_start api
	get "/v1/once$DIR/mark"
	[ "$status" = 200 ]
	[ -e mark ]
	get /v1/die
	error 503 worker_lost
}

@test "kill -9 of a worker in flight" {
	export CHIME_API_WORKERS=1
	api_start api
	old=$(workers api)
	curl -s -m 30 -d '' -o answer "$url/v1/hold$DIR/mark" 3>&- &
	curl=$!
	wait_for 5 test -e mark
	kill -9 "$old"
	wait $curl
	jq_is '.error.code == "worker_lost"' answer
	get /v1/pid
	[ "$status" = 200 ]
	[ "$(workers api)" != "$old" ]
}

@test "a stopped worker: 504 in time, and another one in its place" {
	export CHIME_API_WORKERS=1
	api_start api -t 2s
	old=$(workers api)
	kill -STOP "$old"
	get /v1/echo
	error 504 timeout
	get /v1/pid
	[ "$status" = 200 ]
	has api.err 'silent for too long'
	run ! kill -0 "$old"
}

@test "a slow request does not cost a worker that answers others" {
	local curls=()

	export CHIME_API_WORKERS=1
	api_start api -t 2s
	for i in 1 2 3; do
		curl -s -m 30 -d '' -o slow.$i "$url/v1/slow/1500" 3>&- &
		curls+=($!)
	done
	wait "${curls[@]}"
	# They take 4.5 s together; those behind the second came too late.
	[ "$(cat slow.* | jq -s 'map(select(.error.code == "timeout")) |
	    length')" -ge 1 ]
	answers() {
		get /v1/pid && [ "$status" = 200 ]
	}
	wait_for 10 answers
	run ! has api.err 'killed'
}

@test "health: through a worker, and 503 within a second without one" {
	export CHIME_API_WORKERS=1
	api_start api
	get /v1/health
	[ "$status" = 200 ]
	kill -STOP "$(workers api)"
	before=$(now_ms)
	get /v1/health
	error 503 worker_lost
	[ $(($(now_ms) - before)) -lt 3000 ]
}

@test "more than 1000 waiting requests: busy" {
	export CHIME_API_WORKERS=1
	api_start api
	kill -STOP "$(workers api)"
	# curl has at most 300 transfers in parallel.
	for c in 1 2 3 4; do
		for i in {1..260}; do
			echo "url = \"$url/v1/echo\""
			echo "output = \"$DIR/many.$c.$i\""
		done >urls.$c
		start curl$c curl -s --no-progress-meter --parallel \
		    --parallel-max 260 --parallel-immediate -K urls.$c \
		    --max-time 60
	done
	busy() {
		cat many.* 2>/dev/null | grep -q '"busy"'
	}
	wait_for 12 busy
	kill -CONT "$(workers api)"
	for c in 1 2 3 4; do
		wait_end curl$c 30
	done
	[ "$(cat many.* | grep -c '"result"')" = 1000 ]
	[ "$(cat many.* | grep -c '"busy"')" = 40 ]
}

@test "workers with a wrong configuration end it, when there is no other" {
	printf '#!/bin/sh\nexit 100\n' >bad
	chmod +x bad
	start api chime-apiserver -l 127.0.0.1:0 -H "$WORKER" -C "$DIR/bad"
	wait_end api 10
	[ "$rc" = 100 ]
	has api.err 'configuration is wrong'
}

@test "SIGTERM: what is in flight is answered, then it ends" {
	api_start api
	curl -s -m 30 -o answer "$url/v1/slow/700$DIR/mark" 3>&- &
	curl=$!
	wait_for 5 test -e mark
	signal api TERM
	wait $curl
	jq_is '.result.status == "ok"' answer
	wait_end api 8
	[ "$rc" = 0 ]
	run -7 curl -s "$url/v1/echo"
}

@test "SIGTERM: a request that takes too long is told so" {
	export CHIME_API_WORKERS=1
	api_start api
	curl -s -m 30 -o answer "$url/v1/hold$DIR/mark" 3>&- &
	curl=$!
	wait_for 5 test -e mark
	signal api TERM
	wait_end api 15
	[ "$rc" = 0 ]
	wait $curl
	jq_is '.error.code == "stopping"' answer
}

@test "kill -9: no worker is left behind" {
	api_start api
	workers api >pids.txt
	signal api KILL
	wait_end api 5
	gone() {
		! xargs -a pids.txt ps -o stat= -p | grep -qv Z
	}
	wait_for 5 gone
}

@test "--stdio: the same lines, without HTTP" {
	jq -nc '{id: 7, method: "GET", path: "/v1/list/2/5"},
	    {id: 8, method: "POST", path: "/v1/echo", body: "é", token: "t"},
	    {id: 9, method: "GET", path: "/nowhere"}, {id: 10}' >in
	echo 'broken' >>in
	chime-apiserver --stdio -H "$WORKER" -C "$WORKER" <in >out
	jq -cs 'map(select(.id == 7))' out | jq_is 'length == 3 and
	    .[0].row.n == 0 and .[2].end == {"status":200,"next":"näxt/1"}'
	jq -c 'select(.id == 8)' out | jq_is '.end.result.body == "é" and
	    .end.result.token == "t"'
	jq -c 'select(.id == 9)' out | jq_is '.end.error.code == "not_found"'
	jq -c 'select(.type == "error")' out | jq -s . | jq_is 'length == 2 and
	    .[0].line == 4 and .[1].line == 5'
	# From a pipe, and a lot of it.
	for i in {1..3000}; do
		echo "{\"id\":$i,\"method\":\"GET\",\"path\":\"/v1/echo\"}"
	done | chime-apiserver --stdio -H "$WORKER" -C "$WORKER" |
	    jq -s 'map(.id) | unique | length' | grep -qx 3000
	run -0 chime-apiserver --stdio -H "$WORKER" -C "$WORKER" </dev/null
	run -111 bash -c 'chime-apiserver --stdio -H "$1" -C "$1" <in \
	    >/dev/full' - "$WORKER"
}

@test "neither tokens nor bodies are logged" {
	api_start api -v
	get /v1/die -X POST -H 'Authorization: Bearer s3cret' -d 's3cret'
	get /v1/a%00 -H 'Authorization: Bearer s3cret'
	stop api
	run ! grep -r s3cret api.err
}
