# SPDX-License-Identifier: ISC
# What the commands of chimeadm share: a plan first, then the same as deeds.
# Read after chime.sh.
# shellcheck shell=sh
# shellcheck disable=SC2154 # share: chime.sh
# shellcheck disable=SC2034 # conf_dir: for the commands

conf_dir=/etc/chime
dry=
todo=

# plan ACTION OBJECT [WHY]: something is to be done. With -n it is a line on
# stdout, else it happens after this.
plan() {
	todo=1
	[ "$dry" ] || return 0
	if [ -t 1 ]; then
		printf '%s %s%s\n' "$1" "$2" "${3:+: $3}"
	else
		jq -cn -L "$share" --arg action "$1" --arg object "$2" \
		    --arg why "${3:-}" 'include "chime";
		    {type: "plan", ts: ts, action: $action, object: $object}
		    + if $why == "" then {} else {why: $why} end'
	fi
}

# plan_end: with -n the end.
plan_end() {
	[ "$dry" ] || return 0
	[ "$todo" ] && exit 1
	exit 0
}

# absolute PATH: the same from the root.
absolute() {
	case $1 in
	/*) echo "$1" ;;
	*) echo "$PWD/$1" ;;
	esac
}

# secret_in FILE|-: the secret on stdout, its first line.
secret_in() {
	if [ "$1" = - ]; then
		[ ! -t 0 ] || printf 'the secret, then Return: ' >&2
		head -n 1
	else
		[ -r "$1" ] || die 100 "$1: cannot be read"
		head -n 1 "$1"
	fi
}

# plain_value NAME VALUE: dies when the file of variables cannot carry it.
plain_value() {
	case $2 in
	*[[:cntrl:]\"\'\\\#\;]* | ' '* | *' ')
		die 100 "$1: '$2': expected text without quotes, \\, # and ;"
		;;
	esac
}

# conf_with FILE NAME=VALUE...: the file's text with these set on stdout; a
# NAME= alone takes the variable out. Other lines stay as they are.
conf_with() {
	text=$(cat "$1" 2>/dev/null || true)
	shift
	for set in "$@"; do
		plain_value "${set%%=*}" "${set#*=}"
		text=$(printf '%s\n' "$text" | SET=$set awk '
			BEGIN {
				set = ENVIRON["SET"]
				name = substr(set, 1, index(set, "="))
				done = name == set
			}
			index($0, name) != 1 { print; next }
			!done { print set; done = 1 }
			END { if (!done) print set }')
	done
	printf '%s\n' "$text" | sed '/./,$!d'
}

# conf_set FILE NAME=VALUE...: plans and does it, if it changes anything.
conf_set() {
	file=$1
	new=$(conf_with "$@")
	[ "$new" != "$(cat "$file" 2>/dev/null || true)" ] || return 0
	shift
	plan write "$file" "$*"
	[ "$dry" ] || printf '%s\n' "$new" | put "$file" 644
}

# secret_set FILE SECRET: the same for a file with a secret alone.
secret_set() {
	[ "$2" != "$(cat "$1" 2>/dev/null || true)" ] || return 0
	plan write "$1"
	[ "$dry" ] || printf '%s\n' "$2" | put "$1" 600
}
