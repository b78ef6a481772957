/* SPDX-License-Identifier: ISC */
#include "driver/front.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/num.h"
#include "driver/conns.h"
#include "driver/response.h"
#include "driver/route.h"
#include "driver/tls.h"
#include "driver/www.h"
#include "line/reply.h"
#include "os/proc.h"

#define POOL_SIZE   (8 * 1024)
#define ANSWER_MAX  (16 * 1024 * 1024)
#define HELD_MAX    (256 * (size_t)1024 * 1024) /* bodies, of all clients */
#define DISCARD_MAX (8 * FRONT_BODY_MAX)        /* read of a body too large */
#define SWEEP_MS    500

struct front {
	struct front_conf conf;
	struct MHD_Daemon *mhd;
	struct conns conns;
	size_t held; /* bytes of all bodies, there and back */
	int64_t swept;
	bool closing;
	uint64_t requests;
	char prefix[9]; /* makes request ids unlike those of other servers */
};

enum request_state { ARRIVING, WAITING, ANSWERED, QUEUED };

struct front_request {
	struct front *front;
	struct MHD_Connection *mhd;
	struct conn *conn;
	enum request_state state;
	bool began, suspended, flooded;
	char *target; /* as received */
	struct buf body;
	size_t discarded;
	struct reply reply;
	size_t held;
};

static void
connection_changed(void *cls, struct MHD_Connection *mhd, void **ctx,
    enum MHD_ConnectionNotificationCode code)
{
	struct front *f = cls;
	struct conn *c = *ctx;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*ctx = conns_add(&f->conns,
		    MHD_get_connection_info(
			mhd, MHD_CONNECTION_INFO_CONNECTION_FD)
			->connect_fd,
		    MHD_get_connection_info(
			mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
			->client_addr);
	} else if (c) {
		conns_remove(&f->conns, c);
		*ctx = NULL;
	}
}

/* The request line is there: the only place that sees it undecoded. */
static void *
request_began(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct front_request *q = mem_calloc(1, sizeof(*q));
	struct front *f = cls;
	char id[FRONT_ID_SIZE];

	q->front = f;
	q->mhd = mhd;
	q->conn =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
	q->target = mem_strdup(uri);
	buf_init(&q->body, FRONT_BODY_MAX);
	snprintf(id, sizeof(id), "%s%016llx", f->prefix,
	    (unsigned long long)++f->requests);
	reply_init(&q->reply, id, false, ANSWER_MAX);
	return q;
}

/* How much memory this request takes now. */
static void
hold(struct front_request *q, size_t n)
{
	q->front->held = q->front->held - q->held + n;
	q->held = n;
}

static void
request_completed(void *cls, struct MHD_Connection *mhd, void **ctx,
    enum MHD_RequestTerminationCode code)
{
	struct front_request *q = *ctx;

	(void)cls;
	(void)mhd;
	(void)code;
	if (!q)
		return;
	*ctx = NULL;
	hold(q, 0);
	conns_enter(&q->front->conns, q->conn, CONN_READING);
	buf_free(&q->body);
	reply_free(&q->reply);
	free(q->target);
	free(q);
}

static const char *
header(const struct front_request *q, const char *name)
{
	return MHD_lookup_connection_value(q->mhd, MHD_HEADER_KIND, name);
}

/* An answer is on its way. */
static void
sending(struct front_request *q)
{
	q->state = QUEUED;
	conns_enter(&q->front->conns, q->conn, CONN_SENDING);
}

static enum MHD_Result
send_reply(struct front_request *q)
{
	struct MHD_Response *r = response_of(&q->reply, q->front->closing);
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	result = MHD_queue_response(q->mhd, (unsigned)q->reply.status, r);
	MHD_destroy_response(r);
	sending(q);
	return result;
}

/* The answer is complete: sent at once, or when the connection resumes. */
static void
answered(struct front_request *q)
{
	q->state = ANSWERED;
	if (q->suspended) {
		q->suspended = false;
		MHD_resume_connection(q->mhd);
	}
}

static const char flooded[] =
    "too much is being sent and received slowly; repeat it later";

void
front_row(struct front_request *q, struct scan_text row)
{
	if (q->front->held > HELD_MAX)
		return;
	reply_row(&q->reply, row);
	hold(q, q->reply.body.cap);
}

void
front_restart(struct front_request *q)
{
	reply_restart(&q->reply);
}

void
front_error(
    struct front_request *q, int status, const char *code, const char *message)
{
	reply_error(&q->reply, status, code, message);
	answered(q);
}

void
front_end(struct front_request *q, const struct wire_answer *end)
{
	if (q->front->held > HELD_MAX) {
		front_error(q, 503, "busy", flooded);
		return;
	}
	reply_end(&q->reply, end);
	answered(q);
}

static const char too_large[] = "a body has at most 1 MiB";

