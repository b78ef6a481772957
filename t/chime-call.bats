# SPDX-License-Identifier: ISC
# chime-call against a real chime-apiserver with workers made for tests.
# shellcheck shell=bash disable=SC2154 # set by lib/common and lib/api
# shellcheck disable=SC2016 # programs of sh, perl and jq

load lib/common
load lib/api

setup_file() {
	api_worker
}

# token [TEXT]: a token file, and its name where chime-call looks for it.
token() {
	(umask 077 && echo "${1-t0ken}" >token)
	export CHIME_TOKEN_FILE=$DIR/token
}

@test "usage" {
	run -100 chime-call
	run -100 chime-call GET
	run -100 chime-call GET /v1/x body more
	run -100 chime-call -t nonsense GET /v1/x
	run -100 chime-call BREW /v1/x
	[[ $output == *BREW* ]]
	run -100 chime-call GET v1/x
	run -100 chime-call GET '/v1/a b'
	run -100 chime-call -k '' POST /v1/x
	run -0 chime-call -V
	run -100 chime-call POST /v1/x @/nonexistent
	[[ $output == */nonexistent* ]]
}

@test "where to, and as whom: what cannot be is refused" {
	CHIME_API=nonsense run -100 chime-call GET /v1/echo
	[[ $output == *http://HOST:PORT* ]]
	CHIME_API=http://a/b run -100 chime-call GET /v1/echo
	CHIME_API=http://u:p@a run -100 chime-call GET /v1/echo
	CHIME_API=http://127.0.0.1:1, run -100 chime-call GET /v1/echo
	token
	CHIME_API=http://192.0.2.1:8801 run -100 chime-call GET /v1/echo
	[[ $output == *CHIME_ALLOW_PLAINTEXT=1* ]]
	chmod 0640 token
	run -100 chime-call GET /v1/echo
	[[ $output == *0600* ]]
	rm token
	run -100 chime-call GET /v1/echo
	[[ $output == *"$DIR/token"* ]]
}

@test "a request, its token and its body" {
	token
	api_start api
	export CHIME_API=$url
	chime-call GET '/v1/echo?a=1' | jq_is '.token == "t0ken" and
	    .query == "a=1" and (has("key") or has("body") | not)'
	chime-call POST /v1/echo '{"a":"é"}' | jq_is '.body == "{\"a\":\"é\"}"
	    and .method == "POST" and (.key | length) == 32'
	echo '{"b":1}' >file
	chime-call POST /v1/echo @file | jq_is '.body == "{\"b\":1}\n"'
	chime-call -f file POST /v1/echo | jq_is '.body == "{\"b\":1}\n"'
	chime-call POST /v1/echo - <file | jq_is '.body == "{\"b\":1}\n"'
	chime-call -k mine DELETE /v1/echo | jq_is '.key == "mine" and
	    .method == "DELETE"'
	chime-call POST /v1/echo | jq_is 'has("body") | not'
	chime-call HEAD /v1/echo >out
	[ ! -s out ]
}

@test "exit codes, and the server's own words" {
	api_start api
	export CHIME_API=$url
	for pair in 409:1 400:100 401:100 403:100 404:100 413:100 422:100 \
	    429:111 500:111 503:111 504:111; do
		run -"${pair#*:}" chime-call POST "/v1/status/${pair%:*}"
		[[ $output == *'asked for "it"'* ]]
	done
	run -111 chime-call POST /v1/die
	run -99 chime-call -t 300ms POST /v1/slow/5000
	export CHIME_API=http://127.0.0.1:1
	run -111 chime-call GET /v1/echo
	[[ $output == *http://127.0.0.1:1* ]]
	# The answer goes to stdout, all else to stderr.
	chime-call GET /v1/echo 2>/dev/null >out || true
	[ ! -s out ]
}

@test "all pages of a list" {
	cat >pages <<-'END'
	#!/bin/sh
	exec jq -c --unbuffered '.id as $id | .query as $q |
	    (($q // "" | capture("after=(?<k>[^&]*)").k) // "0") as $k |
	    {id: $id, row: {k: $k, q: $q}},
	    {id: $id, end: ({status: 200} + if $k == "0" then {next: "ä/1"}
		elif $k == "%C3%A4%2F1" then {next: "2"}
		else {} end)}'
	END
	chmod +x pages
	api_start api -C "$DIR/pages"
	export CHIME_API=$url
	chime-call GET '/v1/list?limit=1&x=y' >out
	jq -s 'map(.k)' out | jq_is '. == ["0", "%C3%A4%2F1", "2"]'
	tail -n 1 out | jq_is '.q == "limit=1&x=y&after=2"'
	chime-call GET /v1/list >out
	jq -s 'map(.q)' out | jq_is \
	    '. == [null, "after=%C3%A4%2F1", "after=2"]'
	chime-call GET '/v1/list?after=2' >out
	[ "$(wc -l <out)" = 1 ]
}

@test "a server that sends the same page for ever" {
	api_start api
	CHIME_API=$url run -111 chime-call GET /v1/list/1/1
	[[ $output == *"same page again"* ]]
}

@test "two servers: a dead, a failing and a frozen one are passed by" {
	api_start one
	good=$url
	for bad in http://127.0.0.1:1 http://localhost:1; do
		CHIME_API=$bad,$good chime-call POST /v1/echo | jq_is .key
	done
	printf '#!/bin/sh\nexec jq -c --unbuffered "{id, end: {status: 503,
	    error: {code: \\"database\\", message: \\"away\\"}}}"\n' >away
	chmod +x away
	api_start two -C "$DIR/away"
	CHIME_API=$url,$good chime-call -k kept POST /v1/echo |
	    jq_is '.key == "kept"'
	CHIME_API=$url run -111 chime-call POST /v1/echo
	[[ $output == *away* ]]
	signal two STOP
	CHIME_API=$url,$good chime-call -t 4s POST /v1/echo | jq_is .key
	signal two CONT
}

@test "half answers are no answers" {
	# Each says more than it sends, or does not say where it ends.
	nth=0 # run changes i
	for head in 'Content-Length: 99' 'Transfer-Encoding: chunked' \
	    'X: no length'; do
		nth=$((nth + 1))
		start half$nth perl -MIO::Socket::INET -e '
			$l = IO::Socket::INET->new(Listen => 5,
			    LocalAddr => "127.0.0.1:0") or die;
			$| = 1;
			print $l->sockport, "\n";
			while ($s = $l->accept) {
				sysread($s, $b, 65536);
				print $s "HTTP/1.1 200 OK\r\n$ARGV[0]\r\n\r\n" .
				    "1c\r\n{\"type\":\"row\"}\n";
				close $s;
			}' "$head"
		wait_for 5 lines half$nth.out 1
		CHIME_API=http://127.0.0.1:$(cat half$nth.out) \
		    run -111 chime-call GET /v1/list
		[[ $output != *'"row"'* ]]
	done
}

@test "a full disk, and an answer that is no JSON" {
	api_start api
	export CHIME_API=$url
	run -111 bash -c 'chime-call GET /v1/list/3/10 >/dev/full'
	[[ $output == *stdout* ]]
	start teapot perl -MIO::Socket::INET -e '
		$l = IO::Socket::INET->new(Listen => 5,
		    LocalAddr => "127.0.0.1:0") or die;
		$| = 1;
		print $l->sockport, "\n";
		while ($s = $l->accept) {
			sysread($s, $b, 65536);
			print $s "HTTP/1.1 418 No\r\nContent-Length: 4\r\n\r\nshort";
			close $s;
		}'
	wait_for 5 lines teapot.out 1
	CHIME_API=http://127.0.0.1:$(cat teapot.out) \
	    run -100 chime-call GET /v1/x
	[[ $output == *418* ]]
}

@test "the token is in no message and in no argument" {
	token s3cret
	api_start api
	CHIME_API=http://127.0.0.1:1 run -111 chime-call -v GET /v1/echo
	[[ $output != *s3cret* ]]
	CHIME_API=$url run -100 chime-call -v GET /v1/status/401
	[[ $output != *s3cret* ]]
	token 'two words'
	CHIME_API=$url run -100 chime-call GET /v1/echo
	[[ $output == *"no token"* ]]
}
