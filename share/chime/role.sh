# SPDX-License-Identifier: ISC
# The launchers of a role, chime-server and chime-agent: `role` is its name,
# role_check looks at the configuration. Read after chime.sh.
#
# In $CHIME_RUN_DIR, ROLE-sv is the scan folder of s6, ROLE.pid the launcher.
# Two locks tell who is there whatever was killed: ROLE.lock is held by the
# launcher alone, ROLE-tree.lock by every process it started, as long as any
# is left.
# shellcheck shell=sh
# shellcheck disable=SC2154 # role, share, libexec: see above

# role_main COMMAND OPTION...: everything but what a role has of its own.
role_main() {
	conf=/etc/chime/$role.conf
	conf_read=
	fd=
	command=${1:-}
	case $command in
	run | status | stop) shift ;;
	-V | --version) version && exit ;;
	-h | --help | '') usage "run|status|stop [--conf FILE] [-d FD]" ;;
	*)
		die 100 "$command: unknown command$(like "$command" \
		    run status stop); expected run, status or stop"
		;;
	esac
	given=
	while [ $# -gt 0 ]; do
		case $1 in
		--conf)
			value "$@"
			conf=$2 given=1
			[ -r "$conf" ] || die 100 "$conf: cannot be read"
			shift
			;;
		-d)
			value "$@"
			fd=$2
			shift
			;;
		--conf-read) conf_read=1 ;; # for ourselves
		*) usage "run|status|stop [--conf FILE] [-d FD]" ;;
		esac
		shift
	done
	case $fd in
	'' | [34567]) ;;
	*) die 100 "option -d: '$fd': expected a descriptor from 3 to 7" ;;
	esac
	need s6-svscan s6-log envfile jq flock setpriv
	# The file's variables win; without the usual file, the environment.
	if [ -z "$conf_read" ] && { [ "$given" ] || [ -e "$conf" ]; }; then
		exec envfile "$conf" "$0" "$command" --conf "$conf" \
		    --conf-read ${fd:+-d "$fd"}
	fi
	: "${CHIME_RUN_DIR:=/run/chime}" "${CHIME_LOG_DIR:=/var/log/chime}"
	: "${CHIME_AGENT_DIR:=/run/chime/agent}"
	export CHIME_RUN_DIR CHIME_LOG_DIR CHIME_AGENT_DIR
	sv=$CHIME_RUN_DIR/$role-sv
	lock=$CHIME_RUN_DIR/$role.lock
	tree_lock=$CHIME_RUN_DIR/$role-tree.lock
	"role_$command"
}

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

role_run() {
	role_check
	mkdir -p "$CHIME_RUN_DIR" ||
		die 111 "CHIME_RUN_DIR: $CHIME_RUN_DIR: cannot be made"
	exec 8>>"$lock"
	flock -n 8 || die 100 "already running" \
	    "(pid $(cat "$CHIME_RUN_DIR/$role.pid" 2>/dev/null))"
	stopping=
	tree=
	trap 'stopping=1; [ -z "$tree" ] || kill -s TERM "$tree"' HUP INT TERM
	role_settle || exit 111
	echo $$ | put "$CHIME_RUN_DIR/$role.pid" 644

	rm -rf "$sv"
	cp -R "$share/sv/$role" "$sv"
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
	[ -z "$stopping" ] || kill -s TERM "$tree"
	ready=
	if [ "$fd" ]; then
		setsid sh -c '"$@" && echo' ready "$libexec/sv-ready" \
		    "$sv"/*/ >&"$fd" 8>&- &
		ready=$!
	fi

	rc=0
	while :; do
		wait "$tree" && rc=0 || rc=$?
		kill -0 "$tree" 2>/dev/null || break
	done
	tree=
	[ -z "$ready" ] || kill -s KILL -- "-$ready" 2>/dev/null || true
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

role_stop() {
	if [ ! -e "$lock" ]; then
		say info "not running"
		exit 0
	fi
	exec 8>>"$lock" 9>>"$tree_lock"
	tries=0
	role_end
	until flock -w 1 8 && flock -w 1 9; do
		role_end
		tries=$((tries + 1))
		[ $tries -lt 60 ] || die 99 "still running after 60 s"
	done
}

# One line a service: on a terminal a table, else records.
role_status() {
	if [ ! -d "$sv" ] || flock -n "$tree_lock" true; then
		say info "not running"
		role_more | show_status
		exit 1
	fi
	rc=0
	services=$(for dir in "$sv"/*/; do
		can=false
		[ ! -e "$dir/notification-fd" ] || can=true
		echo "$(basename "$dir") $can $(s6-svstat -o \
		    up,ready,wantedup,pid,exitcode,signal,updownfor "$dir" \
		    2>/dev/null)"
	done | jq -cR -L "$share" --arg role "$role" -f "$share/status.jq") || exit 111
	{ lines "$services" && role_more; } | show_status || exit 111
	lines "$services" | jq -es 'all(.ready)' >/dev/null || rc=1
	role_healthy || rc=1
	exit $rc
}
