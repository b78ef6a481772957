#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The database's disk is full: commands are refused as a passing failure,
# nothing is half written, and when there is room again all goes on.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db

setup() {
	common_setup
	mkdir "$DIR/db"
	mount -t tmpfs -o size=160m tmpfs "$DIR/db"
	db_template "$DIR/db.new"
	cp -a "$DIR/db.new/." "$DIR/db"
	db_start
	db_schema
	db_token admin test >"$DIR/admin.token"
	chmod 600 "$DIR/admin.token"
	port=$(free_port)
	export CHIME_TOKEN_FILE=$DIR/admin.token \
	    CHIME_API=http://127.0.0.1:$port CHIME_API_LISTEN=127.0.0.1:$port
	start server chime-apiserver
	wait_for 10 tcp_open "$port"
	chime-call POST /v1/host '{"host":"h1","manage_ip":"127.0.0.1"}' |
	    jq -r .token >"$DIR/h1.token"
	chmod 600 "$DIR/h1.token"
	CHIME_TOKEN_FILE=$DIR/h1.token chime-call POST \
	    /v1/host/h1/heartbeat "$(jq -nc --arg boot "$(uuid)" '{
		type: "heartbeat", ts: "2026-01-01T00:00:00.000Z", host: "h1",
		proto: 1, boot: $boot, beat: 1,
		observed_rev: "0123456789abcdef", health: "ok", vcpus: 999,
		memory_mib: 999999, pong_port: 8802, full: true}')" >/dev/null
}

teardown() {
	common_teardown || :
	umount "$DIR/db"
}

# A VM with so much in it that the tables must soon grow.
create() {
	jq -nc --arg n "$1" '{name: $n, vcpus: 1, memory_mib: 16,
	    want: "stopped", spec: {disks: [range(24) |
	    {path: ("/disk/" + ("x" * 500) + tostring), format: "raw"}]}}' |
	    chime-call -t 5s POST /v1/vm - >>"$DIR/out" 2>>"$DIR/refusals.err"
}

fills() {
	n=$((${n:-0} + 1))
	rc=0
	create "vm-$n" || rc=$?
	[ $rc -ne 0 ]
}

@test "a full disk of the database" {
	create before
	dd if=/dev/zero of="$DIR/db/ballast" bs=1M 2>/dev/null || :
	wait_for 60 fills
	[ "$rc" -eq 111 ] || [ "$rc" -eq 99 ]
	# MariaDB may refuse rows, stall, or abort: the front answers all along.
	rc=0
	chime-call -t 5s GET /v1/health || rc=$?
	[ "$rc" -eq 0 ] || [ "$rc" -eq 111 ]
	rm "$DIR/db/ballast"
	# MariaDB aborts sooner or later; its supervisor would do this.
	stop db KILL
	db_start
	wait_for 30 create after
	# What was accepted is there; what was not is whole or not there at all.
	jq -r .vm "$DIR/out" | while read -r vm; do
		sql_is 1 "SELECT COUNT(*) FROM vm WHERE uuid = '$vm'"
	done
	sql_is 0 "SELECT COUNT(*) FROM vm v LEFT JOIN event e
	    ON e.vm = v.uuid AND e.kind = 'vm.created' WHERE e.id IS NULL"
	sql_is 0 "SELECT COUNT(*) FROM event e LEFT JOIN vm v
	    ON e.vm = v.uuid WHERE e.kind = 'vm.created' AND v.uuid IS NULL"
}
