# SPDX-License-Identifier: ISC
# Two nodes with a libvirt each and two networks between them, so that one
# may fail. `load ../lib/common`, `../lib/virt`, `net`, then this.
#
#   pair_up              n1 and n2 run; eth0 is 10.91.0.x, eth1 10.92.0.x
#   pair_down            everything is gone
#   pair_listen NODE     its libvirt will take others' connections, too
#   pair_vm NODE NAME [MIB] [DISK-XML]   a transient guest of chime's there;
#                        has booted; prints its UUID
#   pair_heavy           from now on guests have 12 MiB that do not compress
#   pair_runs NODE NAME  whether it runs there
#   pair_copies NAME     at how many nodes its vCPUs run, as the qemus say
#   pair_paused NODE NAME  whether it is paused there by a migration
#   pair_migrate ARG...  chime-migrate on n1, to n2 by eth1
#   pair_start ARG...    the same in the background, as `mig`
# shellcheck shell=bash disable=SC2154 # DIR, SHARE: common.bash

PAIR_DEST=10.92.0.2
PAIR_MORE= # in the domain XML

pair_up() {
	local i=1 n

	net_up n1 n2
	ip -n "$NET_PFX-sw" link add br1 type bridge stp_state 0 forward_delay 0
	ip -n "$NET_PFX-sw" link set br1 up
	for n in n1 n2; do
		ip -n "$NET_PFX-sw" link add "w-$n" type veth \
		    peer name eth1 netns "$NET_PFX-$n"
		ip -n "$NET_PFX-sw" link set "w-$n" master br1 up
		ip -n "$NET_PFX-$n" addr add "10.92.0.$i/24" dev eth1
		ip -n "$NET_PFX-$n" link set eth1 up
		pair_conf "$n"
		virt_start "$n" "$NET_PFX-$n"
		i=$((i + 1))
	done
}

pair_conf() {
	virt_conf "$1"
	pair_listen "$1"
}

pair_listen() {
	sed -i -e 's/^listen_tcp.*/listen_tcp = 1/' \
	    -e '$a listen_addr = "0.0.0.0"\nauth_tcp = "none"' \
	    "$DIR/$1/etc/libvirtd.conf"
	printf '#!/bin/sh\nexec 2>&1 libvirtd --listen\n' \
	    >"$DIR/$1/service/libvirtd/run"
}

pair_down() {
	virt_stop n1
	virt_stop n2
	net_down
}

pair_vm() {
	local uuid

	uuid=$(uuid)
	cat >"$DIR/$2.xml" <<-END
		<domain type='qemu'><name>$2</name><uuid>$uuid</uuid>
		<metadata><c:vm xmlns:c='urn:chime:vm' wish='1' generation='1'/></metadata>
		<memory unit='MiB'>${3:-16}</memory><vcpu>1</vcpu>
		<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='fd'/></os>
		<features><acpi/></features>
		<devices>
		<disk type='file' device='floppy'><driver name='qemu' type='raw'/>
		<source file='$SHARE/boot.img'/><target dev='fda' bus='fdc'/>
		<readonly/></disk>
		${4:-}
		<serial type='file'><source path='$DIR/$2.serial' append='on'/>
		<target port='0'/></serial>
		<controller type='usb' model='none'/><memballoon model='none'/>
		</devices>$PAIR_MORE</domain>
	END
	rm -f "$DIR/$2.serial"
	virt_virsh "$1" create "$DIR/$2.xml" >/dev/null
	wait_for 60 test -s "$DIR/$2.serial"
	echo "$uuid"
}

pair_heavy() {
	head -c 12M /dev/urandom >"$DIR/heavy"
	PAIR_MORE="<qemu:commandline
	    xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
	    <qemu:arg value='-device'/><qemu:arg
	    value='loader,file=$DIR/heavy,addr=0x200000,force-raw=on'/>
	    </qemu:commandline>"
}

pair_runs() {
	[ "$(virt_virsh "$1" domstate "$2" 2>/dev/null)" = running ]
}

pair_paused() {
	[ "$(virt_virsh "$1" domstate --reason "$2" 2>/dev/null)" = \
	    'paused (migrating)' ]
}

# qemu's own word: libvirt may not know, or not answer.
pair_copies() {
	local n count=0

	for n in n1 n2; do
		virt_virsh "$n" qemu-monitor-command "$1" \
		    '{"execute":"query-status"}' 2>/dev/null |
		    grep -q '"running":true' && count=$((count + 1))
	done
	echo $count
}

pair_migrate() {
	virt_sh n1 env CHIME_ALLOW_PLAINTEXT=1 chime-migrate -w tcp -I eth1 \
	    -D "$PAIR_DEST" "$@"
}

# Only in the node's network: so signals reach it, and it sees its own /proc.
pair_start() {
	start mig ip netns exec "$NET_PFX-n1" env CHIME_ALLOW_PLAINTEXT=1 \
	    CHIME_LIBVIRT_URI="$(virt_uri n1)" chime-migrate -w tcp -I eth1 \
	    -D "$PAIR_DEST" "$@"
}
