#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# libexec/machine: which machine this is.

load lib/common

@test "the same each time, another one for another file, and never its text" {
	echo 0123456789abcdef0123456789abcdef >a
	echo 0123456789abcdef0123456789abcde0 >b
	CHIME_MACHINE_FILE=a run -0 "$LIBEXEC/machine"
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	one=$output
	[[ $one != *0123456789abcdef* ]]
	CHIME_MACHINE_FILE=a run -0 "$LIBEXEC/machine"
	[ "$output" = "$one" ]
	CHIME_MACHINE_FILE=b run -0 "$LIBEXEC/machine"
	[ "$output" != "$one" ]
}

@test "what names no machine: 100, with the file" {
	echo uninitialized >new
	: >empty
	for f in new empty none; do
		CHIME_MACHINE_FILE=$f run -100 "$LIBEXEC/machine"
		[[ $output == *"$f"* ]]
	done
	head -c 5000 /dev/zero | tr '\0' x >large
	CHIME_MACHINE_FILE=large run -100 "$LIBEXEC/machine"
}

@test "wrong usage: 100; a full disk: 111" {
	run -100 "$LIBEXEC/machine" operand
	run -100 "$LIBEXEC/machine" -x
	echo m >a
	CHIME_MACHINE_FILE=a run -111 sh -c '"$0" >/dev/full' "$LIBEXEC/machine"
	run -0 "$LIBEXEC/machine" -V
}
