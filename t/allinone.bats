#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# chimeadm allinone, which is `make run`: on real parts, and nothing left.

load lib/common
load lib/virt

setup() {
	common_setup
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	mkdir "$DIR/tmp"
}

teardown() {
	virt_stop elsewhere
	common_teardown
}

# allinone [OPTION...]: started on free ports, its folder below $DIR/tmp.
allinone() {
	port=$(free_port)
	start one env TMPDIR="$DIR/tmp" "${HOME_BIN:-$BUILD/bin}/chimeadm" \
	    allinone --port "$port" --page-port "$(free_port)" \
	    --pong-port "$(free_port udp)" "$@"
}

allinone_up() {
	allinone "$@"
	wait_for 30 has one.out '^running;'
}

# finish SIGNAL: it ends by that, well, and leaves nothing.
finish() {
	signal one "$1"
	wait_end one 30
	[ "$rc" -eq 0 ]
	nothing_left
}

# Of processes (by environment, or by command line: libvirt's qemu), mounts,
# and temporary folders.
nothing_left() {
	[ -z "$(ours)" ] || { ours; return 1; }
	run ! grep -e "$DIR" -e '^chime ' /proc/self/mounts
	[ -z "$(ls tmp)" ]
}

ours() {
	local p

	for p in /proc/[0-9]*; do
		case "$(tr '\0' '\n' <"$p/environ"; tr '\0' ' ' <"$p/cmdline")" in
		*"CHIME_DIR=$DIR"* | *"$DIR/tmp/"* | *"$DIR/kept"*)
			echo "${p#/proc/} $(tr '\0' ' ' <"$p/cmdline")"
			;;
		esac
	done 2>/dev/null
}

# printed N: the Nth of the commands it says to try.
printed() {
	awk -v n="$1." 'found { sub(/^ */, ""); print; exit } $1 == n { found = 1 }' \
	    one.out
}

# paste N: what a second terminal makes of it.
paste() {
	env -u CHIME_API -u CHIME_TOKEN_FILE PATH=/usr/bin:/bin:/usr/sbin \
	    sh -c "$(printed "$1")"
}

@test "a running VM, three things to try, and ^C leaves nothing" {
	allinone_up
	has one.out 'tick 00000003'
	has one.out "API address:  http://127.0.0.1:$port$"
	token=$(sed -n 's/^admin token:  //p' one.out)
	[ "$(stat -c %a "$token")" = 600 ]

	run -0 paste 1
	[[ $output == *"tick 00000001"* ]]
	echo "$output" | grep '^{' | jq_is '.state == "running" and .restarts == 1'
	run -0 paste 2
	[ "$(echo "$output" | jq -r .state | tr '\n' ' ')" = "off running " ]
	run -0 paste 3
	[ "$(echo "$output" | jq -r .kind | tail -n 2 | tr '\n' ' ')" = \
	    "vm.stop vm.start " ]

	# The machine's own places are untouched.
	run ! grep -q libvirt /proc/self/mounts
	finish INT
	[ ! -s one.err ]
}

@test "ended in the middle of the start, at every step, nothing is left" {
	for step in 'the database' 'the server role' 'host n1' 'the agent role' \
	    'VM demo, 16 MiB' 'VM demo runs'; do
		allinone
		wait_for 30 has one.out "$step"
		finish INT
	done
}

@test "TERM and HUP end it as well" {
	allinone
	wait_for 30 has one.out 'VM demo, 16 MiB'
	finish TERM
	allinone
	wait_for 30 has one.out 'the agent role'
	finish HUP
}

@test "^C on a real terminal, and the ticks on one line" {
	mkfifo one.in
	exec {keys}<>one.in
	port=$(free_port)
	# Its own exit code: that of script(1) is another one when the terminal's
	# end comes before the child's. The shell outlives the ^C to write it.
	start one env TMPDIR="$DIR/tmp" TERM=xterm SHELL=/bin/sh script -qfc \
	    "trap : INT; chimeadm allinone --port $port --page-port $(
		    free_port) --pong-port $(free_port udp); echo \$? >one.rc" \
	    /dev/null
	wait_for 40 has one.out "guest: tick 0000000[4-9]"
	printf '\003' >&"$keys"
	wait_end one 30
	[ "$(cat one.rc)" = 0 ]
	exec {keys}>&-
	nothing_left
}

@test "killed outright: what it started ends by itself" {
	allinone
	wait_for 30 has one.out 'VM demo, 16 MiB'
	signal one KILL
	wait_end one 5
	wait_for 40 none_runs
}

none_runs() {
	[ -z "$(ours)" ]
}

@test "--dir: it stays, is taken up again, and is used by one only" {
	allinone_up --dir "$DIR/kept"
	run -111 timeout 30 chimeadm allinone --dir "$DIR/kept" --port "$(free_port)" \
	    --pong-port "$(free_port udp)"
	[[ $output == *"another allinone uses it"* ]]
	token=$(cat kept/etc/admin.token)
	first=$(cat kept/etc/demo)
	finish TERM
	allinone_up --dir "$DIR/kept"
	[ "$(cat kept/etc/admin.token)" = "$token" ]
	CHIME_API=http://127.0.0.1:$port CHIME_TOKEN_FILE=kept/etc/admin.token \
	    chimecli vm list | jq_is ".vm == \"$first\" and .state == \"running\""
	finish INT
	[ -s kept/etc/server.conf ]
}

@test "--dir: a path that the database cannot have is refused at once" {
	run -100 chimeadm allinone --dir "$DIR/a b"
	[[ $output == *"option --dir: '$DIR/a b': expected a path"* ]]
	[ ! -e "$DIR/a b" ]
	# make passes it on as one word.
	run -2 make -C "$ROOT" -s B="$BUILD" DIR='a b' run
	[[ $output == *"a b'"* ]]
}

@test "a port in use: said at once, with the way out" {
	used=$(free_port)
	start busy socat -u "TCP-LISTEN:$used,bind=127.0.0.1,fork" /dev/null
	wait_for 5 tcp_open "$used"
	run -111 timeout 30 chimeadm allinone --port "$used"
	[[ $output == *"port $used/tcp: in use"*"--port"* ]]
	run -100 timeout 30 chimeadm allinone --port http
	nothing_left
}

@test "a part that fails is named, with the end of its log" {
	cp -R "$BUILD/bin" "$BUILD/libexec" "$BUILD/share" .
	printf '#!/bin/sh\necho "no luck today" >&2\nexit 100\n' \
	    >bin/chime-apiserver
	HOME_BIN=$DIR/bin allinone
	wait_end one 30
	[ "$rc" -eq 111 ]
	has one.err '^--- apiserver:'
	has one.err 'no luck today'
	has one.err 'error: failed: the server role'
	nothing_left
}

@test "without root it says so" {
	chmod 755 "$DIR" || true
	run -100 setpriv --reuid 65534 --clear-groups \
	    timeout 30 chimeadm allinone
	[[ $output == *"needs root"*"sudo make run"* ]]
}

@test "--libvirt: on a libvirt that is there, which keeps no VM of ours" {
	virt_start elsewhere
	allinone_up --libvirt "$(virt_uri elsewhere)"
	[ "$(virt_virsh elsewhere list --name | xargs)" = demo ]
	finish TERM
	[ -z "$(virt_virsh elsewhere list --all --name | xargs)" ]
}
