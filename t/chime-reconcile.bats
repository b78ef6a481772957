#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# chime-reconcile with a real libvirtd and real qemus.
# shellcheck disable=SC2030,SC2031,SC2154 # bats runs tests in subshells

load lib/common
load lib/virt

declare -gA ID

setup() {
	common_setup
	mkdir agent
	uuid >agent/boot
	BOOT=$(cat agent/boot)
	export CHIME_HOST=n1 CHIME_DOMAIN_TYPE=qemu CHIME_AGENT_DIR=$DIR/agent
	ID=([web]=$(uuid) [db]=$(uuid) [stray]=$(uuid))
}

teardown() {
	local status=0

	[ ! -e pids/rec ] || stop rec || status=1
	# In a build with SAN=1, whatever way it ended.
	! grep -s 'Sanitizer\|runtime error' rec.err || status=1
	virt_stop n1 || status=1
	common_teardown && return $status
}

node() {
	virt_start n1
	CHIME_LIBVIRT_URI=$(virt_uri n1)
	export CHIME_LIBVIRT_URI
}

# host [ADMIN] [BOOT]: the first line.
host() {
	jq -nc --arg admin "${1:-run}" --arg boot "${2:-$BOOT}" \
	    --arg rev "$(uuid | tr -d - | cut -c1-16)" \
	    '{type: "host", ts: "2026-01-02T03:04:05.678Z", host: "n1",
	      boot: $boot, admin: $admin, desired_rev: $rev}'
}

# vm NAME WANT WISH [FILTER]: a VM's line, changed by the jq filter.
vm() {
	jq -nc --arg name "$1" --arg vm "${ID[$1]}" --arg want "$2" \
	    --argjson wish "$3" --arg img "${IMG:-$SHARE/boot.img}" '
	    {type: "vm", ts: "2026-01-02T03:04:05.678Z", vm: $vm, host: "n1",
	     name: $name, want: $want, wish: $wish, generation: 1,
	     restart: "on-failure", grace_ms: 30000, vcpus: 1, memory_mib: 16,
	     spec: {disks: [{path: $img, format: "raw", device: "floppy",
		readonly: true}]}} | '"${4:-.}"
}

# desired LINE...: as chime-heartbeat puts it there.
desired() {
	printf '%s\n' "$@" >agent/desired.tmp
	mv agent/desired.tmp agent/desired.jsonl
}

# is NAME FILTER: whether the VM was observed and satisfies the filter.
is() {
	jq -es --arg vm "${ID[$1]}" "any(.[] | select(.vm == \$vm); $2)" \
	    "${agent:-agent}/observed.jsonl" >/dev/null 2>&1
}

node_is() {
	jq -es "any(.[] | select(.type == \"host\"); $1)" \
	    agent/observed.jsonl >/dev/null 2>&1
}

# reborn NAME PID: whether it runs with another process than that.
reborn() {
	local now

	now=$(virt_qemu n1 "$1")
	[ -n "$now" ] && [ "$now" != "$2" ] && is "$1" '.state == "running"'
}

# said N PATTERN: whether rec's log has at least N such lines.
said() {
	[ "$(grep -c -e "$2" rec.err)" -ge "$1" ]
}

# not COMMAND...: for wait_for.
not() {
	! "$@"
}

# starts NAME: how often a start was begun.
starts() {
	grep -c "${ID[$1]}.*: start: " rec.err || :
}

up() {
	start rec chime-reconcile
}

# A guest that powers itself off at once: out 0x2000 to SeaBIOS's PM1 control.
off_img() {
	printf '\xba\x04\x06\xb8\x00\x20\xef\xf4\xeb\xfd' >off.img
	truncate -s 510 off.img
	printf '\x55\xaa' >>off.img
	truncate -s 1440K off.img
	IMG=$DIR/off.img
}

