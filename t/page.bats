#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The web page: its files by curl, and all of it in a real browser (t/page),
# on a real server role with real heartbeats.

load lib/common
load lib/api
load lib/db
load lib/page

setup_file() {
	api_worker
	page_modules
}

# page_get PATH [CURL OPTION...]: as get, of the page.
page_get() {
	url=$page get "$@"
}

# front_up [OPTION...]: no more than the front, with a page; sets $page.
front_up() {
	export CHIME_PAGE_LISTEN=127.0.0.1:0
	api_start front "$@"
	wait_for 5 has front.err 'the page is on'
	page=http://127.0.0.1:$(sed -n \
	    's/.*the page is on 127.0.0.1:\([0-9]*\)$/\1/p' front.err)
}

@test "its files: types, policy, and 304 for who has them" {
	front_up
	for f in / /chime.css /chime.js /words.js /icon.svg '/?x=1'; do
		page_get "$f"
		[ "$status" = 200 ]
		[ -s body ]
		grep -qi "^content-security-policy: default-src 'none'" head
		grep -qi '^x-content-type-options: nosniff' head
		grep -qi '^cache-control: no-cache' head
		tag=$(sed -n 's/^etag: *//Ip' head | tr -d '\r')
		rm body
		page_get "$f" -H "If-None-Match: $tag"
		[ "$status" = 304 ]
		[ ! -s body ] # curl makes none
		page_get "$f" -H 'If-None-Match: "0"'
		[ "$status" = 200 ]
	done
	page_get / -I
	[ "$status" = 200 ]
	grep -qi '^content-type: text/html; charset=utf-8' head
	page_get /words.js
	cmp body "$SHARE/www/words.js"
	grep -qi '^content-type: text/javascript' head
}

@test "nothing but these files, and the API beside them" {
	front_up
	for f in /index.html /chime.c /../etc/passwd /%2e%2e/x //chime.js \
	    /chime.js/ /.; do
		page_get "$f"
		[ "$status" = 404 ] || [ "$status" = 400 ]
	done
	page_get / -d x=1
	[ "$status" = 404 ]
	page_get /v1/echo/1
	[ "$status" = 200 ]
	jq_is '.result.path == "/v1/echo/1"' body
	grep -qi '^x-content-type-options: nosniff' head
	# The other port has the API alone.
	get /
	[ "$status" = 404 ]
}

@test "where it listens: off, refused, taken" {
	for none in none ''; do
		CHIME_PAGE_LISTEN=$none api_start off
		run ! has off.err 'the page is on'
		stop off
	done
	CHIME_PAGE_LISTEN=0.0.0.0:0 run -100 chime-apiserver -l 127.0.0.1:0 \
	    -H "$WORKER" -C "$WORKER"
	[[ $output == *CHIME_PAGE_LISTEN*CHIME_ALLOW_PLAINTEXT=1* ]]
	front_up
	CHIME_PAGE_LISTEN=127.0.0.1:${page##*:} run -111 chime-apiserver \
	    -l 127.0.0.1:0 -H "$WORKER" -C "$WORKER"
	[[ $output == *"CHIME_PAGE_LISTEN"*"port is in use"* ]]
}

@test "a browser that asks slowly takes nothing from the agents' port" {
	export CHIME_API_CLIENT_TIMEOUT=1s
	front_up
	port=${page##*:}
	printf 'GET / HTTP/1.1\r\nX: ' | raw >out
	[ ! -s out ]
	for _ in {1..300}; do
		printf 'url = "%s/chime.js"\noutput = "/dev/null"\n' "$page"
	done >urls
	curl -s --no-progress-meter --parallel --parallel-max 200 \
	    --parallel-immediate -K urls --max-time 30
	get /v1/echo
	[ "$status" = 200 ]
}

@test "SIGTERM: ends, with pages open" {
	front_up
	exec {fd}<>"/dev/tcp/127.0.0.1/${page##*:}"
	printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&"$fd"
	read -r line <&"$fd"
	[[ $line == *200* ]]
	signal front TERM
	wait_end front 8
	[ "$rc" = 0 ]
	exec {fd}>&-
}

@test "log in, a host goes unreachable and comes back, without a reload" {
	site_up
	node_up n1
	node_up n2
	printf 'correct horse\n' >password
	chimecli user create alice --role operator --password-file password \
	    >/dev/null
	wait_for 15 status_is n1 run
	wait_for 15 status_is n2 run
	evil='<img src=x onerror=alert(1)><script>'
	near=$(vm_new "$evil" n1)
	far=$(vm_new far n2)
	observe n1 "$near=running"
	observe n2 "$far=running"
	browse live EVIL="$evil" FAR=far \
	    HEART="$DIR/pids/heart-n2" PASSWORD='correct horse'
}

@test "wrong tokens, wrong passwords, and a token that is revoked" {
	site_up
	node_up n1
	wait_for 15 status_is n1 run
	db_token admin guest >guest
	browsing door AGENT="$DIR/n1/token" GUEST="$DIR/guest" \
	    REVOKE="$DIR/revoke"
	asked revoke
	sql "DELETE FROM token WHERE note = 'guest'"
	browsed
}

@test "the server away and back" {
	site_up
	node_up n1
	wait_for 15 status_is n1 run
	browsing away ADMIN="$DIR/admin.token" AWAY="$DIR/away" BACK="$DIR/back"
	asked away
	stop api
	asked back
	api_up "${url##*:}"
	browsed
}

@test "360 pixels, two languages, contrast, names for everything" {
	site_up
	node_up n1
	node_up n2
	wait_for 15 status_is n1 run
	wait_for 15 status_is n2 run
	observe n2
	stop heart-n2
	vm=$(vm_new "$(printf %063d 7)" n1)
	observe n1 "$vm=paused"
	browse look ADMIN="$DIR/admin.token"
}
