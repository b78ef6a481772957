/* SPDX-License-Identifier: ISC */
#include "driver/tls.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/fs.h"

#define CHAIN_MAX 16
#define FILE_MAX  (1024 * 1024)
#define CHECK_MS  1000
#define DAY_S     (24 * 3600)
#define SOON_S    (14 * DAY_S)

/* What tells that a file is another one. */
struct stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
	int error;
};

struct stamps {
	struct stamp cert, key;
};

struct pair {
	gnutls_pcert_st cert[CHAIN_MAX];
	unsigned ncert;
	gnutls_privkey_t key;
	time_t expires;
	/* When it is not in force any more: a handshake may still use it. */
	struct pair *next;
	int64_t until;
};

struct tls {
	struct tls_conf conf;
	struct pair *retired;
	struct stamps used, seen; /* of the last reading, of the last look */
	int64_t looked;
};

static struct pair *in_force;

static bool __attribute__((format(printf, 2, 3)))
fail(char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, TLS_REASON_SIZE, fmt, ap);
	va_end(ap);
	return false;
}

static void
pair_free(struct pair *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->ncert; i++)
		gnutls_pcert_deinit(&p->cert[i]);
	if (p->key)
		gnutls_privkey_deinit(p->key);
	free(p);
}

/* The datum that gnutls reads: the text of a file. */
static bool
read_file(const char *path, struct buf *b, gnutls_datum_t *d, char *reason)
{
	if (fs_read(path, b) == -1)
		return fail(reason, "%s: %s", path, strerror(errno));
	if (!b->len)
		return fail(reason, "%s: it is empty", path);
	d->data = (unsigned char *)b->data;
	d->size = (unsigned)b->len;
	return true;
}

static bool
read_cert(struct pair *p, const char *path, char *reason)
{
	gnutls_datum_t d;
	unsigned n = CHAIN_MAX;
	gnutls_x509_crt_t crt;
	struct buf b;
	int r = -1;

	buf_init(&b, FILE_MAX);
	if (read_file(path, &b, &d, reason)) {
		r = gnutls_pcert_list_import_x509_raw(p->cert, &n, &d,
		    GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_SORT);
		if (r >= 0)
			p->ncert = n;
		if (r >= 0)
			r = gnutls_pcert_export_x509(&p->cert[0], &crt);
		if (r < 0)
			fail(reason, "%s: no certificates in PEM: %s", path,
			    gnutls_strerror(r));
	}
	buf_free(&b);
	if (r < 0)
		return false;
	p->expires = gnutls_x509_crt_get_expiration_time(crt);
	gnutls_x509_crt_deinit(crt);
	return true;
}

static bool
read_key(struct pair *p, const char *path, char *reason)
{
	gnutls_datum_t d;
	struct stat st;
	struct buf b;
	int r = -1;

	if (stat(path, &st) == 0 && (st.st_mode & 077))
		return fail(reason,
		    "%s: others may read or write the key (mode 0600 is "
		    "expected)",
		    path);
	buf_init(&b, FILE_MAX);
	if (read_file(path, &b, &d, reason)) {
		r = gnutls_privkey_init(&p->key);
		if (r >= 0)
			r = gnutls_privkey_import_x509_raw(
			    p->key, &d, GNUTLS_X509_FMT_PEM, NULL, 0);
		if (r < 0)
			fail(reason, "%s: no private key in PEM: %s", path,
			    gnutls_strerror(r));
	}
	if (b.len)
		gnutls_memset(b.data, 0, b.len);
	buf_free(&b);
	return r >= 0;
}

static bool
key_id(gnutls_pubkey_t key, unsigned char id[static 32])
{
	size_t n = 32;

	return gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, id, &n) >=
	       0;
}

static bool
belong_together(const struct pair *p)
{
	unsigned char a[32], b[32];
	gnutls_pubkey_t own;
	bool same;

	if (gnutls_pubkey_init(&own) < 0)
		return false;
	same = gnutls_pubkey_import_privkey(own, p->key, 0, 0) >= 0 &&
	       key_id(own, a) && key_id(p->cert[0].pubkey, b) &&
	       memcmp(a, b, sizeof(a)) == 0;
	gnutls_pubkey_deinit(own);
	return same;
}

