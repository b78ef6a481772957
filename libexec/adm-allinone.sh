#!/bin/sh
# SPDX-License-Identifier: ISC
# chimeadm allinone: a whole cluster on this machine, with a VM that runs, in
# the foreground. A private MariaDB, the server role, and a node with a libvirt
# of its own (or the machine's, with --libvirt), all on loopback and below one
# folder: a temporary one, or --dir, which stays. However this ends, nothing
# that it started is left.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/adm.sh
. "$home/share/chime/adm.sh"
# shellcheck source=share/chime/allinone.sh
. "$home/share/chime/allinone.sh"
# shellcheck source=share/chime/ending.sh
. "$home/share/chime/ending.sh"

synopsis='allinone [--dir DIR] [--libvirt URI] [--port PORT] [--page-port PORT]
    [--pong-port PORT]'
keep=
libvirt=
port=8801
page_port=8033
pong_port=8802
while [ $# -gt 0 ]; do
	case $1 in
	--dir | --libvirt | --port | --page-port | --pong-port) value "$@" ;;
	*) usage "$synopsis" ;;
	esac
	case $1 in
	--dir) keep=$(absolute "$2") ;;
	--libvirt) libvirt=$2 ;;
	--port) port=$2 ;;
	--page-port) page_port=$2 ;;
	--pong-port) pong_port=$2 ;;
	esac
	shift 2
done
# As libexec/mariadb-init, but before anything is made.
case $keep in
*[!A-Za-z0-9._/+-]*)
	die 100 "option --dir: '$keep':" \
	    "expected a path of letters, digits and . _ / + -"
	;;
esac
[ "$(id -u)" -eq 0 ] ||
	die 100 "needs root (for namespaces, libvirt and qemu): sudo make run"
need s6-svscan s6-log envfile jq flock setsid setpriv unshare mariadbd \
    mariadb-install-db virsh qemu-system-x86_64 chime-call
[ "$libvirt" ] || need libvirtd
port_free tcp "$port" --port
port_free tcp "$page_port" --page-port
port_free udp "$pong_port" --pong-port
for name in $(env | sed -n 's/^\(CHIME_[A-Z_]*\)=.*/\1/p'); do
	unset "$name"
done

tree=
job=
ticker=
node=
vm=
dir=
trap end EXIT
trap 'exit 0' HUP INT TERM
begin

step "the database and its tables"
attend "$home/bin/chimeadm" initserver mysql --embedded --dir "$dir/db" \
    --conf-dir "$dir/etc" 2>"$dir/log/initserver" || fail initserver
conf_set "$dir/etc/server.conf" CHIME_LOG_DIR="$dir/log" \
    CHIME_RUN_DIR="$dir/run" CHIME_API_LISTEN="127.0.0.1:$port" \
    CHIME_PAGE_LISTEN="127.0.0.1:$page_port"

step "the server role, with its API on $CHIME_API"
supervise
attend "$libexec/sv-ready" 20000 "$dir/run/server-sv/mysqld" \
    "$dir/run/server-sv/apiserver" "$dir/run/server-sv/monitor" ||
	fail server mysqld apiserver monitor

step "host n1, registered"
attend "$home/bin/chimecli" token create --role join --host n1 \
    --output "$dir/etc/join.token" >"$dir/log/join" 2>&1 || fail join apiserver
attend "$home/bin/chimeadm" initagent --host n1 --manage-ip 127.0.0.1 \
    --pong-port "$pong_port" --api "$CHIME_API" \
    --token-file "$dir/etc/join.token" --conf-dir "$dir/etc" \
    ${libvirt:+--libvirt "$libvirt"} 2>"$dir/log/initagent" ||
	fail initagent apiserver
# A machine may have a /dev/kvm that does not work; so small a guest needs none.
conf_set "$dir/etc/agent.conf" CHIME_DOMAIN_TYPE=qemu CHIME_LOG_DIR="$dir/log" \
    CHIME_RUN_DIR="$dir/agent" CHIME_AGENT_DIR="$dir/agent/state" \
    CHIME_CONSOLE_DIR="$dir/console" CHIME_LEDGER="$dir/ledger.jsonl"

step "the agent role${libvirt:- with a libvirt of its own}"
node_up
attend "$libexec/cli-wait" host n1 30 run 2>"$dir/log/wait" ||
	fail wait node libvirtd agent heartbeat reconcile

step "VM demo, 16 MiB"
create_demo 2>"$dir/log/create" || fail create apiserver
attend "$libexec/cli-wait" vm "$vm" 30 running 2>"$dir/log/wait" ||
	fail wait reconcile heartbeat libvirtd
step "VM demo runs; its guest says:"
attend timeout 20 "$libexec/adm-ticks" -n 3 "$dir/console/$vm.log" || fail "" reconcile
summary
follow
