# SPDX-License-Identifier: ISC
# Authorities and certificates of a test's own, in the current folder.
# shellcheck shell=bash

# tls_ca NAME: NAME.crt and NAME.key.
tls_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -out "$1.crt" -days 30 -subj "/CN=$1" \
	    2>"$1.openssl"
	chmod 600 "$1.key"
}

# tls_cert NAME CA ALTNAMES [DAYS]: NAME.crt, signed by CA, and NAME.key. A
# negative number of days makes one that has expired.
tls_cert() {
	{
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		    -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" \
		    -addext "subjectAltName=$3"
		openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" \
		    -CAcreateserial -days "${4:-30}" -copy_extensions copyall \
		    -out "$1.crt"
	} 2>"$1.openssl"
	chmod 600 "$1.key"
}

# tls_serial HOST:PORT CA: the serial number of the certificate it shows.
tls_serial() {
	openssl s_client -connect "$1" -CAfile "$2" </dev/null 2>/dev/null |
	    openssl x509 -noout -serial
}
