#!/bin/sh
# SPDX-License-Identifier: ISC
# Waits until the servers see a VM in one of these states (gone: there is no
# such VM): cli-wait VM SECONDS STATE... exit: 0; 99 timed out; chime(7).
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/cli.sh
. "$home/share/chime/cli.sh"

vm=$1
left=$(($2 * 5))
shift 2

# A server that is away for a moment does not end the waiting.
while :; do
	rc=0
	record=$(chime-call -q GET "/v1/vm/$vm" 2>&1) || rc=$?
	state=unknown
	why=$record
	case $rc in
	0)
		state=$(lines "$record" | jq -r .state)
		why=$(lines "$record" | jq -r '.reason // ""')
		;;
	100)
		case $record in
		*'(404 '*) state=gone ;;
		*) die 100 "$vm: $record" ;;
		esac
		;;
	esac
	for want in "$@"; do
		[ "$state" != "$want" ] || exit 0
	done
	[ $left -gt 0 ] ||
		die 99 "VM $vm: not $* in time, but $state${why:+ ($why)}"
	left=$((left - 1))
	sleep 0.2
done
