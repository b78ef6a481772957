#!/bin/sh
# SPDX-License-Identifier: ISC
# chimecli host: the hosts of a cluster.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/cli.sh
. "$home/share/chime/cli.sh"

synopsis='host list | show NAME | enable NAME [-n] | disable NAME [-n] |
	down NAME [-n] | replace NAME [-n] | rebuild NAME OPTION... |
	set NAME [--cpu-ratio N] [--memory-ratio PERCENT] [--reserve-vcpus N]
	    [--reserve-memory-mib N] [--label LABEL]... [--no-labels] [-n]'
segment=
command=${1:-}
[ $# -eq 0 ] || shift

case $command in
list)
	[ $# -eq 0 ] || usage "$synopsis"
	hosts=$(chime-call GET /v1/host)
	lines "$hosts" | list '["host", "status", "health_reason", "vms",
	    "vcpus_used", "vcpus", "memory_used_mib", "memory_mib",
	    "manage_ip", "last_beat_ts"]'
	;;
show)
	one "$@"
	host=$(chime-call GET "/v1/host/$segment")
	lines "$host" | show
	;;
enable | disable | down | replace)
	for word in "$@"; do
		shift
		case $word in
		-n | --dry-run) dry=1 ;;
		-*) usage "$synopsis" ;;
		*) set -- "$@" "$word" ;;
		esac
	done
	one "$@"
	change POST "/v1/host/$segment/$command"
	lines "$answer" | show
	;;
rebuild) exec "$libexec/cli-rebuild" "$@" ;;
set)
	body={}
	while [ $# -gt 0 ]; do
		case $1 in
		-n | --dry-run) dry=1 ;;
		--no-labels) body=$(lines "$body" | jq -c '.labels = []') ;;
		--label)
			value "$@"
			body=$(lines "$body" | jq -c --arg l "$2" '.labels += [$l]')
			shift
			;;
		--cpu-ratio | --memory-ratio | --reserve-vcpus | --reserve-memory-mib)
			value "$@"
			case $2 in
			'' | *[!0-9]* | ??????????*)
				die 100 "option $1: $2: expected a whole number"
				;;
			esac
			body=$(lines "$body" | jq -c --arg key "${1#--}" \
			    --arg n "$2" \
			    '.[$key | gsub("-"; "_")] = ($n | tonumber)')
			shift
			;;
		-*)
			unknown "$1" --cpu-ratio --memory-ratio --reserve-vcpus \
			    --reserve-memory-mib --label --no-labels --dry-run
			;;
		*)
			one "$1" ${segment:+"$name"}
			;;
		esac
		shift
	done
	[ "$segment" ] || usage "$synopsis"
	[ "$body" != '{}' ] || usage "$synopsis"
	change POST "/v1/host/$segment/set" "$body"
	lines "$answer" | show
	;;
*) unknown "$command" list show enable disable down replace rebuild set ;;
esac
