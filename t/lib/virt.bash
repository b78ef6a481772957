# SPDX-License-Identifier: ISC
# Nodes with a real libvirtd and qemu of their own: each is a tree of
# processes with its own mounts, pids, host name and network, whose PID 1 is
# s6-svscan (it reaps; without one libvirt notices the end of a qemu late).
# `load lib/virt` after lib/common. Needs root.
#
#   virt_start NODE [NETNS]   started, libvirtd answers
#   virt_stop NODE            power cut: the whole tree is gone
#   virt_boot NODE [NETNS]    the same node again, its /run empty
#   virt_sh NODE CMD...       runs CMD in the node
#   virt_uri NODE             libvirt's URI, good in and outside of it
#   virt_virsh NODE ARG...    virsh there
#   virt_daemon NODE kill|up|stop|cont   its libvirtd: killed and kept away,
#                             back again, SIGSTOP, SIGCONT
#   virt_qemu NODE VM         the qemu's pid, as the node counts
#   virt_kill NODE VM         kill -9 of that qemu
#
# A node's files are in $DIR/NODE; a service put into $DIR/NODE/service
# before virt_start runs in it too.
# shellcheck shell=bash disable=SC2154 # DIR, BUILD, SHARE, pid: common.bash

virt_conf() {
	local d=$DIR/$1

	mkdir -p "$d"/{etc,run,lib,cache,log,service/libvirtd}
	cp "$SHARE"/libvirt/* "$d/etc"
	echo "host_uuid = \"$(uuid)\"" >>"$d/etc/libvirtd.conf"
	: >"$d/etc/libvirt.conf"
	# libvirtd does not start without its package's user, used or not.
	sed '$a libvirt-qemu:x:0:0::/:/bin/false' /etc/passwd >"$d/passwd"
	sed '$a libvirt-qemu:x:0:' /etc/group >"$d/group"
	printf '#!/bin/sh\nexec 2>&1 libvirtd\n' >"$d/service/libvirtd/run"
	chmod +x "$d/service/libvirtd/run"
	# What libvirt learnt about qemu costs a second to find out again.
	[ ! -d "$BUILD/t/virt-cache" ] ||
	    cp -a "$BUILD/t/virt-cache/." "$d/cache"
}

virt_start() {
	local node=$1 d=$DIR/$1 net=-n enter=()

	[ -d "$d/etc" ] || virt_conf "$node"
	if [ -n "${2:-}" ]; then
		enter=(nsenter "--net=/run/netns/$2")
		net=
	fi
	# shellcheck disable=SC2016 # for the inner shell
	start "$node" "${enter[@]}" unshare -m -u -p $net -f --kill-child \
	    --propagation private sh -euc '
		d=$1
		hostname "$2"
		mount -t proc proc /proc
		ip link set lo up
		mkdir -p /var/lib/libvirt /var/cache/libvirt /var/log/libvirt
		mount --bind "$d/etc" /etc/libvirt
		mount --bind "$d/lib" /var/lib/libvirt
		mount --bind "$d/cache" /var/cache/libvirt
		mount --bind "$d/log" /var/log/libvirt
		mount --bind "$d/passwd" /etc/passwd
		mount --bind "$d/group" /etc/group
		mount --bind "$d/run" /run
		exec s6-svscan "$d/service"' sh "$d" "$node"
	wait_for 5 virt_pid1 "$node" || return
	wait_for 20 virt_up "$node" || return
	[ -d "$BUILD/t/virt-cache" ] || virt_keep_cache "$d/cache"
}

virt_pid1() {
	local pid1 pid

	pid=$(pid_of "$1")
	pid1=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
	[ -n "$pid1" ] || return
	echo "$pid1" >"$DIR/$1/pid1"
}

# The first one to know keeps it for the others.
virt_keep_cache() {
	mkdir -p "$BUILD/t"
	cp -a "$1" "$BUILD/t/virt-cache.$$"
	mv -T "$BUILD/t/virt-cache.$$" "$BUILD/t/virt-cache" 2>/dev/null || :
	rm -rf "$BUILD/t/virt-cache.$$"
}

virt_up() {
	virt_virsh "$1" list >/dev/null 2>&1
}

# unshare's death takes PID 1 along, and PID 1's death the whole tree.
virt_stop() {
	[ -e "$DIR/pids/$1" ] || return 0
	stop "$1" KILL
	[ ! -e "$DIR/$1/pid1" ] || wait_for 20 virt_gone "$(cat "$DIR/$1/pid1")"
}

virt_gone() {
	local state

	state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 0
	[ "${state%% *}" = Z ]
}

virt_boot() {
	virt_stop "$1" || return
	rm -rf "$DIR/$1/run" "$DIR/$1/service/libvirtd/supervise" \
	    "$DIR/$1/service/.s6-svscan"
	mkdir "$DIR/$1/run"
	virt_start "$@"
}

virt_sh() {
	local node=$1

	shift
	nsenter -t "$(cat "$DIR/$node/pid1")" -m -u -n -p -- "$@"
}

virt_uri() {
	echo "qemu+unix:///system?socket=$DIR/$1/run/libvirt/libvirt-sock"
}

virt_virsh() {
	local node=$1

	shift
	timeout 10 virsh -q -c "$(virt_uri "$node")" "$@"
}

virt_daemon() {
	local service=$DIR/$1/service/libvirtd

	case $2 in
	kill)	s6-svc -O "$service" && s6-svc -wd -T 5000 -k "$service" ;;
	up)	s6-svc -u "$service" && wait_for 20 virt_up "$1" ;;
	stop)	s6-svc -p "$service" ;;
	cont)	s6-svc -c "$service" ;;
	esac
}

virt_qemu() {
	# Its pid file's name has XML escapes in it; this file's has not.
	sed -n "s/^<domstatus .* pid='\([0-9]*\)'.*/\1/p" \
	    "$DIR/$1/run/libvirt/qemu/$2.xml" 2>/dev/null
}

virt_kill() {
	virt_sh "$1" kill -9 "$(virt_qemu "$1" "$2")"
}
