#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Live migration between two real libvirts: over the network that is named,
# cancelled, refused, and with libvirtd killed in the worst moment. At no
# moment do two copies run, and a failure leaves one.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/virt
load ../lib/pair
load ../lib/tls
load net

setup() {
	common_setup
	pair_up
}

teardown() {
	pair_down
	common_teardown
}

vm() {
	printf '{"type":"vm","vm":"%s"}\n' "$@"
}

# ends FILTER [FILE]: whether all migration records satisfy it.
ends() {
	local filter=$1

	shift
	jq -c 'select(.type == "migration")' "$@" >ends.jsonl
	jq_is "$filter" ends.jsonl
}

destroyed() {
	virt_virsh "$1" destroy "$2" >/dev/null 2>&1 || :
	virt_virsh "$1" list --all --name >list && ! has list "^$2\$"
}

# ledger: what n1's has, in a line.
ledger() {
	jq -rs '[.[] | select(.type != "ledger") | .type] | join(" ")' \
	    "$CHIME_LEDGER"
}

# refused WHY: what was to be migrated is, nothing was begun, it runs here.
refused() {
	echo "$output"
	grep '^{' <<<"$output" | jq -r '.reason // empty' >reasons
	has reasons "$1"
	run -1 grep '"migration"' <<<"$output"
	[ "$(pair_copies web)" -eq 1 ]
	pair_runs n1 web
}

@test "a running guest moves with the management network down" {
	id=$(pair_vm n1 web)
	export id
	net_cut n1
	net_cut n2
	ip -n "$NET_PFX-n1" link set eth0 down
	vm "$id" >in
	run -1 --separate-stderr pair_migrate -n <in
	echo "$output" >plan
	jq_is 'if .type == "plan" then .action == "migrate" else .ok end' plan
	pair_runs n1 web
	run -0 --separate-stderr pair_migrate <in
	ends '.result == "moved" and .runs == "there"' <<<"$output"
	[ -z "$stderr" ]
	pair_runs n2 web
	[ -z "$(virt_virsh n1 list --all --name | tr -d '\n')" ]
	[ -z "$(virt_virsh n2 list --all --persistent --name | tr -d '\n')" ]
	[ "$(pair_copies web)" -eq 1 ]
	[ "$(ledger)" = depart ]
	jq -c 'select(.type == "depart")' "$CHIME_LEDGER" >depart
	jq_is '.vm == $ENV.id and
	    .generation == "1.1.0" and .other == "1.1.1" and
	    .peer == "10.92.0.2"' depart
	# Once more: there is nothing to do.
	run -0 --separate-stderr pair_migrate -n <in
	jq_is 'if .type == "plan" then .action == "none" else .ok end' \
	    <<<"$output"
}

@test "all of chime's guests move, and nobody else's" {
	for name in a b c; do
		pair_vm n1 "$name" >"$name.id"
	done
	vm "$(pair_vm n1 foreign)" >in
	virt_virsh n1 metadata foreign --uri urn:chime:vm --remove --live
	run -1 pair_migrate <in
	[[ $output == *'chime did not make it'* ]]
	run -0 --separate-stderr pair_migrate -a -p 3
	echo "$output"
	ends '.result == "moved"' <<<"$output"
	[ "$(wc -l <ends.jsonl)" -eq 3 ]
	[[ $stderr == *"1 domains that are not chime's stay here"* ]]
	for name in a b c; do
		pair_runs n2 "$name"
		[ "$(pair_copies "$name")" -eq 1 ]
	done
	[ "$(virt_virsh n1 list --name | tr -d '\n')" = foreign ]
}

@test "by TLS, with certificates on both sides" {
	tls_ca ca
	tls_cert n2-cert ca "IP:$PAIR_DEST"
	tls_cert n1-cert ca DNS:n1
	mkdir pki
	cp ca.crt pki/cacert.pem
	cp n1-cert.crt pki/clientcert.pem
	cp n1-cert.key pki/clientkey.pem
	sed -i -e 's/^listen_tcp.*/listen_tcp = 0/' \
	    -e 's/^listen_tls.*/listen_tls = 1/' n2/etc/libvirtd.conf
	printf '%s = "%s"\n' key_file "$DIR/n2-cert.key" \
	    cert_file "$DIR/n2-cert.crt" ca_file "$DIR/ca.crt" \
	    >>n2/etc/libvirtd.conf
	virt_daemon n2 kill
	virt_daemon n2 up
	vm "$(pair_vm n1 web)" >in
	# Whom a stranger has signed, or nobody, is not let in.
	run -111 virt_sh n1 chime-migrate -I eth1 -D "$PAIR_DEST" <in
	refused 'see\|try it with virsh'
	run -0 --separate-stderr virt_sh n1 env CHIME_LIBVIRT_PKI="$DIR/pki" \
	    chime-migrate -I eth1 -D "$PAIR_DEST" <in
	ends '.result == "moved"' <<<"$output"
	pair_runs n2 web
}

