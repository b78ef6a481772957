#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# TLS between chime-apiserver and those who ask it: who is let in, whom a
# client believes, and certificates that change while it runs.
# shellcheck disable=SC2016 # programs of perl

load lib/common
load lib/api
load lib/tls

setup_file() {
	api_worker
}

setup() {
	common_setup
	tls_ca ca
	tls_cert server ca IP:127.0.0.1,DNS:localhost
	export CHIME_TLS_CERT=$DIR/server.crt CHIME_TLS_KEY=$DIR/server.key
	export CHIME_CA_FILE=$DIR/ca.crt
}

# serve NAME [OPTION...]: sets $port and $url; chime-call asks it.
serve() {
	local name=$1

	shift
	start "$name" chime-apiserver -l 127.0.0.1:0 -H "$WORKER" \
	    -C "$WORKER" "$@"
	wait_for 5 has "$name.err" 'info: listening on .* with TLS'
	port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\) .*/\1/p' "$name.err")
	url=https://127.0.0.1:$port
	export CHIME_API=$url
}

# refused WORDS: chime-call says them and has no answer.
refused() {
	run -111 chime-call GET /v1/echo
	[[ $output == *"$1"* ]]
	[[ $output != *'"path"'* ]]
}

@test "requests and answers of every size go through" {
	serve api
	chime-call GET /v1/echo | jq_is '.path == "/v1/echo"'
	CHIME_API=https://localhost:$port chime-call GET /v1/echo | jq_is .path
	head -c 1000000 /dev/zero | tr '\0' x >body
	chime-call POST /v1/echo @body | jq_is '.body | length == 1000000'
	get /v1/list/200/50000 --cacert ca.crt
	[ "$status" = 200 ]
	[ "$(jq '.result | length' body)" = 200 ]
	# Several requests on one connection.
	curl -s --cacert ca.crt "$url/v1/echo/[1-9]" >out
	[ "$(grep -o '"path"' out | wc -l)" = 9 ]
}

@test "many at once" {
	serve api
	seq -f "url = \"$url/v1/echo/%g\"" 200 >urls
	curl -s --no-progress-meter --cacert ca.crt --parallel --parallel-max 50 \
	    --parallel-immediate -K urls --max-time 60 >out
	[ "$(grep -o '"path"' out | wc -l)" = 200 ]
}

@test "TLS 1.2 and 1.3, nothing older, and no plain HTTP" {
	serve api
	for v in 1.2 1.3; do
		curl -s --cacert ca.crt --tlsv$v --tls-max $v "$url/v1/echo" |
		    jq_is '.result.path == "/v1/echo"'
	done
	# This client would; that it can is seen where it is let in.
	client() {
		openssl s_client -connect "127.0.0.1:$port" "-$1" \
		    -cipher ALL:@SECLEVEL=0 </dev/null
	}
	client tls1_2
	run ! client tls1_1
	CHIME_API=http://127.0.0.1:$port run -111 chime-call GET /v1/echo
}

@test "it listens off loopback, with nothing else allowed" {
	start api chime-apiserver -l 0.0.0.0:0 -H "$WORKER" -C "$WORKER"
	wait_for 5 has api.err 'listening on 0.0.0.0:[0-9]* with TLS'
}

@test "what is no certificate with its key is refused at the start" {
	refuse() {
		run -100 chime-apiserver -l 127.0.0.1:0 -H "$WORKER" -C "$WORKER"
		[[ $output == *"$1"* ]]
	}
	CHIME_TLS_KEY='' refuse 'only one of them is set'
	CHIME_TLS_CERT='' refuse 'only one of them is set'
	CHIME_TLS_CERT=$DIR/none refuse "$DIR/none: No such file"
	CHIME_TLS_KEY=$DIR/ca.key refuse 'not the key of the certificate'
	CHIME_TLS_CERT=$DIR/server.key refuse 'no certificates in PEM'
	CHIME_TLS_KEY=$DIR/server.crt refuse '0600'
	chmod 600 server.crt
	CHIME_TLS_KEY=$DIR/server.crt refuse 'no private key in PEM'
	chmod 640 server.key
	refuse 'server.key: others may read'
	: >server.crt
	refuse 'server.crt: it is empty'
}

@test "only the CA in CHIME_CA_FILE counts, and its names" {
	serve api
	chime-call GET /v1/echo >out
	tls_ca other
	CHIME_CA_FILE=$DIR/other.crt refused 'has not signed it'
	CHIME_CA_FILE='' refused 'CHIME_CA_FILE is not set'
	CHIME_CA_FILE=/nowhere run -100 chime-call GET /v1/echo
	[[ $output == *'/nowhere: No such file'* ]]
	# The system's authorities do not help where a CA is given.
	CURL_CA_BUNDLE=$DIR/ca.crt SSL_CERT_FILE=$DIR/ca.crt \
	    CHIME_CA_FILE=$DIR/other.crt refused 'has not signed it'
}

