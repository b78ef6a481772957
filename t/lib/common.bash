# SPDX-License-Identifier: ISC
# What every bats file starts with: `load lib/common` (../lib/common below
# t/lab and t/fault). It gives each test $DIR, an empty folder of its own, and
# ends every program started with `start` when the test ends, however it ends.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

# shellcheck source=t/lib/start.bash
. "${BASH_SOURCE[0]%/*}/start.bash"

ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
BUILD=$(cd "$ROOT" && cd "${BUILD:-build}" && pwd)
LIBEXEC=$BUILD/libexec/chime
SHARE=$BUILD/share/chime
PATH=$BUILD/bin:$PATH
export ROOT BUILD LIBEXEC SHARE PATH LC_ALL=C.UTF-8
unset "${!CHIME_@}"
# Its usual port is one for the whole machine: only tests of it have a page.
export CHIME_PAGE_LISTEN=none

# Files that need more replace these and call common_setup first,
# common_teardown last.
setup() {
	common_setup
}

teardown() {
	common_teardown
}

common_setup() {
	DIR=$BATS_TEST_TMPDIR
	cd "$DIR" || return
	mkdir "$DIR/pids"
	# Its usual place is the machine's.
	export CHIME_LEDGER=$DIR/ledger.jsonl
}

common_teardown() {
	local status=0 f

	for f in "$DIR"/pids/*; do
		[ -e "$f" ] || continue
		stop "${f##*/}" || status=1
	done
	# bats shows this only for a test that failed.
	for f in "$DIR"/*.err "$DIR"/*.log; do
		[ -s "$f" ] || continue
		echo "--- ${f##*/}:"
		tail -n 20 "$f"
	done
	return $status
}

# wait_for SECONDS COMMAND...: until it succeeds; fails when it does not in
# time, which is three times as long beside other tests (PATIENCE, of t/run).
# The only place that sleeps: tests wait for events.
wait_for() {
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * ${PATIENCE:-1} * 1000000))

	shift
	until "$@"; do
		if ((${EPOCHREALTIME/[.,]/} > end)); then
			echo "waited in vain for: $*"
			return 1
		fi
		sleep 0.05
	done
}

# has FILE PATTERN: whether a line matches (basic regular expression).
has() {
	grep -q -e "$2" "$1" 2>/dev/null
}

# lines FILE N: whether it has at least N lines.
lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# tcp_open PORT: whether somebody listens there on loopback.
tcp_open() {
	(: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# free_port [tcp|udp]: a port nobody has on loopback, asked of the kernel.
free_port() {
	perl -MSocket -e '
		socket(S, PF_INET, $ARGV[0] eq "udp" ? SOCK_DGRAM : SOCK_STREAM, 0)
		    and bind(S, sockaddr_in(0, INADDR_LOOPBACK)) or die $!;
		print((sockaddr_in(getsockname(S)))[0], "\n")' "${1:-tcp}"
}

# uuid: a new one.
uuid() {
	cat /proc/sys/kernel/random/uuid
}

# now_ms: CLOCK_MONOTONIC as /proc tells it, in milliseconds.
now_ms() {
	local up

	read -r up _ </proc/uptime
	echo $((10#${up/./} * 10))
}

# jq_is FILTER [FILE]: whether every line (there is at least one) satisfies
# the filter; shows the line that does not.
jq_is() {
	local filter=$1

	shift
	jq -es "length > 0 and (map(select(($filter) | not) | debug) == [])" \
	    "$@" >/dev/null
}
