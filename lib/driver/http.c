/* SPDX-License-Identifier: ISC */
#include "driver/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/mem.h"

#define CONNECT_MS 3000

struct http {
	struct http_conf conf;
	CURLM *multi;
	CURL *easy;
	struct servers servers;
	unsigned good, used;
	char reason[HTTP_REASON_SIZE];
	char error[CURL_ERROR_SIZE];
	struct http_answer answer;
	bool delimited; /* the answer says where it ends */
};

static void __attribute__((format(printf, 2, 3)))
why(char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, HTTP_REASON_SIZE, fmt, ap);
	va_end(ap);
}

static size_t
take_body(char *p, size_t size, size_t n, void *arg)
{
	struct http *h = arg;

	return buf_add(&h->answer.body, p, size * n) == 0 ? size * n : 0;
}

/* The value of a header line when it has this name, or NULL. */
static const char *
header_value(const char *line, size_t n, const char *name, size_t *len)
{
	size_t k = strlen(name);

	if (n <= k || strncasecmp(line, name, k) != 0 || line[k] != ':')
		return NULL;
	k++;
	while (k < n && (line[k] == ' ' || line[k] == '\t'))
		k++;
	while (n > k && (line[n - 1] == '\r' || line[n - 1] == '\n' ||
			    line[n - 1] == ' '))
		n--;
	*len = n - k;
	return line + k;
}

static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	const char *v;
	size_t len;

	n *= size;
	/* A "100 Continue" before the real one is forgotten. */
	if (n >= 5 && memcmp(p, "HTTP/", 5) == 0) {
		h->delimited = false;
		h->answer.next[0] = '\0';
	}
	if (header_value(p, n, "Content-Length", &len) ||
	    header_value(p, n, "Transfer-Encoding", &len))
		h->delimited = true;
	v = header_value(p, n, "Chime-Next", &len);
	if (v && len < sizeof(h->answer.next)) {
		memcpy(h->answer.next, v, len);
		h->answer.next[len] = '\0';
	}
	return n;
}

static void
set_options(struct http *h)
{
	CURL *e = h->easy;

	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_CERTINFO, 1L);
	if (h->conf.ca_file) {
		curl_easy_setopt(e, CURLOPT_CAINFO, h->conf.ca_file);
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
		curl_easy_setopt(e, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	}
	/* A token is for the server it was given for. */
	curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, h->error);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, h);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "chime");
}

struct http *
http_new(const struct http_conf *conf, char *reason)
{
	struct http *h = mem_calloc(1, sizeof(*h));

	h->conf = *conf;
	buf_init(&h->answer.body, conf->answer_max);
	if (servers_read(&h->servers, conf->bases, conf->token_file,
		conf->plaintext, reason) == -1)
		goto fail;
	if (conf->ca_file && access(conf->ca_file, R_OK) == -1) {
		why(reason, "CA file %s: %s", conf->ca_file, strerror(errno));
		goto fail;
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    !(h->multi = curl_multi_init()) || !(h->easy = curl_easy_init())) {
		why(reason, "libcurl does not start");
		goto fail;
	}
	set_options(h);
	return h;
fail:
	http_free(h);
	return NULL;
}

void
http_free(struct http *h)
{
	if (!h)
		return;
	if (h->easy)
		curl_easy_cleanup(h->easy);
	if (h->multi)
		curl_multi_cleanup(h->multi);
	servers_free(&h->servers);
	buf_free(&h->answer.body);
	free(h);
}

unsigned
http_servers(const struct http *h)
{
	return h->servers.n;
}

const char *
http_reason(const struct http *h)
{
	return h->reason;
}

const char *
http_server(const struct http *h)
{
	return h->servers.base[h->used];
}

static void
add_header(struct curl_slist **list, const char *name, const char *value)
{
	struct buf b;

	if (!value)
		return;
	buf_init(&b, 4096);
	/* "Name:" without a value is one that libcurl must not send. */
	buf_printf(&b, *value ? "%s: %s" : "%s:", name, value);
	*list = curl_slist_append(*list, b.data);
	buf_free(&b);
}

/* The request's part of the options; the list is to be freed behind it. */
static struct curl_slist *
prepare(struct http *h, const struct http_request *r, int64_t left)
{
	bool posts = r->body || strcmp(r->method, "POST") == 0;
	struct curl_slist *list = NULL;
	struct buf url, bearer;

	buf_init(&bearer, SERVERS_TOKEN_SIZE + 16);
	buf_init(&url, 65536);
	buf_printf(&url, "%s%s", h->servers.base[h->used], r->path);
	if (h->servers.token[0]) {
		buf_printf(&bearer, "Bearer %s", h->servers.token);
		add_header(&list, "Authorization", bearer.data);
	}
	add_header(&list, "Accept", r->accept);
	add_header(&list, "Idempotency-Key", r->key);
	add_header(&list, "Expect", "");
	if (r->body)
		add_header(&list, "Content-Type", "application/json");
	/* Each undoes what the request before has set. */
	curl_easy_setopt(h->easy, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, NULL);
	if (posts) {
		curl_easy_setopt(h->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(
		    h->easy, CURLOPT_POSTFIELDS, r->body ? r->body : "");
		curl_easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)(r->body ? r->len : 0));
	}
	curl_easy_setopt(
	    h->easy, CURLOPT_NOBODY, strcmp(r->method, "HEAD") == 0 ? 1L : 0L);
	curl_easy_setopt(h->easy, CURLOPT_CUSTOMREQUEST, r->method);
	curl_easy_setopt(h->easy, CURLOPT_URL, url.data);
	curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, (long)left);
	curl_easy_setopt(h->easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(left < CONNECT_MS ? left : CONNECT_MS));
	buf_free(&url);
	buf_free(&bearer);
	return list;
}

