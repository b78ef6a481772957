#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The tree keeps its rules, and what checks them notices when it does not.

load lib/common

# A copy of the sources to spoil, in $DIR/tree.
copy_tree() {
	mkdir tree
	tar -C "$ROOT" --exclude='./build*' --exclude=./.git -cf - . |
	    tar -C tree -xf -
	cd tree || return
}

# spoiled CHECK PATTERN: lint's check finds it.
spoiled() {
	run -1 t/lint "$1"
	echo "$output" | grep -e "$2"
}

@test "the top level is what it should be" {
	cd "$ROOT"
	found=$(find . -mindepth 1 -maxdepth 1 ! -name build ! -name .git |
	    LC_ALL=C sort | tr -d '\n')
	[ "$found" = "./.ci./.clang-format./.gitignore./LICENSE./Makefile\
./README./README.zh./bin./etc./lib./libexec./man./share./sv./t" ]
}

@test "lint: sizes, layers, completeness, words, text" {
	"$ROOT/t/lint" sizes layers complete words text
}

@test "lint finds what is too long" {
	copy_tree
	{
		echo 'static int'
		echo 'far_too_long(void)'
		echo '{'
		yes '	;' | head -n 59
		echo '}'
	} >>lib/base/mem.c
	spoiled sizes 'lib/base/mem.c:[0-9]*: far_too_long() has 61 lines'
	yes '#' | head -n 400 >>lib/base/num.c
	spoiled sizes 'lib/base/num.c:1: .* at most 400'
	yes '#' | head -n 11 >sv/agent/pong/run
	spoiled sizes 'sv/agent/pong/run:1: 11 lines, at most 10'
}

@test "lint finds includes that run upwards" {
	copy_tree
	echo '#include "line/rec.h"' >>lib/base/mem.c
	spoiled layers 'lib/base/mem.c:[0-9]*: base may not include line'
	echo '#include "os/fs.h"' >>lib/core/judge.c
	spoiled layers 'lib/core/judge.c:[0-9]*: core may not include os'
	echo 'const char *q = "SELECT 1";' >>bin/chime-ping.c
	spoiled layers 'bin/chime-ping.c:[0-9]*: SQL'
	echo '#include <libvirt/libvirt.h>' >>bin/chime-pong.c
	spoiled layers 'bin/chime-pong.c:[0-9]*: libvirt'
}

@test "lint finds what is missing" {
	copy_tree
	echo 'int main(void) { return 0; }' >bin/chime-new.c
	spoiled complete 'bin/chime-new.c:1: no test'
	spoiled complete 'bin/chime-new.c:1: no page'
	touch lib/base/new.c
	spoiled complete 'lib/base/new.c:1: no unit test'
	touch lib/os/new.c
	spoiled complete 'lib/os/new.c:1: has the name of lib/base/new.c'
}

@test "lint finds words and blanks" {
	copy_tree
	echo '# TODO later' >>etc/server.conf
	spoiled words 'etc/server.conf:[0-9]*:# TODO later'
	echo 'see issue 12' >>README
	spoiled words 'README:[0-9]*:see issue 12'
	echo 'blank ' >>README
	spoiled text 'README:[0-9]*:blank'
	printf 'a\r\n' >>etc/agent.conf
	spoiled text 'etc/agent.conf:1: carriage returns'
}

@test "lint finds C, shell and pages that are not well made" {
	copy_tree
	echo 'int  f( void );' >>lib/base/mem.h
	spoiled format 'lib/base/mem.h:[0-9]*:'
	# shellcheck disable=SC2016 # the finding
	printf '#!/bin/sh\n# SPDX-License-Identifier: ISC\nrm $x\n' >bin/x.sh
	spoiled shell 'bin/x.sh:3:.*SC2086'
	echo '.Xr chime-nowhere 1' >>man/chime.7
	spoiled manual 'man/chime.7:[0-9]*: no page man/chime-nowhere.1'
	echo '.Nonsense' >>man/chime.7
	spoiled manual 'man/chime.7:[0-9]*:.*Nonsense'
}

@test "lint refuses a check that is none" {
	run -100 "$ROOT/t/lint" nonsense
}

@test "the examples of the manual run" {
	mkdir pages work
	awk -v dir="$DIR/pages" -f "$ROOT/t/lib/example.awk" "$ROOT"/man/*.[178]
	cd work
	n=0
	for script in "$DIR"/pages/*.sh; do
		n=$((n + 1))
		name=$(basename "$script" .sh)
		sh -u "$script" >"$DIR/out" 2>"$DIR/err" </dev/null || {
			echo "$name ended with code $?"
			cat "$script" "$DIR/err"
			return 1
		}
		sed 's/"ts":"[^"]*"/"ts":"…"/' "$DIR/out" |
		    diff -u "$DIR/pages/$name.out" - || {
			echo "$name"
			return 1
		}
	done
	[ "$n" -gt 0 ]
}

@test "installed elsewhere, it runs" {
	make -s -C "$ROOT" B="$BUILD" DESTDIR="$DIR/root" PREFIX=/usr install
	for f in "$ROOT"/bin/*; do
		[ -x "root/usr/bin/$(basename "${f%.*}")" ]
	done
	[ -e root/usr/share/man/man7/chime.7 ]
	[ -d root/etc/chime ]
	PATH=$DIR/root/usr/bin:/usr/bin:/bin
	run -0 chime-ping -V </dev/null
	[ "${output%% *}" = chime-ping ]
}
