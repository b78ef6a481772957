# SPDX-License-Identifier: ISC
# A chime-apiserver with its real workers, and callers of every role. `load
# lib/access` after lib/common, lib/db and lib/hosts.
# shellcheck shell=bash disable=SC2154 # DIR: common.bash
# shellcheck disable=SC2034 # code: for the tests

declare -gA TOKENS=()

# access_up: the server as `start server`; $url; $TOKENS: one a role, agent of
# n1 and agent2 of n2.
access_up() {
	start server chime-apiserver -l 127.0.0.1:0
	wait_for 5 has server.err 'info: listening on'
	url=http://$(sed -n 's/.*info: listening on //p' server.err)
	TOKENS[none]=
	TOKENS[admin]=$(db_token admin tester)
	TOKENS[agent]=$(db_token agent n1)
	TOKENS[agent2]=$(db_token agent n2)
	TOKENS[join]=$(db_token join n1)
	for role in operator viewer; do
		req POST /v1/token admin "{\"role\":\"$role\"}"
		TOKENS[$role]=$(jq -r .result.token body)
	done
}

# req METHOD PATH TOKEN [BODY]: TOKEN is a key of $TOKENS. Answer in body and
# head; sets $status and $code.
req() {
	local args=(-X "$1")

	[ -z "${TOKENS[$3]}" ] ||
	    args+=(-H "Authorization: Bearer ${TOKENS[$3]}")
	[ $# -lt 4 ] || args+=(-d "$4")
	asked="$1 $2 by $3"
	status=$(curl -s --max-time 30 -o body -D head -w '%{http_code}' \
	    "${args[@]}" "$url$2") || true
	code=$(jq -r '.error.code // ""' body)
}

# gets STATUS [CODE]: what req got.
gets() {
	[ "$status" = "$1" ] && [ "$code" = "${2-$code}" ] && return
	echo "$asked: expected $*, got $status:"
	cat body
	return 1
}

# body_is [JQ OPTION...] FILTER
body_is() {
	jq -e "$@" body >/dev/null && return
	cat body
	return 1
}

# add_user NAME ROLE PASSWORD
add_user() {
	req POST /v1/user admin "$(jq -cn --arg u "$1" --arg r "$2" \
	    --arg p "$3" '{user: $u, role: $r, password: $p}')"
	gets 200
}

# login NAME PASSWORD
login() {
	req POST /v1/login none "$(jq -cn --arg u "$1" --arg p "$2" \
	    '{user: $u, password: $p}')"
}
