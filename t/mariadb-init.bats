# SPDX-License-Identifier: ISC
# libexec/mariadb-init: a private MariaDB that is closed to others.
# shellcheck shell=bash disable=SC2154 # set by lib/common

load lib/common

# init FOLDER: sets the variables it prints.
init() {
	"$LIBEXEC/mariadb-init" "$1" >init.out 2>init.err || return
	while IFS='=' read -r name value; do
		export "$name=$value"
	done <init.out
}

up() {
	"$LIBEXEC/schema" -q -n >/dev/null 2>&1 || [ $? -eq 1 ]
}

client() {
	mariadb --no-defaults --batch --skip-column-names "$@"
}

@test "what it made starts, and the schema goes in" {
	init "$DIR/db"
	start db "$DIR/db/run"
	wait_for 30 up
	"$LIBEXEC/schema" -q
	stop db
	[ "$rc" = 0 ]
}

@test "it is closed: no port, no guest, root only as the one who made it" {
	init "$DIR/db"
	[ "$(stat -c %a db db/password db/run db/my.cnf | xargs)" = \
	    "700 600 700 600" ]
	start db "$DIR/db/run"
	wait_for 30 up
	# No socket of the network at all.
	find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' |
	    tr -dc '0-9\n' >inodes
	[ -s inodes ]
	run ! grep -wFf inodes /proc/net/tcp /proc/net/tcp6 /proc/net/udp
	[ "$(client --socket="$CHIME_DB_SOCKET" --user=root \
	    -e 'SELECT @@skip_networking, @@innodb_flush_log_at_trx_commit')" = \
	    "1	1" ]
	run ! client --socket="$CHIME_DB_SOCKET" --user=chime -e 'SELECT 1'
	run ! client --socket="$CHIME_DB_SOCKET" --user=anyone -e 'SELECT 1'
	run ! client --socket="$CHIME_DB_SOCKET" --user=chime \
	    --password="$(cat db/password)" -e 'SELECT * FROM mysql.global_priv'
	[ "$(client --socket="$CHIME_DB_SOCKET" --user=root -e "SELECT host
	    FROM mysql.user WHERE host <> 'localhost'")" = "" ]
}

@test "doing it again keeps the data; a copy of the folder works" {
	init "$DIR/db"
	before=$(cat db/password)
	start db "$DIR/db/run"
	wait_for 30 up
	"$LIBEXEC/schema" -q
	stop db
	init "$DIR/db"
	[ "$(cat db/password)" = "$before" ]
	cp -a db copy
	init "$DIR/copy"
	[ "$CHIME_DB_SOCKET" = "$DIR/copy/mysqld.sock" ]
	start db "$DIR/copy/run"
	wait_for 30 up
	run -0 "$LIBEXEC/schema" -n
}

@test "killed in the middle, it begins anew" {
	start init "$LIBEXEC/mariadb-init" "$DIR/db"
	wait_for 10 test -d db/data.new
	signal init TERM
	wait_end init 30
	[ "$rc" != 0 ]
	[ ! -e db/data ]
	[ ! -e db/init.sql ]
	init "$DIR/db"
	start db "$DIR/db/run"
	wait_for 30 up
}

@test "what cannot work is said at once" {
	run -100 --separate-stderr "$LIBEXEC/mariadb-init"
	run -100 --separate-stderr "$LIBEXEC/mariadb-init" ''
	run -100 --separate-stderr "$LIBEXEC/mariadb-init" "$DIR/with blank"
	[[ $stderr == *"with blank"* ]]
	run -100 --separate-stderr "$LIBEXEC/mariadb-init" \
	    "$DIR/$(printf 'long%.0s' $(seq 30))"
	[[ $stderr == *107* ]]
	echo x >file
	run -111 --separate-stderr "$LIBEXEC/mariadb-init" "$DIR/file"
	init "$DIR/db"
	rm db/password
	run -111 --separate-stderr "$LIBEXEC/mariadb-init" "$DIR/db"
	[[ $stderr == *password* ]]
}
