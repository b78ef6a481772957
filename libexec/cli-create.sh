#!/bin/sh
# SPDX-License-Identifier: ISC
# chimecli vm create, import and adopt: VMs that are new to the servers.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/cli.sh
. "$home/share/chime/cli.sh"

synopsis='vm create --name NAME [--vcpus N] [--memory-mib N] [--disk DISK]...
	    [--nic NIC]... [--uuid UUID] [OPTION]... |
	import --xml FILE|- [--name NAME] [--uuid UUID] [OPTION]... |
	adopt --host HOST --uuid UUID [--name NAME] [OPTION]...
	OPTION: --host HOST, --restart WHEN, --failover manual, --label LABEL,
	    --avoid LABEL, --need LABEL, --stopped, --wait[=SECONDS], -n'
xml_max=49152
command=$1
shift
[ $# -gt 0 ] || usage "$synopsis"

# put_xml FILE: the XML of FILE into $body.
put_xml() {
	tmp=$(mktemp)
	trap 'rm -f "$tmp"' EXIT
	trap 'exit 130' HUP INT TERM
	head -c $((xml_max + 1)) -- "$1" >"$tmp" || die 100 "$1: cannot be read"
	[ "$(wc -c <"$tmp")" -le $xml_max ] ||
		die 100 "$1: larger than $xml_max bytes: no VM's description"
	iconv -f UTF-8 -t UTF-8 <"$tmp" >/dev/null 2>&1 ||
		die 100 "$1: not UTF-8: convert it with iconv first"
	body=$(lines "$body" | jq -c --rawfile xml "$tmp" '.spec = {$xml}')
}

uuid=$(cat /proc/sys/kernel/random/uuid)
order=$(words "$@" |
    jq -c --arg uuid "$uuid" --arg command "$command" -f "$share/create.jq")
refused=$(lines "$order" | jq -r '.refused // empty')
[ -z "$refused" ] || die 100 "$refused"
strange=$(lines "$order" | jq -r '.unknown // empty')
case $command in
create) own='--vcpus --memory-mib --disk --nic --stopped' ;;
import) own='--xml --stopped' ;;
*) own= ;;
esac
# shellcheck disable=SC2086 # a list of words
[ -z "$strange" ] || unknown "$strange" --name --host --restart --failover \
    --label --avoid --need --uuid --wait --dry-run $own
dry=$(lines "$order" | jq -r '.dry // empty')
wait_s=$(lines "$order" | jq -r '.wait_s // empty')
body=$(lines "$order" | jq -c .body)
xml=$(lines "$order" | jq -r '.xml // empty')
tmp=
[ -z "$xml" ] || put_xml "$xml"
vm=$(lines "$body" | jq -r '.vm // empty')
# Without an answer it may be done: who repeats it must not make two.
if [ "$vm" ]; then
	trap '[ $? -lt 99 ] || [ $? -eq 100 ] || say info "this may have been" \
	    "done; repeat it with --uuid $vm"; rm -f ${tmp:+"$tmp"}' EXIT
fi
change POST /v1/vm "$body"
trap - EXIT
rm -f ${tmp:+"$tmp"}
case $(lines "$body" | jq -r .want) in
stopped) finish off ;;
*) finish running ;;
esac
