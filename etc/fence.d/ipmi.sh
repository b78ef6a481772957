#!/bin/sh
# SPDX-License-Identifier: ISC
# An example of a fence script: power over IPMI (ipmitool). Copy it to
# /etc/chime/fence.d/HOST, or once, with a symbolic link for each host; mode
# 0755, root's. See chime-fence(8).
#
# /etc/chime/ipmi.hosts (CHIME_IPMI_HOSTS) has a line a host:
#	HOST ADDRESS USER PASSWORD-FILE
# The password stays in its file, mode 0600: nobody sees it in a list of
# processes. in: {"op":"off"|"status","host":NAME}; out: a power record.
set -eu

hosts=${CHIME_IPMI_HOSTS:-/etc/chime/ipmi.hosts}
read -r line
op=$(printf '%s' "$line" | jq -er .op)
host=$(printf '%s' "$line" | jq -er .host)

die() {
	echo "fence.d/$host: error: $*" >&2
	exit 100
}

board=$(awk -v host="$host" '$1 == host && NF == 4 { print $2, $3, $4 }' \
    "$hosts")
[ "$board" ] || die "$hosts: no line HOST ADDRESS USER PASSWORD-FILE for $host"
[ "$(printf '%s\n' "$board" | wc -l)" -eq 1 ] || die "$hosts: $host: twice"
address=${board%% *}
file=${board##* }
user=${board#* }
user=${user%% *}
case $(stat -L -c %a -- "$file") in
*00) ;;
*) die "$file: others may read it: chmod 600" ;;
esac

ipmi() {
	ipmitool -I lanplus -N 3 -R 2 -H "$address" -U "$user" -f "$file" "$@"
}

case $op in
off) ipmi chassis power off >&2 ;;
status) ;;
*) die "op $op: expected off or status" ;;
esac
answer=$(ipmi chassis power status) || answer=
case $answer in
'Chassis Power is on') state=on ;;
'Chassis Power is off') state=off ;;
*) state=unknown ;;
esac
jq -nc --arg host "$host" --arg state $state \
    '{type: "power", host: $host, state: $state}'
