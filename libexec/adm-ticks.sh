#!/bin/sh
# SPDX-License-Identifier: ISC
# Shows the demo guest's console: adm-ticks -n N FILE, its first N lines, or
# adm-ticks FILE, on a terminal, one line that moves on. The shell reads for
# itself: most filters wait for a full buffer.
set -eu

cr=$(printf '\r')

first() {
	shown=0
	while [ "$shown" -lt "$1" ] && read -r line; do
		printf '         %s\n' "${line%"$cr"}"
		shown=$((shown + 1))
	done
}

moving() {
	while read -r line; do
		case ${line%"$cr"} in
		'tick 00000001') printf '\r\033[Kthe guest began to count\n' ;;
		tick*)
			printf '\r\033[Kguest: %s   (^C ends everything)' \
			    "${line%"$cr"}"
			;;
		esac
	done
}

if [ "$1" = -n ]; then
	tail -n +1 -F "$3" 2>/dev/null | first "$2"
else
	tail -n 1 -F "$1" 2>/dev/null | moving
fi
