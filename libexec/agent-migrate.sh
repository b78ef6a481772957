#!/bin/sh
# SPDX-License-Identifier: ISC
# chime-agent migrate: this node's VMs go to another one, over an interface of
# the operator's choice, whatever other network is left.
#
# Without --confirm it shows what it would do. out and exit: chime-migrate(8),
# which this becomes, so that a signal reaches it.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"

synopsis='migrate --interface IF --dest IP --all | --uuid VM...
	[--bandwidth MIB_S] [--copy-storage] [--keep-going] [--parallel N]
	[--shared PATH] [--timeout TIME] [--via tls|ssh|tcp] [--conf FILE]
	[--confirm]'
conf=/etc/chime/agent.conf
given=
all=
vms=
dry=--dry-run
# What chime-migrate is given goes to the end of the list.
left=$#
while [ "$left" -gt 0 ]; do
	opt=$1
	case $opt in
	--all) all=--all ;;
	--confirm) dry= ;;
	--copy-storage | --keep-going) set -- "$@" "$opt" ;;
	--uuid | --conf | --interface | --dest | --bandwidth | --parallel | \
	    --shared | --timeout | --via)
		[ "$left" -ge 2 ] || die 100 "option $opt: needs a value"
		case $opt in
		--uuid)
			vms="$vms$2
"
			;;
		--conf) conf=$2 given=1 ;;
		*) set -- "$@" "$opt" "$2" ;;
		esac
		shift
		left=$((left - 1))
		;;
	*) usage "$synopsis" ;;
	esac
	shift
	left=$((left - 1))
done
[ "$all$vms" ] || usage "$synopsis"
[ -z "$all" ] || [ -z "$vms" ] || usage "$synopsis"
need envfile jq chime-migrate

set -- chime-migrate $all $dry "$@"
# The file's variables win; without the usual file, the environment.
if [ "$given" ] || [ -e "$conf" ]; then
	[ -r "$conf" ] || die 100 "$conf: cannot be read"
	set -- envfile "$conf" "$@"
fi
[ -z "$dry" ] || say info "only the plan: --confirm does it"
records=$(lines "${vms%?}" | jq -cR '{type: "vm", vm: ascii_downcase}')
exec "$@" <<END
$records
END
