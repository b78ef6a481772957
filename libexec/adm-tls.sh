#!/bin/sh
# SPDX-License-Identifier: ISC
# chimeadm initserver tls: the certificate of this server's API. By default
# a private CA is made, once, and signs it; or it is the site's, with --cert
# and --key. Repeatable: what is good for 30 days more stays; --renew signs
# anew. -n prints what it would do and exits 1 if that is anything.
set -eu
umask 022

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/adm.sh
. "$home/share/chime/adm.sh"
# shellcheck source=share/chime/certs.sh
. "$home/share/chime/certs.sh"

synopsis='initserver tls --name NAME... --ip IP... [--ca-cert FILE --ca-key FILE]
	[--days N] [--renew] [--out DIR] [--listen IP:PORT] [--conf-dir DIR] [-n]
   or: chimeadm initserver tls --cert FILE --key FILE [--ca-cert FILE]
	[--listen IP:PORT] [--conf-dir DIR] [-n]'
# alt_name DNS|IP VALUE: as openssl wants it.
alt_name() {
	case $1,$2 in
	DNS, | DNS,*[!A-Za-z0-9.-]*)
		die 100 "option --name: '$2': expected a host name"
		;;
	IP, | IP,*[!0-9A-Fa-f.:]*)
		die 100 "option --ip: '$2': expected an address"
		;;
	esac
	echo "$1:$2"
}

names=
cert=
key=
ca_cert=
ca_key=
days=825
renew=
out=
listen=
while [ $# -gt 0 ]; do
	case $1 in
	--renew) renew=1 ;;
	-n | --dry-run) dry=1 ;;
	--name | --ip | --cert | --key | --ca-cert | --ca-key | --days | --out | \
	    --listen | --conf-dir)
		value "$@"
		case $1 in
		--name) names="$names $(alt_name DNS "$2")" ;;
		--ip) names="$names $(alt_name IP "$2")" ;;
		--cert) cert=$2 ;;
		--key) key=$2 ;;
		--ca-cert) ca_cert=$2 ;;
		--ca-key) ca_key=$2 ;;
		--days) days=$2 ;;
		--out) out=$(absolute "$2") ;;
		--listen) listen=$2 ;;
		--conf-dir) conf_dir=$(absolute "$2") ;;
		esac
		shift
		;;
	*) usage "$synopsis" ;;
	esac
	shift
done
case $days in
'' | *[!0-9]* | ?????* | 0*)
	die 100 "option --days: '$days': expected 1..9999"
	;;
esac
if [ "$cert$key" ]; then
	{ [ "$cert" ] && [ "$key" ]; } ||
		die 100 "options --cert, --key: both are needed"
	[ -z "$names$ca_key$renew$out" ] ||
		die 100 "options --name, --ip, --ca-key, --renew, --out:" \
		    "not with --cert, which is there already"
else
	[ "$names" ] ||
		die 100 "neither --name nor --ip is given: a client believes" \
		    "only the names and addresses in the certificate"
	[ -z "$ca_cert$ca_key" ] || { [ "$ca_cert" ] && [ "$ca_key" ]; } ||
		die 100 "options --ca-cert, --ca-key: both are needed to sign"
fi
[ -z "$listen" ] || [ -z "$out" ] ||
	die 100 "options --listen, --out: only one of them"
need openssl jq mktemp

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
trap 'exit 111' HUP INT TERM
tls=$conf_dir/tls
dir=${out:-$tls}
if [ "$cert" ]; then
	check_pair "$cert" "$key" "$ca_cert"
	[ -z "$ca_cert" ] || copy "$ca_cert" "$dir/ca.crt" 644
	# The key first: the server takes up both when both fit.
	copy "$key" "$dir/server.key" 600
	copy "$cert" "$dir/server.crt" 644
else
	authority
	certificate
fi
if [ "$out" ]; then
	plan_end
	say info "$out: for the other server: carry it there, and run" \
	    "chimeadm initserver tls --cert server.crt --key server.key" \
	    "--ca-cert ca.crt; then remove it here"
	exit 0
fi
fresh=1
! grep -qxF "CHIME_TLS_CERT=$tls/server.crt" "$conf_dir/server.conf" \
    2>/dev/null || fresh=
conf_set "$conf_dir/server.conf" CHIME_TLS_CERT="$tls/server.crt" \
    CHIME_TLS_KEY="$tls/server.key" CHIME_ALLOW_PLAINTEXT= \
    ${listen:+"CHIME_API_LISTEN=$listen"}
plan_end
[ -z "$fresh" ] ||
	say info "a server that runs needs a restart to speak TLS; what is" \
	    "renewed later it takes up by itself"
[ ! -e "$tls/ca.crt" ] ||
	say info "$tls/ca.crt: agents and tools need it, as CHIME_CA_FILE"
[ -z "$made_ca" ] ||
	say info "$tls/ca.key: signs certificates for all servers, and whoever" \
	    "has it can pose as one: keep a copy offline; it can be taken off" \
	    "this machine until the next certificate is due"
