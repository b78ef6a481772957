# SPDX-License-Identifier: ISC
# Authorities and certificates, for `chimeadm initserver tls`; read by
# libexec/adm-tls, whose options it uses.
# shellcheck shell=sh
# shellcheck disable=SC2154 # ca_cert, days, dir, dry, ...: libexec/adm-tls
# shellcheck disable=SC2034 # made_ca: for libexec/adm-tls

made_ca=

# ssl ARG...: openssl, whose words are shown only when it fails.
ssl() {
	openssl "$@" 2>"$temp/openssl" && return
	sed 's/^/openssl: /' "$temp/openssl" >&2
	return 1
}

# copy FILE TO MODE: planned and done if that changes anything.
copy() {
	if cmp -s "$1" "$2" && [ "$(stat -c %a "$2")" = "$3" ]; then
		return
	fi
	plan write "$2" "from $1"
	[ "$dry" ] || {
		mkdir -p "${2%/*}"
		put "$2" "$3" <"$1"
	}
}

# new_key FILE
new_key() {
	ssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" ||
		die 111 "$1: no key could be made"
}

# fits CERT KEY: whether they belong together.
fits() {
	openssl x509 -in "$1" -noout -pubkey >"$temp/a" 2>/dev/null &&
		openssl pkey -in "$2" -pubout >"$temp/b" 2>/dev/null </dev/null &&
		cmp -s "$temp/a" "$temp/b"
}

# signed CERT CA: whether CA has signed it, or one that the file brings along.
signed() {
	openssl verify -no_check_time -CAfile "$2" -untrusted "$1" "$1" \
	    >/dev/null 2>&1
}

# check_pair CERT KEY [CA]: dies unless a server can use them.
check_pair() {
	openssl x509 -in "$1" -noout 2>/dev/null ||
		die 100 "option --cert: $1: no certificate in PEM"
	openssl pkey -in "$2" -noout 2>/dev/null </dev/null ||
		die 100 "option --key: $2: no private key in PEM without a" \
		    "passphrase"
	fits "$1" "$2" ||
		die 100 "options --cert, --key: $2 is not the key of $1"
	openssl x509 -in "$1" -noout -checkend 0 >/dev/null ||
		die 100 "option --cert: $1: has expired"
	openssl x509 -in "$1" -noout -ext subjectAltName 2>/dev/null |
	    grep -q : || die 100 "option --cert: $1: carries no name or" \
		    "address (subjectAltName): no client would believe it"
	[ -z "${3:-}" ] || signed "$1" "$3" ||
		die 100 "option --ca-cert: $3 has not signed $1"
}

# authority: $ca_cert and $ca_key are there to sign with; $tls has them.
authority() {
	if [ "$ca_cert" ]; then
		fits "$ca_cert" "$ca_key" ||
			die 100 "options --ca-cert, --ca-key: $ca_key is not" \
			    "the key of $ca_cert"
		copy "$ca_cert" "$dir/ca.crt" 644
		return
	fi
	ca_cert=$tls/ca.crt
	ca_key=$tls/ca.key
	if [ ! -e "$ca_cert" ] && [ ! -e "$ca_key" ]; then
		plan make "$ca_key" "a private CA, good for 10 years"
		made_ca=1
		[ "$dry" ] || make_ca
	fi
	[ "$dir" = "$tls" ] || [ ! -e "$ca_cert" ] ||
		copy "$ca_cert" "$dir/ca.crt" 644
}

make_ca() {
	mkdir -p "$tls"
	new_key "$temp/ca.key"
	ssl req -x509 -new -key "$temp/ca.key" -days 3650 -sha256 \
	    -subj "/CN=chime CA of $(uname -n)" \
	    -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
	    -addext keyUsage=critical,keyCertSign,cRLSign \
	    -out "$temp/ca.crt" || die 111 "no CA could be made"
	put "$ca_key" 600 <"$temp/ca.key"
	put "$ca_cert" 644 <"$temp/ca.crt"
}

# good: whether the server's certificate is just so, and for long enough.
good() {
	[ -z "$renew" ] && fits "$dir/server.crt" "$dir/server.key" &&
		[ "$(stat -c %a "$dir/server.key")" = 600 ] &&
		openssl x509 -in "$dir/server.crt" -noout \
		    -checkend $((30 * 86400)) >/dev/null 2>&1 &&
		signed "$dir/server.crt" "$ca_cert" || return 1
	for n in $names; do
		case $n in
		DNS:*) set -- -checkhost "${n#DNS:}" ;;
		IP:*) set -- -checkip "${n#IP:}" ;;
		esac
		openssl x509 -in "$dir/server.crt" -noout "$@" |
		    grep -q 'does match' || return 1
	done
}

# certificate: the server's, signed.
certificate() {
	# What stands in it and is not asked for any more is a reason, too.
	[ "$(names_in "$dir/server.crt")" = "$(echo "$names" | wc -w)" ] &&
		good && return
	plan sign "$dir/server.crt" "for$names, good for $days days"
	[ "$dry" ] && return
	[ -r "$ca_key" ] || die 100 "$ca_key: not here: sign on the server that" \
	    "has it (--out), or give --ca-cert and --ca-key"
	mkdir -p "$dir"
	new_key "$temp/server.key"
	alt=
	for n in $names; do
		alt=$alt${alt:+,}$n
	done
	ssl req -new -key "$temp/server.key" -subj "/CN=chime server" \
	    -addext "subjectAltName=$alt" -addext basicConstraints=CA:FALSE \
	    -addext extendedKeyUsage=serverAuth -out "$temp/server.csr" ||
		die 111 "$dir/server.crt: no request could be made"
	ssl x509 -req -in "$temp/server.csr" -CA "$ca_cert" -CAkey "$ca_key" \
	    -sha256 -days "$days" -set_serial "0x$(openssl rand -hex 16)" \
	    -copy_extensions copyall -out "$temp/server.crt" ||
		die 111 "$dir/server.crt: could not be signed"
	put "$dir/server.key" 600 <"$temp/server.key"
	put "$dir/server.crt" 644 <"$temp/server.crt"
}

# names_in CERT: how many names and addresses it carries.
names_in() {
	openssl x509 -in "$1" -noout -ext subjectAltName 2>/dev/null |
	    grep -oE '(DNS|IP Address):' | wc -l
}
