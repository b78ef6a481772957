#!/bin/sh
# SPDX-License-Identifier: ISC
# Waits until services are up and, those that can tell, ready:
# sv-ready [MILLISECONDS] DIR... (0 or none: for ever). Exit: 0; 99 timed out.
set -eu

ms=0
case ${1:-} in
'' | *[!0-9]*) ;;
*)
	ms=$1
	shift
	;;
esac
# s6-svwait cannot begin before the service is supervised.
for dir in "$@"; do
	left=$((ms > 0 ? ms : 600000))
	until s6-svok "$dir" 2>/dev/null; do
		[ "$left" -gt 0 ] || exit 99
		sleep 0.05
		left=$((left - 50))
	done
done
for dir in "$@"; do
	up=-u
	[ ! -e "$dir/notification-fd" ] || up=-U
	rc=0
	s6-svwait "$up" -t "$ms" "$dir" || rc=$?
	[ $rc -eq 0 ] || exit "$rc"
done
