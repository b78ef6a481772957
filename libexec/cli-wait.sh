#!/bin/sh
# SPDX-License-Identifier: ISC
# Waits until the servers see a VM or a host in one of these states (gone:
# there is none of that name): cli-wait vm|host NAME SECONDS STATE...
# exit: 0; 99 timed out; 100 the servers refuse to answer.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/cli.sh
. "$home/share/chime/cli.sh"

noun=$1
name=$2
left=$(($3 * 5))
shift 3

# A server that is away for a moment does not end the waiting.
while :; do
	rc=0
	record=$(chime-call -q GET "/v1/$noun/$name" 2>&1) || rc=$?
	state=unknown
	why=$record
	case $rc in
	0)
		state=$(lines "$record" | jq -r '
		    if .adopt then "adopting" else .state // .status end')
		why=$(lines "$record" | jq -r '.reason // .health_reason // ""')
		;;
	100)
		case $record in
		*'(404 '*) state=gone ;;
		*) die 100 "$noun $name: $record" ;;
		esac
		;;
	esac
	for want in "$@"; do
		[ "$state" != "$want" ] || exit 0
	done
	[ $left -gt 0 ] ||
		die 99 "$noun $name: not $* in time, but $state${why:+ ($why)}"
	left=$((left - 1))
	sleep 0.2
done
