#!/bin/sh
# SPDX-License-Identifier: ISC
# Sets a machine up for chime: chimeadm initserver|initagent|allinone.
#
# Each command is libexec/chime/adm-NAME; this finds it, and takes secrets out
# of argv before anything else: `--password X` is accepted, but the same
# command runs again without it, reading the secret from a pipe.
# exit: 0 done, 1 with -n: there is something to do; else chime(7).
set -eu

home=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"

synopsis='initserver mysql|tls|check, initagent or allinone [OPTION...]'

# Leaves $secret with the first secret of the arguments, and runs chimeadm
# again with the rest.
hide() {
	secret=
	given=
	left=$#
	while [ "$left" -gt 0 ]; do
		left=$((left - 1))
		arg=$1
		shift
		case $arg in
		--password | --token)
			[ "$left" -gt 0 ] || die 100 "option $arg: needs a value"
			left=$((left - 1))
			given=$arg secret=$1
			shift
			;;
		--password=* | --token=*) given=${arg%%=*} secret=${arg#*=} ;;
		*) set -- "$@" "$arg" ;;
		esac
	done
	say warning "option $given: everybody on this machine could read it;" \
	    "use $given-file FILE, or - for stdin"
	exec "$0" "$@" "$given-file" - <<-END
	$secret
	END
}

for arg in "$@"; do
	case $arg in
	--password | --token | --password=* | --token=*) hide "$@" ;;
	esac
done

command=${1:-}
case $command in
initserver | initagent | allinone)
	shift
	exec "$libexec/adm-$command" "$@"
	;;
-V | --version) version ;;
'' | -h | --help) usage "$synopsis" ;;
*)
	die 100 "$command: unknown command$(like "$command" \
	    initserver initagent allinone)"
	;;
esac
