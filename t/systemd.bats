#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# systemd starts the same roles: units that are sound, put in place and not
# started, and the readiness of the whole role.
# shellcheck disable=SC2016 # programs of perl

load lib/common
load lib/db

units='chime-agent.service chime-server.service'

# verify: what systemd-analyze says of the installed units.
verify() {
	systemd-analyze verify --man=no root/lib/systemd/system/*.service
}

@test "installed units are sound, and nothing is started" {
	make -s -C "$ROOT" B="$BUILD" PREFIX="$DIR/root" SYSCONFDIR="$DIR/etc" \
	    install
	[ "$(cd root/lib/systemd/system && echo *)" = "$units" ]
	for role in agent server; do
		has root/lib/systemd/system/chime-$role.service \
		    "^ExecStart=$DIR/root/bin/chime-$role run$"
	done
	verify >said 2>&1
	[ ! -s said ]
	# It would have found a program that is not there, and a wrong word.
	mv root/bin/chime-agent root/bin/away
	run verify
	[[ $output == *'not executable'* ]]
	mv root/bin/away root/bin/chime-agent
	echo 'Nonsense=yes' >>root/lib/systemd/system/chime-server.service
	run verify
	[[ $output == *Nonsense* ]]
	run ! pgrep -f "$DIR/root"
}

@test "below a root of its own, with another prefix" {
	make -s -C "$ROOT" B="$BUILD" DESTDIR="$DIR/pkg" PREFIX=/usr install
	has pkg/usr/lib/systemd/system/chime-server.service \
	    '^ExecStart=/usr/bin/chime-server run$'
	run -0 find pkg -type l
	[ -z "$output" ]
}

@test "the role is ready when all of it is, and says so once" {
	db_start
	db_schema
	start notified perl -MSocket -e '
		$| = 1;
		socket(S, PF_UNIX, SOCK_DGRAM, 0) or die $!;
		bind(S, pack_sockaddr_un($ARGV[0])) or die $!;
		print "$m\n" while defined recv(S, $m, 4096, 0)' "$DIR/notify"
	wait_for 5 test -S notify
	port=$(free_port)
	cat >server.conf <<-END
		CHIME_DB_SOCKET=$DIR/db.sock
		CHIME_DB_USER=root
		CHIME_API_LISTEN=127.0.0.1:$port
		CHIME_RUN_DIR=$DIR/run
		CHIME_LOG_DIR=$DIR/log
	END
	# As long as a part is not ready, nothing is said: its port is taken.
	start holder perl -MSocket -e '
		socket(S, PF_INET, SOCK_STREAM, 0) or die $!;
		bind(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die $!;
		listen(S, 1);
		sleep 60' "$port"
	wait_for 5 tcp_open "$port"
	start server env NOTIFY_SOCKET="$DIR/notify" \
	    chime-server run --conf server.conf
	wait_for 20 has log/apiserver/current "$port.*in use"
	[ ! -s notified.out ]
	stop holder
	wait_for 30 has notified.out READY=1
	chime-server status --conf server.conf | jq_is .ready
	stop server
	[ "$rc" -eq 0 ]
	[ "$(grep -c READY=1 notified.out)" = 1 ]
}
