#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# libexec/fence with scripts of the tests' own, and the example for IPMI with
# a stand-in for ipmitool and the board (t/lib/bmc).

load lib/common

setup() {
	common_setup
	umask 022
	mkdir fence.d
	export CHIME_FENCE_DIR=$DIR/fence.d
}

fence() {
	"$LIBEXEC/fence" "$@"
}

# script NAME: from stdin, with $op and $host.
script() {
	{
		echo '#!/bin/sh'
		echo 'read -r line; echo "$line" >>"$DIR/asked"'
		echo 'op=$(echo "$line" | jq -r .op)'
		echo 'power() { echo "{\"type\":\"power\",\"host\":\"$1\",\"state\":\"$2\"}"; }'
		cat
	} >"fence.d/$1"
	chmod 755 "fence.d/$1"
	export DIR
}

@test "usage, and scripts that may not be run: 100" {
	run -100 fence
	run -100 fence n1
	run -100 fence n1 on
	run -100 fence n1 off more
	run -100 fence ../n1 off
	[[ $output == *"'../n1' is no host name"* ]]
	run -100 fence n1 off -t 0
	[[ $output == *'expected seconds from 1 to 3600'* ]]
	run -100 fence n1 off -t 5 -p 5
	run -100 fence n1 status
	[[ $output == *'fence.d/n1: no such script'* ]]
	script n1 <<<'touch ran; power n1 off'
	chmod 644 fence.d/n1
	run -100 fence n1 status
	[[ $output == *'cannot be executed'* ]]
	chmod 775 fence.d/n1
	run -100 fence n1 status
	[[ $output == *'n1: others may write it: chmod go-w'* ]]
	chmod 755 fence.d/n1
	chmod 777 fence.d
	run -100 fence n1 status
	[[ $output == *'fence.d: others may write it'* ]]
	chmod 755 fence.d
	# By a link it may be elsewhere, and that counts.
	mkdir open
	mv fence.d/n1 open/n1
	ln -s ../open/n1 fence.d/n1
	chmod 757 open
	run -100 fence n1 status
	[[ $output == *'open: others may write it'* ]]
	if [ "$(id -u)" = 0 ]; then
		chmod 755 open
		chown 4242 open/n1
		run -100 fence n1 status
		[[ $output == *'open/n1: of user 4242'* ]]
	fi
	[ ! -e ran ]
	[ ! -e asked ]
	run -0 fence -V
	[[ $output == 'fence '[0-9]* ]]
}

@test "status: on and unknown at once, off by two readings" {
	script n1 <<<'power n1 on'
	run -0 --separate-stderr fence n1 status
	[ -z "$stderr" ]
	jq_is '.type == "power" and .host == "n1" and .state == "on" and
	    .first == "on" and (has("second") | not)' <<<"$output"
	script n1 <<<'power n1 unknown'
	run -1 --separate-stderr fence n1 status
	jq_is '.state == "unknown"' <<<"$output"
	rm asked
	script n1 <<<'power n1 off'
	run -0 --separate-stderr fence n1 status -p 1
	jq_is '.state == "off" and .first == "off" and .second == "off" and
	    .first_ts < .second_ts' <<<"$output"
	[ "$(wc -l <asked)" -eq 2 ]
	jq_is '.op == "status" and .host == "n1" and .timeout_ms > 0' asked
	# Off for a moment is not off.
	rm asked
	script n1 <<<'[ "$(wc -l <"$DIR/asked")" -eq 1 ] &&
	    power n1 off || power n1 on'
	run -1 --separate-stderr fence n1 status -p 1
	jq_is '.state == "unknown" and .first == "off" and .second == "on"' \
	    <<<"$output"
}

@test "answers that are none are unknown, whatever they say" {
	for answer in 'power n2 off' 'echo off' 'power n1 OFF' 'true' \
	    'power n1 off; exit 1' 'yes "" | head -c 99999; power n1 off' \
	    'power n1 on | sed s/power/note/'; do
		script n1 <<<"$answer"
		run -1 --separate-stderr fence n1 status -p 1
		jq_is '.state == "unknown"' <<<"$output"
		[[ $stderr == *'warning: '* ]]
	done
	script n1 <<<'power n1 on'
	run -111 bash -c '"$LIBEXEC/fence" n1 status >/dev/full'
}

@test "off: believed when it reads off twice, even if the script failed" {
	script n1 <<<'case $op in
	off) touch "$DIR/off"; exit 1 ;;
	esac
	[ -e "$DIR/off" ] && power n1 off || power n1 on'
	run -0 --separate-stderr fence n1 off -p 1
	[[ $stderr == *'n1: off: ended with code 1'* ]]
	jq_is '.state == "off" and .second == "off"' <<<"$output"
	[ "$(jq -r .op asked | xargs)" = 'off status status' ]
}

@test "off: not in time is 99, and a script that hangs is ended" {
	script n1 <<<'power n1 on'
	run -99 --separate-stderr fence n1 off -t 3 -p 1
	jq_is '.state == "on"' <<<"$output"
	script n1 <<<'echo $$ >>"$DIR/hung"; exec sleep 600'
	run -99 --separate-stderr fence n1 off -t 2 -p 1
	jq_is '.state == "unknown"' <<<"$output"
	[[ $stderr == *'off: no answer in 1 s'* ]]
	while read -r p; do
		run ! kill -0 "$p"
	done <hung
}

@test "IPMI: off, by a board that takes its time; no password in argv" {
	export BMC=$DIR/bmc CHIME_IPMI_HOSTS=$DIR/hosts
	PATH=$ROOT/t/lib/bmc:$PATH
	mkdir bmc
	echo on >bmc/power
	echo 2 >bmc/slow
	echo secret >bmc/password
	(umask 077 && echo secret >n1.password)
	echo "n1 192.0.2.7 admin $DIR/n1.password" >hosts
	cp "$SHARE/etc/fence.d/ipmi.sh" fence.d/ipmi
	ln -s ipmi fence.d/n1
	ln -s ipmi fence.d/n2
	run -0 --separate-stderr fence n1 status
	jq_is '.state == "on"' <<<"$output"
	run -0 --separate-stderr fence n1 off -p 1
	jq_is '.state == "off" and .first == "off" and .second == "off"' \
	    <<<"$output"
	has bmc/calls "-H 192.0.2.7 -U admin -f $DIR/n1.password"
	run ! grep -r secret bmc/calls
	# Neither a wrong password nor a host that is not listed is off.
	echo wrong >n1.password
	run -1 --separate-stderr fence n1 status
	jq_is '.state == "unknown"' <<<"$output"
	run -1 --separate-stderr fence n2 status
	[[ $stderr == *"$DIR/hosts: no line HOST ADDRESS USER"*' for n2'* ]]
	chmod 644 n1.password
	run -1 --separate-stderr fence n1 status
	[[ $stderr == *'others may read it'* ]]
}
