#!/bin/sh
# SPDX-License-Identifier: ISC
# Shows a guest's console: adm-ticks -n N FILE, its first N lines, or
# adm-ticks FILE, on a terminal, one line that moves on.
set -eu

only=0
if [ "$1" = -n ]; then
	only=$2
	shift 2
fi
tail -n +1 -F "$1" 2>/dev/null | awk -v only="$only" '
	{ gsub(/[[:cntrl:]]/, "") }
	only && NF {
		print "         " $0
		fflush()
		if (++shown == only)
			exit
		next
	}
	/^tick [0-9]*$/ {
		if ($2 + 0 < last)
			printf "\r\033[Kthe guest was started again\n"
		last = $2 + 0
		printf "\r\033[Kguest: %s   (^C ends everything)", $0
		fflush()
	}'