@test "usage and configuration" {
	run -100 chime-reconcile -x
	run -100 chime-reconcile operand
	run -0 chime-reconcile -V
	CHIME_HOST='' run -100 chime-reconcile
	[[ $output == *CHIME_HOST* ]]
	CHIME_HOST='N 1' run -100 chime-reconcile
	[[ $output == *"'N 1'"* ]]
	CHIME_RECONCILE=1ms run -100 chime-reconcile
	[[ $output == *CHIME_RECONCILE*1ms* ]]
	CHIME_DOMAIN_TYPE=xen run -100 chime-reconcile
	CHIME_CONSOLE_DIR=log run -100 chime-reconcile
	CHIME_AGENT_DIR=$DIR/none run -111 chime-reconcile
	echo nonsense >agent/boot
	run -100 chime-reconcile
	[[ $output == *nonsense* ]]
}

@test "-n and -1: input that changes nothing" {
	export CHIME_LIBVIRT_URI="qemu+unix:///system?socket=$DIR/none"
	run -100 chime-reconcile -n </dev/null
	[[ $output == *"no host line"* ]]
	vm web running 1 >in
	run -100 chime-reconcile -1 <in
	host run "$(uuid)" >in
	run -100 chime-reconcile -1 <in
	[[ $output == *"another boot"* ]]
	host | jq -c '.host = "n2"' >in
	run -100 chime-reconcile -1 <in
	[[ $output == *"another host"* ]]
	host >in
	run -111 chime-reconcile -n <in
	[[ $output == *"libvirt does not answer: cannot connect"* ]]
	vm web running 1 >>in
	run -111 --separate-stderr chime-reconcile -1 <in
	[ "$(jq -r .state <<<"${lines[1]}")" = unknown ]
}

@test "-n shows the plan, -1 carries it out" {
	node
	{
		host
		vm web running 1
		echo '{"type":"later","x":1}'
		echo '{"type":"vm","broken'
		vm db running 1 '.memory_mib = -1'
	} >in
	run -1 --separate-stderr chime-reconcile -n <in
	[ "${#lines[@]}" = 4 ]
	[ "${lines[0]}" = '{"type":"later","x":1}' ]
	jq -e 'select(.type == "error") | .line == 4' <<<"${lines[1]}"
	jq -e '.line == 5 and (.reason | test("memory_mib"))' <<<"${lines[2]}"
	jq -e --arg vm "${ID[web]}" '.type == "plan" and .vm == $vm and
	    .host == "n1" and .action == "start"' <<<"${lines[3]}"
	[ -z "$(virt_virsh n1 list --name)" ]
	run -1 --separate-stderr chime-reconcile -1 <in
	jq -e 'select(.type == "vm") | .state == "running"' <<<"$output"
	virt_qemu n1 web
	{ host; vm web running 1; } >in
	run -0 --separate-stderr chime-reconcile -n <in
	[ -z "$output" ]
	run -0 chime-reconcile -1 <in
	{ host; vm web stopped 2 '.grace_ms = 0'; } >in
	run -1 --separate-stderr chime-reconcile -n <in
	jq -e '.action == "destroy"' <<<"$output"
	run -0 --separate-stderr chime-reconcile -1 <in
	jq -e 'select(.type == "vm") | .state == "off"' <<<"$output"
	{ host; vm web running 3; } >in
	run -111 sh -c 'chime-reconcile -1 <in >/dev/full'
	run -111 sh -c '{ cat in; echo "{\"type\":\"x\"}"; } |
	    chime-reconcile -n >/dev/full'
}

@test "what libvirt gets is a valid description" {
	"$BUILD/unit/domxml" qemu >qemu.xml
	"$BUILD/unit/domxml" kvm >kvm.xml
	virt-xml-validate qemu.xml domain
	virt-xml-validate kvm.xml domain
}

@test "starts what is wanted, whatever its name, and ends on SIGTERM" {
	export CHIME_CONSOLE_DIR=$DIR
	node
	desired "$(host)" "$(vm web running 1 ".name = \"<&>'\\\" 网站\"")"
	up
	wait_for 10 is web '.state == "running" and .wish == 1 and
	    .want == "running" and .generation == 1'
	node_is '.health == "ok" and .host == "n1" and (.reason | not)'
	[ "$(virt_virsh n1 list --name)" = "<&>'\" 网站" ]
	virt_virsh n1 metadata "${ID[web]}" urn:chime:vm | grep 'wish="1"'
	wait_for 10 has "${ID[web]}.log" 'tick 00000002'
	stop rec
	[ "$rc" = 0 ]
	virt_virsh n1 domstate "${ID[web]}" | grep running
}

