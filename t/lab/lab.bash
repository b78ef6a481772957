# SPDX-License-Identifier: ISC
# A site in namespaces: a server machine (MariaDB and the server role) and
# nodes (libvirtd, qemu and the agent role), each with an address of its own.
# `load ../lib/common`, `../lib/db`, `../lib/virt`, `net`, then this.
#
#   lab_up NODE...       database, server and nodes run; all nodes are `run`
#   lab_down             everything is gone
#   lab_server start|stop
#   lab_boot NODE        power cut, /run wiped, and the node boots again
#   cli ARG...           chimecli as the admin, on the server machine
#   lab_vm NAME NODE     creates a VM there and waits until it runs
#   host_is NODE STATUS  what `chimecli host show` says
#   vm_is VM STATE
#   lab_svc NODE SERVICE its service folder, for s6-svc and s6-svstat
#
# One beat a second, so that three missed ones take three seconds.
# shellcheck shell=bash disable=SC2154 # DIR, BUILD, LIBEXEC: common.bash

LAB_INTERVAL=1s
LAB_DISK=path=$SHARE/boot.img,format=raw,device=floppy,readonly
LAB_SERVER_CONF= # more lines for server.conf
LAB_TLS=         # not empty: TLS, and no plain HTTP anywhere
LAB_SERVERS=s1   # "s1 s2": two, on one database
LAB_LISTEN=      # not empty: libvirts that others reach (lib/pair)
LAB_NETS=        # not empty: nodes have business (eth1), storage (eth2), too

lab_up()
{
	local node

	# shellcheck disable=SC2086 # a list
	net_up $LAB_SERVERS "$@"
	[ -z "$LAB_NETS" ] || { net_more 1 "$@" && net_more 2 "$@"; }
	lab_conf_server
	[ -z "$LAB_TLS" ] || chimeadm initserver tls --ip "$(net_ip s1)" \
		--conf-dir "$DIR"
	db_start
	db_schema
	db_token admin lab >"$DIR/admin.token"
	chmod 600 "$DIR/admin.token"
	lab_server start
	[ "$LAB_SERVERS" = s1 ] || lab_second
	for node in "$@"; do
		lab_join "$node"
		virt_start "$node" "$NET_PFX-$node"
	done
	for node in "$@"; do
		wait_for 15 host_is "$node" run
	done
}

# How the API is reached, and what allows it.
lab_url()
{
	local s all=

	for s in $LAB_SERVERS; do
		all=$all,http${LAB_TLS:+s}://$(net_ip "$s"):8801
	done
	echo "${all#,}"
}

lab_plain()
{
	[ "$LAB_TLS" ] || echo CHIME_ALLOW_PLAINTEXT=1
}

lab_trust()
{
	[ -z "$LAB_TLS" ] || echo "CHIME_CA_FILE=$DIR/tls/ca.crt"
}

lab_conf_server()
{
	cat >"$DIR/server.conf" <<-END
		CHIME_DB_SOCKET=$DIR/db.sock
		CHIME_DB_USER=root
		CHIME_DB_NAME=chime
		CHIME_API_LISTEN=$(net_ip s1):8801
		$(lab_plain)
		CHIME_INTERVAL=$LAB_INTERVAL
		CHIME_RUN_DIR=$DIR/s1-run
		CHIME_LOG_DIR=$DIR/s1-log
		$LAB_SERVER_CONF
	END
}

lab_server()
{
	case $1 in
	start)
		start s1 ip netns exec "$NET_PFX-s1" \
			chime-server run --conf "$DIR/server.conf"
		wait_for 15 lab_server_up
		;;
	stop) stop s1 ;;
	esac
}

# The first server's configuration, with what is a machine's own changed.
lab_second()
{
	sed "s/$(net_ip s1)/$(net_ip s2)/; s,/s1-,/s2-,; s,/tls/server,/s2-tls/server," \
		"$DIR/server.conf" >"$DIR/s2.conf"
	[ -z "$LAB_TLS" ] || chimeadm initserver tls --ip "$(net_ip s2)" \
		--out "$DIR/s2-tls" --conf-dir "$DIR"
	start s2 ip netns exec "$NET_PFX-s2" \
		chime-server run --conf "$DIR/s2.conf"
	wait_for 15 test -s "$DIR/s2-log/apiserver/current"
}

lab_server_up()
{
	cli host list >/dev/null 2>&1
}

# Registers the node and gives it the agent role as a service.
lab_join()
{
	local node=$1 svc=$DIR/$1/service/agent nets=()

	[ -z "$LAB_NETS" ] || nets=(--node-ip "$(net_more_ip 1 "$node")"
		--storage-ip "$(net_more_ip 2 "$node")")
	virt_conf "$node"
	[ -z "$LAB_LISTEN" ] || pair_listen "$node"
	mkdir -p "$DIR/$node/chime" "$svc"
	(umask 077 && db_token join "$node" >"$DIR/$node/join.token")
	# shellcheck disable=SC2046 # a variable's setting, or none
	net_in "$node" env $(lab_plain) chimeadm initagent \
		--host "$node" --manage-ip "$(net_ip "$node")" "${nets[@]}" \
		--api "$(lab_url)" ${LAB_TLS:+--ca-file "$DIR/tls/ca.crt"} \
		--token-file "$DIR/$node/join.token" \
		--conf-dir "$DIR/$node/chime"
	cat >>"$DIR/$node/chime/agent.conf" <<-END
		$(lab_plain)
		CHIME_RUN_DIR=/run/chime
		CHIME_AGENT_DIR=/run/chime/agent
		CHIME_LOG_DIR=$DIR/$node/log
		CHIME_CONSOLE_DIR=$DIR/$node/console
		CHIME_LEDGER=$DIR/$node/ledger.jsonl
		CHIME_DOMAIN_TYPE=qemu
	END
	mkdir -p "$DIR/$node/console"
	cat >"$svc/run" <<-END
		#!/bin/sh
		exec 2>&1 chime-agent run --conf $DIR/$node/chime/agent.conf
	END
	chmod +x "$svc/run"
}

lab_boot()
{
	virt_boot "$1" "$NET_PFX-$1"
}

lab_down()
{
	local f node

	for f in "$DIR"/*/pid1; do
		[ -e "$f" ] || continue
		node=${f%/pid1}
		virt_stop "${node##*/}"
	done
	net_down
}

cli()
{
	# shellcheck disable=SC2046 # a variable's setting, or none
	net_in s1 env CHIME_API="$(lab_url)" \
		CHIME_TOKEN_FILE="$DIR/admin.token" $(lab_plain) $(lab_trust) \
		chimecli "$@"
}

lab_vm()
{
	cli vm create --name "$1" --host "$2" --vcpus 1 --memory-mib 16 \
		--disk "$LAB_DISK" >/dev/null
	wait_for 20 vm_is "$1" running
}

host_is()
{
	cli host show "$1" | jq -e --arg w "$2" '.status == $w' >/dev/null
}

vm_is()
{
	cli vm show "$1" | jq -e --arg w "$2" '.state == $w' >/dev/null
}

lab_svc()
{
	case $1 in
	s1) echo "$DIR/s1-run/server-sv/$2" ;;
	*) echo "$DIR/$1/run/chime/agent-sv/$2" ;;
	esac
}
