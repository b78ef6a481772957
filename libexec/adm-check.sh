#!/bin/sh
# SPDX-License-Identifier: ISC
# chimeadm initserver check: is this machine fit to be a server? Everything a
# server depends on is tried for real: the database lets in, takes a row and
# gives it back, the certificate fits its key, the ports answer or are free.
# Changes nothing. A `check` record each, a table on a terminal.
# exit: 0 all is well; 1 something is not; 100 wrong usage or configuration
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/adm.sh
. "$home/share/chime/adm.sh"
# shellcheck source=share/chime/certs.sh
. "$home/share/chime/certs.sh"

synopsis='initserver check [--conf-dir DIR]'
conf_read=
while [ $# -gt 0 ]; do
	case $1 in
	--conf-dir)
		value "$@"
		conf_dir=$(absolute "$2")
		shift
		;;
	--conf-read) conf_read=1 ;; # for ourselves
	*) usage "$synopsis" ;;
	esac
	shift
done
need jq envfile openssl mktemp chime-check
conf=$conf_dir/server.conf
if [ ! "$conf_read" ]; then
	[ -r "$conf" ] || die 100 "$conf: cannot be read:" \
	    "chimeadm initserver mysql writes it"
	envfile "$conf" true || die 100 "$conf: expected lines of KEY=VALUE"
	exec envfile "$conf" "$0" --conf-dir "$conf_dir" --conf-read
fi

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
trap 'exit 111' HUP INT TERM
rc=0

# tell CHECK true|false REASON
tell() {
	[ "$2" = true ] || rc=1
	jq -cn -L "$share" --arg check "$1" --argjson healthy "$2" \
	    --arg reason "$3" 'include "chime"; {type: "check", ts: ts,
	    check: $check, healthy: $healthy, reason: $reason}'
}

programs() {
	for tool in s6-svscan s6-log execlineb flock setpriv; do
		command -v $tool >/dev/null ||
			tell programs false "$tool: not found (make deps)"
	done
}

# The programs' own messages say what is wrong with a configuration.
database() {
	"$libexec/dbcheck" 2>"$temp/err" && code=0 || code=$?
	[ "$code" -eq 0 ] || rc=1
	[ "$code" -lt 100 ] || {
		tell database.login false "$(tail -n 1 "$temp/err")"
		return 0
	}
	missing=$("$libexec/schema" -n 2>"$temp/err") && code=0 || code=$?
	case $code in
	0) tell database.schema true "its tables are the newest" ;;
	1)
		tell database.schema false "it lacks $(lines "$missing" |
		    jq -r .file | xargs): chimeadm initserver mysql again"
		;;
	*) tell database.schema false "$(tail -n 1 "$temp/err")" ;;
	esac
}

certificate_check() {
	cert=${CHIME_TLS_CERT:-}
	key=${CHIME_TLS_KEY:-}
	if [ ! "$cert$key" ]; then
		case ${CHIME_API_LISTEN:-127.} in
		127.* | localhost* | '[::1]'*)
			tell tls true "none, and the API is for this machine alone"
			;;
		*)
			tell tls false "none: tokens travel readably: chimeadm initserver tls"
			;;
		esac
	elif ! fits "$cert" "$key"; then
		tell tls false "$key is not the key of $cert, or not readable"
	elif [ "$(stat -L -c %a "$key")" != 600 ] &&
	    [ "$(stat -L -c %a "$key")" != 400 ]; then
		tell tls false "$key: others may use it: chmod 600"
	else
		end=$(openssl x509 -in "$cert" -noout -enddate)
		good=true
		openssl x509 -in "$cert" -noout -checkend $((14 * 86400)) \
		    >/dev/null || good=false
		tell tls $good "$cert ends ${end#*=}"
	fi
}

# api: a server answers where it should, or one could listen there.
api() {
	listen=${CHIME_API_LISTEN:-127.0.0.1:8801}
	url=http${CHIME_TLS_CERT:+s}://$(echo "$listen" |
	    sed 's/^0\.0\.0\.0:/127.0.0.1:/; s/^\[::\]:/[::1]:/')
	ca=${CHIME_CA_FILE:-$conf_dir/tls/ca.crt}
	[ -r "$ca" ] || ca=
	if said=$(chime-check server --api "$url" ${ca:+--ca-file "$ca"}); then
		tell api true "$(lines "$said" | jq -r .reason)"
		return
	fi
	# It listens before it looks for its workers.
	try=$(chime-apiserver -q -H "$temp/none" -C "$temp/none" 2>&1) || true
	case $try in
	*"$temp/none"*) tell api true "$listen: free: no server runs here" ;;
	*'port is in use'*) tell api false "$(lines "$said" | jq -r .reason)" ;;
	*) tell api false "$try" ;;
	esac
}

all() {
	programs
	database
	certificate_check
	api
	token=$conf_dir/admin.token
	case $(stat -L -c %a "$token" 2>/dev/null) in
	'' | ?00) ;;
	*) tell token false "$token: others may read it: chmod 600" ;;
	esac
	return $rc
}

if [ -t 1 ]; then
	all >"$temp/all" && rc=0 || rc=$?
	jq -rs -L "$share" --arg colour "$colour" 'include "chime";
	    table(["check", "healthy", "reason"]; $colour)' "$temp/all"
	exit $rc
fi
all
