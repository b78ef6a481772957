#!/bin/sh
# SPDX-License-Identifier: ISC
# chimecli login USER and logout: a token of one's own for twelve hours, kept
# in ~/.config/chime/token, where all of chimecli finds it.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
given=${CHIME_TOKEN_FILE:-}
# shellcheck source=share/chime/cli.sh
. "$home/share/chime/cli.sh"

synopsis='login USER [--password-file FILE|-] | logout'

login() {
	password_file=
	name=
	while [ $# -gt 0 ]; do
		case $1 in
		--password-file)
			value "$@"
			password_file=$2
			shift
			;;
		-*) unknown "$1" --password-file ;;
		*)
			[ -z "$name" ] || usage "$synopsis"
			name=$1
			;;
		esac
		shift
	done
	[ "$name" ] || usage "$synopsis"
	# An old token, perhaps no longer good, has no business here.
	unset CHIME_TOKEN_FILE
	secret=$(secret_of "$password_file" "password of $name: ")
	[ "$secret" ] || die 100 "no password"
	answer=$(printf '%s' "$secret" |
	    jq -Rsc --arg user "$name" '{user: $user, password: .}' |
	    chime-call POST /v1/login -) || exit
	token=$(lines "$answer" | jq -er .token) ||
		die 111 "the server answered without a token"
	(umask 077 && mkdir -p "${login_token%/*}")
	printf '%s\n' "$token" | put "$login_token" 600
	[ -z "$given" ] ||
		say warning "CHIME_TOKEN_FILE is set, and is what all but this" \
		    "command use: unset it"
	lines "$answer" | jq -c 'del(.token)' | show
}

logout() {
	[ $# -eq 0 ] || usage "$synopsis"
	[ -s "$login_token" ] || die 1 "nobody is logged in here"
	rc=0
	CHIME_TOKEN_FILE=$login_token \
	    chime-call POST /v1/logout >/dev/null || rc=$?
	# 100: the server knows it no longer; then it is gone here, too.
	case $rc in
	0 | 100) rm -f -- "$login_token" ;;
	esac
	return $rc
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
login) login "$@" ;;
logout) logout "$@" ;;
*) usage "$synopsis" ;;
esac
