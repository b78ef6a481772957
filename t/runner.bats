#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# t/run itself: what it counts, what it notices, what it leaves.

load lib/common

# Without the folders bats puts in front.
CLEAN_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

setup() {
	common_setup
	mkdir -p tree/t/lab tree/build
	cp -r "$ROOT/t/run" "$ROOT/t/lib" tree/t
}

# case_file NAME: a bats file of stdin in the small tree. There "%test" says
# "@test", which bats would take for one of its own.
case_file() {
	{
		echo 'load lib/common'
		sed 's/%test/@test/'
	} >"tree/t/$1"
}

# run_tests CODE [PATTERN...]: runs it; its last line is in $last. Without our
# environment: the bats in there must not take itself for a part of this one.
run_tests() {
	local code=$1

	shift
	run -"$code" env -i PATH="$CLEAN_PATH" BUILD=build tree/t/run "$@"
	last=${lines[-1]}
}

@test "all good" {
	case_file a.bats <<<'%test "one" { true; }'
	case_file b.bats <<<'%test "two" { true; }'
	run_tests 0
	[ "$last" = "2 passed, 0 failed" ]
	[ -z "$(ls tree/build/log)" ]
}

@test "one fails: it is shown, and its log stays" {
	case_file a.bats <<<'%test "one" { echo here it is; false; }'
	case_file b.bats <<<'%test "two" { true; }'
	run_tests 1
	[ "$last" = "1 passed, 1 failed" ]
	echo "$output" | grep 'here it is'
	grep 'here it is' tree/build/log/a.bats.tap
}

@test "AGAIN: what fails once and passes alone is named; twice is a failure" {
	# shellcheck disable=SC2016 # expanded in there
	case_file a.bats <<<'%test "one" {
		[ -e "$ONCE" ] || ! touch "$ONCE"
	}'
	case_file b.bats <<<'%test "two" { true; }'
	for want in 1 0; do
		rm -f once
		run "-$want" env -i PATH="$CLEAN_PATH" ONCE="$DIR/once" \
		    AGAIN=$((1 - want)) BUILD=build tree/t/run
	done
	echo "$output" | grep '^FAIL  a.bats'
	echo "$output" | grep '^unsteady: a.bats'
	[ "${lines[-1]}" = "2 passed, 0 failed" ]
	[ -s tree/build/log/a.bats.first.tap ]
	case_file a.bats <<<'%test "one" { false; }'
	run -1 env -i PATH="$CLEAN_PATH" AGAIN=1 BUILD=build tree/t/run
	[ "${lines[-1]}" = "1 passed, 1 failed" ]
}

@test "nothing at all is no success" {
	run_tests 1
	[ "$last" = "0 passed, 0 failed" ]
}

@test "patterns choose" {
	case_file a.bats <<<'%test "one" { true; }'
	case_file b.bats <<<'%test "two" { false; }'
	run_tests 0 a.bats
	[ "$last" = "1 passed, 0 failed" ]
	run_tests 1 nowhere
}

@test "skipped tests are counted apart" {
	case_file a.bats <<-'E'
		%test "one" { skip "no such thing"; }
		%test "two" { true; }
	E
	run_tests 0
	[ "$last" = "1 passed, 0 failed, 1 skipped" ]
	echo "$output" | grep 'no such thing'
}

@test "a file that does not even start fails" {
	case_file a.bats <<<'if'
	case_file b.bats <<<'%test "two" { true; }'
	run_tests 1
	[ "$last" = "1 passed, 1 failed" ]
	case_file a.bats <<<'# no test at all'
	run_tests 1
	[ "$last" = "1 passed, 1 failed" ]
}

@test "the time limit" {
	case_file a.bats <<-'E'
		# time-limit: 1 s
		%test "one" { sleep 60; }
	E
	run_tests 1
	echo "$output" | grep 'time limit of 1 s'
	[ "$last" = "0 passed, 1 failed" ]
}

@test "a process left behind is found and ended" {
	case_file a.bats <<-'E'
		%test "one" { setsid sleep 1000 >/dev/null 2>&1 3>&- & }
	E
	run_tests 1
	echo "$output" | grep 'left behind: process [0-9]* (sleep)'
	[ "$last" = "1 passed, 1 failed" ]
	pid=$(echo "$output" | sed -n 's/.*process \([0-9]*\) .*/\1/p')
	echo "$pid" >pids/left
	wait_for 5 ended left
	rm pids/left
}

@test "a mount and a network namespace left behind are found and removed" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	case_file a.bats <<-'E'
		%test "one" { mkdir "$TMPDIR/m"; mount -t tmpfs x "$TMPDIR/m"; }
		%test "two" { ip netns add c$$-left; }
	E
	run_tests 1
	echo "$output" | grep 'left behind: mount'
	echo "$output" | grep 'left behind: network namespace c[0-9]*-left'
	[ "$last" = "2 passed, 2 failed" ]
	run ! grep "$DIR" /proc/self/mounts
}

@test "a signal ends it, its tests and what they started" {
	# shellcheck disable=SC2016 # expanded in there
	case_file a.bats <<<'%test "one" {
		start nap sleep 1000
		echo "$pid" >"$NAP"
		wait
	}'
	for sig in INT TERM; do
		rm -f nap
		start tests env -i PATH="$CLEAN_PATH" NAP="$DIR/nap" \
		    BUILD=build tree/t/run
		wait_for 20 has nap .
		stop tests $sig
		[ "$rc" = 130 ]
		[ ! -d "/proc/$(cat nap)" ]
	done
}
