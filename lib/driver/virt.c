/* SPDX-License-Identifier: ISC */
#include "driver/virt.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/mem.h"
#include "driver/virt_in.h"

#define KEEPALIVE_S     2 /* 3 unanswered, and libvirt does not answer */
#define KEEPALIVE_COUNT 3
#define RETRY_MIN_MS    100
#define RETRY_MAX_MS    1000

static void
ignore_error(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error; /* told by return values; libvirt would print it */
}

/* Only wakes the event loop, so that it sees the end. */
static void
ignore_timer(int timer, void *arg)
{
	(void)arg;
	virEventUpdateTimeout(timer, -1);
}

static void *
run_loop(void *arg)
{
	struct virt *v = arg;
	bool stop = false;

	while (!stop) {
		/* It fails on a signal or a lack of memory: go on. */
		if (virEventRunDefaultImpl() == -1)
			virResetLastError();
		pthread_mutex_lock(&v->lock);
		stop = v->stop;
		pthread_mutex_unlock(&v->lock);
	}
	pthread_mutex_lock(&v->lock);
	v->loop_ended = true;
	pthread_cond_broadcast(&v->link_cond);
	pthread_mutex_unlock(&v->lock);
	return NULL;
}

static void
on_close(virConnectPtr conn, int reason, void *arg)
{
	struct virt_note *note = virt_note_new(VIRT_DOWN);
	struct virt *v = arg;

	note->slow = reason == VIR_CONNECT_CLOSE_REASON_KEEPALIVE;
	note->reason = mem_strdup(note->slow ? "keepalives stayed unanswered"
					     : "the connection was closed");
	pthread_mutex_lock(&v->lock);
	if (v->conn == conn && !v->closed) {
		v->closed = true;
		virt_note_add(v, note);
		note = NULL;
		pthread_cond_broadcast(&v->link_cond);
	}
	pthread_mutex_unlock(&v->lock);
	virt_note_free(note);
}

static int
on_event(virConnectPtr conn, virDomainPtr dom, int event, int detail, void *arg)
{
	struct virt_note *note = virt_note_new(VIRT_EVENT);
	struct virt *v = arg;

	/* Whether libvirt keeps a definition is told by listings. */
	if (event == VIR_DOMAIN_EVENT_DEFINED ||
	    event == VIR_DOMAIN_EVENT_UNDEFINED)
		virt_list(v);
	if (virDomainGetUUIDString(dom, note->domain.uuid) == 0 &&
	    virt_note_event(note, event, detail)) {
		pthread_mutex_lock(&v->lock);
		if (v->conn == conn && !v->closed) {
			virt_note_add(v, note);
			note = NULL;
		}
		pthread_mutex_unlock(&v->lock);
	}
	virt_note_free(note);
	return 0;
}

static void
busy(struct virt *v, bool on)
{
	pthread_mutex_lock(&v->lock);
	v->busy_since = on ? clk_mono_ms() : 0;
	pthread_mutex_unlock(&v->lock);
}

/* What the connection needs before its first listing; 0 or -1. */
static int
prepare(struct virt *v, virConnectPtr conn)
{
	const char *type = v->forced_type;
	char *caps;

	/* A driver without a connection to watch refuses both. */
	if (virConnectSetKeepAlive(conn, KEEPALIVE_S, KEEPALIVE_COUNT) != 0)
		virResetLastError();
	if (virConnectRegisterCloseCallback(conn, on_close, v, NULL) == -1)
		virResetLastError();
	v->callback = virConnectDomainEventRegisterAny(conn, NULL,
	    VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_event),
	    v, NULL);
	if (v->callback == -1)
		return -1;
	if (!type) {
		caps = virConnectGetDomainCapabilities(
		    conn, NULL, NULL, NULL, "kvm", 0);
		type = caps ? "kvm" : "qemu";
		free(caps);
	}
	pthread_mutex_lock(&v->lock);
	v->type = type;
	pthread_mutex_unlock(&v->lock);
	return 0;
}

/* Lists as often as it is asked to; returns when the connection is over. */
static void
serve(struct virt *v, virConnectPtr conn)
{
	struct virt_note *note;
	uint64_t since;

	pthread_mutex_lock(&v->lock);
	v->want_list = true;
	while (!v->stop && !v->closed) {
		if (!v->want_list) {
			pthread_cond_wait(&v->link_cond, &v->lock);
			continue;
		}
		v->want_list = false;
		since = v->seq;
		v->busy_since = clk_mono_ms();
		pthread_mutex_unlock(&v->lock);
		note = virt_list_now(v, conn);
		if (!note) {
			note = virt_note_new(VIRT_DOWN);
			note->reason = virt_error_text("cannot list domains");
		}
		note->since = since;
		pthread_mutex_lock(&v->lock);
		v->busy_since = 0;
		if (v->closed) {
			virt_note_free(note); /* on_close has told it */
			break;
		}
		v->closed = note->kind == VIRT_DOWN;
		virt_note_add(v, note);
	}
	pthread_mutex_unlock(&v->lock);
}

static void
drop(struct virt *v, virConnectPtr conn)
{
	pthread_mutex_lock(&v->lock);
	v->conn = NULL;
	v->closed = false;
	pthread_mutex_unlock(&v->lock);
	virConnectUnregisterCloseCallback(conn, on_close);
	/* It holds the connection; this ends it even when nobody answers. */
	if (v->callback != -1)
		virConnectDomainEventDeregisterAny(conn, v->callback);
	v->callback = -1;
	virConnectClose(conn);
	virResetLastError();
}

