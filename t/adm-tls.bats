#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# chimeadm initserver tls: a CA and certificates that are believed, kept,
# renewed and carried to other servers.

load lib/common
load lib/api
load lib/tls

setup_file() {
	api_worker
}

setup() {
	common_setup
	tls=$DIR/etc/tls
}

adm() {
	chimeadm initserver tls --conf-dir "$DIR/etc" "$@"
}

# serve CONF: an API server with what was made; sets $port.
serve() {
	local conf

	mapfile -t conf <"$1"
	start api env "${conf[@]}" chime-apiserver -l 127.0.0.1:0 \
	    -H "$WORKER" -C "$WORKER"
	wait_for 5 has api.err 'info: listening on .* with TLS'
	port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\) .*/\1/p' api.err)
}

# asks NAME CA: whether chime-call believes the server of that name.
asks() {
	CHIME_API=https://$1:$port CHIME_CA_FILE=$2 chime-call GET /v1/echo |
	    jq_is '.path == "/v1/echo"'
}

mode() {
	stat -c %a "$1"
}

@test "usage: 100, and nothing is made" {
	refuse() {
		local words=$1

		shift
		run -100 adm "$@"
		[[ $output == *"$words"* ]]
	}
	refuse 'neither --name nor --ip'
	refuse "'a b': expected a host name" --name 'a b'
	refuse "'x,y': expected an address" --ip x,y
	refuse 'both are needed' --cert x
	refuse 'both are needed' --name x --ca-cert x
	refuse 'not with --cert' --name x --cert x --key y
	refuse "'0': expected 1..9999" --name x --days 0
	refuse 'only one of them' --name x --out y --listen 127.0.0.1:1
	run -100 chimeadm initserver tsl
	[[ $output == *'expected mysql, tls or check'* ]]
	[ ! -e etc ]
}

@test "a private CA: made once, believed, and nothing to do twice" {
	run -1 adm --name localhost --ip 127.0.0.1 -n
	[ "$(echo "$output" | jq -r .action | xargs)" = 'make sign write' ]
	[ ! -e etc ]
	adm --name localhost --ip 127.0.0.1 --listen 127.0.0.1:8801 2>said
	grep -q "$tls/ca.key: signs certificates" said
	grep -q "$tls/ca.crt: agents and tools need it, as CHIME_CA_FILE" said
	[ "$(mode "$tls/ca.key") $(mode "$tls/server.key")" = '600 600' ]
	grep -qx 'CHIME_API_LISTEN=127.0.0.1:8801' etc/server.conf
	serve etc/server.conf
	asks localhost "$tls/ca.crt"
	asks 127.0.0.1 "$tls/ca.crt"
	find etc -type f -exec cksum {} + | sort >before
	run -0 adm --name localhost --ip 127.0.0.1 -n
	[ -z "$output" ]
	adm --name localhost --ip 127.0.0.1
	find etc -type f -exec cksum {} + | sort | cmp before -
}

@test "signed anew: by --renew, for other names, before it ends" {
	adm --ip 127.0.0.1
	ca=$(cksum "$tls/ca.crt" "$tls/ca.key")
	serve etc/server.conf
	old=$(tls_serial "127.0.0.1:$port" "$tls/ca.crt")
	adm --ip 127.0.0.1 --renew
	wait_for 10 has api.err 'read again'
	[ "$(tls_serial "127.0.0.1:$port" "$tls/ca.crt")" != "$old" ]
	asks 127.0.0.1 "$tls/ca.crt"
	run -1 adm --ip 127.0.0.1 --name more -n
	adm --ip 127.0.0.1 --name more
	run -0 adm --ip 127.0.0.1 --name more -n
	# A name less is another certificate as well.
	run -1 adm --ip 127.0.0.1 -n
	adm --ip 127.0.0.1 --days 29 --renew
	run -1 adm --ip 127.0.0.1 -n
	adm --ip 127.0.0.1
	chmod 644 "$tls/server.key"
	run -1 adm --ip 127.0.0.1 -n
	adm --ip 127.0.0.1
	[ "$(cksum "$tls/ca.crt" "$tls/ca.key")" = "$ca" ]
}

@test "for another server: made here, taken there, the CA's key stays" {
	adm --name s1
	adm --ip 127.0.0.1 --out carry 2>said
	grep -q 'carry it there' said
	[ "$(cd carry && echo ./*)" = './ca.crt ./server.crt ./server.key' ]
	chimeadm initserver tls --conf-dir there --cert carry/server.crt \
	    --key carry/server.key --ca-cert carry/ca.crt
	[ "$(mode there/tls/server.key)" = 600 ]
	serve there/server.conf
	asks 127.0.0.1 "$tls/ca.crt"
	run -0 chimeadm initserver tls --conf-dir there \
	    --cert carry/server.crt --key carry/server.key \
	    --ca-cert carry/ca.crt -n
	# Without its key nothing is signed, and what is there stays.
	mv "$tls/ca.key" away
	run -0 adm --name s1
	run -100 adm --name s2
	[[ $output == *"$tls/ca.key: not here"* ]]
	adm --name s2 --ca-cert "$tls/ca.crt" --ca-key away
}

@test "the site's certificate: taken when it is one, else refused" {
	tls_ca site
	tls_ca other
	tls_cert own site IP:127.0.0.1
	tls_cert late site IP:127.0.0.1 -1
	site() {
		adm --cert "$1.crt" --key "$2.key" --ca-cert "$3.crt"
	}
	run -100 site own site site
	[[ $output == *'not the key of'* ]]
	run -100 site own own other
	[[ $output == *'other.crt has not signed own.crt'* ]]
	run -100 site late late site
	[[ $output == *'has expired'* ]]
	run -100 site site site site
	[[ $output == *'subjectAltName'* ]]
	run -100 adm --cert own.key --key own.key
	[[ $output == *'no certificate in PEM'* ]]
	run -100 adm --cert own.crt --key own.crt
	[[ $output == *'no private key'* ]]
	[ ! -e etc ]
	site own own site
	serve etc/server.conf
	asks 127.0.0.1 site.crt
}
