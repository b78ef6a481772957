# SPDX-License-Identifier: ISC
# What the commands of chimecli share. Read after chime.sh; `synopsis` is
# the usage line.
# shellcheck shell=sh
# shellcheck disable=SC2154 # share, synopsis, colour: see above
# shellcheck disable=SC2034 # answer, name: for the commands

: "${CHIME_TOKEN_FILE:=/etc/chime/admin.token}"
export CHIME_TOKEN_FILE
dry=
wait_s=

# change METHOD PATH [BODY]: a request that changes something, its answer in
# $answer. With -n it is printed instead, and that is all.
change() {
	if [ -z "$dry" ]; then
		answer=$(chime-call "$@") || exit
		return
	fi
	if [ -t 1 ]; then
		lines "$*"
	else
		jq -cn -L "$share" --arg method "$1" --arg path "$2" \
		    --argjson body "${3:-null}" 'include "chime";
		    {type: "request", ts: ts, method: $method, path: $path}
		    + if $body == null then {} else {body: $body} end'
	fi
	exit 1
}

# list FIELDS: records on stdin, as a table of these fields on a terminal.
list() {
	if [ -t 1 ]; then
		jq -rs -L "$share" --argjson fields "$1" \
		    --arg colour "$colour" \
		    'include "chime"; table($fields; $colour)'
	else
		cat
	fi
}

# show: one record on stdin, a field a line on a terminal.
show() {
	if [ -t 1 ]; then
		jq -r -L "$share" --arg colour "$colour" \
		    'include "chime"; fields($colour)'
	else
		cat
	fi
}

# finish STATE...: shows the answer about a VM; with $wait_s first waits until
# it is in one of these states, and shows what it is then.
finish() {
	if [ "$wait_s" ]; then
		vm=$(lines "$answer" | jq -r .vm)
		"$libexec/cli-wait" vm "$vm" "$wait_s" "$@"
		[ "$1" = gone ] || answer=$(chime-call GET "/v1/vm/$vm") || exit
	fi
	lines "$answer" | show
}

# one NAME...: exactly one operand, put into $name; it may hold anything.
one() {
	[ $# -ge 1 ] || usage "$synopsis"
	[ $# -eq 1 ] || die 100 "$2: unexpected: one name is enough"
	name=$1
	segment=$(printf '%s' "$name" | jq -sRr @uri)
	case $segment in
	'' | . | ..) die 100 "'$name': no name" ;;
	esac
}

# words WORD...: as one JSON array on stdout.
words() {
	{
		for word in "$@"; do
			printf '%s\0' "$word"
		done
		printf .
	} | jq -Rsc 'split("\u0000")[:-1]'
}

# unknown WORD CANDIDATE...: dies.
unknown() {
	[ "$1" ] || usage "$synopsis"
	die 100 "$1: unknown word$(like "$@")"
}
