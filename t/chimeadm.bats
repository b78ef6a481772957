#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# chimeadm initserver and initagent; allinone has a file of its own.

load lib/common
load lib/db

# A database server with a user chime, over TCP.
database() {
	db_port=$(free_port)
	db_start --skip-networking=0 --bind-address=127.0.0.1 --port="$db_port"
	sql "CREATE USER chime@'127.0.0.1' IDENTIFIED BY 'pass word';
	    GRANT ALL ON chime.* TO chime@'127.0.0.1'" mysql
	echo 'pass word' >secret
	unset "${!CHIME_@}"
}

initserver() {
	chimeadm initserver mysql --ip 127.0.0.1 --port "$db_port" \
	    --conf-dir etc "$@"
}

# api: the server role on that database; sets $api.
api() {
	start api sh -c 'PATH=$PATH:/usr/lib/execline/bin
	    exec envfile etc/server.conf chime-apiserver -l 127.0.0.1:0'
	wait_for 10 has api.err 'listening on'
	api=http://$(sed -n 's/.*listening on //p' api.err)
}

# join_token: a new one in join.token.
join_token() {
	rm -f join.token
	CHIME_API=$api CHIME_TOKEN_FILE=etc/admin.token chimecli token create \
	    --role join --host n1 --output join.token >/dev/null
}

initagent() {
	chimeadm initagent --host n1 --manage-ip 127.0.0.1 --api "$api" \
	    --conf-dir node "$@"
}

mode() {
	stat -c %a "$1"
}

@test "wrong usage: 100, with a suggestion" {
	run -100 chimeadm
	run -100 chimeadm initsrever
	[[ $output == *"did you mean initserver?"* ]]
	run -100 chimeadm initserver
	run -100 chimeadm initserver msyql
	[[ $output == *"did you mean mysql?"* ]]
	run -100 chimeadm initserver mysql
	[[ $output == *"neither --ip nor --embedded"* ]]
	run -100 chimeadm initserver mysql --ip 127.0.0.1 --embedded
	run -100 chimeadm initserver mysql --ip 127.0.0.1 --port 99999999
	run -100 chimeadm initserver mysql --ip
	run -100 chimeadm initserver mysql --ip 127.0.0.1 --password
	run -100 chimeadm initagent --host n1
	[[ $output == *"--manage-ip: missing"* ]]
	run -100 chimeadm initagent --host 'N 1' --manage-ip 127.0.0.1 \
	    --api http://127.0.0.1:1 --token-file /dev/null
	[[ $output == *"--host: 'N 1': expected"* ]]
	run -100 chimeadm allinone --what
	run -0 chimeadm -V
}

@test "initserver: tables, configuration, the first token; repeatable" {
	database
	run -1 initserver --password-file secret -n
	[ ! -e etc ]
	echo "$output" | jq_is '.type == "plan"'
	[ "$(echo "$output" | jq -r .action | tr '\n' ' ')" = \
	    "apply write write make " ]
	[[ $output != *"pass word"* ]]
	run -0 initserver --password-file secret
	[ "$(mode etc/admin.token)" = 600 ]
	[ "$(mode etc/db.password)" = 600 ]
	diff - etc/server.conf <<-END
	CHIME_DB_HOST=127.0.0.1
	CHIME_DB_PORT=$db_port
	CHIME_DB_USER=chime
	CHIME_DB_NAME=chime
	CHIME_DB_PASSWORD_FILE=$DIR/etc/db.password
	END
	sql_is 1 "SELECT COUNT(*) FROM token WHERE role = 'admin'"
	run -0 initserver --password-file secret -n
	[ -z "$output" ]
	cp -a etc before
	run -0 initserver --password-file - <secret
	diff -r before etc
	sql_is 1 "SELECT COUNT(*) FROM token WHERE role = 'admin'"
	api
	CHIME_API=$api CHIME_TOKEN_FILE=etc/admin.token chimecli host list
}

