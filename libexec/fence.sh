#!/bin/sh
# SPDX-License-Identifier: ISC
# fence NAME off|status: switches a host's power off, or reads it, with the
# script of that name in CHIME_FENCE_DIR (chime-fence(8)).
#
# out: one power record with both readings. exit: 0 off: it is off, status: on
# or off; 1 unknown; 99 off: not off in time; 100 usage, or no script that may
# be run.
# Off is what read off twice with a pause between: a reading can be that of a
# moment, or of a board that just starts itself.
set -eu

home=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"

synopsis='NAME off|status [-t SECONDS] [-p SECONDS]'

# seconds NAME VALUE MAX: dies unless it is a number of seconds in range.
seconds() {
	case $2 in
	'' | *[!0-9]* | ?????*) ;;
	*) [ "$2" -lt 1 ] || [ "$2" -gt "$3" ] || return 0 ;;
	esac
	die 100 "option $1 $2: expected seconds from 1 to $3"
}

# owned PATH: dies when somebody else may change what is there. In a folder
# like /tmp nobody can.
owned() {
	found=$(stat -L -c '%u %a' -- "$1") || die 100 "$1: cannot be read"
	case ${found% *} in
	0 | "$(id -u)") ;;
	*) die 100 "$1: of user ${found% *}: expected root's or our own" ;;
	esac
	[ $((0${found#* } & 022)) -eq 0 ] || [ $((0${found#* } & 01000)) -ne 0 ] ||
		die 100 "$1: others may write it: chmod go-w $(quote "$1")"
}

# owned_all PATH: it and each folder above.
owned_all() {
	path=$(readlink -e -- "$1") || die 100 "$1: cannot be read"
	while owned "$path" && [ "$path" != / ]; do
		path=$(dirname -- "$path")
	done
}

# On a clock that goes on while the machine sleeps.
now_s() {
	read -r up _ </proc/uptime
	echo "${up%.*}"
}

# call OP SHARE: the script's answer into $state: on, off or unknown; it has
# this share of the time that is left.
call() {
	state=unknown
	left=$(((end - $(now_s)) / $2))
	[ $left -gt 0 ] || left=1
	rc=0
	jq -nc --arg op "$1" --arg host "$name" --argjson left $left \
	    '{op: $op, host: $host, timeout_ms: ($left * 1000)}' >"$tmp/in"
	timeout -k 1 $left "$script" <"$tmp/in" >"$tmp/out" || rc=$?
	if [ $rc -eq 124 ] || [ $rc -eq 137 ]; then
		say warning "$script: $1: no answer in $left s"
	elif [ $rc -ne 0 ]; then
		say warning "$script: $1: ended with code $rc"
	else
		head -c 65536 "$tmp/out" | head -n 1 >"$tmp/line"
		state=$(jq -r --arg host "$name" 'select(.type == "power" and
		    .host == $host).state' "$tmp/line" 2>/dev/null) || state=
		case $state in on | off | unknown) return ;; esac
		state=unknown
		say warning "$script: $1: expected a power record of $name" \
		    "with state on, off or unknown"
	fi
}

# read_state: two readings, the second only if the first is off.
read_state() {
	# As early as it can have been.
	first_ts=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
	call status 1
	first=$state
	second='' second_ts=''
	[ "$first" = off ] || return 0
	sleep "$pause"
	second_ts=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
	call status 1
	second=$state
	[ "$second" = off ] || state=unknown
}

# record: what was read last.
record() {
	jq -nc --arg host "$name" --arg state "$state" --arg a "$first" \
	    --arg a_ts "$first_ts" --arg b "$second" --arg b_ts "$second_ts" \
	    -L "$share" 'include "chime";
	    {type: "power", ts: ts, host: $host, state: $state, first: $a,
	     first_ts: $a_ts} +
	    if $b == "" then {} else {second: $b, second_ts: $b_ts} end'
}

name=
op=
timeout=60
pause=5
while [ $# -gt 0 ]; do
	case $1 in
	-t | --timeout) value "$@" && seconds "$1" "$2" 3600 && timeout=$2 && shift ;;
	-p | --pause) value "$@" && seconds "$1" "$2" 600 && pause=$2 && shift ;;
	-V | --version) version && exit ;;
	-*) usage "$synopsis" ;;
	*)
		[ -z "$op" ] || usage "$synopsis"
		[ -z "$name" ] && name=$1 || op=$1
		;;
	esac
	shift
done
case $op in off | status) ;; *) usage "$synopsis" ;; esac
case $name in
*[!a-z0-9.-]* | [.-]* | *[.-] | '')
	die 100 "'$name' is no host name" ;;
esac
[ "$pause" -lt "$timeout" ] ||
	die 100 "-p: $pause s is not below the timeout, $timeout s"
need jq timeout
script=${CHIME_FENCE_DIR:-/etc/chime/fence.d}/$name
[ -f "$script" ] || die 100 "$script: no such script"
[ -x "$script" ] || die 100 "$script: cannot be executed"
owned_all "$script"
owned_all "$(dirname -- "$script")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 111' HUP INT TERM
end=$(($(now_s) + timeout))

# Whether or not this one says that it worked: what counts is read.
[ "$op" = status ] || call off 2
read_state
while [ "$op" = off ] && [ "$state" != off ] &&
    [ $(($(now_s) + pause)) -lt $end ]; do
	sleep 1
	read_state
done
record || exit 111
[ "$state" = off ] && exit
[ "$op" = status ] || exit 99
[ "$state" = on ] || exit 1
