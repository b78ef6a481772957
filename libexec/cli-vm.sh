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
	create --name NAME [--vcpus N] [--memory-mib N] [--disk DISK]...
	    [--nic NIC]... [--host HOST] [--restart WHEN] [--stopped]
	    [--uuid UUID] [--wait[=SECONDS]] [-n] |
	start NAME [--wait[=SECONDS]] [-n] |
	stop NAME [--now] [--wait[=SECONDS]] [-n] |
	delete NAME [--wait[=SECONDS]] [-n]'
wait_s=
now=

# finish STATE...: shows the answer; with --wait first waits until its VM is in
# one of them, and shows what it is then.
finish() {
	if [ "$wait_s" ]; then
		vm=$(lines "$answer" | jq -r .vm)
		"$libexec/cli-wait" vm "$vm" "$wait_s" "$@"
		[ "$1" = gone ] || answer=$(chime-call GET "/v1/vm/$vm") || exit
	fi
	lines "$answer" | show
}

create() {
	uuid=$(cat /proc/sys/kernel/random/uuid)
	order=$(words "$@" | jq -c --arg uuid "$uuid" -f "$share/create.jq")
	refused=$(lines "$order" | jq -r '.refused // empty')
	[ -z "$refused" ] || die 100 "$refused"
	strange=$(lines "$order" | jq -r '.unknown // empty')
	[ -z "$strange" ] || unknown "$strange" --name --vcpus --memory-mib \
	    --disk --nic --host --restart --stopped --uuid --wait --dry-run
	dry=$(lines "$order" | jq -r '.dry // empty')
	wait_s=$(lines "$order" | jq -r '.wait_s // empty')
	body=$(lines "$order" | jq -c .body)
	vm=$(lines "$body" | jq -r .vm)
	# Without an answer it may be done: who repeats it must not make two.
	trap '[ $? -lt 99 ] || [ $? -eq 100 ] || say info "this may have been" \
	    "done; repeat it with --uuid $vm"' EXIT
	change POST /v1/vm "$body"
	trap - EXIT
	case $(lines "$body" | jq -r .want) in
	stopped) finish off ;;
	*) finish running ;;
	esac
}

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
create) create "$@" ;;
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
*) unknown "$command" list show create start stop delete ;;
esac
