#!/bin/sh
# SPDX-License-Identifier: ISC
# chimecli user: the people who may use a cluster.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/cli.sh
. "$home/share/chime/cli.sh"

synopsis='user list | self | delete NAME [-n] |
	create NAME --role admin|operator|viewer [--password-file FILE|-] [-n] |
	passwd [NAME] [--password-file FILE|-] [--old-password-file FILE|-]'
role=
password_file=
old_file=

# options ARG...: leaves $name, perhaps empty.
options() {
	name=
	while [ $# -gt 0 ]; do
		case $1 in
		--role | --password-file | --old-password-file)
			value "$@"
			case $1 in
			--role) role=$2 ;;
			--password-file) password_file=$2 ;;
			*) old_file=$2 ;;
			esac
			shift
			;;
		-n | --dry-run) dry=1 ;;
		-*)
			unknown "$1" --role --password-file \
			    --old-password-file --dry-run
			;;
		*)
			[ -z "$name" ] || usage "$synopsis"
			name=$1
			;;
		esac
		shift
	done
}

# new_secret: leaves $secret; typed twice on a terminal.
new_secret() {
	secret=$(secret_of "$password_file" "new password of $name: ")
	if [ -z "$password_file" ]; then
		again=$(secret_of '' 'the same again: ')
		[ "$secret" = "$again" ] || die 100 "the two are not the same"
	fi
	[ "$secret" ] || die 100 "no password"
}

# with_secret KEY JSON: the object with $secret under that key, on stdout;
# never in anybody's arguments.
with_secret() {
	{
		printf '%s\n' "$2"
		printf '%s' "$secret" | jq -Rsc .
	} | jq -sc --arg key "$1" '.[0] + {($key): .[1]}'
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
list)
	[ $# -eq 0 ] || usage "$synopsis"
	users=$(chime-call GET /v1/user)
	lines "$users" | list '["user", "role", "created_ts"]'
	;;
self)
	[ $# -eq 0 ] || usage "$synopsis"
	user=$(chime-call GET /v1/user/self)
	lines "$user" | show
	;;
create)
	options "$@"
	[ "$name" ] || usage "$synopsis"
	[ "$role" ] || die 100 "option --role: missing"
	body=$(jq -cn --arg user "$name" --arg role "$role" \
	    '{user: $user, role: $role}')
	if [ -z "$dry" ]; then
		new_secret
		secret_body=$(with_secret password "$body")
	fi
	change POST /v1/user "$body"
	lines "$answer" | show
	;;
passwd)
	options "$@"
	self=$(chime-call GET /v1/user/self) || exit
	self=$(lines "$self" | jq -r '.user // ""')
	[ "$name" ] || name=$self
	[ "$name" ] || die 100 "whose? this token is no user's"
	body='{}'
	if [ "$name" = "$self" ]; then
		secret=$(secret_of "$old_file" "old password of $name: ")
		body=$(with_secret old "$body")
	fi
	new_secret
	secret_body=$(with_secret password "$body")
	one "$name"
	change POST "/v1/user/$segment/password"
	lines "$answer" | show
	;;
delete)
	options "$@"
	one "$name"
	change DELETE "/v1/user/$segment"
	lines "$answer" | show
	;;
*) unknown "$command" list self create passwd delete ;;
esac
