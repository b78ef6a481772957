# SPDX-License-Identifier: ISC
# The tree of processes below a launcher; part of role.sh.
#
# In $CHIME_RUN_DIR, ROLE-sv is the scan folder of s6, ROLE.pid the launcher.
# Two locks tell who is there whatever was killed: ROLE.lock is held by the
# launcher alone, ROLE-tree.lock by every process it started, as long as any
# is left.
# shellcheck shell=sh
# shellcheck disable=SC2154 # role, share, libexec, sv, locks: role.sh

# Tells what is left of a tree to end: all of it, or its orphans one by one.
role_end() {
	s6-svscanctl -t "$sv" 2>/dev/null && return
	for dir in "$sv"/*/ "$sv"/*/log/; do
		s6-svc -xd "$dir" 2>/dev/null || true
	done
}

# role_settle: waits until nothing of an earlier tree is left.
role_settle() {
	exec 9>>"$tree_lock"
	until flock -w 2 9; do
		role_end
		tries=$((${tries:-0} + 1))
		if [ "$tries" -ge 20 ]; then
			say error "$sv: processes are left after 40 s:" \
			    "end what holds $tree_lock"
			return 1
		fi
	done
}

# role_tell: ends $tree through its fifo, once it has one. A signal so early
# could reach a child that is still this shell, and be lost there.
role_tell() {
	until s6-svscanctl -t "$sv" 2>/dev/null; do
		kill -0 "$tree" 2>/dev/null || break
		sleep 0.05
	done
}

# role_announce: once all services are ready, says so on descriptor $fd, and
# to systemd.
role_announce() {
	# shellcheck disable=SC2016 # for that shell
	FD=$fd NOTIFY=$notify setsid sh -c '"$@" || exit
	    [ -z "$FD" ] || echo >&"$FD"
	    [ -z "$NOTIFY" ] || NOTIFY_SOCKET=$NOTIFY systemd-notify --ready' \
	    ready "$libexec/sv-ready" "$sv"/*/ 8>&- &
	ready=$!
}

role_run() {
	role_check
	mkdir -p "$CHIME_RUN_DIR" ||
		die 111 "CHIME_RUN_DIR: $CHIME_RUN_DIR: cannot be made"
	exec 8>>"$lock"
	flock -n 8 || die 100 "already running" \
	    "(pid $(cat "$CHIME_RUN_DIR/$role.pid" 2>/dev/null))"
	# It is the role that is ready, not the first of its programs.
	notify=${NOTIFY_SOCKET:-}
	unset NOTIFY_SOCKET
	stopping=
	tree=
	trap 'stopping=1; [ -z "$tree" ] || role_tell' HUP INT TERM
	role_settle || exit 111
	echo $$ | put "$CHIME_RUN_DIR/$role.pid" 644

	rm -rf "$sv"
	services "$role" "$sv"
	role_prepare
	for dir in "$sv"/*/; do
		name=$(basename "$dir")
		mkdir -p "$CHIME_LOG_DIR/$name" ||
			die 111 "CHIME_LOG_DIR: $CHIME_LOG_DIR: cannot be made"
	done

	# A session of its own, so that ^C comes to the launcher alone.
	setsid env --default-signal=INT,QUIT setpriv --pdeathsig TERM \
	    s6-svscan "$sv" >&2 8>&- &
	tree=$!
	exec 9>&-
	[ -z "$stopping" ] || role_tell
	ready=
	[ -z "$fd$notify" ] || role_announce

	rc=0
	while :; do
		wait "$tree" && rc=0 || rc=$?
		kill -0 "$tree" 2>/dev/null || break
	done
	tree=
	# By its pid first: a signal so early finds no group of its own yet.
	if [ -n "$ready" ]; then
		kill -s KILL "$ready" 2>/dev/null || true
		kill -s KILL -- "-$ready" 2>/dev/null || true
	fi
	if [ $rc -ne 0 ] && [ -z "$stopping" ]; then
		say error "s6-svscan ended with code $rc"
		rc=111
	else
		rc=0
	fi
	role_end
	role_settle || rc=111
	rm -rf "$sv" "$CHIME_RUN_DIR/$role.pid"
	exit $rc
}
