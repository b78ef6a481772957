#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 100 000 VMs, each as its host reports it, listed page by page by chime-call
# take at most 3 times as long as the same SELECT, in one piece, in the
# mariadb client (medians of 3, both written to a file). While they are listed
# the front and its worker together need less than 2 MiB more than before,
# when they had answered one page.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db

VMS=100000
HOSTS=100

setup() {
	common_setup
}

teardown() {
	common_teardown
}

fill() {
	sql "INSERT INTO host(name, health, health_since, manage_ip,
	    desired_rev, created_at) SELECT CONCAT('n', seq), 'ok',
	    UTC_TIMESTAMP(3), '127.0.0.1', '0000000000000000',
	    UTC_TIMESTAMP(3) FROM seq_1_to_$HOSTS;
	    INSERT INTO vm(uuid, name, host, want, vcpus, memory_mib, grace_ms,
	    spec, created_at, changed_at)
	    SELECT CONCAT(SUBSTR(MD5(seq), 1, 8), '-0000-4000-8000-',
	    LPAD(seq, 12, '0')), CONCAT('vm', seq), CONCAT('n',
	    seq % $HOSTS + 1), 'running', 1, 16, 30000, '{}',
	    UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM seq_1_to_$VMS;
	    INSERT INTO inventory(host, vm, state, want, wish, generation,
	    restarts, since) SELECT host, uuid, 'running', want, wish, 1, 0,
	    '2026-01-01T00:00:00.000Z' FROM vm;
	    ANALYZE TABLE vm, inventory, host" >analyzed
}

# What store/vm.c asks for a page, for all of them.
SELECT="SELECT v.uuid, v.host, v.name, v.want, v.wish, v.generation,
    v.restart, v.failover, v.vcpus, v.memory_mib, v.grace_config_ms,
    v.created_at, h.health, i.state, i.reason, i.restarts, i.since,
    p.labels, p.avoid, p.need, a.vm, a.reason
    FROM vm v STRAIGHT_JOIN host h ON h.name = v.host
    LEFT JOIN vm_place p ON p.vm = v.uuid
    LEFT JOIN vm_adopt a ON a.vm = v.uuid
    LEFT JOIN inventory i ON i.host = v.host AND i.vm = v.uuid
    WHERE v.uuid > '' ORDER BY v.uuid"

us() {
	echo "${EPOCHREALTIME/[.,]/}"
}

# kib FIELD: of the front and its worker together.
kib() {
	awk -v f="$1:" '$1 == f { n += $2 } END { print n }' \
	    "/proc/$server/status" "/proc/$worker/status"
}

@test "$VMS VMs listed, as a ratio to the same SELECT" {
	db_start --innodb-buffer-pool-size=256M \
	    --innodb-buffer-pool-size-max=256M --innodb-log-file-size=128M
	db_schema
	fill
	db_token admin bench >token
	chmod 600 token
	export CHIME_API_WORKERS=1 CHIME_TOKEN_FILE=$DIR/token
	start server chime-apiserver -l 127.0.0.1:0
	wait_for 5 has server.err 'info: listening on'
	CHIME_API=http://$(sed -n 's/.*listening on //p' server.err)
	export CHIME_API
	server=$(pid_of server)
	worker=$(pgrep -P "$server" -x api-call)

	# One page, which is asked for like any other, and not the last.
	curl -s -o page -H "Authorization: Bearer $(cat token)" \
	    "$CHIME_API/v1/vm"
	[ "$(jq '.result | length' page)" = 1000 ]
	sql "$SELECT" >warm
	before=$(kib VmRSS)
	# From here on VmHWM is the most there was since.
	echo 5 >"/proc/$server/clear_refs"
	echo 5 >"/proc/$worker/clear_refs"
	for i in 1 2 3; do
		t=$(us)
		sql "$SELECT" >rows
		echo $(($(us) - t)) >>select
		t=$(us)
		chime-call -q GET /v1/vm >vms
		echo $(($(us) - t)) >>list
		[ "$(wc -l <rows)" = "$VMS" ]
		[ "$(wc -l <vms)" = "$VMS" ]
	done
	awk -v s="$(sort -n select | sed -n 2p)" \
	    -v l="$(sort -n list | sed -n 2p)" \
	    -v more=$(($(kib VmHWM) - before)) 'BEGIN {
		printf "SELECT %.2f s, chime-call %.2f s: ratio %.2f; ", \
		    s / 1000000, l / 1000000, l / s
		printf "front and worker: %d KiB more\n", more
		exit l > 3 * s || more >= 2048 }'
}
