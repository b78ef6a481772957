#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# VMs from libvirt's XML, and running domains taken over: a server, a node,
# a real libvirtd and real qemus.

load lib/common
load lib/db
load lib/virt
load lab/net
load lab/lab

DATA=$ROOT/t/data/domxml

setup() {
	common_setup
	lab_up n1
}

teardown() {
	lab_down
	common_teardown
}

# guest NAME UUID: the demo guest's XML.
guest() {
	sed -e "s|/srv/images/boot.img|$SHARE/boot.img|" \
	    -e "s|ticker|$1|" -e "s|6f8ab3b2.*9c01|$2|" "$DATA/07-floppy.xml"
}

# refuses STDERR-PATTERN XML-FILE: import says why it does not take it.
refuses() {
	run -100 --separate-stderr cli vm import --xml "$2" --stopped
	# shellcheck disable=SC2053 # a pattern
	[[ $stderr == $1 ]] || {
		echo "$stderr"
		return 1
	}
}

says() {
	cli vm show "$1" | jq -e --arg w "$2" '.reason // "" | contains($w)' \
	    >/dev/null
}

@test "ten domains as people have them are taken, or refused with a reason" {
	# So that all fit: none is started here.
	cli host set n1 --memory-ratio 1000 --cpu-ratio 64 >/dev/null
	sql "UPDATE host SET memory_mib = 65536, vcpus = 64"
	for f in "$DATA"/0[1-7]*.xml; do
		cli vm import --xml "$f" --host n1 --stopped >out
		jq_is '.want == "stopped" and (.spec.xml | length > 100)' out
	done
	cli vm list >out
	[ "$(jq -r '[.name, .vcpus, .memory_mib] | join(" ")' out | sort)" = \
"builder 16 65536
db-主库 8 16384
nfv 4 4096
router 2 954
ticker 1 16
web01 2 2048
win2022 4 8192" ]
	# Their identity stays, in chime's spelling.
	cli vm show win2022 |
	    jq_is '.vm == "c7a5fdbd-edaf-9455-926a-d65c16db1809"'
	refuses '*hostdev: passes a device of one machine*' "$DATA/08"*
	refuses '*commandline: passes settings to qemu*' "$DATA/09"*
	refuses "*domain: expected type='kvm'*" "$DATA/10"*
	# Everything that was in one is there again, and no trace of chime.
	cli vm export win2022 >back.xml
	for word in secure-boot enrolled-keys win2022_VARS.fd hypervclock \
	    /dev/mapper/win2022 tpm-crb 8191; do
		grep -qF "$word" back.xml
	done
	run -1 grep urn:chime back.xml
	# It is the same when it comes in again.
	cli vm delete win2022 >/dev/null
	wait_for 20 sql_is 0 "SELECT COUNT(*) FROM vm WHERE name = 'win2022'"
	cli vm import --xml back.xml --host n1 --stopped >/dev/null
	cli vm export win2022 | diff back.xml -
}

@test "attacks and nonsense are refused with a reason" {
	cat >laughs.xml <<-'EOX'
	<?xml version="1.0"?>
	<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>
	<domain type="kvm"><name>&b;</name><memory>1024</memory></domain>
	EOX
	refuses '*DOCTYPE*not accepted*' laughs.xml
	sed 's|"lol"|SYSTEM "file:///etc/passwd"|' laughs.xml >external.xml
	refuses '*DOCTYPE*not accepted*' external.xml
	iconv -t UTF-16 "$DATA/01-q35.xml" >utf16.xml
	refuses '*not UTF-8*' utf16.xml
	iconv -t UTF-16LE "$DATA/10-xen.xml" | tr -d '\303' >bare.xml
	refuses '*NUL*' bare.xml
	head -c 10485760 /dev/zero | tr '\0' ' ' >large.xml
	refuses '*larger than 49152 bytes*' large.xml
	{
		echo "<domain type='kvm'><memory>1024</memory>"
		yes '<a>' | head -n 2000
	} >deep.xml
	refuses '*no XML*' deep.xml
	: >empty.xml
	refuses '*no XML*' empty.xml
	refuses '*cannot be read*' missing.xml
	run -100 --separate-stderr cli vm import
	[[ $stderr == *--xml* ]]
	sql_is 0 "SELECT COUNT(*) FROM vm"
	# A body too large for the CLI's own check is refused as well.
	jq -Rsc '{name: "x", spec: {xml: .}}' <"$DATA/01-q35.xml" >body
	jq -c '.spec.xml += (" " * 60000)' body >large
	run -100 --separate-stderr net_in s1 env CHIME_ALLOW_PLAINTEXT=1 \
	    CHIME_API="http://$(net_ip s1):8801" \
	    CHIME_TOKEN_FILE="$DIR/admin.token" \
	    chime-call POST /v1/vm @"$DIR/large"
	[[ $stderr == *"at most 49152 fit"* ]]
}

@test "an imported domain runs, restarts, and goes back to libvirt" {
	id=$(uuid)
	guest ticker "$id" | cli vm import --xml - --name tick --wait=60 >out
	jq_is '.state == "running" and .name == "tick" and .memory_mib == 16' \
	    out
	qemu=$(virt_qemu n1 tick)
	[ -n "$qemu" ]
	virt_virsh n1 dumpxml tick >live.xml
	has live.xml "The demo guest"
	has live.xml '<on_crash>destroy</on_crash>'
	# libvirt keeps nothing.
	[ "$(virt_virsh n1 dominfo tick | awk '/^Persistent/ { print $2 }')" = no ]
	virt_kill n1 tick
	reborn() {
		local now

		now=$(virt_qemu n1 tick)
		[ -n "$now" ] && [ "$now" != "$qemu" ] && vm_is tick running
	}
	wait_for 30 reborn
	cli vm export tick >back.xml
	cli vm create --name flags --host n1 --memory-mib 16 --stopped \
	    --disk "$LAB_DISK" >/dev/null
	cli vm export flags --type=qemu >flags.xml
	cli vm delete tick --wait=30
	for name in tick flags; do
		[ "$name" = flags ] || mv back.xml tick.xml
		virt_virsh n1 define --validate "$DIR/$name.xml"
		virt_virsh n1 undefine "$name"
	done
}

@test "what libvirt refuses is a visible reason" {
	guest odd "$(uuid)" |
	    sed 's|<memballoon.*|<nonsense/>|' >odd.xml
	cli vm import --xml odd.xml --host n1 >/dev/null
	wait_for 30 says odd "start failed: "
	says odd schema
	guest far "$(uuid)" | sed 's|boot.img|none.img|' >far.xml
	cli vm import --xml far.xml --host n1 >/dev/null
	wait_for 30 says far none.img
	wait_for 30 vm_is far off
}

@test "a running domain is adopted; its guest does not notice" {
	id=$(uuid)
	guest legacy "$id" >legacy.xml
	virt_virsh n1 define "$DIR/legacy.xml"
	virt_virsh n1 start legacy
	virt_virsh n1 autostart legacy
	qemu=$(virt_qemu n1 legacy)
	# It is nobody's until then.
	[ -z "$(cli vm list)" ]
	cli vm adopt --host n1 --uuid "$id" --wait=30 >out
	jq_is '.state == "running" and (has("adopt") | not)
	    and .name == "legacy" and .memory_mib == 16 and .wish == 1' out
	[ "$(virt_qemu n1 legacy)" = "$qemu" ]
	virt_virsh n1 dominfo legacy >info
	has info '^Persistent: *no'
	has info '^Autostart: *disable'
	[ -z "$(virt_sh n1 ls /etc/libvirt/qemu/autostart)" ]
	sql_is 1 "SELECT COUNT(*) FROM event WHERE kind = 'vm.adopted'"
	sql_is 0 "SELECT COUNT(*) FROM vm_adopt"
	cli vm export legacy >back.xml
	has back.xml 'The demo guest'
	run -1 grep urn:chime back.xml
	# Still the same guest when the agent and libvirtd start anew.
	virt_daemon n1 kill
	virt_daemon n1 up
	wait_for 20 vm_is legacy running
	[ "$(virt_qemu n1 legacy)" = "$qemu" ]
	# Somebody defines it again: that is said, and nothing else is done.
	virt_virsh n1 define "$DIR/back.xml"
	wait_for 20 says legacy "definition of its own"
	[ "$(virt_qemu n1 legacy)" = "$qemu" ]
	virt_virsh n1 undefine legacy
	wait_for 20 sql_is 1 "SELECT COUNT(*) FROM inventory
	    WHERE vm = '$id' AND reason IS NULL"
	# From now on it is kept alive as any other.
	virt_kill n1 legacy
	anew() {
		local now

		now=$(virt_qemu n1 legacy)
		[ -n "$now" ] && [ "$now" != "$qemu" ]
	}
	wait_for 30 anew
	wait_for 20 vm_is legacy running
}

@test "an adoption that cannot be is said, taken back, and harmless" {
	id=$(uuid)
	run -100 cli vm adopt --host n1
	# No such domain: nothing is started in its place.
	cli vm adopt --host n1 --uuid "$id" >/dev/null
	wait_for 20 says "$id" "no domain of this UUID runs here"
	run -1 cli vm start "$id"
	run -1 cli vm export "$id"
	cli vm delete "$id" >/dev/null
	sql_is 0 "SELECT COUNT(*) FROM vm"
	# A domain that chime cannot keep: it goes on as it was.
	guest odd "$id" | sed -e 's|<domain |<domain xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0" |' \
	    -e 's|</domain>|<qemu:commandline><qemu:env name="A" value="b"/></qemu:commandline></domain>|' \
	    >odd.xml
	virt_virsh n1 define "$DIR/odd.xml"
	virt_virsh n1 start odd
	qemu=$(virt_qemu n1 odd)
	cli vm adopt --host n1 --uuid "$id" --name taken >/dev/null
	wait_for 20 says taken "passes settings to qemu"
	cli vm delete taken >/dev/null
	sql_is 0 "SELECT COUNT(*) FROM vm"
	[ "$(virt_qemu n1 odd)" = "$qemu" ]
	virt_virsh n1 dominfo odd | grep -q '^Persistent: *yes'
	virt_virsh n1 dumpxml odd >odd.live
	run -1 grep urn:chime odd.live
	virt_virsh n1 destroy odd
}
