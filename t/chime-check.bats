#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Healthy or not, within a second, whatever the peer does.
# shellcheck disable=SC2016 # Perl's variables

load lib/common
load lib/db
load lib/hosts

# check RC ARGUMENT...: one record in $DIR/out, that code, by its own deadline
# of a second: with what a busy machine adds, long before whoever hangs ends.
check() {
	local want=$1 before after got=0

	shift
	before=$(now_ms)
	chime-check "$@" >out 2>err || got=$?
	after=$(now_ms)
	echo "$got after $((after - before)) ms: $(cat out err)"
	[ "$got" -eq "$want" ]
	[ $((after - before)) -lt 4000 ]
	[ "$(wc -l <out)" -eq 1 ]
	jq_is '.type == "check" and .check == "'"$1"'" and
	    .healthy == ('"$want"' == 0) and (.reason | length > 5)' out
}

# server: the real one on a real database; sets $url.
server() {
	db_start
	db_schema
	start api chime-apiserver -l 127.0.0.1:0
	wait_for 10 has api.err 'info: listening on'
	url=http://$(sed -n 's/.*info: listening on \(127[0-9.:]*\)$/\1/p' \
	    api.err)
}

# fake PERL: a server that runs PERL for each connection C; sets $url.
fake() {
	local port

	port=$(free_port)
	start fake perl -MSocket -e '
		$SIG{PIPE} = "IGNORE"; $| = 1;
		socket(S, PF_INET, SOCK_STREAM, 0) or die $!;
		setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
		bind(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die $!;
		listen(S, 9);
		while (accept(C, S)) { select(C); $| = 1; eval $ARGV[1]; close C }' \
	    "$port" "$1"
	url=http://127.0.0.1:$port
	wait_for 10 tcp_open "$port"
}

# answer STATUS BODY: Perl that answers so.
answer() {
	printf 'sysread(C, $x, 4096); print C "HTTP/1.1 %s X\\r\\nContent-Length: %d\\r\\n\\r\\n", q{%s};' \
	    "$1" "${#2}" "$2"
}

@test "usage: 100" {
	run -100 chime-check
	run -100 chime-check database
	run -100 chime-check server agent
	run -100 chime-check -x server
	run -100 chime-check server --address 127.0.0.1:1
	run -100 chime-check agent --api http://127.0.0.1:1
	run -100 chime-check agent --address nowhere:1
	run -100 chime-check agent --address 127.0.0.1:99999
	run -100 chime-check server --api nonsense://x
	run -0 chime-check -V
}

@test "server: healthy; its database gone: not; stopped: not" {
	server
	wait_for 10 chime-check server --api "$url"
	check 0 server --api "$url"
	signal api STOP
	check 1 server --api "$url"
	signal api CONT
	wait_for 10 chime-check server --api "$url"
	db_stop
	check 1 server --api "$url"
	db_start
	wait_for 20 chime-check server --api "$url"
	stop api
	check 1 server --api "$url"
	grep -qi 'connect\|refused' out
}

@test "server: its database stopped: not" {
	server
	wait_for 10 chime-check server --api "$url"
	signal db STOP
	check 1 server --api "$url"
}

@test "server: nobody listens: not" {
	check 1 server --api "http://127.0.0.1:$(free_port)"
}

@test "server: listens and never accepts: not" {
	port=$(free_port)
	start deaf perl -MSocket -e '
		socket(S, PF_INET, SOCK_STREAM, 0) or die $!;
		bind(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die $!;
		listen(S, 1); sleep 1000' "$port"
	wait_for 10 tcp_open "$port"
	check 1 server --api "http://127.0.0.1:$port"
}

@test "server: drips a byte at a time: not" {
	fake 'sysread(C, $x, 4096);
	    for my $c (split //, "HTTP/1.1 200 OK\r\nX: " . "y" x 1000) {
		    print C $c or last; select(undef, undef, undef, 0.1) }'
	check 1 server --api "$url"
}

@test "server: an answer that is none, or of another kind: not" {
	fake 'sysread(C, $x, 4096); print C "hello\r\n\r\n"'
	check 1 server --api "$url"
	stop fake
	fake "$(answer 200 '{"requestId":"1","result":{"status":"ok"}}')"
	check 1 server --api "$url"
	stop fake
	fake "$(answer 200 '{"result":{"status":"ok","database":"lost"}}')"
	check 1 server --api "$url"
	grep -q lost out
	stop fake
	fake "$(answer 200 '[]')"
	check 1 server --api "$url"
	stop fake
	fake "$(answer 503 '{"result":{"status":"ok","database":"ok"}}')"
	check 1 server --api "$url"
	stop fake
	fake "$(answer 302 '')"
	check 1 server --api "$url"
	stop fake
	fake "$(answer 200 '{"result":{"status":"ok","database":"ok"}}')"
	check 0 server --api "$url"
}

@test "server: more than it wants to read: not" {
	fake 'sysread(C, $x, 4096); print C "HTTP/1.1 200 OK\r\n\r\n";
	    1 while print C "x" x 65536'
	check 1 server --api "$url"
}

# lease AGE_MS INTERVAL_MS
lease() {
	echo "$BOOT" >agent-n1/boot
	printf '{"boot":"%s","beat":17,"sent_ms":%d,"interval_ms":%d}\n' \
	    "$BOOT" $(($(now_ms) - $1)) "$2" >agent-n1/lease.jsonl
}

@test "agent: younger than three of its intervals, or not" {
	port=$(free_port udp)
	pong n1 "$port"
	check 1 agent --address "127.0.0.1:$port"
	grep -q 'no server answered' out
	lease 20000 10000
	check 0 agent --address "127.0.0.1:$port"
	lease 31000 10000
	check 1 agent --address "127.0.0.1:$port"
	lease 31000 20000
	check 0 agent --address "127.0.0.1:$port"
}

@test "agent: stopped, not there, or talking nonsense: not" {
	port=$(free_port udp)
	pong n1 "$port"
	lease 0 10000
	signal pong-n1 STOP
	check 1 agent --address "127.0.0.1:$port"
	stop pong-n1
	check 1 agent --address "127.0.0.1:$port"
	start liar perl -MSocket -e '
		socket(S, PF_INET, SOCK_DGRAM, 0) or die $!;
		bind(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die $!;
		while (my $from = recv(S, my $m, 2048, 0)) {
			for my $a ("junk", $m, q({"type":"pong",
			    "id":"0000000000000000","host":"n1","beat":1,
			    "beat_age_ms":1})) {
				send(S, $a, 0, $from) for 1 .. 50;
			}
		}' "$port"
	wait_for 10 udp_open "$port"
	check 1 agent --address "127.0.0.1:$port"
}

@test "a full disk: 111; a reader that hangs: it ends all the same" {
	run -111 bash -c "chime-check agent --address \
	    127.0.0.1:$(free_port udp) >/dev/full"
	mkfifo full
	exec 7<>full
	start c perl -MFcntl -e '
		open(F, ">&=", 7) or die $!;
		my $flags = fcntl(F, F_GETFL, 0);
		fcntl(F, F_SETFL, $flags | O_NONBLOCK);
		1 while syswrite(F, "x" x 512);
		fcntl(F, F_SETFL, $flags);
		open(STDOUT, ">&", \*F) or die $!;
		exec "chime-check", "agent", "--address", "127.0.0.1:1"'
	wait_end c 10
	[ "$rc" -eq 1 ]
}

# mysql_user [SQL]: the user that may do nothing but log in.
mysql_user() {
	sql "CREATE USER chimecheck@'%' IDENTIFIED BY 'secret'; ${1-}" mysql
	(umask 077 && echo secret >password)
}

mysql_check() {
	check "$1" mysql --socket "$DIR/db.sock" --password-file "$DIR/password"
}

@test "mysql: usage: 100" {
	run -100 chime-check mysql --api http://127.0.0.1:1
	run -100 chime-check server --socket x
	run -100 chime-check agent --user x
	run -100 chime-check mysql --address 127.0.0.1:x
	run -100 chime-check mysql --address 127.0.0.1:1 --socket x
	run -100 chime-check mysql --password-file /nonexistent
	echo secret >password
	chmod 644 password
	run -100 chime-check mysql --password-file password
}

@test "mysql: healthy with a user that may do nothing; not when read-only" {
	db_start
	mysql_user
	mysql_check 0
	grep -q 'takes writes' out
	sql 'SET GLOBAL read_only = 1' mysql
	mysql_check 1
	grep -q read_only=ON out
	sql 'SET GLOBAL read_only = 0' mysql
	mysql_check 0
}

@test "mysql: wrong password, no such user, not there: not" {
	db_start
	mysql_user
	echo wrong >password
	mysql_check 1
	grep -q 'Access denied' out
	run ! grep -q wrong out err
	echo secret >password
	check 1 mysql --socket "$DIR/db.sock" --user nobody
	db_stop
	mysql_check 1
	check 1 mysql --address "127.0.0.1:$(free_port)"
}

@test "mysql: frozen, or one that never speaks: not, within a second" {
	db_start
	mysql_user
	mysql_check 0
	signal db STOP
	mysql_check 1
	grep -q 'no answer within a second' out
	signal db CONT
	wait_for 10 mysql_check 0
	fake 'sleep 5'
	check 1 mysql --address "${url#http://}"
}

# keepalived_likes FILE: on a machine with an eth0.
keepalived_likes() {
	unshare -n sh -c 'ip link add eth0 type veth peer eth1 &&
	    keepalived -t -f "$1"' - "$DIR/$1"
}

@test "keepalived takes the sample configuration, and what it suggests" {
	[ "$(id -u)" = 0 ] || skip "needs root to make a network of its own"
	sed "s|/usr/local/bin|$BUILD/bin|" \
	    "$ROOT/etc/keepalived/keepalived.conf" >sample.conf
	keepalived_likes sample.conf
	# Each suggestion in the place of what is there.
	sed -n 's/^! *\(script .*\)/\1/p' sample.conf >scripts
	[ "$(wc -l <scripts)" -eq 2 ]
	while read -r script; do
		sed "s|^    script .*|    $script|" sample.conf >other.conf
		run ! cmp -s sample.conf other.conf
		keepalived_likes other.conf
	done <scripts
	# It does look.
	sed '/^ *script /s/chime-check/chime-chick/' sample.conf >wrong.conf
	run ! keepalived_likes wrong.conf
}
