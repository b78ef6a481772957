#!/bin/sh
# SPDX-License-Identifier: ISC
# chimeadm initserver mysql: the database of the servers. Writes it to
# server.conf, makes its tables, and the first admin token if there is none.
# Repeatable; -n prints what it would do and exits 1 if that is anything.
set -eu

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
# shellcheck source=share/chime/chime.sh
. "$home/share/chime/chime.sh"
# shellcheck source=share/chime/adm.sh
. "$home/share/chime/adm.sh"
# shellcheck source=share/chime/embed.sh
. "$home/share/chime/embed.sh"

synopsis='initserver mysql --ip IP [--port PORT] [--user USER]
	[--password-file FILE|-] [--name NAME] [--conf-dir DIR] [-n]
   or: chimeadm initserver mysql --embedded [--dir DIR] [--conf-dir DIR] [-n]'
ip=
port=3306
user=chime
name=chime
password_file=
embedded=
dir=/var/lib/chime/db

case ${1:-} in
mysql) shift ;;
tls | check)
	part=$1
	shift
	exec "$libexec/adm-$part" "$@"
	;;
'' | -*) usage "$synopsis" ;;
*)
	die 100 "initserver $1: unknown$(like "$1" mysql tls check);" \
	    "expected mysql, tls or check"
	;;
esac
while [ $# -gt 0 ]; do
	case $1 in
	--embedded) embedded=1 ;;
	-n | --dry-run) dry=1 ;;
	--ip | --port | --user | --name | --password-file | --dir | --conf-dir)
		value "$@"
		case $1 in
		--ip) ip=$2 ;;
		--port) port=$2 ;;
		--user) user=$2 ;;
		--name) name=$2 ;;
		--password-file) password_file=$2 ;;
		--dir) dir=$(absolute "$2") ;;
		--conf-dir) conf_dir=$(absolute "$2") ;;
		esac
		shift
		;;
	*) usage "$synopsis" ;;
	esac
	shift
done
case $port in
'' | *[!0-9]* | ??????*) die 100 "option --port: '$port': expected 1..65535" ;;
esac
[ "$ip" ] || [ "$embedded" ] ||
	die 100 "initserver mysql: neither --ip nor --embedded is given"
[ -z "$ip" ] || [ -z "$embedded" ] ||
	die 100 "options --ip, --embedded: only one of them"
need jq envfile mktemp
conf=$conf_dir/server.conf
token=$conf_dir/admin.token

temp=$(mktemp -d)
trap end EXIT
trap 'exit 111' HUP INT TERM

# db_tool PROGRAM ARG...: with the variables of the new configuration.
db_tool() {
	envfile "$temp/conf" "$@"
}

if [ "$embedded" ]; then
	embed
	set -- CHIME_DB_EMBEDDED="$dir" CHIME_DB_HOST= CHIME_DB_PORT= \
	    CHIME_DB_SOCKET="$dir/mysqld.sock" CHIME_DB_USER=chime \
	    CHIME_DB_NAME=chime CHIME_DB_PASSWORD_FILE="$dir/password"
	conf_with /dev/null "$@" >"$temp/conf"
else
	set -- CHIME_DB_EMBEDDED= CHIME_DB_SOCKET= CHIME_DB_HOST="$ip" \
	    CHIME_DB_PORT="$port" CHIME_DB_USER="$user" CHIME_DB_NAME="$name"
	secret=
	if [ "$password_file" ]; then
		secret=$(secret_in "$password_file")
		[ "$secret" ] || die 100 "$password_file: no password in it"
		printf '%s\n' "$secret" | put "$temp/password" 600
		conf_with /dev/null "$@" \
		    CHIME_DB_PASSWORD_FILE="$temp/password" >"$temp/conf"
		set -- "$@" CHIME_DB_PASSWORD_FILE="$conf_dir/db.password"
	else
		conf_with /dev/null "$@" >"$temp/conf"
		set -- "$@" CHIME_DB_PASSWORD_FILE=
	fi
fi

# Nothing is written before the database has let us in.
unset CHIME_DB_SOCKET CHIME_DB_HOST CHIME_DB_PORT CHIME_DB_USER CHIME_DB_NAME
rc=0
missing=
if [ "$look" ]; then
	plan look "$dir" "at its tables, which takes starting it"
else
	missing=$(db_tool "$libexec/schema" -n) || rc=$?
fi
case $rc in
0) ;;
1) plan apply "$share/schema" "$(lines "$missing" | jq -r .file | xargs)" ;;
*) exit $rc ;;
esac
[ "$dry" ] || mkdir -p "$conf_dir"
[ "$embedded" ] || [ -z "$secret" ] ||
	secret_set "$conf_dir/db.password" "$secret"
conf_set "$conf" "$@"
# A token of another database is of no use to a new one.
fresh=$(lines "$missing" | jq -r 'select(.version == 1) | .file')
if [ ! -s "$token" ] || [ "$fresh" ]; then
	plan make "$token" "the first admin token"
else
	token=
fi
plan_end
[ $rc -eq 0 ] || db_tool "$libexec/schema" -q >/dev/null
if [ "$token" ]; then
	db_tool "$libexec/token" -q -o "$token" admin chimeadm
	say info "$token: the admin token is in it"
fi
