# SPDX-License-Identifier: ISC
# Hosts that a test makes report, straight into the database. `load lib/hosts`
# after lib/db.
# shellcheck shell=bash

BOOT=11111111-1111-4111-8111-111111111111

# add_host NAME [ADDRESS [PORT]]
add_host() {
	sql "INSERT INTO host(name, health_since, manage_ip, pong_port,
	    desired_rev, created_at) VALUES ('$1', UTC_TIMESTAMP(3),
	    '${2:-127.0.0.1}', ${3:-8802}, '0000000000000000',
	    UTC_TIMESTAMP(3))"
}

# beats HOST N [BOOT]: its heartbeat row is this one now, its health ok.
beats() {
	sql "INSERT INTO heartbeat(host, boot, beat, health, seen_at)
	    VALUES ('$1', '${3:-$BOOT}', $2, 'ok', UTC_TIMESTAMP(3))
	    ON DUPLICATE KEY UPDATE boot = VALUES(boot),
	    beat = VALUES(beat), seen_at = VALUES(seen_at);
	    UPDATE host SET health = 'ok' WHERE name = '$1'"
}

# health_is HOST WORD
health_is() {
	sql_is "$2" "SELECT health FROM host WHERE name = '$1'"
}

# host_events HOST: the kinds of its events, in one line.
host_events() {
	sql "SELECT kind FROM event WHERE host = '$1' ORDER BY id" | xargs
}

# pong HOST PORT: its agent's ping-back, as `start pong-HOST`.
pong() {
	mkdir -p "$DIR/agent-$1"
	start "pong-$1" env CHIME_HOST="$1" CHIME_AGENT_DIR="$DIR/agent-$1" \
	    chime-pong -l "127.0.0.1:$2"
	wait_for 10 udp_open "$2"
}

# udp_open PORT: whether a socket is bound to it (IPv4).
udp_open() {
	grep -q "^ *[0-9]*: [0-9A-F]*:$(printf '%04X' "$1") " /proc/net/udp
}
