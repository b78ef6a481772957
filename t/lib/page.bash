# SPDX-License-Identifier: ISC
# The page in a real browser, in front of a real server role: `load lib/page`
# after lib/db. The browser is Debian's chromium, driven by playwright-core.
# shellcheck shell=bash disable=SC2154 # DIR, ROOT, BUILD: common.bash
# shellcheck disable=SC2034 # for the tests

PAGE=$ROOT/t/page
MODULES=$BUILD/t/page

# page_modules: what the scripts of t/page import, below $BUILD: fetched once
# for a lock file, and then never again.
page_modules() {
	mkdir -p "$MODULES"
	exec {lock}>"$MODULES/lock"
	flock "$lock"
	if ! cmp -s "$PAGE/package-lock.json" "$MODULES/done"; then
		cp "$PAGE"/package*.json "$MODULES/"
		if ! (cd "$MODULES" && npm ci --ignore-scripts --no-audit \
		    --no-fund --prefer-offline --loglevel=error \
		    --fetch-retries=1 --fetch-timeout=60000) \
		    >"$MODULES/npm.log" 2>&1 3>&- {lock}>&-; then
			cat "$MODULES/npm.log"
			return 1
		fi
		cp "$PAGE/package-lock.json" "$MODULES/done"
	fi
	exec {lock}>&-
}

# api_up PORT: the front, with the page on this port; 0 is any. Sets $url, of
# the page.
api_up() {
	start api env CHIME_API_LISTEN=127.0.0.1:0 \
	    CHIME_PAGE_LISTEN="127.0.0.1:$1" chime-apiserver
	wait_for 10 has api.err 'the page is on'
	wait_for 10 has api.err 'listening on'
	url=http://127.0.0.1:$(sed -n \
	    's/.*the page is on 127.0.0.1:\([0-9]*\)$/\1/p' api.err)
	export CHIME_API=$url
}

# site_up: database, schema, an admin's token in ./admin.token, the front and the
# monitor.
site_up() {
	db_start
	db_schema
	db_token admin tester >admin.token
	chmod 600 admin.token
	export CHIME_INTERVAL=1s CHIME_TOKEN_FILE=$DIR/admin.token
	api_up 0
	mkfifo one two
	start stale sh -c 'exec chime-stale >one'
	start ping sh -c 'exec chime-ping <one >two'
	start mark sh -c 'exec chime-mark <two'
}

# node_up NAME: a host whose heartbeat is real, and reports ./NAME/observed.
node_up() {
	local port

	mkdir -p "$1"
	port=$(free_port udp)
	chime-call POST /v1/host "{\"host\": \"$1\", \"pong_port\": $port,
	    \"manage_ip\": \"127.0.0.1\"}" | jq -r .token >"$1/token"
	chmod 600 "$1/token"
	uuid >"$1/boot"
	observe "$1"
	start "heart-$1" env CHIME_HOST="$1" CHIME_AGENT_DIR="$DIR/$1" \
	    CHIME_TOKEN_FILE="$DIR/$1/token" CHIME_VCPUS=8 \
	    CHIME_MEMORY_MIB=16384 chime-heartbeat
}

# observe NAME [VM=STATE...]: what the host reports from now on.
observe() {
	local host=$1

	shift
	printf '%s\n' "$@" | jq -cRn --arg host "$host" --arg boot \
	    "$(cat "$host/boot")" --arg rev "$(uuid | tr -d - | cut -c 1-16)" '
		(now | strftime("%Y-%m-%dT%H:%M:%S.000Z")) as $ts |
		{type: "host", ts: $ts, host: $host, boot: $boot,
		    observed_rev: $rev, health: "ok"},
		(inputs | select(. != "") / "=" | {type: "vm", ts: $ts,
		    vm: .[0], host: $host, state: .[1], want: "running",
		    wish: 1, generation: 1})' >"$host/new"
	mv "$host/new" "$host/observed.jsonl"
}

# status_is HOST STATUS
status_is() {
	[ "$(chime-call GET "/v1/host/$1" | jq -r .status)" = "$2" ]
}

# vm_new NAME HOST: its UUID on stdout.
vm_new() {
	chime-call POST /v1/vm "$(jq -nc --arg n "$1" --arg h "$2" \
	    '{name: $n, host: $h, vcpus: 1, memory_mib: 512}')" | jq -r .vm
}

# browsing SCRIPT [NAME=VALUE...]: starts t/page/SCRIPT.mjs, with these in its
# environment.
browsing() {
	local script=$1

	shift
	start browser env DIR="$DIR" URL="$url" MODULES="$MODULES" "$@" \
	    node "$PAGE/$script.mjs"
}

# browsed: it ended well; failed.png in $DIR shows the page if it did not.
browsed() {
	wait_end browser 60
	cat browser.out
	[ "$rc" = 0 ]
}

# asked FILE: it asks for something by making this file.
asked() {
	wait_for 30 test -e "$1" && ! ended browser
}

# browse SCRIPT [NAME=VALUE...]: both.
browse() {
	browsing "$@"
	browsed
}
