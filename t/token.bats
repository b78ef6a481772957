# SPDX-License-Identifier: ISC
# libexec/token on a real MariaDB.
# shellcheck shell=bash disable=SC2154 # set by lib/common and lib/db
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load lib/common
load lib/db

setup() {
	common_setup
	db_start
	db_schema
	sql "INSERT INTO host(name, health_since, manage_ip, desired_rev,
	    created_at) VALUES ('n1', UTC_TIMESTAMP(3), '10.0.0.1',
	    '0000000000000000', UTC_TIMESTAMP(3))"
}

# token ARGUMENT...: with its output in token.out, token.err; sets $rc.
token() {
	rc=0
	"$LIBEXEC/token" "$@" >token.out 2>token.err || rc=$?
}

# asks PATH TOKEN: the status the API's worker answers.
asks() {
	jq -nc --arg p "$1" --arg t "$2" \
	    '{id: 1, method: "GET", path: $p, token: $t}' |
	    "$LIBEXEC/api-call" | jq 'select(.end).end.status'
}

hash() {
	printf %s "$1" | sha256sum | cut -d ' ' -f 1
}

@test "an administrator's token opens the API, and only its hash is kept" {
	token admin "the first one"
	[ "$rc" = 0 ]
	t=$(cat token.out)
	[[ $t =~ ^[0-9a-f]{64}$ ]]
	[ "$(asks /v1/host "$t")" = 200 ]
	sql_is "$(hash "$t")	admin	the first one" \
	    "SELECT hash, role, note FROM token"
	run ! grep -q "$t" token.err
	# The id in the message leads to the row.
	has token.err "$(sql 'SELECT id FROM token')"
	token admin another
	[ "$(cat token.out)" != "$t" ]
	[ "$(asks /v1/host "$t")" = 200 ]
}

@test "an agent's token replaces the old one" {
	token agent n1
	[ "$rc" = 0 ]
	old=$(cat token.out)
	[ "$(asks /v1/host/n1 "$old")" = 200 ]
	[ "$(asks /v1/host "$old")" = 403 ]
	token agent n1
	[ "$(asks /v1/host/n1 "$old")" = 401 ]
	[ "$(asks /v1/host/n1 "$(cat token.out)")" = 200 ]
}

@test "-o writes a file nobody else can read, whatever was there" {
	umask 0
	echo old >file
	token -o file admin x
	[ "$rc" = 0 ]
	[ ! -s token.out ]
	[ "$(stat -c %a file)" = 600 ]
	[ "$(asks /v1/host "$(cat file)")" = 200 ]
}

@test "where nothing can be written, no token is made: 111" {
	token -o /nonexistent/file admin x
	[ "$rc" = 111 ]
	has token.err /nonexistent/file
	rc=0
	"$LIBEXEC/token" admin x >/dev/full 2>token.err || rc=$?
	[ "$rc" = 111 ]
	sql_is 0 'SELECT COUNT(*) FROM token'
	# And the old one of an agent stays good.
	token agent n1
	old=$(cat token.out)
	token -o /nonexistent/file agent n1
	[ "$rc" = 111 ]
	[ "$(asks /v1/host/n1 "$old")" = 200 ]
}

@test "wrong usage: 100" {
	for args in '' admin 'admin a b' 'king n1' '-x admin a'; do
		# shellcheck disable=SC2086 # several arguments
		token $args
		[ "$rc" = 100 ]
		has token.err usage
	done
	token admin ''
	[ "$rc" = 100 ]
	token admin $'two\nlines'
	[ "$rc" = 100 ]
	token agent N1
	[ "$rc" = 100 ]
	token agent n2
	[ "$rc" = 100 ]
	has token.err 'n2: not known'
	sql_is 0 'SELECT COUNT(*) FROM token'
}

@test "no database: 111, and nothing on stdout" {
	db_stop
	token admin x
	[ "$rc" = 111 ]
	[ ! -s token.out ]
	has token.err 'database:'
}
