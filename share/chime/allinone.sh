# SPDX-License-Identifier: ISC
# The steps of `chimeadm allinone`, read by libexec/adm-allinone after
# chime.sh.
# shellcheck shell=sh
# shellcheck disable=SC2154 # home, share, libexec, colour and options: above
# shellcheck disable=SC2034 # doing, ticker: for ending.sh

# port_free tcp|udp PORT OPTION: dies when somebody has it.
port_free() {
	case $2 in
	'' | *[!0-9]* | ??????*) die 100 "option $3: '$2': expected 1..65535" ;;
	esac
	if cat "/proc/net/$1" "/proc/net/${1}6" 2>/dev/null |
	    awk -v port="$(printf ':%04X' "$2")" -v proto="$1" '
		substr($2, length($2) - 4) == port &&
		    (proto == "udp" || $4 == "0A") { found = 1 }
		END { exit !found }'; then
		die 111 "port $2/$1: in use by another program:" \
		    "end it, or choose another one with $3"
	fi
}

# step TEXT: what comes now, with the time since the start.
step() {
	doing=$1
	awk -v began="$began" -v text="$1" '{
		printf "[%4.1f s] %s\n", $1 - began, text
	}' /proc/uptime
}

begin() {
	began=$(cut -d ' ' -f 1 /proc/uptime)
	if [ "$keep" ]; then
		mkdir -p "$keep"
		dir=$(cd "$keep" && pwd)
	else
		dir=$(mktemp -d "${TMPDIR:-/tmp}/chime.XXXXXX")
	fi
	exec 9>>"$dir/lock"
	if ! flock -n 9; then
		busy=$dir
		dir=
		die 111 "$busy: another allinone uses it"
	fi
	rm -rf "$dir/run" "$dir/agent" "$dir/sv" "$dir/node" "$dir/console"
	mkdir -p "$dir/etc" "$dir/log" "$dir/console"
	export CHIME_DIR="$dir" CHIME_LOG_DIR="$dir/log"
	export CHIME_LIBEXEC="$libexec"
	export CHIME_API="http://127.0.0.1:$port"
	export CHIME_TOKEN_FILE="$dir/etc/admin.token"
}

# attend COMMAND...: runs it so that a signal to us need not wait for it.
attend() {
	setsid "$@" 8>&- 9>&- &
	job=$!
	wait "$job" && rc=0 || rc=$?
	job=
	return "$rc"
}

# supervise: the tree of everything, with the node still down.
supervise() {
	services allinone "$dir/sv"
	node=node
	[ -z "$libvirt" ] || node=agent
	for other in node agent; do
		[ $other = $node ] || rm -rf "$dir/sv/$other"
	done
	: >"$dir/sv/$node/down"
	setsid env --default-signal=INT,QUIT setpriv --pdeathsig TERM \
	    s6-svscan "$dir/sv" >"$dir/log/svscan" 2>&1 &
	tree=$!
	# The tree alone has the lock now: it is free when nothing is left.
	exec 9>&-
}

node_up() {
	rm "$dir/sv/$node/down"
	s6-svc -u "$dir/sv/$node"
}

create_demo() {
	vm=$(cat "$dir/etc/demo" 2>/dev/null || cat /proc/sys/kernel/random/uuid)
	echo "$vm" | put "$dir/etc/demo" 644
	# The machine's libvirt reads it as another user, and may own it.
	cp "$share/boot.img" "$dir/boot.img"
	[ -z "$libvirt" ] || chmod 711 "$dir"
	record=$(chimecli vm create --uuid "$vm" --name demo --memory-mib 16 \
	    --disk "path=$dir/boot.img,device=floppy,readonly,shared") || return
	case $(lines "$record" | jq -r .want) in
	running) ;;
	*) chimecli vm start "$vm" >/dev/null ;;
	esac
}

summary() {
	env="CHIME_API=$CHIME_API CHIME_TOKEN_FILE=$(quote "$CHIME_TOKEN_FILE")"
	cli="$env $(quote "$home/bin/chimecli")"
	cat <<-END

	API address:  $CHIME_API
	web page:     http://127.0.0.1:$page_port (log in with the token)
	admin token:  $CHIME_TOKEN_FILE
	everything:   $dir

	Try next, as root in a second terminal:

	1. Kill the guest's qemu, and see it come back and count from 1 again:
	   pkill -KILL -f '^[^ ]*qemu.*$vm'; timeout 5 tail -n 1 -f $(quote \
	    "$dir/console/$vm.log"); $cli vm show demo

	2. Press its power button, and start it again:
	   $cli vm stop demo --wait && $cli vm start demo --wait

	3. See all that happened:
	   $cli event list

	END
}

# follow: until a signal ends it, or the tree does.
follow() {
	if [ -t 1 ]; then
		setsid "$libexec/adm-ticks" "$dir/console/$vm.log" &
		ticker=$!
	else
		echo "running; SIGINT or SIGTERM ends everything"
	fi
	while kill -0 "$tree" 2>/dev/null; do
		wait "$tree" || true
	done
	tree=
	fail svscan server node
}
