# SPDX-License-Identifier: ISC
# The private database of `chimeadm initserver mysql --embedded`; read by
# libexec/adm-initserver, whose $dir and $temp it uses.
# shellcheck shell=sh
# shellcheck disable=SC2154 # dir, dry, libexec, share, temp: see above
# shellcheck disable=SC2034 # look: for adm-initserver

db=
look=

# embed: it is made, and answers, started for now if need be. With -n nothing
# is made or started, and $look says that nobody could look into it.
embed() {
	export CHIME_DB_EMBEDDED="$dir"
	check=$share/sv/server/mysqld/data/check
	[ -d "$dir/data" ] || plan make "$dir" "a private MariaDB"
	if [ -z "$dry" ]; then
		"$libexec/mariadb-init" "$dir" >/dev/null
	fi
	if "$check"; then
		return
	elif [ "$dry" ]; then
		look=1
		return
	fi
	"$dir/run" >"$temp/log" 2>&1 &
	db=$!
	tries=0
	until "$check"; do
		tries=$((tries + 1))
		if [ $tries -gt 600 ] || ! kill -0 $db 2>/dev/null; then
			tail -n 15 "$temp/log" >&2
			die 111 "$dir: the database does not start, see above"
		fi
		sleep 0.05
	done
}

# end: what was started for now is ended.
end() {
	trap '' HUP INT TERM
	if [ "$db" ]; then
		kill -s TERM "$db" 2>/dev/null || true
		wait "$db" || true
	fi
	rm -rf "$temp"
}