@test "a killed qemu is back with a new process" {
	node
	desired "$(host)" "$(vm web running 1)" "$(vm db running 1)"
	up
	wait_for 10 is web '.state == "running"'
	wait_for 10 is db '.state == "running"'
	old=$(virt_qemu n1 web)
	virt_kill n1 web
	wait_for 10 reborn web "$old"
	wait_for 5 is web '.restarts == 1'
	is db '.restarts | not'
	[ "$(starts web)" = 2 ]
}

@test "a crash loop is slowed down, and says so" {
	node
	desired "$(host)" "$(vm web running 1)"
	up
	for i in 1 2 3; do
		wait_for 10 is web ".state == \"running\" and
		    (.restarts // 0) == $i - 1"
		virt_kill n1 web
	done
	wait_for 10 is web '.state == "off" and .next_try_ms == 2000 and
	    (.final | not) and
	    (.reason | test("crash-loop: qemu died, 3 times"))'
	desired "$(host)" "$(vm web running 2)"
	# A new wish does not wait, and is not slowed down by the old one.
	wait_for 10 is web '.state == "running" and .wish == 2'
	virt_kill n1 web
	wait_for 10 is web '.state == "running" and .restarts == 3'
}

@test "libvirtd away: unknown, and what died meanwhile is back" {
	node
	desired "$(host)" "$(vm web running 1)" "$(vm db running 1)"
	up
	wait_for 10 is web '.state == "running"'
	wait_for 10 is db '.state == "running"'
	web=$(virt_qemu n1 web)
	db=$(virt_qemu n1 db)
	virt_daemon n1 kill
	virt_sh n1 kill -9 "$web"
	wait_for 10 node_is '.health == "error" and
	    (.reason | test("libvirt does not answer"))'
	is web '.state == "unknown"'
	is db '.state == "unknown"'
	virt_daemon n1 up
	wait_for 10 reborn web "$web"
	wait_for 5 node_is '.health == "ok"'
	is db '.state == "running" and (.restarts | not)'
	[ "$(virt_qemu n1 db)" = "$db" ]
	[ "$(starts db)" = 1 ]
}

# libvirtd dies as soon as it has made a qemu, until one is left that never
# runs; most are gone, and some run after all.
half_made() {
	local i

	for ((i = 0; i < 30; i++)); do
		wait_for 20 pgrep -f "uuid ${ID[web]}" >/dev/null || return
		virt_daemon n1 kill
		virt_daemon n1 up || return
		! wait_for 1 is web \
		    '.state == "starting" and .reason == "libvirt is starting it"' ||
			return 0
		desired "$(host)" "$(vm web stopped 1 '.grace_ms = 0')"
		wait_for 20 is web '.state == "off"' || return
		desired "$(host)" "$(vm web running 1)"
	done
	false
}

@test "a start that libvirtd died in is begun anew" {
	node
	desired "$(host)" "$(vm web running 1)"
	up
	half_made
	half=$(virt_qemu n1 web)
	[ -n "$half" ]
	wait_for 30 is web '.state == "running"'
	[ "$(virt_qemu n1 web)" != "$half" ]
	[ "$(virt_virsh n1 domstate "${ID[web]}")" = running ]
}

@test "a short absence of libvirtd is not told" {
	node
	desired "$(host)" "$(vm web running 1)"
	up
	wait_for 10 is web '.state == "running"'
	rev=$(jq -r '.observed_rev // empty' agent/observed.jsonl)
	s6-svc -r -k "$DIR/n1/service/libvirtd"
	wait_for 10 has rec.err 'does not answer'
	wait_for 10 said 2 'libvirt answers'
	[ "$(jq -r '.observed_rev // empty' agent/observed.jsonl)" = "$rev" ]
}

@test "libvirtd stopped by SIGSTOP: nothing is done until it goes on" {
	node
	desired "$(host)" "$(vm web running 1)"
	up
	wait_for 10 is web '.state == "running"'
	web=$(virt_qemu n1 web)
	virt_daemon n1 stop
	wait_for 15 node_is '.health == "error" and
	    (.reason | test("libvirt does not answer"))'
	is web '.state == "unknown"'
	desired "$(host down)" "$(vm web stopped 2)" "$(vm db running 1)"
	wait_for 5 is db '.state == "unknown"'
	[ "$(starts db)" = 0 ]
	run ! has rec.err 'shutdown'
	desired "$(host)" "$(vm web running 3)" "$(vm db running 1)"
	wait_for 5 is web '.wish == 3 and .state == "unknown"'
	virt_daemon n1 cont
	wait_for 15 is db '.state == "running"'
	node_is '.health == "ok"'
	is web '.state == "running" and (.restarts | not)'
	[ "$(virt_qemu n1 web)" = "$web" ]
	[ "$(starts db)" = 1 ]
}

@test "without a libvirtd from the start: health says so at once" {
	export CHIME_LIBVIRT_URI="qemu+unix:///system?socket=$DIR/none"
	began=$(now_ms)
	start rec bash -c 'exec chime-reconcile -d 4 4>ready'
	wait_for 10 lines ready 1
	took=$(($(now_ms) - began))
	node_is '.health == "error" and (.reason | test("does not answer"))'
	# What is held back is a restart, for two seconds.
	stop rec
	start rec bash -c 'exec chime-reconcile -d 4 4>ready2'
	began=$(now_ms)
	wait_for 10 lines ready2 1
	[ "$took" -lt $(($(now_ms) - began)) ]
}

@test "libvirtd that never answered: health says so, then all is well" {
	node
	virt_daemon n1 stop
	desired "$(host)" "$(vm web running 1)"
	up
	wait_for 10 node_is '.health == "error"'
	is web '.state == "unknown"'
	virt_daemon n1 cont
	wait_for 15 is web '.state == "running"'
}

@test "kill -9 of the reconciler disturbs no VM" {
	node
	off_img
	desired "$(host)" "$(vm db running 1)" \
	    "$(IMG=$SHARE/boot.img vm web running 1)"
	up
	wait_for 10 is web '.state == "running"'
	wait_for 10 is db '.final'
	virt_kill n1 web
	wait_for 10 is web '.restarts == 1 and .state == "running"'
	web=$(virt_qemu n1 web)
	since=$(jq -r --arg vm "${ID[db]}" 'select(.vm == $vm) | .ts' \
	    agent/observed.jsonl)
	stop rec KILL
	mv agent/observed.jsonl before
	cp before agent/observed.jsonl
	up
	wait_for 10 has rec.err 'libvirt answers, 1 domains'
	wait_for 10 not cmp -s before agent/observed.jsonl
	is web '.state == "running" and .restarts == 1'
	[ "$(virt_qemu n1 web)" = "$web" ]
	is db '.state == "off" and .final and .ts == "'"$since"'"'
	[ "$(starts web)$(starts db)" = 00 ]
	# And what dies while nobody looks, is back.
	stop rec KILL
	virt_kill n1 web
	up
	wait_for 10 reborn web "$web"
	wait_for 5 is web '.restarts == 2'
}

@test "a guest that powers itself off stays off, until it is wanted anew" {
	node
	off_img
	desired "$(host)" "$(vm web running 1)"
	up
	wait_for 10 is web '.state == "off" and .final and .wish == 1 and
	    .want == "running" and .reason == "guest powered itself off"'
	desired "$(host)" "$(vm web stopped 2)"
	wait_for 5 is web '.state == "off" and .wish == 2 and (.final | not)'
	[ "$(starts web)" = 1 ]
	IMG=$SHARE/boot.img
	desired "$(host)" "$(vm web running 3)"
	wait_for 10 is web '.state == "running"'
}

@test "restart: always comes back, never stays off" {
	node
	desired "$(host)" "$(vm db running 1 '.restart = "never"')" \
	    "$(off_img; vm web running 1 '.restart = "always"')"
	up
	wait_for 10 is web '.restarts >= 1'
	wait_for 10 is web '.reason // "" | test("crash-loop: guest powered")'
	wait_for 10 is db '.state == "running"'
	virt_kill n1 db
	wait_for 10 is db '.state == "off" and .final and
	    .reason == "qemu died"'
	[ "$(starts db)" = 1 ]
}

@test "a qemu that is sent SIGTERM is a failure, not a power-off" {
	node
	desired "$(host)" "$(vm web running 1)"
	up
	wait_for 10 is web '.state == "running"'
	old=$(virt_qemu n1 web)
	virt_sh n1 kill "$old"
	wait_for 10 reborn web "$old"
}

@test "stopping: asked first, destroyed after the grace" {
	node
	truncate -s 1440K deaf.img
	desired "$(host)" "$(vm web running 1)" \
	    "$(IMG=$DIR/deaf.img vm db running 1)"
	up
	wait_for 10 is web '.state == "running"'
	wait_for 10 is db '.state == "running"'
	# The demo guest must have set up its button before it is pressed.
	console=$(virt_virsh n1 ttyconsole web)
	virt_sh n1 timeout 10 sh -c "grep -m1 -a tick <$console"
	desired "$(host)" "$(vm web stopped 2)" \
	    "$(IMG=$DIR/deaf.img vm db deleted 2 '.grace_ms = 1500')"
	wait_for 5 is db '.state == "stopping" and .want == "deleted"'
	wait_for 10 is web '.state == "off" and (.final | not)'
	wait_for 10 is db '.state == "off" and (.final | not)'
	has rec.err "${ID[db]}.*: destroy"
	run ! has rec.err "${ID[web]}.*: destroy"
	# Dropped by the server: no longer told.
	desired "$(host)" "$(vm web stopped 2)"
	wait_for 5 not is db true
}

@test "admin states: down stops all, drained starts none, disabled keeps" {
	node
	truncate -s 1440K deaf.img
	IMG=$DIR/deaf.img
	q='.grace_ms = 0'
	desired "$(host disabled)" "$(vm web running 1 "$q")"
	up
	wait_for 10 is web '.state == "running"'
	old=$(virt_qemu n1 web)
	virt_kill n1 web
	wait_for 10 reborn web "$old"
	old=$(virt_qemu n1 web)
	desired "$(host drained)" "$(vm web running 1 "$q")" \
	    "$(vm db running 1 "$q")"
	wait_for 5 is db '.state == "off" and (.reason | test("drained"))'
	[ "$(virt_qemu n1 web)" = "$old" ]
	desired "$(host down)" "$(vm web running 1 "$q")" \
	    "$(vm db running 1 "$q")"
	wait_for 10 is web '.state == "off" and .reason == "host is down" and
	    (.final | not)'
	is db '.state == "off" and .reason == "host is down"'
	[ -z "$(virt_virsh n1 list --name)" ]
	[ "$(starts db)" = 0 ]
	desired "$(host)" "$(vm web running 1 "$q")" "$(vm db running 1 "$q")"
	wait_for 10 is web '.state == "running"'
	wait_for 10 is db '.state == "running"'
}

@test "no desired file, or another boot's: nothing is started or stopped" {
	node
	desired "$(host)" "$(vm web running 1)"
	up
	wait_for 10 is web '.state == "running"'
	stop rec
	rm agent/desired.jsonl agent/observed.jsonl
	up
	wait_for 10 is web '.state == "running" and (.stray | not) and
	    (.reason | test("not answered"))'
	desired "$(host down "$(uuid)")" "$(vm web stopped 2)"
	wait_for 5 has rec.err 'another boot: nothing changes'
	desired "$(vm web stopped 2)" "$(vm db running 1)"
	wait_for 5 has rec.err 'no host line: nothing changes'
	: >agent/desired.jsonl
	wait_for 5 said 2 'no host line'
	desired "$(host)" "$(vm web running 1)"
	wait_for 5 is web '.state == "running" and (.reason | not)'
	# The wrong one changes nothing now either.
	desired "$(host down "$(uuid)")" "$(vm web stopped 2)"
	wait_for 5 said 2 'another boot'
	is web '.want == "running"'
	run ! has rec.err 'shutdown'
	[ "$(starts web)$(starts db)" = 00 ]
}

@test "bad lines are told and skipped, the rest is done" {
	node
	desired "$(host)" '{"type":"vm"' "$(vm db running 1 '.name = "a/b"')" \
	    '{"type":"later"}' "$(vm web running 1)"
	up
	wait_for 10 is web '.state == "running"'
	has rec.err 'line 2: '
	has rec.err 'line 3: name'
	run ! has rec.err 'line 4'
	run ! is db true
	# What libvirt refuses is told as libvirt's, and tried again.
	desired "$(host)" "$(vm web running 1)" \
	    "$(vm db running 1 '.spec.disks[0].path = "/nowhere/x.img"')"
	wait_for 10 is db '.state == "off" and (.final | not) and
	    (.reason | test("^start failed: .*/nowhere/x.img"))'
	wait_for 10 said 2 "${ID[db]}.*: start: "
	is web '.state == "running"'
}

@test "foreign domains and strays are left alone" {
	node
	desired "$(host)" "$(vm stray running 1)"
	up
	wait_for 10 is stray '.state == "running"'
	virt_virsh n1 dumpxml stray |
	    sed -e '/<metadata>/,/<\/metadata>/d' \
		-e "s/${ID[stray]}/${ID[web]}/; s/stray/web/" \
		-e '/<source path=/d; /<alias/d' >web.xml
	virt_virsh n1 create web.xml
	web=$(virt_qemu n1 web)
	desired "$(host)" "$(vm web stopped 5)"
	wait_for 10 is web '.state == "running" and
	    (.reason | test("did not make it"))'
	wait_for 10 is stray '.state == "running" and .stray and .wish == 1'
	desired "$(host down)" "$(vm web running 6)"
	wait_for 5 is web '.wish == 6'
	[ "$(virt_qemu n1 web)" = "$web" ]
	run ! has rec.err ': destroy\|: shutdown'
	virt_virsh n1 destroy stray
	wait_for 5 not is stray true
}

@test "a paused VM is left alone, and told why" {
	node
	desired "$(host)" "$(vm web running 1)"
	up
	wait_for 10 is web '.state == "running"'
	virt_virsh n1 suspend web
	wait_for 5 is web '.state == "paused" and (.reason | test("by a user"))'
	stop rec KILL
	up
	wait_for 5 has rec.err 'libvirt answers'
	is web '.state == "paused"'
	virt_virsh n1 domstate web | grep paused
	virt_virsh n1 resume web
	wait_for 5 is web '.state == "running"'
}

@test "a stuck VM delays no other" {
	node
	desired "$(host)" "$(vm web running 1)" "$(vm db running 1)"
	up
	wait_for 10 is web '.state == "running"'
	wait_for 10 is db '.state == "running"'
	# Frozen, it is killed only after libvirt's patience with SIGTERM.
	virt_sh n1 kill -STOP "$(virt_qemu n1 db)"
	desired "$(host)" "$(vm web running 1)" \
	    "$(vm db stopped 2 '.grace_ms = 0')"
	wait_for 5 is db '.state == "stopping"'
	old=$(virt_qemu n1 web)
	virt_kill n1 web
	wait_for 9 reborn web "$old"
	is db '.state == "stopping"'
	wait_for 20 is db '.state == "off"'
}

@test "a full disk is told, the VMs are looked after, and it goes on" {
	node
	desired "$(host)" "$(vm web running 1)"
	start rec unshare -m --propagation private sh -euc '
		cp -a agent keep
		mount -t tmpfs -o size=64k none agent
		cp keep/* agent
		exec chime-reconcile'
	agent=/proc/$pid/root$DIR/agent
	wait_for 10 is web '.state == "running"'
	run ! dd if=/dev/zero of="$agent/full" bs=1k
	old=$(virt_qemu n1 web)
	virt_kill n1 web
	wait_for 10 has rec.err 'cannot write: No space left'
	wait_for 10 said 2 "${ID[web]}.*: start: "
	wait_for 10 virt_virsh n1 domstate web
	[ "$(virt_qemu n1 web)" != "$old" ]
	is web '.restarts | not'
	[ "$(find "$agent" -name '*.tmp')" = '' ]
	rm "$agent/full"
	wait_for 10 is web '.state == "running" and .restarts == 1'
	[ "$(grep -c 'cannot write' rec.err)" = 1 ]
}
