#!/bin/sh
# SPDX-License-Identifier: ISC
# chimecli token: what opens the API, and for whom.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/cli.sh
. "$home/share/chime/cli.sh"

synopsis='token list | revoke ID [-n] |
	create --role join|viewer|operator|admin [--host HOST] [--note TEXT]
	    [--expires SECONDS] [--output FILE] [-n]'
output=

# Leaves the request in $body.
options() {
	body='{}'
	while [ $# -gt 0 ]; do
		case $1 in
		-n | --dry-run)
			dry=1
			shift
			continue
			;;
		--role | --host | --note | --expires | --output) value "$@" ;;
		*)
			unknown "$1" --role --host --note --expires --output \
			    --dry-run
			;;
		esac
		case $1 in
		--output) output=$2 ;;
		--expires)
			case $2 in
			'' | *[!0-9]* | ??????????*)
				die 100 "option --expires: '$2': expected seconds"
				;;
			esac
			body=$(lines "$body" | jq -c --argjson s "$2" \
			    '. + {expires_s: $s}')
			;;
		*)
			body=$(lines "$body" | jq -c --arg k "${1#--}" \
			    --arg v "$2" '. + {($k): $v}')
			;;
		esac
		shift 2
	done
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
list)
	[ $# -eq 0 ] || usage "$synopsis"
	tokens=$(chime-call GET /v1/token)
	lines "$tokens" | list '["id", "role", "user", "host", "note",
	    "joined", "created_ts", "expires_ts"]'
	;;
create)
	options "$@"
	change POST /v1/token "$body"
	if [ "$output" ]; then
		lines "$answer" | jq -er .token | put "$output" 600
		answer=$(lines "$answer" | jq -c 'del(.token)')
	fi
	lines "$answer" | show
	;;
revoke)
	for word in "$@"; do
		shift
		case $word in
		-n | --dry-run) dry=1 ;;
		-*) unknown "$word" --dry-run ;;
		*) set -- "$@" "$word" ;;
		esac
	done
	one "$@"
	change DELETE "/v1/token/$segment"
	lines "$answer" | show
	;;
*) unknown "$command" list create revoke ;;
esac
