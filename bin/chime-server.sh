#!/bin/sh
# SPDX-License-Identifier: ISC
# The server role of chime under supervision: chime-server run|status|stop.
#
# run starts the services of share/chime/sv/server and stays as their parent,
# so that `pgrep chime-server` finds one process as long as the role runs.
# in: CHIME_* from /etc/chime/server.conf or --conf FILE. exit: chime(7).
set -eu

home=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/role.sh
. "$home/share/chime/role.sh"
# shellcheck disable=SC2034 # for role.sh
role=server

role_check() {
	if [ "${CHIME_DB_EMBEDDED:-}" ]; then
		[ -x "$CHIME_DB_EMBEDDED/run" ] ||
			die 100 "CHIME_DB_EMBEDDED: $CHIME_DB_EMBEDDED/run:" \
			    "not there: chimeadm initserver mysql --embedded"
	fi
	[ "${CHIME_DB_SOCKET:-}${CHIME_DB_HOST:-}" ] ||
		die 100 "CHIME_DB_SOCKET, CHIME_DB_HOST: neither is set:" \
		    "chimeadm initserver mysql writes them to $conf"
	[ -z "${CHIME_DB_PASSWORD_FILE:-}" ] ||
		secret_file "$CHIME_DB_PASSWORD_FILE" CHIME_DB_PASSWORD_FILE
}

role_prepare() {
	[ "${CHIME_DB_EMBEDDED:-}" ] || rm -rf "$sv/mysqld"
}

role_more() {
	:
}

role_healthy() {
	:
}

# One table; a pipe gets the records as they are.
show_status() {
	if [ -t 1 ]; then
		jq -rs -L "$share" --arg colour "$colour" 'include "chime";
		    select(length > 0) | table(["service", "state", "ready", "pid", "for_s",
			"reason"]; $colour)'
	else
		cat
	fi
}

role_main "$@"