/* Hands a whole request over, unless it is none. */
static void
hand_over(struct front_request *q, const char *method)
{
	struct wire_request r = {0};
	const char *mark = strchr(q->target, '?');
	const char *code, *message;
	int refused;

	q->state = WAITING;
	conns_enter(&q->front->conns, q->conn, CONN_ANSWERING);
	/* libmicrohttpd leaves the body out of the answer to HEAD. */
	r.method = strcmp(method, "HEAD") == 0 ? "GET" : method;
	r.path.p = q->target;
	r.path.n = mark ? (size_t)(mark - q->target) : strlen(q->target);
	if (mark)
		r.query = (struct scan_text){mark + 1, strlen(mark + 1)};
	r.token = route_bearer(header(q, MHD_HTTP_HEADER_AUTHORIZATION));
	r.key = header(q, "Idempotency-Key");
	r.request = q->reply.request;
	r.peer = q->conn->peer;
	r.body = (struct scan_text){q->body.data, q->body.len};
	refused = route_refuse(&r, &code, &message);
	if (q->flooded)
		front_error(q, 503, "busy", flooded);
	else if (q->body.overflow)
		front_error(q, 413, "too_large", too_large);
	else if (refused)
		front_error(q, refused, code, message);
	else if (q->front->closing)
		front_error(q, 503, "stopping",
		    "this server is stopping; nothing was done: repeat it");
	else
		q->front->conf.request(q->front->conf.arg, q, &r);
	buf_free(&q->body);
	hold(q, q->reply.body.cap);
}

/* Whether a body too large announces itself, so that none of it is read. */
static bool
announces_too_much(const struct front_request *q)
{
	const char *length = header(q, MHD_HTTP_HEADER_CONTENT_LENGTH);
	int64_t n;

	return length && num_int(length, 0, FRONT_BODY_MAX, &n) == -1;
}

/* libmicrohttpd's access handler: called when anything new is there. */
static enum MHD_Result
handle(void *cls, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *data, size_t *size,
    void **ctx)
{
	struct front_request *q = *ctx;
	const char *accept;

	(void)cls;
	(void)mhd;
	(void)url;
	(void)version;
	if (!q->began) {
		q->began = true;
		accept = header(q, MHD_HTTP_HEADER_ACCEPT);
		q->reply.ndjson =
		    accept && strstr(accept, "application/x-ndjson");
		if (q->front->conf.www && www_answer(q->front->conf.www, mhd,
					      method, q->target) == MHD_YES) {
			sending(q);
			return MHD_YES;
		}
		if (!announces_too_much(q))
			return MHD_YES;
		reply_error(&q->reply, 413, "too_large", too_large);
		return send_reply(q);
	}
	if (*size) {
		q->flooded |= q->front->held > HELD_MAX;
		if (q->flooded || buf_add(&q->body, data, *size) == -1)
			q->discarded += *size;
		hold(q, q->body.cap);
		*size = 0;
		return q->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
	}
	if (q->state == ARRIVING) {
		hand_over(q, method);
		if (q->state == WAITING) {
			q->suspended = true;
			MHD_suspend_connection(q->mhd);
			return MHD_YES;
		}
	}
	return q->state == ANSWERED ? send_reply(q) : MHD_YES;
}

static void __attribute__((format(printf, 2, 0)))
mhd_log(void *cls, const char *fmt, va_list ap)
{
	struct front *f = cls;
	char line[256];

	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = '\0';
	f->conf.debug("libmicrohttpd: %s", line);
}

struct front *
front_new(const struct front_conf *conf)
{
	struct front *f = mem_calloc(1, sizeof(*f));
	/* Ours comes first and knows more; this is for what it overlooks. */
	unsigned idle = (unsigned)(conf->read_ms / 1000) + 5;
	const unsigned flags =
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

	f->conf = *conf;
	f->conns.max = conf->connections;
	f->conns.read_ms = conf->read_ms;
	f->conns.send_ms = conf->send_ms;
	f->conns.debug = conf->debug;
	f->conns.now = clk_mono_ms();
	proc_random_hex(4, f->prefix);
	f->mhd = MHD_start_daemon(flags | (conf->tls ? MHD_USE_TLS : 0), 0,
	    NULL, NULL, handle, f,
	    /* First, or what goes wrong with the others goes to stderr. */
	    MHD_OPTION_EXTERNAL_LOGGER, mhd_log, f, /**/
	    MHD_OPTION_LISTEN_SOCKET, conf->fd,     /**/
	    MHD_OPTION_CONNECTION_LIMIT, conf->connections,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_SIZE,
	    MHD_OPTION_CONNECTION_TIMEOUT, idle, /**/
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_NOTIFY_CONNECTION,
	    connection_changed, f, MHD_OPTION_URI_LOG_CALLBACK, request_began,
	    f, MHD_OPTION_NOTIFY_COMPLETED, request_completed, f,
	    conf->tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END,
	    tls_retrieve, MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES,
	    MHD_OPTION_END);
	if (!f->mhd) {
		free(f);
		return NULL;
	}
	return f;
}

int
front_fd(const struct front *f)
{
	return MHD_get_daemon_info(f->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int64_t
front_run(struct front *f, int64_t now)
{
	MHD_UNSIGNED_LONG_LONG wait;

	f->conns.now = now;
	if (now - f->swept >= SWEEP_MS) {
		f->swept = now;
		conns_sweep(&f->conns);
	}
	MHD_run(f->mhd);
	if (MHD_get_timeout(f->mhd, &wait) == MHD_YES && wait < SWEEP_MS)
		return (int64_t)wait;
	return f->conns.n ? SWEEP_MS : -1;
}

void
front_quiesce(struct front *f)
{
	int fd = MHD_quiesce_daemon(f->mhd);

	if (fd != -1)
		close(fd);
	f->closing = true;
}

unsigned
front_busy(const struct front *f)
{
	return f->conns.busy;
}

void
front_free(struct front *f)
{
	/* Resumed connections must be seen once more before the end. */
	MHD_run(f->mhd);
	MHD_stop_daemon(f->mhd);
	free(f);
}
