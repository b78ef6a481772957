# SPDX-License-Identifier: ISC
# What chime's scripts share. A script sets `home`, the folder that holds its
# bin/, and reads this first:
#	home=$(dirname "$(dirname "$(readlink -f "$0")")")
#	. "$home/share/chime/chime.sh"
# Only definitions and PATH: nothing runs, nothing is printed.
# shellcheck shell=sh
# shellcheck disable=SC2154 # home: see above
# shellcheck disable=SC2034 # libexec, share, colour: for the scripts

libexec=$home/libexec/chime
share=$home/share/chime
# Debian keeps execline apart, and the daemons where only root looks.
PATH=$home/bin:$PATH:/usr/sbin:/sbin:/usr/lib/execline/bin
export PATH

prog=${0##*/}
case $prog in
adm-*) prog=chimeadm ;;
agent-*) prog=chime-agent ;;
cli-*) prog=chimecli ;;
esac

# Not empty: colours are welcome on stdout.
colour=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	colour=1
fi

# say LEVEL TEXT...: one line on stderr, in one write. Text from a peer must
# not reach the terminal's control.
say() {
	level=$1
	shift
	text=$*
	case $text in
	*[[:cntrl:]]*) text=$(printf '%s' "$text" | tr '\000-\037\177' '?') ;;
	esac
	printf '%s: %s: %s\n' "$prog" "$level" "$text" >&2
}

# lines TEXT: as it is; nothing for no text. (dash's echo changes backslashes.)
lines() {
	printf '%s' "${1:+$1
}"
}

# die CODE TEXT...: an error, and the end (codes: chime(7)).
die() {
	code=$1
	shift
	say error "$@"
	exit "$code"
}

# usage SYNOPSIS: wrong usage.
usage() {
	echo "usage: $prog $1 (see $prog's manual page)" >&2
	exit 100
}

# version: what -V prints.
version() {
	v=$(chime-call -V) || die 111 "chime-call -V: failed"
	echo "$prog ${v##* }"
}

# need PROGRAM...: dies when one is not installed.
need() {
	for tool in "$@"; do
		command -v "$tool" >/dev/null ||
			die 111 "$tool: not found: install it (make deps)"
	done
}

# quote ARG...: the arguments as a shell would read them back.
quote() {
	sep=
	for arg in "$@"; do
		case $arg in
		'' | *[!A-Za-z0-9_./:=,@%+-]*)
			arg="'$(printf '%s' "$arg" | sed "s/'/'\\\\''/g")'"
			;;
		esac
		printf '%s%s' "$sep" "$arg"
		sep=' '
	done
}

# run COMMAND...: shows it, then runs it: for what changes a host.
run() {
	printf '+ %s\n' "$(quote "$@")" >&2
	"$@"
}

# value ARG...: whether $1, an option, has its value in $2.
value() {
	[ $# -ge 2 ] || die 100 "option $1: needs a value"
}

# like WORD CANDIDATE...: the candidate a person most likely meant, if any is
# near: " (did you mean ...?)" for the end of a message.
like() {
	printf '%s\n' "$@" | awk '
	function least(a, b) { return a < b ? a : b }
	function apart(s, t,  i, j, c, d) {
		for (i = 0; i <= length(s); i++)
			d[i, 0] = i
		for (j = 0; j <= length(t); j++)
			d[0, j] = j
		for (i = 1; i <= length(s); i++)
			for (j = 1; j <= length(t); j++) {
				c = substr(s, i, 1) != substr(t, j, 1)
				d[i, j] = least(d[i - 1, j - 1] + c, \
				    least(d[i - 1, j], d[i, j - 1]) + 1)
			}
		return d[length(s), length(t)]
	}
	NR == 1 { word = $0; best = length(word) / 2 + 0.5; next }
	{
		n = index($0, word) == 1 ? 0.5 : apart(word, $0)
		if (n < best) {
			best = n
			name = $0
		}
	}
	END { if (name != "") printf " (did you mean %s?)", name }'
}

# secret_file FILE WHAT: dies unless it can be read, and only by its owner.
secret_file() {
	[ -r "$1" ] || die 100 "$2: $1: cannot be read"
	case $(stat -L -c %a "$1") in
	*00) ;;
	*) die 100 "$2: $1: others may read it: chmod 600 $(quote "$1")" ;;
	esac
}

# services ROLE DIR: the services of a role become a scan folder of s6. What
# all of them have alike is sv/common.
services() {
	cp -R "$share/sv/$1" "$2"
	for service in "$2"/*/; do
		cp -R "$share/sv/common/." "$service"
	done
}

# put FILE MODE: stdin becomes FILE, as a whole or not at all.
put() (
	umask 077
	cat >"$1.new.$$"
	chmod "$2" "$1.new.$$"
	mv -f -- "$1.new.$$" "$1"
)
