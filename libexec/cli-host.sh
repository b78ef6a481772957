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
	down NAME [-n]'
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
enable | disable | down)
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
*) unknown "$command" list show enable disable down ;;
esac
