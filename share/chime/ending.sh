# SPDX-License-Identifier: ISC
# The end of `chimeadm allinone`, the good one and the others; read by
# libexec/adm-allinone after allinone.sh.
# shellcheck shell=sh
# shellcheck disable=SC2154 # dir, tree, node and the like: allinone.sh

# fail LOG...: the end, with the last lines of these logs.
fail() {
	for part in "$@"; do
		log=$dir/log/$part
		[ ! -d "$log" ] || log=$log/current
		[ -s "$log" ] || continue
		echo "--- $part:"
		tail -n 15 "$log" | tr '\001-\010\013-\037\177' '?'
	done >&2
	die 111 "failed: $doing (above: the end of its logs)"
}

# The node's PID 1 is killed, not the unshare above it, because unshare waits
# until everything in the namespaces is gone.
node_end() {
	s6-svc -O "$dir/sv/$node" || return 0
	if [ "$libvirt" ]; then
		s6-svc -wd -T 30000 -d "$dir/sv/$node" || true
		[ -z "$vm" ] || virsh -q -c "$libvirt" destroy "$vm" || true
		return 0
	fi
	above=$(s6-svstat -o pid "$dir/sv/$node")
	init=$(tr -d ' ' <"/proc/$above/task/$above/children")
	[ -z "$init" ] || kill -s KILL "$init"
	s6-svwait -d -t 10000 "$dir/sv/$node"
}

# end: however it came about.
end() {
	rc=$?
	trap '' HUP INT TERM
	trap - EXIT
	set +e
	# Each has begun a session of its own, or will in a moment.
	for group in $job $ticker; do
		until kill -s TERM -- "-$group" 2>/dev/null; do
			kill -0 "$group" 2>/dev/null || break
			sleep 0.05
		done
		wait "$group" 2>/dev/null # dash would say "Terminated"
	done
	if [ "$tree" ]; then
		printf '\nstopping everything\n'
		node_end 2>/dev/null
		until s6-svscanctl -t "$dir/sv" 2>/dev/null; do
			kill -0 "$tree" 2>/dev/null || break
			sleep 0.05
		done
		wait "$tree"
	fi
	[ "$dir" ] || exit "$rc"
	exec 9>>"$dir/lock"
	flock -w 30 9 || say warning "$dir: processes are left that hold it"
	[ "$keep" ] || rm -rf "$dir"
	exit "$rc"
}
