# SPDX-License-Identifier: ISC
# What the commands of chimecli share. Read after chime.sh; `synopsis` is
# the usage line.
# shellcheck shell=sh
# shellcheck disable=SC2154 # share, synopsis, colour: see above
# shellcheck disable=SC2034 # answer, name: for the commands

# What `chimecli login` keeps wins over the administrator's token of a server.
login_token=${XDG_CONFIG_HOME:-${HOME:-/root}/.config}/chime/token
if [ -z "${CHIME_TOKEN_FILE:-}" ]; then
	CHIME_TOKEN_FILE=/etc/chime/admin.token
	[ ! -s "$login_token" ] || CHIME_TOKEN_FILE=$login_token
fi
export CHIME_TOKEN_FILE
dry=
wait_s=

# change METHOD PATH [BODY]: a request that changes something, its answer in
# $answer. With -n it is printed instead, and that is all. ($secret_body: more
# of the body, on its way through pipes alone; -n shows nothing of it.)
secret_body=
change() {
	if [ "$dry" ]; then
		:
	elif [ "$secret_body" ]; then
		answer=$(lines "$secret_body" |
		    chime-call "$1" "$2" -) || exit
		return
	else
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

# secret_of FILE|- PROMPT: a password on stdout, the file's first line; FILE
# empty: typed on the terminal, which does not show it.
secret_of() (
	case $1 in
	-) head -n 1 ;;
	?*)
		[ -r "$1" ] || die 100 "$1: cannot be read"
		head -n 1 -- "$1"
		;;
	*)
		[ -t 0 ] || die 100 "no terminal: use --password-file FILE|-"
		trap 'stty echo; echo >&2' EXIT
		trap 'exit 111' HUP INT TERM
		stty -echo
		printf '%s' "$2" >&2
		IFS= read -r secret
		printf '%s\n' "$secret"
		;;
	esac
)

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
