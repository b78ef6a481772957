#!/usr/bin/env bats
# SPDX-License-Identifier: ISC

load lib/common
load lib/db

# conf [LINE...]: a configuration with a database that is there.
conf() {
	port=$(free_port)
	{
		echo "CHIME_DB_SOCKET=$DIR/db.sock"
		echo "CHIME_DB_USER=root"
		echo "CHIME_API_LISTEN=127.0.0.1:$port"
		echo "CHIME_INTERVAL=1s"
		echo "CHIME_RUN_DIR=$DIR/run"
		echo "CHIME_LOG_DIR=$DIR/log"
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >server.conf
}

# The descriptor is bats' to use, too; so a file tells.
server_run() {
	start "${1:-server}" sh -c 'exec chime-server run --conf server.conf \
	    -d 5 5>ready'
}

server_ready() {
	rm -f ready
	server_run
	wait_for 20 test -s ready
}

# ours: pid and name of every process started for this configuration.
ours() {
	local p

	for p in /proc/[0-9]*; do
		if tr '\0' '\n' <"$p/environ" | grep -qx "CHIME_RUN_DIR=$DIR/run"
		then
			echo "${p#/proc/} $(cat "$p/comm")"
		fi
	done 2>/dev/null
}

none_left() {
	[ -z "$(ours)" ]
}

# The launchers among them.
launchers() {
	ours | grep -c ' chime-server$'
}

svc() {
	echo "$DIR/run/server-sv/$1"
}

# stages: the pids of the monitor's three stages, in order.
stages() {
	ours | awk '$2 ~ /^chime-(stale|ping|mark)$/ { print $2, $1 }' | sort
}

@test "wrong usage: 100, with a suggestion" {
	run -100 chime-server
	run -100 chime-server strat
	[[ $output == *"unknown command"*"run"* ]]
	run -100 chime-server stauts
	[[ $output == *"did you mean status?"* ]]
	run -100 chime-server run --conf
	run -100 chime-server run --wrong
	run -100 chime-server run -d 9
	[[ $output == *"from 3 to 7"* ]]
	run -0 chime-server -V
	[[ $output == "chime-server "[0-9]* ]]
}

@test "what is missing in the configuration is named" {
	run -100 chime-server run --conf /nonexistent
	[[ $output == *"/nonexistent: cannot be read"* ]]
	conf
	grep -v CHIME_DB_SOCKET server.conf >c && mv c server.conf
	run -100 chime-server run --conf server.conf
	[[ $output == *"CHIME_DB_SOCKET, CHIME_DB_HOST: neither is set"* ]]
	conf "CHIME_DB_PASSWORD_FILE=$DIR/password"
	run -100 chime-server run --conf server.conf
	[[ $output == *"CHIME_DB_PASSWORD_FILE: $DIR/password: cannot be"* ]]
	echo secret >password && chmod 640 password
	run -100 chime-server run --conf server.conf
	[[ $output == *"others may read it"* ]]
	conf "CHIME_DB_EMBEDDED=$DIR/nothing"
	run -100 chime-server run --conf server.conf
	[[ $output == *"CHIME_DB_EMBEDDED: $DIR/nothing/run"* ]]
	echo 'no variable' >>server.conf
	run -100 chime-server run --conf server.conf
	[[ $output == *"server.conf: expected lines of KEY=VALUE"* ]]
	[ ! -e run ]
}

@test "the configuration is never run by a shell" {
	conf "CHIME_X=\$(touch pwned)" "CHIME_Y=\`touch pwned\`"
	run -1 chime-server status --conf server.conf
	[ ! -e pwned ]
}

@test "run, status, stop" {
	db_start
	db_schema
	conf
	run -1 chime-server status --conf server.conf
	[[ $output == *"not running"* ]]
	server_ready
	tcp_open "$port"
	chime-server status --conf server.conf >status
	jq_is '.type == "service" and .role == "server" and .state == "up"
	    and .ready and .pid > 0 and .for_s >= 0' status
	[ "$(jq -s -c 'map(.service)' status)" = '["apiserver","monitor"]' ]
	[ "$(launchers)" -eq 1 ]
	[ "$(cat run/server.pid)" = "$pid" ]
	has log/apiserver/current "^20[0-9-]* [0-9:.]*  chime-apiserver: info"
	script -qec 'chime-server status --conf server.conf' tty </dev/null
	has tty '^SERVICE  *STATE  *READY'
	has tty '^apiserver .*up.*true'
	run -0 chime-server stop --conf server.conf
	wait_end server 10
	[ "$rc" -eq 0 ]
	[ ! -s server.out ]
	none_left
	run -0 chime-server stop --conf server.conf
	# Logs lie where the supervisor does not look for services.
	[ ! -e run/server-sv ]
}

@test "TERM, INT and HUP end all of it" {
	db_start
	db_schema
	conf
	for signal in TERM INT HUP; do
		server_ready
		ours >before
		[ "$(wc -l <before)" -gt 8 ]
		stop server "$signal"
		[ "$rc" -eq 0 ]
		none_left
	done
}

@test "a signal at once ends it, too" {
	conf
	for _ in 1 2 3 4 5; do
		server_run
		wait_for 5 test -s run/server.pid
		stop server
		[ "$rc" -eq 0 ]
		none_left
		rm -f run/server.pid
	done
}

@test "a second one is refused" {
	db_start
	db_schema
	conf
	server_ready
	run -100 chime-server run --conf server.conf
	[[ $output == *"already running (pid $pid)"* ]]
	chime-server status --conf server.conf >/dev/null
}

@test "killed outright, and started again at once" {
	db_start
	db_schema
	conf
	server_ready
	ours | cut -d ' ' -f 1 | sort >before
	signal server KILL
	wait_end server 5
	rm ready
	server_run again
	wait_for 20 test -s ready
	ours | cut -d ' ' -f 1 | sort >after
	[ -z "$(comm -12 before after)" ]
	[ "$(launchers)" -eq 1 ]
	run -0 chime-server status --conf server.conf
	stop again
	none_left
}

@test "s6-svscan killed: no orphans, and an error" {
	db_start
	db_schema
	conf
	server_ready
	kill -KILL "$(ours | awk '$2 == "s6-svscan" { print $1 }')"
	wait_end server 15
	[ "$rc" -eq 111 ]
	has server.err 's6-svscan ended with code 137'
	none_left
}

@test "the monitor is one pipe: whichever stage dies, all are new" {
	db_start
	db_schema
	conf
	server_ready
	for stage in stale ping mark; do
		wait_for 10 new_pipe
		stages >before
		kill -KILL "$(awk -v s="chime-$stage" '$1 == s { print $2 }' before)"
		wait_for 10 new_pipe
	done
	run -0 chime-server status --conf server.conf
}

# Three stages, none of them in `before`.
new_pipe() {
	stages >now
	[ "$(wc -l <now)" -eq 3 ] && [ "$(cut -d ' ' -f 1 now | uniq |
	    wc -l)" -eq 3 ] || return
	[ ! -e before ] || [ -z "$(sort before | comm -12 - <(sort now))" ]
}

@test "the monitor's pipe goes at once when its service is told to" {
	db_start
	db_schema
	# So slow that no tick tells them in time.
	conf CHIME_INTERVAL=60s
	server_ready
	s6-svc -wD -T 5000 -d "$(svc monitor)"
	wait_for 5 no_stages
	run -1 chime-server status --conf server.conf
	echo "$output" | jq_is '.service != "monitor" or (.state == "down"
	    and (.ready | not) and (.reason | startswith("stays down")))'
}