@test "a certificate for another name, or out of its time, is refused" {
	tls_cert server ca IP:127.0.0.2,DNS:elsewhere
	serve name
	refused 'does not carry this name or address'
	stop name
	tls_cert server ca IP:127.0.0.1 -1
	serve late
	has late.err 'expired on'
	refused 'it has expired'
}

@test "chime-heartbeat and chime-check believe the same CA alone" {
	serve api
	tls_ca other
	(umask 077 && echo t0ken >token)
	export CHIME_HOST=n1 CHIME_TOKEN_FILE=$DIR/token
	printf '{"type":"host","ts":"2026-01-02T03:04:05.678Z","host":"n1",%s}\n' \
	    "\"boot\":\"$(uuid)\",\"observed_rev\":\"1111111111111111\",
	    \"health\":\"ok\"" | tr -d '\n\t ' \
	    >observed
	CHIME_CA_FILE=$DIR/other.crt run -111 chime-heartbeat -1 -f observed
	[[ $output == *'has not signed it'* ]]
	# An answer of this worker's is none, but it was believed.
	run ! chime-heartbeat -1 -f observed
	[[ $output != *certificate* ]]
	run -1 chime-check server --api "$url" --ca-file "$DIR/other.crt"
	[[ $output == *'has not signed it'* ]]
	run -1 chime-check server --api "$url"
	[[ $output == *'HTTP status 200'* ]]
	run -100 chime-check server --api "$url" --ca-file /nowhere
}

@test "a new certificate is taken up; who is connected stays so" {
	serve api
	old=$(tls_serial "127.0.0.1:$port" ca.crt)
	start held perl -e '
		open(S, "|-", "openssl", "s_client", "-quiet", "-connect",
		    "127.0.0.1:$ARGV[0]", "-CAfile", "ca.crt") or die;
		select(S); $| = 1;
		print "GET /v1/echo/1 HTTP/1.1\r\nHost: x\r\n\r\n";
		until (-e "go") { select(undef, undef, undef, 0.05) }
		print "GET /v1/echo/2 HTTP/1.1\r\nHost: x\r\n",
		    "Connection: close\r\n\r\n";
		close S' "$port"
	wait_for 5 has held.out '/v1/echo/1'
	tls_cert new ca IP:127.0.0.1
	mv new.crt server.crt
	mv new.key server.key
	wait_for 10 has api.err 'server.crt: read again'
	[ "$(tls_serial "127.0.0.1:$port" ca.crt)" != "$old" ]
	chime-call GET /v1/echo | jq_is .path
	touch go
	wait_end held 10
	has held.out '/v1/echo/2'
	run ! has api.err 'the old one stays'
}

@test "a broken new certificate: the old one stays, and it is said once" {
	serve api
	old=$(tls_serial "127.0.0.1:$port" ca.crt)
	cp server.crt whole
	head -c 300 whole >server.crt
	wait_for 10 has api.err 'server.crt: no certificates.*the old one stays'
	[ "$(tls_serial "127.0.0.1:$port" ca.crt)" = "$old" ]
	# Three looks later, with another one that is refused.
	tls_cert late ca IP:127.0.0.1 -1
	cat late.crt >server.crt
	cat late.key >server.key
	wait_for 10 has api.err 'the new one has expired: the old one stays'
	rm server.key
	wait_for 10 has api.err 'server.key: No such file.*the old one stays'
	chime-call GET /v1/echo | jq_is .path
	[ "$(grep -c 'the old one stays' api.err)" = 3 ]
	tls_cert new ca IP:127.0.0.1
	mv new.key server.key
	mv new.crt server.crt
	wait_for 10 has api.err 'server.crt: read again'
	[ "$(tls_serial "127.0.0.1:$port" ca.crt)" != "$old" ]
}

@test "handshakes that are slow, or none, are closed and hurt nobody" {
	export CHIME_API_CLIENT_TIMEOUT=2s
	serve api -v
	# Half of the first record of a handshake, then nothing, or a byte now
	# and then.
	slow='
		$SIG{PIPE} = "IGNORE";
		for (1 .. 100) {
			$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
			syswrite($s, "\x16\x03\x01\x02\x00\x01\x00");
			push(@s, $s);
		}
		print "there\n";
		while (@s) {
			select(undef, undef, undef, 0.1);
			for $s (@s) {
				$s->blocking(0);
				syswrite($s, "x") if $ARGV[1];
				$r = sysread($s, $b, 100);
				$s = undef if defined($r) and !$r or
				    !defined($r) and !$!{EAGAIN};
			}
			@s = grep { $_ } @s;
		}'
	for drip in 0 1; do
		start slow$drip perl -MErrno -MIO::Socket::INET \
		    -e "\$| = 1; $slow" "$port" "$drip"
		wait_for 10 has slow$drip.out there
	done
	chime-call -t 2s GET /v1/echo | jq_is .path
	for drip in 0 1; do
		wait_end slow$drip 20
		[ "$rc" -eq 0 ]
	done
	chime-call GET /v1/echo | jq_is .path
}
