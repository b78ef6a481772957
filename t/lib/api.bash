# SPDX-License-Identifier: ISC
# chime-apiserver with workers made for tests; `load lib/api` after
# lib/common. Its workers are $WORKER (t/lib/worker.c, which does what a
# path says) unless options say otherwise.
# shellcheck shell=bash disable=SC2154 # DIR, ROOT, BUILD: common.bash
# shellcheck disable=SC2034 # status: for the tests

WORKER=$BATS_FILE_TMPDIR/worker

# For setup_file: builds $WORKER.
api_worker() {
	local sanitize=()

	# A sanitized library needs its sanitizers.
	! nm "$BUILD/libchime.a" 2>/dev/null | grep -q __asan_init ||
	    sanitize=("-fsanitize=address,undefined")
	"${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -I"$ROOT/lib" \
	    "${sanitize[@]}" -o "$WORKER" "$ROOT/t/lib/worker.c" \
	    "$BUILD/libchime.a" -ljansson
}

# api_start NAME [OPTION...]: waits until it listens; sets $port and $url.
api_start() {
	local name=$1

	shift
	start "$name" chime-apiserver -l 127.0.0.1:0 -H "$WORKER" \
	    -C "$WORKER" "$@"
	wait_for 5 has "$name.err" 'info: listening on'
	port=$(sed -n 's/.*info: listening on 127.0.0.1:\([0-9]*\)$/\1/p' \
	    "$name.err")
	url=http://127.0.0.1:$port
}

# get PATH [CURL OPTION...]: body in body, head in head; sets $status.
get() {
	local path=$1

	shift
	status=$(curl -s --path-as-is --max-time 30 -o body -D head \
	    -w '%{http_code}' "$@" "$url$path") || true
}

# raw: what stdin holds goes to $port as it is; the answer on stdout, until
# the server closes or 10 s have passed.
raw() {
	local fd

	exec {fd}<>"/dev/tcp/127.0.0.1/$port"
	cat >&"$fd"
	timeout 10 cat <&"$fd"
	exec {fd}>&-
}

# workers: the pids of its call workers.
workers() {
	pgrep -P "$(pid_of "$1")" | sort -n | tail -n +2
}
