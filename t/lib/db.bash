# SPDX-License-Identifier: ISC
# A real MariaDB of the test's own, on a unix socket in $DIR (no network), as
# root without a password. `load lib/db` after lib/common.
# shellcheck shell=bash disable=SC2154 # DIR, BUILD: common.bash

# Filling a data folder takes a second: once a build, then copied.
db_template() {
	local tmpl=$BUILD/t/db-template

	mkdir -p "$BUILD/t"
	exec {lock}>"$BUILD/t/db-template.lock"
	flock "$lock"
	if [ ! -d "$tmpl" ]; then
		rm -rf "$tmpl.new"
		mariadb-install-db --no-defaults --user="$(id -un)" \
		    --auth-root-authentication-method=normal \
		    --skip-test-db --datadir="$tmpl.new" \
		    --innodb-log-file-size=8M \
		    >"$DIR/install-db.log" 2>&1 3>&- {lock}>&- || return
		mv "$tmpl.new" "$tmpl"
	fi
	exec {lock}>&-
	cp -a "$tmpl" "$1"
}

# db_start [OPTION...]: mariadbd as `start db`; sets CHIME_DB_*; the database
# chime exists and is empty. After a `stop db`, it starts on the old data.
db_start() {
	[ -d "$DIR/db" ] || db_template "$DIR/db" || return
	start db mariadbd --no-defaults --user="$(id -un)" \
	    --datadir="$DIR/db" --socket="$DIR/db.sock" \
	    --pid-file="$DIR/db.pid" --skip-networking \
	    --innodb-buffer-pool-size=16M --loose-innodb-buffer-pool-size-max=64M \
	    --innodb-log-file-size=8M --performance-schema=OFF "$@"
	wait_for 30 db_up || return
	sql 'CREATE DATABASE IF NOT EXISTS chime CHARACTER SET utf8mb4' mysql
	export CHIME_DB_SOCKET=$DIR/db.sock CHIME_DB_USER=root \
	    CHIME_DB_NAME=chime
}

db_up() {
	sql 'SELECT 1' mysql >/dev/null 2>&1
}

# sql STATEMENTS [DATABASE]: rows as tab-separated lines.
sql() {
	mariadb --no-defaults --socket="$DIR/db.sock" --user=root \
	    --batch --skip-column-names -e "$1" "${2:-chime}"
}

# sql_is VALUE STATEMENT: whether the statement answers exactly this.
sql_is() {
	[ "$(sql "$2")" = "$1" ]
}

# db_stop [SIGNAL]: ends it, by KILL if need be; db_start brings it back.
db_stop() {
	stop db "$@"
}

# db_schema: chime's tables, at their newest.
db_schema() {
	"$LIBEXEC/schema" -q >"$DIR/schema.out" 2>"$DIR/schema.err"
}

# db_token ROLE WHO: a new token (admin NOTE, agent HOST) on stdout.
db_token() {
	"$LIBEXEC/token" -q "$1" "$2" 2>>"$DIR/token.err"
}
