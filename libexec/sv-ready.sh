#!/bin/sh
# SPDX-License-Identifier: ISC
# Waits until services are up and, those that can tell, ready:
# sv-ready [MILLISECONDS] DIR... (none: for ever). Exit: 0; 1 one stays down;
# 99 timed out.
set -eu

ms=
case ${1:-} in
'' | *[!0-9]*) ;;
*)
	ms=$1
	shift
	;;
esac

# pause MILLISECONDS: so much less is left.
pause() {
	[ "$ms" ] || return 0
	[ "$ms" -gt 0 ] || exit 99
	ms=$((ms - $1))
}

for dir in "$@"; do
	# s6-svwait cannot begin before the service is supervised.
	until s6-svok "$dir" 2>/dev/null; do
		pause 50
		sleep 0.05
	done
	up=-u
	[ ! -e "$dir/notification-fd" ] || up=-U
	until s6-svwait "$up" -t 500 "$dir" 2>/dev/null; do
		case $(s6-svstat -o wantedup "$dir" 2>/dev/null) in
		true) pause 500 ;;
		false) exit 1 ;;
		*) # s6-supervise has not written the status yet
			pause 50
			sleep 0.05
			;;
		esac
	done
done
