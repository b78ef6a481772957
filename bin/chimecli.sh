#!/bin/sh
# SPDX-License-Identifier: ISC
# Looks at a cluster and changes it: chimecli host|vm|event|user|token COMMAND,
# and chimecli login|logout.
#
# Glue over chime-call and jq; each noun is libexec/chime/cli-NOUN. Tables on
# a terminal, records in a pipe. in: CHIME_API, CHIME_TOKEN_FILE, or --api URL
# and --token-file FILE before the noun. exit: chime(7); what the server
# refuses is a 1 with its message, a 100 when the request was wrong.
set -eu

home=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"

synopsis='[--api URL] [--token-file FILE] host|vm|event|user|token COMMAND
	[OPTION...] | login USER | logout'
while :; do
	case ${1:-} in
	--api)
		value "$@"
		export CHIME_API="$2"
		shift 2
		;;
	--token-file)
		value "$@"
		export CHIME_TOKEN_FILE="$2"
		shift 2
		;;
	*) break ;;
	esac
done
noun=${1:-}
case $noun in
host | vm | event | user | token)
	shift
	exec "$libexec/cli-$noun" "$@"
	;;
login | logout) exec "$libexec/cli-login" "$@" ;;
-V | --version) version ;;
'' | -h | --help) usage "$synopsis" ;;
-*) usage "$synopsis" ;;
*) die 100 "$noun: unknown word$(like "$noun" host vm event user \
    token login logout)" ;;
esac
