#!/bin/sh
# SPDX-License-Identifier: ISC
# chimeadm initagent: makes this machine a host of the cluster. Registers it
# with the servers (by a join token, good once) and writes agent.conf and the
# host's own token. Repeatable: a host that is registered as wanted, with a token
# that works, is left alone; -n prints what it would do and exits 1 if that is
# anything.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/adm.sh
. "$home/share/chime/adm.sh"

synopsis='initagent --host NAME --manage-ip IP [--node-ip IP]
	[--storage-ip IP] [--rack NAME] --api URL[,URL...]
	--token-file JOIN-TOKEN|-
	[--ca-file FILE] [--pong-port PORT] [--libvirt URI] [--conf-dir DIR] [-n]'
host=
manage_ip=
node_ip=
storage_ip=
rack=
api=
token_file=
ca_file=
pong_port=
libvirt=
while [ $# -gt 0 ]; do
	case $1 in
	-n | --dry-run)
		dry=1
		shift
		continue
		;;
	esac
	case $1 in
	--host | --manage-ip | --node-ip | --storage-ip | --rack | --api | \
	    --token-file | --ca-file | --pong-port | --libvirt | --conf-dir) value "$@" ;;
	*) usage "$synopsis" ;;
	esac
	case $1 in
	--host) host=$2 ;;
	--manage-ip) manage_ip=$2 ;;
	--node-ip) node_ip=$2 ;;
	--storage-ip) storage_ip=$2 ;;
	--rack) rack=$2 ;;
	--api) api=$2 ;;
	--token-file) token_file=$2 ;;
	--ca-file) ca_file=$2 ;;
	--pong-port) pong_port=$2 ;;
	--libvirt) libvirt=$2 ;;
	--conf-dir) conf_dir=$(absolute "$2") ;;
	esac
	shift 2
done
[ "$host" ] || die 100 "option --host: missing"
[ "$manage_ip" ] || die 100 "option --manage-ip: missing"
[ "$api" ] || die 100 "option --api: missing"
[ "$token_file" ] || die 100 "option --token-file: missing"
case $host in
*[!a-z0-9.-]* | [.-]* | *[.-])
	die 100 "option --host: '$host': expected a-z, 0-9, . and -," \
	    "a letter or digit first and last"
	;;
esac
case ${pong_port:-0} in
*[!0-9]* | ??????*) die 100 "option --pong-port: '$pong_port': expected 1..65535" ;;
esac
need jq chime-call

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
trap 'exit 111' HUP INT TERM
conf=$conf_dir/agent.conf
own_token=$conf_dir/agent.token
if [ "$token_file" = - ]; then
	secret_in - | put "$temp/join" 600
	token_file=$temp/join
fi
secret_file "$token_file" "option --token-file"
export CHIME_API="$api" CHIME_TOKEN_FILE="$token_file"
if [ "$ca_file" ]; then
	grep -q 'BEGIN CERTIFICATE' "$ca_file" 2>/dev/null ||
		die 100 "option --ca-file: $ca_file: no certificate in PEM"
	export CHIME_CA_FILE="$ca_file"
fi

jq -cn --arg host "$host" --arg manage_ip "$manage_ip" \
    --arg node_ip "$node_ip" --arg storage_ip "$storage_ip" \
    --arg rack "$rack" --arg pong_port "$pong_port" '
    {host: $host, manage_ip: $manage_ip, node_ip: $node_ip,
     storage_ip: $storage_ip, rack: $rack,
     pong_port: ($pong_port | if . == "" then . else tonumber end)}
    | with_entries(select(.value != ""))' >"$temp/want"

# Whether the host is registered just so; its own token may look, too.
registered() {
	[ -s "$own_token" ] || return 1
	CHIME_TOKEN_FILE=$own_token chime-call -q GET "/v1/host/$host" \
	    >"$temp/is" 2>/dev/null || return 1
	jq -e --slurpfile want "$temp/want" \
	    '. as $is | $want[0] | to_entries | all($is[.key] == .value)' \
	    "$temp/is" >/dev/null
}

if ! registered; then
	plan register "$host" "$(cat "$temp/want")"
	if [ ! "$dry" ]; then
		machine=$("$libexec/machine") || exit
		jq -c --arg machine "$machine" '. + {machine: $machine}' \
		    "$temp/want" >"$temp/join-as"
		chime-call POST /v1/join "@$temp/join-as" >"$temp/answer" ||
			exit
		secret=$(jq -er .token "$temp/answer") ||
			die 111 "$api: answered without a token"
		mkdir -p "$conf_dir"
		printf '%s\n' "$secret" | put "$own_token" 600
	fi
fi
own_ca=
if [ "$ca_file" ]; then
	own_ca=$conf_dir/ca.crt
	if ! cmp -s "$ca_file" "$own_ca"; then
		plan write "$own_ca" "from $ca_file"
		[ "$dry" ] || put "$own_ca" 644 <"$ca_file"
	fi
fi
listen=
[ -z "$pong_port" ] || listen=$manage_ip:$pong_port
set -- CHIME_HOST="$host" CHIME_API="$api" CHIME_TOKEN_FILE="$own_token" \
    ${listen:+"CHIME_PONG_LISTEN=$listen"} \
    ${own_ca:+"CHIME_CA_FILE=$own_ca"} \
    ${libvirt:+"CHIME_LIBVIRT_URI=$libvirt"} \
    ${CHIME_ALLOW_PLAINTEXT:+CHIME_ALLOW_PLAINTEXT=1}
conf_set "$conf" "$@"
plan_end
