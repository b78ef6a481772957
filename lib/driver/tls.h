/* SPDX-License-Identifier: ISC */
/*
 * A server's certificate and key, read again when their files change.
 * Connections go on; what begins after the change gets the new one. Files
 * that make no usable pair, half-written ones too, leave the old one in
 * place.
 */
#ifndef DRIVER_TLS_H
#define DRIVER_TLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdint.h>

#define TLS_REASON_SIZE 400
#define TLS_PRIORITIES                                                         \
	"SECURE128:%SERVER_PRECEDENCE:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct tls;

struct tls_conf {
	const char *cert; /* PEM: the server's own first, then its issuers */
	const char *key;  /* PEM, closed to group and others */
	int64_t hold_ms;  /* the longest a handshake lasts */
	void (*info)(const char *fmt, ...);
	void (*warn)(const char *fmt, ...);
};

/*
 * Reads the pair; conf's strings are kept. NULL with a reason when it cannot
 * be used. A process has one: see tls_retrieve.
 */
struct tls *tls_new(
    const struct tls_conf *conf, char reason[static TLS_REASON_SIZE]);

void tls_free(struct tls *t);

/*
 * Looks whether the files changed, at most once a second; a change counts
 * when it has stood for a second. The milliseconds until it is due again.
 */
int64_t tls_run(struct tls *t, int64_t now);

/*
 * The callback that answers a handshake with the pair in force
 * (gnutls_certificate_retrieve_function2). It has no argument of ours, so
 * that pair is the process's.
 */
int tls_retrieve(gnutls_session_t session, const gnutls_datum_t *issuers,
    int nissuers, const gnutls_pk_algorithm_t *algorithms, int nalgorithms,
    gnutls_pcert_st **certs, unsigned *ncerts, gnutls_privkey_t *key);

#endif
