#!/bin/sh
# SPDX-License-Identifier: ISC
# chimecli vm: the virtual machines of a cluster.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/cli.sh
. "$home/share/chime/cli.sh"

synopsis='vm list [--host HOST] | show NAME |
	create | import | adopt OPTION... | export NAME [--type=kvm|qemu] |
	start NAME [--wait[=SECONDS]] [-n] |
	stop NAME [--now] [--wait[=SECONDS]] [-n] |
	delete NAME [--wait[=SECONDS]] [-n]'
now=

# order OPTION...: those of start, stop and delete; leaves $name.
order() {
	for word in "$@"; do
		shift
		case $word in
		-n | --dry-run) dry=1 ;;
		--now) now=1 ;;
		--wait) wait_s=60 ;;
		--wait=*)
			wait_s=${word#*=}
			wait_s=${wait_s%s}
			case $wait_s in
			'' | *[!0-9]* | ?????*)
				die 100 "option $word: expected seconds"
				;;
			esac
			;;
		-*) unknown "$word" --now --wait --dry-run ;;
		*) set -- "$@" "$word" ;;
		esac
	done
	one "$@"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
list)
	query=
	if [ "${1:-}" = --host ]; then
		value "$@"
		query="?host=$(printf '%s' "$2" | jq -sRr @uri)"
		shift 2
	fi
	[ $# -eq 0 ] || usage "$synopsis"
	vms=$(chime-call GET "/v1/vm$query")
	lines "$vms" | list '["name", "status", "want", "host", "vcpus",
	    "memory_mib", "restarts", "vm", "reason"]'
	;;
show)
	one "$@"
	answer=$(chime-call GET "/v1/vm/$segment")
	lines "$answer" | show
	;;
create | import | adopt) exec "$libexec/cli-create" "$command" "$@" ;;
export)
	query=
	for word in "$@"; do
		shift
		case $word in
		--type=kvm | --type=qemu) query="?type=${word#*=}" ;;
		-*) unknown "$word" --type=kvm --type=qemu ;;
		*) set -- "$@" "$word" ;;
		esac
	done
	one "$@"
	domain=$(chime-call GET "/v1/vm/$segment/xml$query")
	lines "$domain" | jq -r '.xml | rtrimstr("\n")'
	;;
start)
	order "$@"
	[ -z "$now" ] || usage "$synopsis"
	change POST "/v1/vm/$segment/start"
	finish running
	;;
stop)
	order "$@"
	if [ "$now" ]; then
		change POST "/v1/vm/$segment/stop" '{"grace_ms":0}'
	else
		change POST "/v1/vm/$segment/stop"
	fi
	finish off gone
	;;
delete)
	order "$@"
	[ -z "$now" ] || usage "$synopsis"
	change DELETE "/v1/vm/$segment"
	finish gone
	;;
*)
	unknown "$command" list show create import adopt export start stop \
	    delete
	;;
esac
