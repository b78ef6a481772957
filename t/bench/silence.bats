#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# From a host's last heartbeat to chime-stale's word that it is silent: among
# 5000 hosts, the others of which go on reporting, at most 1.1 times as long
# as among 3 (medians of 3).
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db
load ../lib/hosts

ROUNDS=3

setup() {
	common_setup
}

teardown() {
	common_teardown
}

# hosts N: exactly so many, all of which have just reported.
hosts() {
	sql "DELETE FROM heartbeat; DELETE FROM host;
	    INSERT INTO host(name, health, health_since, manage_ip, desired_rev,
	    created_at) SELECT CONCAT('n', seq), 'ok', UTC_TIMESTAMP(3),
	    '127.0.0.1', '0000000000000000', UTC_TIMESTAMP(3)
	    FROM seq_1_to_$1;
	    INSERT INTO heartbeat(host, boot, beat, health, seen_at)
	    SELECT name, '$BOOT', 1, 'ok', UTC_TIMESTAMP(3) FROM host"
}

# All report but for n2, and that is on record; whether n2 was found silent.
found() {
	sql "UPDATE heartbeat SET beat = beat + 1, seen_at = UTC_TIMESTAMP(3)
	    WHERE host <> 'n2'"
	has stale.out '"silent".*"n2"'
}

# delay N: sets ms, the median of ROUNDS.
delay() {
	local i

	: >took
	for ((i = 0; i < ROUNDS; i++)); do
		hosts "$1"
		rm -f stale.out
		start stale chime-stale -i 1s -m 3
		wait_for 10 has stale.out '"tick"'
		sql "UPDATE heartbeat SET beat = beat + 1,
		    seen_at = UTC_TIMESTAMP(3)"
		wait_for 20 found
		stop stale
		# Nobody else was.
		[ "$(jq -r 'select(.type == "silent").host' stale.out |
		    sort -u)" = n2 ]
		jq -rs 'map(select(.type == "silent").ts)[0]' stale.out >>took
		sql "SELECT DATE_FORMAT(seen_at, '%Y-%m-%dT%H:%i:%s.%f')
		    FROM heartbeat WHERE host = 'n2'" >>took
	done
	ms=$(jq -Rn '[inputs | [scan("[0-9]+")] |
	    ("\(.[0:3] | join("-"))T\(.[3:6] | join(":"))Z" | fromdate) * 1000
	    + (.[6][0:3] | tonumber)] |
	    [range(0; length; 2) as $i | .[$i] - .[$i + 1]] |
	    sort | .[length / 2 | floor]' took)
}

@test "a host falls silent, among 3 and among 5000" {
	db_start --innodb-buffer-pool-size=64M
	db_schema
	delay 3
	few=$ms
	delay 5000
	many=$ms
	awk -v f="$few" -v m="$many" 'BEGIN {
		printf "silent after 3 s at the earliest; among 3 hosts after "
		printf "%d ms, among 5000 after %d ms: ratio %.3f\n", f, m, m / f
		exit f < 3000 || m < 3000 || m > 1.1 * f }'
}
