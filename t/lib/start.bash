# SPDX-License-Identifier: ISC
# Programs in the background of a test; part of lib/common.
# shellcheck shell=bash disable=SC2034 # rc, pid: for the tests

# start NAME COMMAND...: in the background, with NAME.in as stdin when it
# exists, output to NAME.out and NAME.err; sets $pid. COMMAND is a program,
# no function: $pid must be its own.
start() {
	local name=$1 in=/dev/null

	shift
	if [ -e "$DIR/pids/$name" ] && ! ended "$name"; then
		echo "$name runs already"
		return 1
	fi
	[ ! -e "$DIR/$name.in" ] || in=$DIR/$name.in
	# bats waits for whoever holds its descriptor 3. What a shell starts in
	# the background is deaf to SIGINT: undone here.
	env --default-signal=INT,QUIT -- "$@" <"$in" \
	    >"$DIR/$name.out" 2>"$DIR/$name.err" 3>&- &
	pid=$!
	echo $pid >"$DIR/pids/$name"
}

# pid_of NAME: the pid of what start started.
pid_of() {
	cat "$DIR/pids/$1"
}

# signal NAME SIGNAL
signal() {
	kill -s "$2" "$(pid_of "$1")"
}

# ended NAME: whether it has ended (a zombie has).
ended() {
	local state

	# The command's name may hold blanks and brackets: cut behind the last.
	state=$(sed 's/.*) //' "/proc/$(pid_of "$1")/stat" 2>/dev/null) ||
	    return 0
	[ "${state%% *}" = Z ]
}

# wait_end NAME SECONDS: waits for its end by itself; sets $rc to its code.
wait_end() {
	wait_for "$2" ended "$1" || return
	rc=0
	wait "$(pid_of "$1")" || rc=$?
	rm "$DIR/pids/$1"
}

# stop NAME [SIGNAL]: ends it, TERM first and KILL after 15 seconds (which
# fails the test); sets $rc.
stop() {
	signal "$1" CONT 2>/dev/null || true
	signal "$1" "${2:-TERM}" 2>/dev/null || true
	wait_end "$1" 15 && return
	echo "$1 did not end by ${2:-TERM}"
	signal "$1" KILL
	wait_end "$1" 5
	return 1
}
