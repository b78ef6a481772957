#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Ownership's rules in the simulator: no double run, and rules that are
# broken on purpose are noticed.

load lib/common

sim() {
	"$BUILD/sim/sim" "$@"
}

mutants() {
	"$BUILD/sim/mutants" "$@"
}

@test "usage: 100" {
	run -100 sim -n 0
	run -100 sim -z
	run -100 mutants -M no_such_rule
}

@test "20 000 schedules without a violation" {
	run -0 sim -n 20000
	[ "${lines[-1]}" = "20000 schedules, 0 violations" ]
}

@test "a seed is a schedule, always the same" {
	sim -v -s 7 >one
	sim -v -s 7 >two
	cmp one two
	[ "$(wc -l <one)" -gt 20 ]
	sim -v -s 8 >three
	run -1 cmp -s one three
}

@test "a violation is shown with the faults it needs, and replays" {
	run -1 mutants -n 500 -j 1 -m ping_only
	[[ ${lines[-1]} == '500 schedules, '[1-9]*' violations' ]]
	replay=$(echo "$output" | sed -n 's/^replay: sim //p' | head -n 1)
	echo "$output" | grep -q 'VIOLATION: two copies run'
	# shellcheck disable=SC2086 # it is a list of options
	run -1 mutants -m ping_only $replay
	[[ $output == *'VIOLATION: two copies run'* ]]
	[ "${lines[-1]}" = "1 schedules, 1 violations" ]
	# The same schedule with the rule in place.
	# shellcheck disable=SC2086 # it is a list of options
	run -0 sim $replay
}

@test "broken rules are caught" {
	run -0 mutants -n 5000 -M no_self_fence ping_only ledger_not_consulted \
	    recovery_skipped departure_unrecorded paused_resumed \
	    watchdog_never_fires sum_is_lease refusal_is_drained \
	    off_after_beat stale_believed
	[ "${#lines[@]}" -eq 11 ]
	for line in "${lines[@]}"; do
		[[ $line =~ ^[a-z_]+\ caught\ after\ [0-9]+\ schedules$ ]]
	done
}