no_stages() {
	[ -z "$(stages)" ]
}

@test "wrong values keep a service down, and its log says why" {
	db_start
	db_schema
	conf CHIME_API_WORKERS=99
	server_run
	wait_for 20 stays_down apiserver
	run -1 chime-server status --conf server.conf
	echo "$output" | jq_is '.service != "apiserver"
	    or .reason == "stays down: ended with code 100 (configuration: see its log)"'
	has log/apiserver/current "CHIME_API_WORKERS.*99.*1.*32"
	has log/apiserver/current "finish: info: apiserver ended: code 100"
	[ ! -s ready ]
	run ! ended server
	stop server
	[ "$rc" -eq 0 ]
}

stays_down() {
	[ "$(s6-svstat -o up,wantedup "$(svc "$1")")" = "false false" ]
}

@test "a service that does not listen to TERM is killed in the end" {
	for svc in "$SHARE"/sv/*/*; do
		case $svc in
		"$SHARE"/sv/common/* | "$SHARE/sv/allinone/node") continue ;;
		esac
		# Its death lets an armed watchdog reset the node.
		case $svc in
		*/agent/deadman) [ ! -e "$svc/timeout-kill" ] && continue ;;
		esac
		[ "$(cat "$svc/timeout-kill")" -ge 10000 ]
	done
	cp -R "$BUILD/bin" "$BUILD/libexec" "$BUILD/share" .
	svc=share/chime/sv/server/monitor
	printf '#!/bin/sh\ntrap "" TERM\necho >&3\nexec sleep 1000\n' >$svc/run
	echo 1000 >$svc/timeout-kill
	db_start
	db_schema
	conf
	PATH=$DIR/bin:$PATH server_ready
	stop server
	[ "$rc" -eq 0 ]
	none_left
}

@test "without --conf the environment counts" {
	[ ! -e /etc/chime/server.conf ] || skip "/etc/chime/server.conf is there"
	run -100 chime-server run
	[[ $output == *"neither is set"* ]]
	run -100 env CHIME_DB_SOCKET=/x CHIME_DB_PASSWORD_FILE=/y chime-server run
	[[ $output == *"/y: cannot be read"* ]]
}

@test "an embedded database runs beside the others" {
	"$LIBEXEC/mariadb-init" "$DIR/emb" >vars
	mapfile -t vars <vars
	conf "CHIME_DB_EMBEDDED=$DIR/emb" "${vars[@]}"
	server_ready
	chime-server status --conf server.conf >status
	[ "$(jq -s -c 'map(.service)' status)" = \
	    '["apiserver","monitor","mysqld"]' ]
	kill -KILL "$(s6-svstat -o pid "$(svc mysqld)")"
	wait_for 20 s6-svwait -U -t 100 "$(svc mysqld)"
	stop server
	[ "$rc" -eq 0 ]
	none_left
}
