#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# chimeadm initserver check: everything tried for real, each fault found.
# shellcheck disable=SC2016 # programs of perl and bash

load lib/common
load lib/db
load lib/tls

# conf [LINE...]: server.conf of a database that is there.
conf() {
	mkdir -p etc
	{
		echo "CHIME_DB_SOCKET=$DIR/db.sock"
		echo "CHIME_DB_USER=${DB_USER:-root}"
		echo "CHIME_API_LISTEN=127.0.0.1:${port:=$(free_port)}"
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >etc/server.conf
}

# check RC: the records in out.
check() {
	local got=0

	chimeadm initserver check --conf-dir etc >out 2>err || got=$?
	cat out err
	[ "$got" -eq "$1" ]
	jq_is '.type == "check" and (.reason | length > 5)' out
}

# good CHECK, bad CHECK PATTERN: what the last one said of it.
good() {
	jq -es --arg c "$1" 'map(select(.check == $c)) |
	    length == 1 and .[0].healthy' out >/dev/null
}

bad() {
	jq -es --arg c "$1" --arg p "$2" 'map(select(.check == $c)) |
	    length == 1 and (.[0].healthy | not) and
	    (.[0].reason | test($p))' out >/dev/null
}

# user SQL...: a database user of few rights, chime1.
user() {
	sql "CREATE USER chime1@localhost; GRANT ALL ON chime.* TO chime1@localhost; $1" \
	    mysql
	DB_USER=chime1 conf
}

@test "usage and a configuration that is none" {
	run -100 chimeadm initserver check --conf-dir etc
	[[ $output == *etc/server.conf* ]]
	run -100 chimeadm initserver check -x
	mkdir etc
	echo 'CHIME_DB_PORT=x' >etc/server.conf
	check 1
	bad database.login 'CHIME_DB_'
}

@test "dbcheck: usage, no configuration, a full disk" {
	run -100 "$LIBEXEC/dbcheck" operand
	run -100 "$LIBEXEC/dbcheck"
	[[ $output == *CHIME_DB_SOCKET* ]]
	export CHIME_DB_SOCKET=$DIR/none
	run -1 "$LIBEXEC/dbcheck"
	jq_is '.check == "database.login"' <<<"$output"
	run -111 bash -c '"$LIBEXEC/dbcheck" >/dev/full'
}

@test "all is well, with a server and without one" {
	db_start
	db_schema
	conf
	check 0
	for c in login writable write durable clock schema; do
		good database.$c
	done
	good tls
	good api
	grep -q 'free: no server' out
	CHIME_API_LISTEN=127.0.0.1:$port start api chime-apiserver
	wait_for 10 has api.err 'listening on'
	check 0
	good api
	grep -q 'its database answers' out
	# Nothing was left behind.
	sql_is 0 'SELECT COUNT(*) FROM schema_version WHERE version = 0'
}

@test "a database that is not there, or does not let in" {
	db_start
	db_schema
	user "ALTER USER chime1@localhost IDENTIFIED BY 'right'"
	(umask 077 && echo wrong >password)
	DB_USER=chime1 conf "CHIME_DB_PASSWORD_FILE=$DIR/password"
	check 1
	bad database.login 'Access denied'
	run ! grep -rq wrong out
	echo right >password
	check 0
	db_stop
	check 1
	bad database.login connect
}

@test "a database of an older or no schema" {
	db_start
	conf
	check 1
	bad database.write schema_version
	bad database.schema '001.sql'
	mkdir old
	cp "$SHARE/schema/001.sql" old/
	"$LIBEXEC/schema" -q -f old >/dev/null
	check 1
	bad database.schema '002.sql'
	good database.write
	db_schema
	check 0
}

@test "a database that takes no writes, forgets, or has another time" {
	db_start
	db_schema
	user
	check 0
	sql 'SET GLOBAL read_only = 1' mysql
	check 1
	bad database.writable read_only=ON
	bad database.write read-only
	good database.clock
	sql 'SET GLOBAL read_only = 0;
	    SET GLOBAL innodb_flush_log_at_trx_commit = 2' mysql
	check 1
	bad database.durable 'innodb_flush_log_at_trx_commit = 2'
	sql 'SET GLOBAL innodb_flush_log_at_trx_commit = 1' mysql
	for s in + -; do
		sql "SET GLOBAL init_connect =
		    'SET timestamp = UNIX_TIMESTAMP(NOW(3)) $s 5'" mysql
		check 1
		bad database.clock 'are -?(4[0-9]{3}|5[0-9]{3}) ms apart'
		good database.write
	done
}

@test "certificates, ports and tokens" {
	db_start
	db_schema
	tls_ca ca
	tls_cert server ca IP:127.0.0.1
	conf "CHIME_TLS_CERT=$DIR/server.crt" "CHIME_TLS_KEY=$DIR/server.key" \
	    "CHIME_CA_FILE=$DIR/ca.crt"
	check 0
	tls_cert server ca IP:127.0.0.1 13
	check 1
	bad tls 'ends '
	tls_cert server ca IP:127.0.0.1
	chmod 644 server.key
	check 1
	bad tls 'others may use it'
	chmod 600 server.key
	cp ca.key server.key
	check 1
	bad tls 'not the key'
	port=$(free_port)
	conf
	start other perl -MIO::Socket::INET -e '
		$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$ARGV[0]",
		    Listen => 9) or die; sleep 3600' "$port"
	wait_for 5 tcp_open "$port"
	check 1
	bad api .
	stop other
	conf CHIME_API_LISTEN=192.0.2.1:8801
	check 1
	bad tls 'tokens travel readably'
	conf
	(umask 022 && echo x >etc/admin.token)
	check 1
	bad token 'others may read it'
}
