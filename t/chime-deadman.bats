#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# chime-deadman with a real libvirtd and real qemus. Its watchdog is a FIFO
# with a stand-in that cuts the node's power: it kills the whole tree.

load lib/common
load lib/virt

declare -gA ID

setup() {
	common_setup
	mkdir agent
	uuid >agent/boot
	export CHIME_HOST=n1 CHIME_AGENT_DIR=$DIR/agent CHIME_SUM=10m
	# Room for a slow machine: tests set leases' ends themselves.
	export CHIME_LEASE=100s CHIME_KILL=30s
	ID=([web]=$(uuid) [db]=$(uuid))
	beat=0
}

teardown() {
	local status=0

	[ ! -e pids/dm ] || stop dm KILL || status=1
	left_end || status=1
	! grep -s 'Sanitizer\|runtime error' ./*.err || status=1
	virt_stop n1 || status=1
	common_teardown && return $status
}

# left_end: ends the one that stayed behind.
left_end() {
	local p

	p=$(head_of 'select(.left).pid' 2>/dev/null) || return 0
	[ "$p" ] || return 0
	kill -KILL "$p" 2>/dev/null || return 0
	wait_for 5 virt_gone "$p"
}

node() {
	virt_start n1
	CHIME_LIBVIRT_URI=$(virt_uri n1)
	export CHIME_LIBVIRT_URI
}

# guest NAME: runs there.
guest() {
	cat >"$1.xml" <<-END
		<domain type='qemu'><name>$1</name><uuid>${ID[$1]}</uuid>
		<memory unit='MiB'>16</memory><os><type>hvm</type></os>
		<devices><disk type='file' device='floppy'>
		<source file='$SHARE/boot.img'/><target dev='fda'/><readonly/>
		</disk></devices></domain>
	END
	virt_virsh n1 create "$1.xml" >&2
}

# outside NAME: the pid of its qemu, as this shell counts.
outside() {
	pgrep -f -- "-uuid ${ID[$1]}"
}

runs() {
	[ -n "$(outside "$1")" ]
}

dead() {
	! runs "$1"
}

past() {
	[ "$(now_ms)" -ge "$1" ]
}

# lease LINE...: a new lease file, as chime-heartbeat puts it there.
lease() {
	beat=$((beat + 1))
	{
		jq -nc --arg boot "${boot:-$(cat agent/boot)}" \
		    --argjson beat $beat --argjson sent "$(now_ms)" '
		    {type: "lease", ts: "2026-01-02T03:04:05.678Z", host: "n1",
		     boot: $boot, beat: $beat, sent_ms: $sent,
		     interval_ms: 10000}'
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >agent/lease.tmp
	mv agent/lease.tmp agent/lease.jsonl
}

# until_in NAME MS [FILTER]: a VM's line, with that much left of its lease.
until_in() {
	jq -nc --arg vm "${ID[$1]}" --argjson until $(($(now_ms) + $2)) '
	    {type: "lease", vm: $vm, generation: "1.2.0", mode: "auto",
	     fence: true, until_ms: $until} | '"${3:-.}"
}

# dog MS: the stand-in of a watchdog. From the first byte on, MS without one
# are the end of the node, and of what runs on it outside of its tree.
dog() {
	mkfifo dog
	# shellcheck disable=SC2016 # a program of perl
	start watch perl -e '
		$| = 1;
		my ($fifo, $ms, @pid) = @ARGV;
		open(F, "+<", $fifo) or die $!;
		print "ready\n";
		sysread(F, $b, 1) or die $!;
		print "armed\n";
		for (;;) {
			vec($r = "", fileno(F), 1) = 1;
			last unless select($r, undef, undef, $ms / 1000);
			sysread(F, $b, 65536) or die $!;
			die "disarmed" if $b =~ /V/;
			$n++;
			print "petted\n" if $n % 3 == 0;
		}
		print "reset\n";
		for (@pid) {
			if (open(P, "<", $_)) {
				chomp($p = <P>);
				kill("KILL", $p);
			}
		}' "$DIR/dog" "$1" "$DIR/pids/n1" "$DIR/pids/dm"
	wait_for 5 has watch.out ready
	export CHIME_WATCHDOG=$DIR/dog CHIME_WATCHDOG_TIME=${1}ms
}

# petted: once more.
petted() {
	local n

	n=$(grep -c petted watch.out) || :
	wait_for 15 lines watch.out $(($(wc -l <watch.out) + 2)) &&
	    [ "$(grep -c petted watch.out)" -gt "$n" ] &&
	    ! has watch.out reset
}

up() {
	start dm chime-deadman "$@"
	wait_for 10 mine
}

# mine: whether deadman.jsonl is of the one that was just started.
mine() {
	[ "$(head_of .pid 2>/dev/null)" = "$pid" ]
}

head_of() {
	head -n 1 agent/deadman.jsonl | jq -r "$1"
}

head_is() {
	head -n 1 agent/deadman.jsonl | jq -e "$1" >/dev/null
}

# state NAME WORD
state() {
	jq -es --arg vm "${ID[$1]}" --arg s "$2" \
	    'any(.vm == $vm and .state == $s)' agent/deadman.jsonl >/dev/null
}

@test "usage and configuration: 100, or 111" {
	run -100 chime-deadman operand
	run -100 chime-deadman -x
	run -100 chime-deadman -d 1
	run -0 chime-deadman -V
	CHIME_HOST='' run -100 chime-deadman
	[[ $output == *CHIME_HOST* ]]
	CHIME_HOST='N 1' run -100 chime-deadman
	[[ $output == *"'N 1'"* ]]
	CHIME_KILL=never run -100 chime-deadman
	[[ $output == *'CHIME_KILL=never: expected a time'* ]]
	CHIME_AGENT_DIR=$DIR/none run -111 chime-deadman
	[[ $output == *"$DIR/none/boot: No such file"* ]]
	echo nonsense >agent/boot
	run -111 chime-deadman
	[ ! -e agent/deadman.jsonl ]
}

@test "times that are not safe together: 100, with the sum" {
	unset CHIME_LEASE CHIME_KILL CHIME_SUM
	CHIME_KILL=13s run -100 chime-deadman
	[[ $output == *CHIME_SUM*'66300 ms is not safe'*'= 67273 ms'* ]]
	CHIME_SUM=66s run -100 chime-deadman
	[[ $output == *'= 66253 ms'* ]]
	CHIME_LEASE=20s run -100 chime-deadman
	[[ $output == *'not above two heartbeat intervals (20000 ms)'* ]]
	[ ! -e agent/deadman.jsonl ]
}

@test "without a watchdog, a lease file or libvirt: it says so, and waits" {
	export CHIME_LIBVIRT_URI="qemu+unix:///system?socket=$DIR/none"
	start dm bash -c 'exec chime-deadman -d 4 4>ready'
	wait_for 10 lines ready 1
	has dm.err 'warning: CHIME_WATCHDOG is not set: no watchdog is armed'
	wait_for 10 has dm.err 'libvirt does not answer'
	has dm.err 'lease.jsonl: No such file'
	head_is '.host == "n1" and .armed == false and .petting == false and
	    .reset == false and (has("watchdog_ms") | not)'
	[ "$(head_of .boot)" = "$(cat agent/boot)" ]
	# One of a kind.
	run -111 chime-deadman
	[[ $output == *"another chime-deadman runs, pid $pid"* ]]
	stop dm
	[ "$rc" -eq 0 ]
	[ ! -s dm.out ]
}

@test "a watchdog that is none is told, and tried again" {
	CHIME_WATCHDOG=/dev/null up
	has dm.err '/dev/null: cannot be armed: Inappropriate ioctl'
	stop dm
	dog 3000
	stop watch
	up
	has dm.err 'cannot be armed: No such device'
	head_is '.armed | not'
	rm dog watch.out
	dog 3000
	wait_for 10 head_is '.armed and .petting and .watchdog_ms == 3000'
	petted
}

@test "a lease that is over ends the VM, running or paused; manual ones stay" {
	node
	guest web
	guest db
	lease "$(until_in web 3000)" \
	    "$(until_in db -9000 '.mode = "manual" | .fence = false')"
	up
	wait_for 5 state web rest
	runs web
	wait_for 15 dead web
	wait_for 5 state web confirmed
	runs db
	run ! has agent/deadman.jsonl "${ID[db]}"
	# And what becomes auto when its lease is long over, paused.
	virt_virsh n1 suspend db
	lease "$(until_in web -2000)" "$(until_in db -90000)"
	wait_for 15 dead db
	wait_for 5 state db confirmed
	head_is '.reset == false'
	run ! has dm.err SIGKILL
	stop dm
	[ "$rc" -eq 0 ]
}

@test "renewed in time it lives; with the file gone it ends at its end" {
	node
	guest web
	guest db
	lease "$(until_in web 3000)" "$(until_in db 3000)"
	up
	wait_for 5 state web rest
	over=$(($(now_ms) + 9000))
	lease "$(until_in web 9000)" "$(until_in db 9000)"
	wait_for 5 head_is '.beat == 2'
	rm agent/lease.jsonl
	wait_for 5 has dm.err 'lease.jsonl: No such file'
	echo 'garbage {' >agent/lease.jsonl
	wait_for 5 has dm.err 'lease.jsonl: .*what it told before goes on'
	# Nor does another boot's renew, nor a line that contradicts itself.
	boot=$(uuid) lease "$(until_in web 99000)"
	wait_for 5 has dm.err 'boot: expected'
	lease "$(until_in web 99000 '.fence = false')" '{"type":"lease"}'
	wait_for 5 has dm.err 'line 2: fence: false, but the mode is auto; '\
'line 3: vm: '
	runs web
	runs db
	wait_for 20 dead web
	wait_for 20 dead db
	past "$over"
	wait_for 5 state web confirmed
	wait_for 5 state db confirmed
}

@test "a VM that may be manual again is fenced no more" {
	node
	guest web
	lease "$(until_in web 3000)"
	up
	wait_for 5 state web rest
	lease "$(until_in web 3000 '.mode = "manual"')"
	wait_for 5 has agent/deadman.jsonl '"manual"'
	lease "$(until_in web 0 '.mode = "manual" | .fence = false')"
	wait_for 5 head_is '.beat == 3'
	run ! state web rest
	wait_for 10 past $(($(now_ms) + 4000))
	runs web
	run ! has dm.err 'its lease is over'
}

@test "no lease lasts longer than CHIME_LEASE from its beat" {
	node
	guest web
	lease "$(until_in web 999000)"
	CHIME_LEASE=21s CHIME_KILL=9s up
	jq -e --argjson most $(($(now_ms) + 21000)) \
	    'select(.vm) | .until_ms <= $most' agent/deadman.jsonl
	runs web
}

@test "a VM that comes again without a lease is ended again" {
	node
	guest web
	lease "$(until_in web -9000)"
	up
	wait_for 15 state web confirmed
	dead web
	guest web
	wait_for 15 has dm.err 'it is here again, without a lease'
	wait_for 15 dead web
	wait_for 5 state web confirmed
	# Its next lease lets it live.
	lease "$(until_in web 90000)"
	wait_for 5 state web rest
	guest web
	runs web
	head_is '.reset == false'
}

@test "libvirtd does not answer: the qemu is killed the second way" {
	node
	guest web
	guest db
	dog 3000
	lease "$(until_in db 90000)"
	CHIME_KILL=20s up
	wait_for 10 petted
	virt_daemon n1 stop
	lease "$(until_in web 2000)" "$(until_in db 90000)"
	wait_for 5 state web rest
	wait_for 40 dead web
	wait_for 10 state web confirmed
	has dm.err "${ID[web]}: SIGKILL to its qemu"
	runs db
	petted
	head_is '.reset == false and .armed and .petting'
	virt_daemon n1 cont
	wait_for 20 virt_up n1
	runs db
	state db rest
}

@test "neither libvirt nor its qemu can be found: the watchdog resets the node" {
	node
	guest web
	qemu=$(outside web)
	dog 3000
	lease
	# In a pid namespace of its own it does not see the node's processes.
	CHIME_KILL=4s start dm unshare -p -f --kill-child --mount-proc \
	    chime-deadman
	wait_for 10 has watch.out petted
	virt_daemon n1 stop
	lease "$(until_in web 2000)"
	wait_for 20 has watch.out reset
	wait_for 10 virt_gone "$qemu"
	wait_end dm 10
	has dm.err 'no qemu of it is found'
	has dm.err 'not confirmed as ended within 4000 ms: the watchdog is'
	state web reset
	head_is '.reset and .armed and .petting == false'
	wait_end n1 10
	virt_gone "$(cat n1/pid1)"
	# For good in this boot.
	rm dog watch.out
	dog 3000
	up
	has dm.err 'the watchdog was given up in this boot'
	head_is '.reset and (.armed or .petting | not)'
	run ! has watch.out armed
}

@test "kill -9 and a restart: pets on, and knows what was" {
	node
	guest web
	guest db
	dog 5000
	lease "$(until_in web 1000)" "$(until_in db 60000)"
	up
	wait_for 15 state web confirmed
	stop dm KILL
	# Without the file it goes on with what it knew; and a VM that was
	# ended long ago is no reason for a reset when libvirt is away.
	rm agent/lease.jsonl
	virt_daemon n1 kill
	CHIME_KILL=200ms up
	wait_for 10 has dm.err 'libvirt does not answer'
	state web confirmed
	state db rest
	petted
	virt_daemon n1 up
	wait_for 10 has dm.err 'libvirt answers'
	runs db
	petted
	head_is '.reset == false and .armed and .petting'
}

@test "SIGSTOP: the watchdog resets the node" {
	node
	guest web
	qemu=$(outside web)
	dog 2000
	up
	wait_for 10 has watch.out petted
	signal dm STOP
	wait_for 15 has watch.out reset
	wait_for 10 virt_gone "$qemu"
	wait_end dm 5
	wait_end n1 10
}

@test "SIGTERM with an armed watchdog: one stays behind, until the next" {
	node
	guest web
	guest db
	dog 5000
	lease "$(until_in web 90000)"
	up
	wait_for 5 state web rest
	stop dm
	[ "$rc" -eq 0 ]
	has dm.err 'a process stays behind that pets it and fences 1 VMs'
	wait_for 10 head_is .left
	left=$(head_of .pid)
	petted
	# It is no child of anybody's supervisor, and goes on fencing.
	[ "$(ps -o sid= -p "$left" | tr -d ' ')" = "$left" ]
	kill -TERM "$left"
	lease "$(until_in web 90000)" "$(until_in db -9000)"
	wait_for 15 dead db
	wait_for 5 state db confirmed
	runs web
	# What is armed stays so, whatever the configuration says now.
	CHIME_WATCHDOG='' up
	has dm.err "not set: in this boot it stays $DIR/dog, which was armed"
	has dm.err 'took over from the one that stayed behind'
	virt_gone "$left"
	head_is '.armed and .petting and (has("left") | not)'
	state web rest
	state db confirmed
	petted
}

@test "a full disk is told, and VMs are fenced all the same" {
	node
	guest web
	start dm unshare -m --propagation private sh -euc '
		cp -a agent keep
		mount -t tmpfs -o size=16k none agent
		cp keep/* agent
		exec chime-deadman'
	in=/proc/$pid/root$DIR/agent
	wait_for 10 test -s "$in/deadman.jsonl"
	run ! dd if=/dev/zero of="$in/full" bs=1k
	lease "$(until_in web 1000)"
	cat agent/lease.jsonl >"$in/lease.jsonl" || {
		truncate -s -4k "$in/full"
		cat agent/lease.jsonl >"$in/lease.jsonl"
	}
	wait_for 20 dead web
	has dm.err 'cannot write: No space left'
	rm "$in/full"
	wait_for 10 has "$in/deadman.jsonl" confirmed
	[ "$(grep -c 'cannot write' dm.err)" = 1 ]
}
