# SPDX-License-Identifier: ISC
# The launchers of a role, chime-server and chime-agent; read after chime.sh.
# A launcher says what its role is, and brings
#	role_check	looks at the configuration, for run
#	role_prepare	the last things before the services start
#	role_more	the records that status adds
#	role_healthy	whether those are good
#	show_status	prints records
# shellcheck shell=sh
# shellcheck disable=SC2154 # role, share, libexec: see above
# shellcheck source=share/chime/tree.sh
. "$share/tree.sh"

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
		envfile "$conf" true ||
			die 100 "$conf: expected lines of KEY=VALUE"
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