/* Whether the transfer was told to stop; *code is its result otherwise. */
static bool
transfer(struct http *h, CURLcode *code)
{
	struct curl_waitfd stop = {
	    .fd = h->conf.stop_fd, .events = CURL_WAIT_POLLIN};
	unsigned nstop = stop.fd == -1 ? 0 : 1;
	CURLMsg *m;
	int running = 1, left;

	*code = CURLE_FAILED_INIT;
	curl_multi_add_handle(h->multi, h->easy);
	while (curl_multi_perform(h->multi, &running) == CURLM_OK && running) {
		stop.revents = 0;
		if (curl_multi_poll(h->multi, nstop ? &stop : NULL, nstop, 1000,
			NULL) != CURLM_OK ||
		    stop.revents)
			break;
	}
	while ((m = curl_multi_info_read(h->multi, &left)))
		if (m->msg == CURLMSG_DONE)
			*code = m->data.result;
	curl_multi_remove_handle(h->multi, h->easy);
	return stop.revents != 0;
}

/* A date of the certificate that was refused ("Start date:"), or -1. */
static time_t
cert_date(struct http *h, const char *name)
{
	struct curl_certinfo *chain = NULL;
	const struct curl_slist *s;
	size_t n = strlen(name), len = 0;
	char date[40];

	curl_easy_getinfo(h->easy, CURLINFO_CERTINFO, &chain);
	if (!chain || chain->num_of_certs < 1)
		return -1;
	for (s = chain->certinfo[0]; s; s = s->next)
		if (strncasecmp(s->data, name, n) == 0)
			break;
	if (!s)
		return -1;
	/* What GnuTLS writes is read without its dashes: 20260131 1:02:03. */
	for (const char *p = s->data + n; *p && len < sizeof(date) - 1; p++)
		if (*p != '-')
			date[len++] = *p;
	date[len] = '\0';
	return curl_getdate(date, NULL);
}

/* What is wrong with a certificate that was refused. */
static enum http_error
distrust(struct http *h)
{
	time_t start = cert_date(h, "Start date:"), now = time(NULL);
	time_t end = cert_date(h, "Expire date:");
	const char *ca = h->conf.ca_file, *what;

	if (strstr(h->error, "does not match"))
		what = "it does not carry this name or address";
	else if (end != -1 && end <= now)
		what = "it has expired";
	else if (start != -1 && start > now)
		what = "it is not valid yet (or this clock is wrong)";
	else if (ca)
		what = "the CA file has not signed it";
	else
		what = "no authority of this system has signed it, and "
		       "CHIME_CA_FILE is not set";
	why(h->reason, "%s: its certificate is refused: %s%s%.120s%s",
	    http_server(h), what, ca ? " (CA file " : "", ca ? ca : "",
	    ca ? ")" : "");
	return HTTP_CONNECTION;
}

static enum http_error
fail(struct http *h, CURLcode code)
{
	const char *text = h->error[0] ? h->error : curl_easy_strerror(code);

	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return distrust(h);
	if (code == CURLE_WRITE_ERROR && h->answer.body.overflow)
		text = "the answer is too large";
	else if (code == CURLE_OK)
		text = "the answer does not say where it ends";
	why(h->reason, "%s: %s", http_server(h), text);
	return code == CURLE_OPERATION_TIMEDOUT ? HTTP_TIMEOUT
						: HTTP_CONNECTION;
}

enum http_error
http_try(struct http *h, unsigned i, const struct http_request *r,
    const struct http_answer **a)
{
	int64_t left = r->deadline - clk_mono_ms();
	struct curl_slist *list;
	long status = 0;
	CURLcode code;
	bool stopped;

	*a = NULL;
	h->used = i % h->servers.n;
	h->error[0] = '\0';
	h->delimited = false;
	h->answer.next[0] = '\0';
	buf_clear(&h->answer.body);
	if (left <= 0)
		return fail(h, CURLE_OPERATION_TIMEDOUT);
	list = prepare(h, r, left);
	stopped = transfer(h, &code);
	curl_slist_free_all(list);
	curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, NULL);
	if (stopped) {
		why(h->reason, "%s: told to stop", http_server(h));
		return HTTP_STOPPED;
	}
	if (code == CURLE_OK)
		curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK || !h->delimited)
		return fail(h, code);
	h->reason[0] = '\0';
	h->answer.status = (int)status;
	*a = &h->answer;
	return HTTP_OK;
}

static bool
is_answer(const struct http_answer *a)
{
	return a && (a->status < 502 || a->status > 504);
}

enum http_error
http_do(
    struct http *h, const struct http_request *r, const struct http_answer **a)
{
	enum http_error e = HTTP_CONNECTION;
	unsigned first = h->good;

	for (unsigned i = 0; i < h->servers.n; i++) {
		struct http_request part = *r;
		int64_t now = clk_mono_ms();

		part.deadline = now + (r->deadline - now) / (h->servers.n - i);
		e = http_try(h, first + i, &part, a);
		if (e == HTTP_STOPPED)
			return e;
		if (e == HTTP_OK && is_answer(*a)) {
			h->good = h->used;
			return e;
		}
	}
	return e;
}