static struct pair *
pair_read(const struct tls_conf *c, char *reason)
{
	struct pair *p = mem_calloc(1, sizeof(*p));

	if (read_cert(p, c->cert, reason) && read_key(p, c->key, reason)) {
		if (belong_together(p))
			return p;
		fail(reason, "%s: not the key of the certificate in %s", c->key,
		    c->cert);
	}
	pair_free(p);
	return NULL;
}

static struct stamp
stamp(const char *path)
{
	struct stamp s = {0};
	struct stat st;

	if (stat(path, &st) == -1) {
		s.error = errno;
		return s;
	}
	s.dev = st.st_dev;
	s.ino = st.st_ino;
	s.size = st.st_size;
	s.mtime = st.st_mtim;
	return s;
}

static bool
same(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime.tv_sec == b->mtime.tv_sec &&
	       a->mtime.tv_nsec == b->mtime.tv_nsec && a->error == b->error;
}

static bool
all_same(const struct stamps *a, const struct stamps *b)
{
	return same(&a->cert, &b->cert) && same(&a->key, &b->key);
}

static struct stamps
look(const struct tls *t)
{
	return (struct stamps){stamp(t->conf.cert), stamp(t->conf.key)};
}

/* Says until when it is good, and when that is soon, or over. */
static void
tell(const struct tls *t, const char *what)
{
	char day[16] = "?";
	time_t left = in_force->expires - time(NULL);
	struct tm tm;

	if (gmtime_r(&in_force->expires, &tm))
		strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	if (left <= 0)
		t->conf.warn("certificate %s: expired on %s: clients refuse it",
		    t->conf.cert, day);
	else if (left < SOON_S)
		t->conf.warn("certificate %s: expires on %s: renew it",
		    t->conf.cert, day);
	else
		t->conf.info("certificate %s: %s, good until %s", t->conf.cert,
		    what, day);
}

struct tls *
tls_new(const struct tls_conf *conf, char reason[static TLS_REASON_SIZE])
{
	struct tls *t = mem_calloc(1, sizeof(*t));

	t->conf = *conf;
	t->used = t->seen = look(t);
	in_force = pair_read(conf, reason);
	if (!in_force) {
		free(t);
		return NULL;
	}
	tell(t, "read");
	return t;
}

void
tls_free(struct tls *t)
{
	if (!t)
		return;
	pair_free(in_force);
	in_force = NULL;
	for (struct pair *p = t->retired, *next; p; p = next) {
		next = p->next;
		pair_free(p);
	}
	free(t);
}

static void
reload(struct tls *t, int64_t now)
{
	char reason[TLS_REASON_SIZE];
	struct pair *new = pair_read(&t->conf, reason);

	if (new &&new->expires <= time(NULL)) {
		fail(reason, "%s: the new one has expired", t->conf.cert);
		pair_free(new);
		new = NULL;
	}
	if (!new) {
		t->conf.warn("certificate: %s: the old one stays", reason);
		return;
	}
	in_force->until = now + t->conf.hold_ms;
	in_force->next = t->retired;
	t->retired = in_force;
	in_force = new;
	tell(t, "read again");
}

int64_t
tls_run(struct tls *t, int64_t now)
{
	struct stamps is;

	if (now - t->looked < CHECK_MS)
		return CHECK_MS - (now - t->looked);
	t->looked = now;
	for (struct pair **p = &t->retired, *old; (old = *p);) {
		if (old->until > now) {
			p = &old->next;
			continue;
		}
		*p = old->next;
		pair_free(old);
	}
	is = look(t);
	if (!all_same(&is, &t->used) && all_same(&is, &t->seen)) {
		t->used = is;
		reload(t, now);
	}
	t->seen = is;
	return CHECK_MS;
}

int
tls_retrieve(gnutls_session_t session, const gnutls_datum_t *issuers,
    int nissuers, const gnutls_pk_algorithm_t *algorithms, int nalgorithms,
    gnutls_pcert_st **certs, unsigned *ncerts, gnutls_privkey_t *key)
{
	(void)session;
	(void)issuers;
	(void)nissuers;
	(void)algorithms;
	(void)nalgorithms;
	if (!in_force)
		return -1;
	*certs = in_force->cert;
	*ncerts = in_force->ncert;
	*key = in_force->key;
	return 0;
}
