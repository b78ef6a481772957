#!/bin/sh
# SPDX-License-Identifier: ISC
# The agent role of chime under supervision: chime-agent run|status|stop; and
# what an operator does on the node itself: chime-agent drain|migrate.
#
# run starts the services of share/chime/sv/agent and stays as their parent,
# so that `pgrep chime-agent` finds one process as long as the role runs.
# in: CHIME_* from /etc/chime/agent.conf or --conf FILE. exit: chime(7).
set -eu

home=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/role.sh
. "$home/share/chime/role.sh"
# shellcheck disable=SC2034 # for role.sh
role=agent

role_check() {
	hint="chimeadm initagent writes it to $conf"
	[ "${CHIME_HOST:-}" ] || die 100 "CHIME_HOST: not set: $hint"
	[ "${CHIME_API:-}" ] || die 100 "CHIME_API: not set: $hint"
	[ "${CHIME_TOKEN_FILE:-}" ] ||
		die 100 "CHIME_TOKEN_FILE: not set: $hint"
	secret_file "$CHIME_TOKEN_FILE" CHIME_TOKEN_FILE
}

# The folder is gone after a reboot, and so is the file: a new boot.
role_prepare() {
	mkdir -p "$CHIME_AGENT_DIR" ||
		die 111 "CHIME_AGENT_DIR: $CHIME_AGENT_DIR: cannot be made"
	[ -s "$CHIME_AGENT_DIR/boot" ] ||
		put "$CHIME_AGENT_DIR/boot" 644 </proc/sys/kernel/random/uuid
}

# The node, as its own files tell it, with or without a server.
role_more() {
	head -q -n 1 "$CHIME_AGENT_DIR/observed.jsonl" \
	    "$CHIME_AGENT_DIR/lease.jsonl" 2>/dev/null || true
	cat "$CHIME_AGENT_DIR/networks.jsonl" 2>/dev/null || true
}

uptime() {
	cut -d ' ' -f 1 /proc/uptime
}

role_healthy() {
	role_more | jq -es -L "$share" --arg up "$(uptime)" 'include "chime";
	    any(.type == "host" and .health == "ok") and (any(.type == "fact"
	    and .state == "down" and fresh($up)) | not)' >/dev/null
}

# A pipe gets the records as they are: services, host, lease, networks.
show_status() {
	if [ -t 1 ]; then
		jq -rs -L "$share" --arg colour "$colour" \
		    --arg up "$(uptime)" -f "$share/node.jq"
	else
		cat
	fi
}

case ${1:-} in
drain)
	shift
	exec "$libexec/agent-drain" "$@"
	;;
migrate)
	shift
	exec "$libexec/agent-migrate" "$@"
	;;
esac
role_main "$@"
