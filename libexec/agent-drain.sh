#!/bin/sh
# SPDX-License-Identifier: ISC
# chime-agent drain: this node gives its VMs away, whatever network is left.
#
# Without --confirm it shows what it would do. out: plan records; then receipts
# (chime-records(7)), which `chimecli host rebuild` takes as the proof that
# none of those VMs runs here. exit: chime-drain(8).
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"

synopsis='drain --all | --uuid VM... [--grace TIME] [--timeout TIME]
	[--receipt FILE] [--conf FILE] [--confirm]'
conf=/etc/chime/agent.conf
given=
all=
vms=
grace=
timeout=
receipt=
dry=-n
while [ $# -gt 0 ]; do
	case $1 in
	--all) all=-a ;;
	--confirm) dry= ;;
	--uuid)
		value "$@"
		vms="$vms$2
"
		shift
		;;
	--grace | --timeout | --receipt | --conf)
		value "$@"
		case $1 in
		--grace) grace=$2 ;;
		--timeout) timeout=$2 ;;
		--receipt) receipt=$2 ;;
		--conf) conf=$2 given=1 ;;
		esac
		shift
		;;
	*) usage "$synopsis" ;;
	esac
	shift
done
[ "$all$vms" ] || usage "$synopsis"
[ -z "$all" ] || [ -z "$vms" ] || usage "$synopsis"
need envfile jq chime-drain

set -- chime-drain $all $dry ${grace:+-g "$grace"} ${timeout:+-t "$timeout"}
# The file's variables win; without the usual file, the environment.
if [ "$given" ] || [ -e "$conf" ]; then
	[ -r "$conf" ] || die 100 "$conf: cannot be read"
	set -- envfile "$conf" "$@"
fi
rc=0
answer=$(lines "${vms%?}" | jq -cR '{type: "vm", vm: ascii_downcase}' | "$@") ||
	rc=$?
if [ "$dry" ]; then
	lines "$answer" | if [ -t 1 ]; then
		jq -r -L "$share" 'include "chime";
		    "\(.vm): \(.reason | plain)"'
	else
		cat
	fi
	[ $rc -ne 1 ] || say info "nothing was done: --confirm does it"
	exit $rc
fi
if [ "$receipt" ]; then
	lines "$answer" | jq -c 'select(.type == "receipt")' |
	    put "$receipt" 644
	lines "$answer" | jq -c 'select(.type != "receipt")'
	n=$(wc -l <"$receipt")
	say info "$n VMs drained: carry $receipt to a server:" \
	    "chimecli host rebuild HOST --receipt $receipt"
else
	lines "$answer"
fi
exit $rc