/* One connection from its beginning to its end; whether there was one. */
static bool
connect_once(struct virt *v)
{
	struct virt_note *note;
	virConnectPtr conn;

	busy(v, true);
	conn = virConnectOpen(v->uri);
	if (conn) {
		pthread_mutex_lock(&v->lock);
		v->conn = conn;
		pthread_mutex_unlock(&v->lock);
		if (prepare(v, conn) == 0) {
			busy(v, false);
			serve(v, conn);
			drop(v, conn);
			return true;
		}
	}
	note = virt_note_new(VIRT_DOWN);
	note->reason = virt_error_text("cannot connect");
	busy(v, false);
	if (conn)
		drop(v, conn);
	pthread_mutex_lock(&v->lock);
	virt_note_add(v, note);
	pthread_mutex_unlock(&v->lock);
	return false;
}

static void
pause_for(struct virt *v, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (until.tv_nsec / 1000000 + ms) / 1000;
	until.tv_nsec = (until.tv_nsec + ms % 1000 * 1000000) % 1000000000;
	pthread_mutex_lock(&v->lock);
	while (!v->stop &&
	       pthread_cond_timedwait(&v->link_cond, &v->lock, &until) == 0)
		continue;
	pthread_mutex_unlock(&v->lock);
}

static void *
run_link(void *arg)
{
	struct virt *v = arg;
	int64_t ms = RETRY_MIN_MS;
	bool stop = false;

	while (!stop) {
		ms = connect_once(v) ? RETRY_MIN_MS : ms * 2;
		if (ms > RETRY_MAX_MS)
			ms = RETRY_MAX_MS;
		pause_for(v, ms);
		pthread_mutex_lock(&v->lock);
		stop = v->stop;
		pthread_mutex_unlock(&v->lock);
	}
	pthread_mutex_lock(&v->lock);
	v->link_ended = true;
	pthread_cond_broadcast(&v->link_cond);
	pthread_mutex_unlock(&v->lock);
	return NULL;
}

struct virt *
virt_new(const char *uri, const char *type)
{
	struct virt *v = mem_calloc(1, sizeof(*v));
	pthread_condattr_t attr;

	v->uri = mem_strdup(uri);
	v->forced_type = mem_strdup(type);
	v->last = &v->first;
	v->job_last = &v->job;
	v->timer = v->callback = -1;
	pthread_mutex_init(&v->lock, NULL);
	pthread_cond_init(&v->job_cond, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&v->link_cond, &attr);
	pthread_condattr_destroy(&attr);
	v->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	virSetErrorFunc(NULL, ignore_error);
	if (v->wake == -1 || virInitialize() == -1 ||
	    virEventRegisterDefaultImpl() == -1)
		goto fail;
	v->timer = virEventAddTimeout(-1, ignore_timer, NULL, NULL);
	if ((errno = pthread_create(&v->loop, NULL, run_loop, v)) != 0)
		goto fail;
	v->loop_runs = true;
	if ((errno = pthread_create(&v->link, NULL, run_link, v)) != 0)
		goto fail;
	v->link_runs = true;
	return v;
fail:
	virt_free(v);
	return NULL;
}

/* Tells the threads to end and gives them a second; whether all did. */
static bool
end_threads(struct virt *v)
{
	struct timespec until;
	bool all;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	pthread_mutex_lock(&v->lock);
	v->stop = true;
	pthread_cond_broadcast(&v->link_cond);
	pthread_cond_broadcast(&v->job_cond);
	pthread_mutex_unlock(&v->lock);
	if (v->timer != -1)
		virEventUpdateTimeout(v->timer, 0);
	pthread_mutex_lock(&v->lock);
	do {
		all = (!v->link_runs || v->link_ended) &&
		      (!v->loop_runs || v->loop_ended) && v->workers == 0;
	} while (!all &&
		 pthread_cond_timedwait(&v->link_cond, &v->lock, &until) == 0);
	pthread_mutex_unlock(&v->lock);
	return all;
}

void
virt_free(struct virt *v)
{
	int saved = errno;

	/* Otherwise a thread hangs in libvirt and still uses all of it. */
	if (end_threads(v)) {
		struct virt_note *note;
		struct virt_job *job;

		if (v->link_runs)
			pthread_join(v->link, NULL);
		if (v->loop_runs)
			pthread_join(v->loop, NULL);
		while (v->wake != -1 && (note = virt_next(v)) != NULL)
			virt_note_free(note);
		while ((job = v->job) != NULL) {
			v->job = job->next;
			free(job->xml);
			free(job);
		}
		if (v->wake != -1)
			close(v->wake);
		free(v->uri);
		free(v->forced_type);
		free(v->known);
		free(v);
	}
	errno = saved;
}

void
virt_list(struct virt *v)
{
	pthread_mutex_lock(&v->lock);
	v->want_list = true;
	pthread_cond_broadcast(&v->link_cond);
	pthread_mutex_unlock(&v->lock);
}

int64_t
virt_silent_ms(struct virt *v)
{
	int64_t since;

	pthread_mutex_lock(&v->lock);
	since = v->busy_since;
	pthread_mutex_unlock(&v->lock);
	return since ? clk_mono_ms() - since : 0;
}

const char *
virt_type(struct virt *v)
{
	const char *type;

	pthread_mutex_lock(&v->lock);
	type = v->type ? v->type : "qemu";
	pthread_mutex_unlock(&v->lock);
	return type;
}