@test "initserver leaves other lines alone, and refuses what cannot be said" {
	database
	mkdir etc
	printf '# mine\nCHIME_INTERVAL=5s\nCHIME_DB_PORT=1\n' >etc/server.conf
	run -0 initserver --password-file secret
	[ "$(head -n 3 etc/server.conf)" = "# mine
CHIME_INTERVAL=5s
CHIME_DB_PORT=$db_port" ]
	[ "$(grep -c CHIME_DB_PORT etc/server.conf)" -eq 1 ]
	cp etc/server.conf before
	for bad in 'a"b' 'a#b' 'a\b' "a'b" 'a
b'; do
		run -100 initserver --password-file secret --name "$bad"
		[[ $output == *"CHIME_DB_NAME: "*"expected text without"* ]]
	done
	cmp before etc/server.conf
}

@test "initserver writes nothing when the database does not let it in" {
	database
	echo wrong >wrong
	run -100 initserver --password-file wrong
	[[ $output == *"Access denied"* ]]
	run -100 initserver --password-file secret --name other
	run -111 chimeadm initserver mysql --ip 127.0.0.1 --port "$(free_port)" \
	    --password-file secret --conf-dir etc
	run -100 initserver --password-file nothing
	[[ $output == *"nothing: cannot be read"* ]]
	: >empty
	run -100 initserver --password-file empty
	[ ! -e etc ]
}

@test "initserver refuses tables of a newer chime" {
	database
	initserver --password-file secret
	sql 'INSERT INTO schema_version VALUES (999, NOW(3))'
	cp -a etc before
	run -100 initserver --password-file secret
	[[ $output == *"newer chime"* ]]
	diff -r before etc
}

@test "a token for another database is replaced, one for this is not" {
	database
	mkdir etc
	echo old >etc/admin.token
	initserver --password-file secret
	[ "$(cat etc/admin.token)" != old ]
	rm etc/admin.token
	run -1 initserver --password-file secret -n
	[ "$(echo "$output" | jq -r .action)" = make ]
	run -0 initserver --password-file secret
	[ "$(mode etc/admin.token)" = 600 ]
}

@test "a secret among the arguments is taken out of them" {
	mkdir -p home/bin home/libexec/chime
	cp "$BUILD/bin/chimeadm" home/bin
	cp -R "$BUILD/share" home
	cat >home/libexec/chime/adm-initserver <<-'END'
	#!/bin/sh
	tr '\0' '\n' </proc/$$/cmdline
	echo "stdin: $(cat)"
	END
	chmod +x home/libexec/chime/adm-initserver
	cp home/libexec/chime/adm-initserver home/libexec/chime/adm-initagent
	run -0 home/bin/chimeadm initserver mysql --password 'it'"'"'s "me"' -n
	[[ $output == *"warning: option --password: everybody"* ]]
	echo "$output" >out
	has out "^stdin: it's \"me\"$"
	has out '^--password-file$'
	has out '^-n$'
	[ "$(grep -c 'it.s' out)" -eq 1 ]
	run -0 home/bin/chimeadm initagent --token=tok --host n1
	echo "$output" >out
	has out '^stdin: tok$'
	has out '^--token-file$'
	[ "$(grep -c 'tok$' out)" -eq 1 ]
}

@test "initserver --embedded: a database of its own, up only for a moment" {
	run -1 chimeadm initserver mysql --embedded --dir db --conf-dir etc -n
	[ ! -e db ]
	[ ! -e etc ]
	run -0 chimeadm initserver mysql --embedded --dir db --conf-dir etc
	[ ! -S db/mysqld.sock ]
	has etc/server.conf "^CHIME_DB_EMBEDDED=$DIR/db$"
	has etc/server.conf "^CHIME_DB_SOCKET=$DIR/db/mysqld.sock$"
	cp etc/admin.token before
	run -0 chimeadm initserver mysql --embedded --dir db --conf-dir etc
	cmp before etc/admin.token
	start db db/run
	wait_for 20 test -S db/mysqld.sock
	run -0 chimeadm initserver mysql --embedded --dir db --conf-dir etc -n
	[ -z "$output" ]
	# One that runs is used, and runs on.
	run -0 chimeadm initserver mysql --embedded --dir db --conf-dir etc
	run ! ended db
}

@test "initserver ended in the middle leaves no database running" {
	mkdir tmp
	TMPDIR=$DIR/tmp start adm chimeadm initserver mysql --embedded \
	    --dir db --conf-dir etc
	wait_for 20 test -e db/mysqld.pid
	stop adm
	[ "$rc" -eq 111 ]
	[ ! -S db/mysqld.sock ]
	[ -z "$(ls tmp)" ]
	run -0 chimeadm initserver mysql --embedded --dir db --conf-dir etc
	[ -s etc/admin.token ]
}

@test "initagent: the host, its configuration and its token; repeatable" {
	database
	initserver --password-file secret
	api
	join_token
	run -1 initagent --rack r1 --token-file join.token -n
	[ ! -e node ]
	[ "$(echo "$output" | jq -r .action | tr '\n' ' ')" = "register write " ]
	run -0 initagent --rack r1 --node-ip 127.0.0.2 --storage-ip 127.0.0.3 \
	    --pong-port 18802 --token-file - <join.token
	[ "$(mode node/agent.token)" = 600 ]
	diff - node/agent.conf <<-END
	CHIME_HOST=n1
	CHIME_API=$api
	CHIME_TOKEN_FILE=$DIR/node/agent.token
	CHIME_PONG_LISTEN=127.0.0.1:18802
	END
	export CHIME_API=$api
	CHIME_TOKEN_FILE=node/agent.token chime-call GET /v1/host/n1 |
	    jq_is '.rack == "r1" and .manage_ip == "127.0.0.1" and
	    .node_ip == "127.0.0.2" and .storage_ip == "127.0.0.3" and
	    .pong_port == 18802'
	cp node/agent.token before
	# The same again, from other hands: nothing is left to do.
	for dry in -n ''; do
		# shellcheck disable=SC2086 # perhaps no word
		run -0 initagent --rack r1 --node-ip 127.0.0.2 --pong-port 18802 \
		    --storage-ip 127.0.0.3 --token-file join.token $dry
		[ -z "$output" ]
	done
	cmp before node/agent.token
	# Another rack: registered anew, by another join token, and the agent's
	# old one is worth nothing.
	run -100 initagent --rack r2 --token-file join.token
	[[ $output == *"has been used"* ]]
	cmp before node/agent.token
	join_token
	run -0 initagent --rack r2 --token-file join.token
	run ! cmp -s before node/agent.token
	chmod 600 before
	run -100 env CHIME_TOKEN_FILE=before chime-call GET /v1/host/n1
	CHIME_TOKEN_FILE=node/agent.token chime-call GET /v1/host/n1 |
	    jq_is '.rack == "r2"'
}

@test "initagent writes nothing when the servers refuse, or are away" {
	database
	initserver --password-file secret
	api
	join_token
	(umask 077 && echo wrong >wrong)
	run -100 initagent --token-file wrong
	[[ $output == *"401"* ]]
	run -100 initagent --token-file etc/admin.token
	[[ $output == *"403"*"takes a join token"* ]] ||
	    [[ $output == *"takes a join token"*"403"* ]]
	run -100 initagent --manage-ip not-an-address --token-file join.token
	chmod 644 wrong
	run -100 initagent --token-file wrong
	[[ $output == *"others may read it"* ]]
	stop api
	run -111 initagent --token-file join.token
	[ ! -e node ]
}
