#!/bin/sh
# SPDX-License-Identifier: ISC
# chimecli host rebuild: gives the VMs of a host to others, each when it is
# proved that it does not run there.
#
# in: receipts of chime-agent drain (--receipt). out: a rebuild record a VM, or
# an error record. exit: 0 all; 1 some not, or with -n something to do; chime(7).
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/cli.sh
. "$home/share/chime/cli.sh"

synopsis='host rebuild NAME [--receipt FILE|-] [--confirm-fenced | --fence]
	[--also-fenced HOST]... [--vm VM]... [--wait SECONDS] [-n]'
segment=
receipt=
fenced=
fence=
others=
vms=
wait_s=25 # two intervals and a half: every host has reported again
while [ $# -gt 0 ]; do
	case $1 in
	-n | --dry-run) dry=1 ;;
	--confirm-fenced) fenced=1 ;;
	--fence) fenced=1 fence=1 ;;
	--receipt | --also-fenced | --vm | --wait)
		value "$@"
		case $1 in
		--receipt) receipt=$2 ;;
		--also-fenced) others="$others$2
" ;;
		--vm) vms="$vms$2
" ;;
		--wait) wait_s=$2 ;;
		esac
		shift
		;;
	-*)
		unknown "$1" --receipt --confirm-fenced --fence \
		    --also-fenced --vm --wait --dry-run
		;;
	*) one "$1" ${segment:+"$name"} ;;
	esac
	shift
done
[ "$segment" ] || usage "$synopsis"
case $wait_s in
'' | *[!0-9]* | ?????*) die 100 "--wait: $wait_s: expected seconds" ;;
esac
[ -z "$others" ] || [ "$fenced" ] ||
	die 100 "--also-fenced: only with --confirm-fenced"
receipts=
if [ "$receipt" = - ]; then
	receipts=$(cat)
elif [ "$receipt" ]; then
	[ -r "$receipt" ] || die 100 "$receipt: cannot be read"
	receipts=$(cat -- "$receipt")
fi
lines "$receipts" | jq -e . >/dev/null 2>&1 || [ -z "$receipts" ] ||
	die 100 "--receipt $receipt: expected receipt records, one a line"

host=$(chime-call GET "/v1/host/$segment")
if [ -z "$vms" ]; then
	vms=$(chime-call GET "/v1/vm?host=$segment" |
	    jq -r 'select(.want != "deleted") | .vm')
fi
# Where nothing proves it yet, only the places can be told.
if [ "$dry" ] && [ "$fenced" ]; then
	say info "would ${fence:+switch host $name off and }say that host" \
	    "$name is off; then, if no other host reports a copy:"
	{
		chime-call GET /v1/host
		chime-call GET "/v1/vm?host=$segment"
	} | chime-place -x "$name" | jq -c 'select(.type == "vm")' |
	    list '["vm", "name", "host", "target"]'
	exit 1
fi
if [ "$fence" ]; then
	# The script's power switch is for hosts that nobody reaches any more.
	lines "$host" | jq -e '.health == "unreachable"' >/dev/null ||
		die 1 "host $name is $(lines "$host" | jq -r .status), not" \
		    "unreachable: it is not switched off"
	"$libexec/fence" "$name" off >&2
fi
if [ "$fenced" ]; then
	chime-call POST "/v1/host/$segment/fenced" >/dev/null
	lines "${others%?}" | while read -r other; do
		other=$(printf '%s' "$other" | jq -sRr @uri)
		chime-call POST "/v1/host/$other/fenced" >/dev/null
	done
fi

deadline=$(($(date +%s) + wait_s))
# rebuild VM: prints its record, or an error record and fails.
rebuild() {
	body=$(lines "$receipts" | jq -cs --arg vm "$1" --arg dry "$dry" '
	    {dry_run: ($dry != "")} + (map(select(.vm == $vm)) | last
	    | if . then {receipt: .} else {} end)')
	id=$(printf '%s' "$1" | jq -sRr @uri)
	until why=$(chime-call -q POST "/v1/vm/$id/rebuild" "$body" 2>&1); do
		case $why in
		*'(409 not_yet)'*)
			if [ "$(date +%s)" -lt $deadline ]; then
				sleep 1
				continue
			fi
			;;
		esac
		jq -cn -L "$share" --arg vm "$1" --arg why "${why#*error: }" \
		    'include "chime"; {type: "error", ts: ts, vm: $vm,
		    reason: $why}'
		return 1
	done
	lines "$why"
}

# No VM waits for another's refusal.
answer=$(lines "$vms" | {
	rc=0
	while read -r vm; do
		[ -z "$vm" ] || rebuild "$vm" || rc=1
	done
	exit "$rc"
}) && rc=0 || rc=1
lines "$answer" | list '["vm", "name", "from", "to", "proof", "generation",
    "reason"]'
[ -z "$dry" ] || [ -z "$answer" ] || rc=1
exit "$rc"
