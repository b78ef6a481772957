#!/bin/sh
# SPDX-License-Identifier: ISC
# chimecli event: what happened in a cluster.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/cli.sh
. "$home/share/chime/cli.sh"

synopsis='event list|follow [--after ID] [--host HOST] [--vm VM] [--kind KIND]'
after=
query=
command=${1:-}
[ $# -eq 0 ] || shift
while [ $# -gt 0 ]; do
	case $1 in
	--host | --vm | --kind)
		value "$@"
		text=$(printf '%s' "$2" | jq -sRr @uri)
		query="$query&${1#--}=$text"
		;;
	--after)
		value "$@"
		after=$2
		case $after in
		'' | *[!0-9]* | ????????????????*)
			die 100 "option --after: '$after': expected an id"
			;;
		esac
		;;
	*) unknown "$1" --after --host --vm --kind ;;
	esac
	shift 2
done

# Ids are given before the transactions commit: one that is late appears
# behind higher ones. So the last 100 are read again, each shown once. A blank
# line each round notices at once that nobody reads any more.
follow() {
	while :; do
		if new=$(chime-call GET "/v1/event?after=$((last > 100 ?
		    last - 100 : 0))$query"); then
			lines "$new"
			last=$(lines "$new" |
			    jq -s --argjson last "$last" 'map(.id) + [$last] | max')
		fi
		echo
		sleep 1
	done | jq -nRrc --unbuffered -L "$share" --arg tty "$1" \
	    --argjson after "$after" --arg colour "$colour" '
	    include "chime";
	    foreach inputs as $line ({seen: {}};
		.new = null
		| if $line == "" then .
		  else ($line | fromjson) as $event
		  | ($event.id | tostring) as $id
		  | if $event.id <= $after or .seen[$id] then .
		    else .new = $event | .seen[$id] = true end
		  | if .seen | length > 400
		    then .seen |= with_entries(
			select((.key | tonumber) > $event.id - 200))
		    else . end
		  end;
		.new // empty)
	    | if $tty == "" then .
	      else "\(.ts)  \(.level | paint($colour))  \(.kind)  \(.text | plain)"
	      end'
}

case $command in
list)
	events=$(chime-call GET "/v1/event?after=${after:-0}$query")
	lines "$events" | list '["ts", "level", "kind", "text"]'
	;;
follow)
	if [ -z "$after" ]; then
		events=$(chime-call GET "/v1/event?after=0$query")
		after=$(lines "$events" | tail -n 1 | jq .id)
		after=${after:-0}
	fi
	last=$after
	tty=
	[ ! -t 1 ] || tty=1
	follow "$tty"
	;;
*) unknown "$command" list follow ;;
esac