@test "SIGINT midway: it runs here, and says so" {
	# At 1 MiB/s it takes 12 s at least.
	pair_heavy
	id=$(pair_vm n1 web)
	vm "$id" "$(pair_vm n1 second)" >mig.in
	pair_start -b 1 -p 1
	wait_for 30 has mig.out '"progress"'
	jq -c 'select(.type == "progress")' mig.out >progress
	jq_is '.total_bytes > 0 and .percent < 100 and
	    .bytes_per_s >= 0 and .dirty_bytes_per_s >= 0' progress
	signal mig INT
	wait_end mig 40
	[ "$rc" -eq 1 ]
	ends '.result == "cancelled" and .runs == "here"' mig.out
	[ "$(wc -l <ends.jsonl)" -eq 2 ]
	jq -c 'select(.type == "progress").percent' mig.out >percents
	sort -nc percents
	pair_runs n1 web
	pair_runs n1 second
	[ "$(pair_copies web)" -eq 1 ]
	[ "$(ledger)" = 'depart return' ]
	# It can be tried again at once; on a terminal with a bar.
	vm "$id" >in
	CHIME_ALLOW_PLAINTEXT=1 CHIME_LIBVIRT_URI=$(virt_uri n1) script -qec \
	    "ip netns exec $NET_PFX-n1 chime-migrate -w tcp -I eth1 \
	    -D $PAIR_DEST -b 4 <in" terminal
	has terminal "${id%%-*} [[]#*[.]*[]] *[0-9]*% [0-9]* MiB/s"
	has terminal "^$id migrate $PAIR_DEST eth1"
	has terminal "$id moved there $PAIR_DEST [0-9]* ms"
	run -1 grep '{' terminal
	pair_runs n2 web
}

@test "refused: the interface, the way, the destination" {
	vm "$(pair_vm n1 web)" >in
	run -1 pair_migrate -I eth9 <in
	refused 'eth9: No such device'
	run -1 pair_migrate -D 10.91.0.2 <in
	refused '10.91.0.2 is reached through eth0, not eth1'
	run -1 pair_migrate -D 198.51.100.7 <in
	refused '198.51.100.7: Network is unreachable'
	# An address nobody has; and one where nobody listens.
	run -99 pair_migrate -t 500ms -D 10.92.0.77 <in
	refused 'no answer within 500 ms'
	ip -n "$NET_PFX-n2" addr add 10.92.0.9/24 dev eth1
	virt_daemon n2 kill
	run -111 pair_migrate -D 10.92.0.9 <in
	jq_is 'if .check == "destination" then .ok | not else .ok end' \
	    <<<"$output"
	virt_daemon n2 up
	ip -n "$NET_PFX-n1" link set eth1 down
	run -1 pair_migrate <in
	refused 'eth1 is down'
}

@test "refused: local disks, no memory, definitions, strangers" {
	truncate -s 4M data.img
	disk="<disk type='file' device='disk'>
	    <driver name='qemu' type='raw' cache='none'/>
	    <source file='$DIR/data.img'/><target dev='hda' bus='ide'/></disk>"
	id=$(pair_vm n1 web 16 "$disk")
	vm "$id" >in
	run -1 pair_migrate <in
	refused "writable disk $DIR/data.img is on this node alone"
	# One that may move stays with it, unless told otherwise.
	other=$(pair_vm n1 other)
	vm "$id" "$other" >both
	run -1 pair_migrate <both
	refused "$DIR/data.img"
	run -1 --separate-stderr pair_migrate -k <both
	ends '.result == "moved"' <<<"$output"
	pair_runs n2 other
	# It is no domain here; nor is there any such thing.
	vm "$(uuid)" >none
	run -1 pair_migrate <none
	refused 'no domain here'
	# Both nodes have the file, in truth: people may say so.
	run -1 --separate-stderr pair_migrate -n -s "$DIR" <in
	jq_is 'if .type == "plan" then .action == "migrate" else .ok end' \
	    <<<"$output"
	# A definition would be left behind.
	virt_virsh n1 define web.xml >/dev/null
	run -1 pair_migrate -s "$DIR" <in
	refused 'keeps a definition'
	virt_virsh n1 undefine web >/dev/null
	virt_virsh n2 define web.xml >/dev/null
	run -1 pair_migrate -s "$DIR" <in
	refused 'has a domain of this UUID'
	virt_virsh n2 undefine web >/dev/null
	# Copied into a file of n2's own, over the same network.
	mkdir own
	truncate -s 4M own/data.img
	printf 'written' | dd of=data.img conv=notrunc status=none
	virt_sh n2 mount --bind "$DIR/own/data.img" "$DIR/data.img"
	run -0 --separate-stderr pair_migrate -c <in
	ends '.result == "moved"' <<<"$output"
	jq_is '.copies[0].path | test("data.img$")' \
	    <<<"$(jq -c 'select(.type == "plan")' <<<"$output")"
	[[ $stderr == *'10.92.0.2 must have the files of its disks'* ]]
	pair_runs n2 web
	[ "$(head -c 7 own/data.img)" = written ]
}

@test "refused: more memory than the destination has" {
	mib=$(awk '/MemTotal/ { print int($2 / 1024) - 64 }' /proc/meminfo)
	vm "$(pair_vm n1 web "$mib")" >in
	run -1 pair_migrate <in
	refused '10.92.0.2 has [0-9]* free'
}

