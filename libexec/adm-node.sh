#!/bin/sh
# SPDX-License-Identifier: ISC
# The node of `chimeadm allinone`: adm-node DIR, as PID 1 of namespaces of its
# own (mounts, pids), which end with it.
#
# libvirt's folders are DIR/node's here, so nothing of the machine's own
# libvirt is seen or touched; DIR/node/run/libvirt/libvirt-sock is the way in
# from outside. Becomes s6-svscan, which reaps the qemus libvirt leaves to it.
set -eu
umask 022

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"

dir=$1
node=$dir/node
# A power cut left these: this is a new boot.
rm -rf "$node/run" "$node/sv" "$dir/agent"
mkdir -p "$node/run/libvirt" "$node/etc/qemu" "$node/room"
mkdir -p "$node/lib" "$node/cache" "$node/log"
services node "$node/sv"
cp "$share"/libvirt/* "$node/etc"
echo "host_uuid = \"$(cat /proc/sys/kernel/random/uuid)\"" \
    >>"$node/etc/libvirtd.conf"

# room PARENT: a PARENT without a folder libvirt gets one that only we see.
room() {
	[ ! -d "$1/libvirt" ] || return 0
	mkdir -p "$node/room$1"
	mount -t tmpfs -o mode=755 chime "$node/room$1"
	for old in "$1"/* "$1"/.[!.]*; do
		new=$node/room$1/${old##*/}
		if [ -L "$old" ]; then
			cp -P "$old" "$new"
		elif [ -d "$old" ]; then
			mkdir "$new"
			mount --rbind "$old" "$new"
		elif [ -e "$old" ]; then
			: >"$new"
			mount --bind "$old" "$new"
		fi
	done
	mkdir "$node/room$1/libvirt"
	mount --rbind "$node/room$1" "$1"
}

for part in run lib cache log etc; do
	case $part in
	etc) parent=/etc from=$node/etc ;;
	run) parent=/run from=$node/run/libvirt ;;
	*) parent=/var/$part from=$node/$part ;;
	esac
	room "$parent"
	mount --bind "$from" "$parent/libvirt"
done

# libvirtd does not start without its package's user, used or not.
for file in passwd group; do
	line='libvirt-qemu:x:0:'
	[ $file = group ] || line='libvirt-qemu:x:0:0::/:/usr/sbin/nologin'
	grep -v '^libvirt-qemu:' "/etc/$file" >"$node/$file" || true
	echo "$line" >>"$node/$file"
	mount --bind "$node/$file" "/etc/$file"
done

# The machine's systemd and its cgroups are not to hear of our guests.
umount -R -l /sys/fs/cgroup 2>/dev/null || true
[ ! -d /run/dbus ] || mount -t tmpfs chime /run/dbus

exec s6-svscan "$node/sv"
