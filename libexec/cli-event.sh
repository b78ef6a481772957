#!/bin/sh
# SPDX-License-Identifier: ISC
# chimecli event: what happened in a cluster.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/cli.sh
. "$home/share/chime/cli.sh"

synopsis='event list [--after ID|--last N] [FILTER...] |
	follow [--after ID] [FILTER...]; FILTER: --host HOST, --vm VM,
	--kind KIND'
after=
last=
query=
command=${1:-}
[ $# -eq 0 ] || shift
while [ $# -gt 0 ]; do
	case $1 in
	--host | --vm | --kind | --after | --last) value "$@" ;;
	*) unknown "$1" --after --last --host --vm --kind ;;
	esac
	case $1 in
	--after | --last)
		case $2 in
		'' | *[!0-9]* | ????????????????*)
			die 100 "option $1: '$2': expected a whole number"
			;;
		esac
		;;
	esac
	one "$2"
	case $1 in
	--after) after=$2 ;;
	--last) last=$2 ;;
	--vm)
		# Events know VMs by their identity, also those that are gone.
		case $2 in
		????????-????-????-????-????????????) vm=$segment ;;
		*)
			vm=$(chime-call GET "/v1/vm/$segment") || exit
			vm=$(lines "$vm" | jq -r .vm)
			;;
		esac
		query="$query&vm=$vm"
		;;
	*) query="$query&${1#--}=$segment" ;;
	esac
	shift 2
done

# Ids are given before the transactions commit: one that is late appears
# behind higher ones. So the last 100 are read again, each shown once. A blank
# line each round notices at once that nobody reads any more; jq ends with us.
follow() {
	while :; do
		if new=$(chime-call GET "/v1/event?after=$((upto > 100 ?
		    upto - 100 : 0))$query"); then
			lines "$new"
			upto=$(lines "$new" |
			    jq -s --argjson upto "$upto" 'map(.id) + [$upto] | max')
		fi
		echo
		sleep 1
	done | setpriv --pdeathsig TERM jq -nRrc --unbuffered -L "$share" \
	    --arg tty "$1" --argjson after "$after" --arg colour "$colour" \
	    -f "$share/follow.jq"
}

case $command in
list)
	page="after=${after:-0}"
	[ -z "$last" ] || page="newest=1&limit=$last"
	events=$(chime-call GET "/v1/event?$page$query")
	lines "$events" | list '["ts", "level", "kind", "text"]'
	;;
follow)
	[ -z "$last" ] || usage "$synopsis"
	if [ -z "$after" ]; then
		newest=$(chime-call GET "/v1/event?newest=1&limit=1")
		after=$(lines "$newest" | jq .id)
		after=${after:-0}
	fi
	upto=$after
	tty=
	[ ! -t 1 ] || tty=1
	follow "$tty"
	;;
*) unknown "$command" list follow ;;
esac
