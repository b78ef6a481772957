#!/bin/sh
# SPDX-License-Identifier: ISC
# Makes a MariaDB of chime's own in a folder: mariadb-init DIR
#
# DIR/data      the data, with the database and the user `chime`
# DIR/my.cnf    its configuration: unix socket only, small memory, durable
# DIR/password  the password of the user `chime`, mode 0600
# DIR/run       starts it in the foreground: exec DIR/run
# DIR/mysqld.sock is its socket while it runs. DIR is closed to all others,
# and the database's root may only come over the socket, from the system user
# that made it: there is no password to lose and no port to guess it at.
#
# Repeatable: data that is there stays, my.cnf and run are written again (so
# that a copied or moved DIR works). Starts nothing. Prints the variables for
# server.conf on stdout. Exit: 0; 100 wrong usage; 111 it did not work.
set -eu
umask 077
PATH=$PATH:/usr/sbin:/sbin

fail() {
	rc=$1
	shift
	echo "mariadb-init: error: $*" >&2
	exit "$rc"
}

if [ $# -ne 1 ] || [ -z "$1" ]; then
	fail 100 "usage: mariadb-init DIR"
fi
command -v mariadbd >/dev/null ||
	fail 111 "mariadbd: not found; install mariadb-server-core"
mkdir -p -- "$1" || fail 111 "$1: cannot make the folder"
dir=$(cd -- "$1" && pwd)
case $dir in
*[!A-Za-z0-9._/+-]*)
	fail 100 "$dir: expected a path of letters, digits and . _ / + -"
	;;
esac
[ "$(printf %s "$dir/mysqld.sock" | wc -c)" -le 107 ] ||
	fail 100 "$dir: a socket's path has at most 107 bytes: expected a" \
	    "shorter folder"
chmod 700 "$dir"
me=$(id -un)

# $1 replaced as a whole by stdin, mode $2.
replace() {
	cat >"$1.new"
	chmod "$2" "$1.new"
	mv -- "$1.new" "$1"
}

random() {
	od -An -v -N 24 -tx1 /dev/urandom | tr -d ' \n'
}

# The new data appears under its name only when it is complete.
make_data() {
	rm -rf -- "$dir/data.new"
	mkdir -p -- "$dir/tmp"
	trap 'rm -rf -- "$dir/data.new" "$dir/init.sql"' EXIT
	trap 'exit 111' HUP INT TERM
	secret=$(random)
	[ ${#secret} -eq 48 ] || fail 111 "/dev/urandom: cannot be read"
	cat >"$dir/init.sql" <<-EOF
	CREATE DATABASE chime CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
	FLUSH PRIVILEGES;
	CREATE USER chime@localhost IDENTIFIED BY '$secret';
	GRANT ALL PRIVILEGES ON chime.* TO chime@localhost;
	EOF
	# Another mariadbd that starts now empties the common folder for that.
	if ! mariadb-install-db --no-defaults --user="$me" --tmpdir="$dir/tmp" \
	    --datadir="$dir/data.new" --skip-test-db --skip-name-resolve \
	    --auth-root-authentication-method=socket \
	    --auth-root-socket-user="$me" --extra-file="$dir/init.sql" \
	    --innodb-buffer-pool-size=16M \
	    --loose-innodb-buffer-pool-size-max=64M \
	    --innodb-log-file-size=16M >"$dir/init.log" 2>&1; then
		cat "$dir/init.log" >&2
		fail 111 "$dir/data: mariadb-install-db failed, see above"
	fi
	rm -f -- "$dir/init.sql" "$dir/init.log"
	echo "$secret" | replace "$dir/password" 600
	mv -- "$dir/data.new" "$dir/data"
}

[ -d "$dir/data" ] || make_data
[ -s "$dir/password" ] ||
	fail 111 "$dir/password: missing, but $dir/data is there: restore it," \
	    "or remove both to begin anew"
mkdir -p "$dir/tmp"

# The buffer pool's upper bound has a name only in newer servers; without it
# those reserve terabytes of address space.
replace "$dir/my.cnf" 600 <<EOF
[mariadbd]
user = $me
datadir = $dir/data
tmpdir = $dir/tmp
secure-file-priv = $dir/tmp
socket = $dir/mysqld.sock
pid-file = $dir/mysqld.pid
skip-networking
skip-name-resolve
character-set-server = utf8mb4
collation-server = utf8mb4_bin
transaction-isolation = READ-COMMITTED
innodb-flush-log-at-trx-commit = 1
innodb-buffer-pool-size = 64M
loose-innodb-buffer-pool-size-max = 128M
innodb-log-file-size = 16M
performance-schema = OFF
max-connections = 100
EOF

replace "$dir/run" 700 <<EOF
#!/bin/sh
# The database of chime, in the foreground; SIGTERM ends it cleanly.
exec $(command -v mariadbd) --defaults-file=$dir/my.cnf
EOF

cat <<EOF
CHIME_DB_SOCKET=$dir/mysqld.sock
CHIME_DB_USER=chime
CHIME_DB_NAME=chime
CHIME_DB_PASSWORD_FILE=$dir/password
EOF