# window MS: begins to migrate `web`, and kills n1's libvirtd so many ms after
# the copy at n2 began to run: a moment that a shell would miss.
window() {
	vm "$id" >mig.in
	pair_start -t 5s
	# shellcheck disable=SC2016 # perl's
	virt_sh n1 perl -e '
		my ($pid, $file, $ms, $end) = (@ARGV, time + 60);
		for (;;) {
			die "it never ran there\n" if time > $end;
			next if !open(my $f, "<", $file);
			last if join("", <$f>) =~
			    /^<domstatus state=.running/m;
		}
		select(undef, undef, undef, $ms / 1000);
		kill "KILL", $pid;' \
	    "$(s6-svstat -o pid n1/service/libvirtd)" \
	    "$DIR/n2/run/libvirt/qemu/web.xml" "$1"
}

@test "libvirtd killed in the window: one copy runs, and only one" {
	cleared=0
	for delay in 0 2 10 50; do
		id=$(pair_vm n1 web)
		window "$delay"
		wait_end mig 90
		wait_for 20 virt_up n1
		cat mig.out
		[ "$rc" -eq 0 ]
		ends '.result == "moved" and .runs == "there"' mig.out
		! has mig.out '"cleared":true' || cleared=$((cleared + 1))
		[ "$(pair_copies web)" -eq 1 ]
		pair_runs n2 web
		run -1 virt_virsh n1 domstate web
		wait_for 30 destroyed n2 web
	done
	echo "cleared: $cleared"
	[ $cleared -ge 1 ]
}

@test "libvirtd killed at any time: one copy runs, and the record is true" {
	for delay in 0.2 0.4 0.7 1.1; do
		id=$(pair_vm n1 web)
		vm "$id" >mig.in
		pair_start -t 5s
		wait_for 20 has mig.out '"plan"'
		sleep "$delay" # which moment of the migration it is
		s6-svc -k n1/service/libvirtd
		wait_end mig 90
		wait_for 20 virt_up n1
		cat mig.out
		[ "$(pair_copies web)" -eq 1 ]
		if [ "$rc" -eq 0 ]; then
			ends '.runs == "there"' mig.out
			pair_runs n2 web
			run -1 virt_virsh n1 domstate web
			wait_for 30 destroyed n2 web
		else
			[ "$rc" -eq 1 ]
			ends '.runs == "here"' mig.out
			pair_runs n1 web
			wait_for 30 destroyed n1 web
		fi
	done
}

@test "the window, and nobody to ask: nothing is touched, later it is settled" {
	for _ in 1 2 3 4 5 6 7 8; do
		id=$(pair_vm n1 web)
		window 0
		ip -n "$NET_PFX-sw" link set w-n2 nomaster
		wait_end mig 120
		wait_for 20 virt_up n1
		! pair_paused n1 web || break
		ip -n "$NET_PFX-sw" link set w-n2 master br1
		wait_for 30 destroyed n2 web
	done
	[ "$rc" -eq 111 ]
	ends '.result == "unclear" and .runs == "unknown" and
	    .here == "paused" and .there == "unknown" and
	    (.reason | test("never resume it here"))' mig.out
	pair_paused n1 web
	[ "$(pair_copies web)" -eq 1 ]
	# Nor can it be begun anew, or settled, without an answer.
	vm "$id" >in
	run -99 pair_migrate -t 1s <in
	pair_paused n1 web
	ip -n "$NET_PFX-sw" link set w-n2 master br1
	run -1 --separate-stderr pair_migrate -n <in
	jq_is 'if .type == "plan" then .action == "settle" else .ok end' \
	    <<<"$output"
	pair_paused n1 web
	run -0 --separate-stderr pair_migrate <in
	ends '.result == "moved" and .cleared' <<<"$output"
	[ "$(pair_copies web)" -eq 1 ]
	pair_runs n2 web
	run -1 virt_virsh n1 domstate web
	not_started_here
}

# What the server still wants here is not started: it left.
not_started_here() {
	local boot

	boot=$(uuid)
	jq -nc --arg boot "$boot" --arg vm "$id" --arg img "$SHARE/boot.img" '
	    {type: "host", ts: "2026-01-02T03:04:05.678Z", host: "n1",
	     boot: $boot, admin: "run", desired_rev: "0123456789abcdef"},
	    {type: "vm", ts: "2026-01-02T03:04:05.678Z", vm: $vm, host: "n1",
	     name: "web", want: "running", wish: 1, generation: 1,
	     restart: "always", grace_ms: 30000, vcpus: 1, memory_mib: 16,
	     spec: {disks: [{path: $img, format: "raw", device: "floppy",
		readonly: true}]}}' >desired
	run virt_sh n1 env CHIME_DOMAIN_TYPE=qemu chime-reconcile -1 <desired
	echo "$output"
	grep '"type":"vm"' <<<"$output" >observed
	jq_is '.state == "off" and (.reason | test("departed from here"))' \
	    observed
	[ "$(pair_copies web)" -eq 1 ]
}
