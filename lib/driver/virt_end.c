/* SPDX-License-Identifier: ISC */
#include "driver/virt_end.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "core/domxml.h"
#include "driver/virt_end_in.h"

#define KEEPALIVE_S     3 /* 4 unanswered, and the connection is given up */
#define KEEPALIVE_COUNT 4

int
virt_end_error(char why[static VIRT_END_WHY], const char *what)
{
	snprintf(
	    why, VIRT_END_WHY, "%s: %.200s", what, virGetLastErrorMessage());
	return -1;
}

static void
ignore_error(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error; /* told by return values; libvirt would print it */
}

/* Keepalives are answered and missed here; it ends with the process. */
static void *
run_loop(void *arg)
{
	for (;;)
		if (virEventRunDefaultImpl() == -1)
			virResetLastError();
	return arg;
}

static void
begin(void)
{
	pthread_t t;

	virSetErrorFunc(NULL, ignore_error);
	if (virInitialize() == 0 && virEventRegisterDefaultImpl() == 0 &&
	    pthread_create(&t, NULL, run_loop, NULL) == 0)
		pthread_detach(t);
}

/* A connection being opened; freed by the last of its two users. */
struct
try {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	char *uri;
	bool over, left; /* open has ended; nobody waits for it */
	virConnectPtr conn;
	char why[VIRT_END_WHY];
};

static void
free_try(struct try *t)
{
	if (t->conn)
		virConnectClose(t->conn);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->cond);
	free(t->uri);
	free(t);
}

static void *
run_try(void *arg)
{
	struct try *t = arg;
	virConnectPtr conn = virConnectOpen(t->uri);
	bool left;

	/* A driver without a connection to watch refuses it. */
	if (conn &&
	    virConnectSetKeepAlive(conn, KEEPALIVE_S, KEEPALIVE_COUNT) != 0)
		virResetLastError();
	pthread_mutex_lock(&t->lock);
	if (!conn)
		virt_end_error(t->why, "libvirt");
	t->conn = conn;
	t->over = true;
	left = t->left;
	pthread_cond_signal(&t->cond);
	pthread_mutex_unlock(&t->lock);
	if (left)
		free_try(t);
	return NULL;
}

/* Until the try is over or ms have passed; whether it is. */
static bool
wait_try(struct try *t, int64_t ms)
{
	struct timespec until;
	bool over;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (until.tv_nsec / 1000000 + ms) / 1000;
	until.tv_nsec = (until.tv_nsec + ms % 1000 * 1000000) % 1000000000;
	pthread_mutex_lock(&t->lock);
	while (
	    !t->over && pthread_cond_timedwait(&t->cond, &t->lock, &until) == 0)
		continue;
	over = t->over;
	t->left = !over;
	pthread_mutex_unlock(&t->lock);
	return over;
}

static struct try *
start_try(const char *uri)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct try *t = mem_calloc(1, sizeof(*t));
	pthread_condattr_t attr;
	pthread_t thread;

	pthread_once(&once, begin);
	t->uri = mem_strdup(uri);
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->cond, &attr);
	pthread_condattr_destroy(&attr);
	errno = pthread_create(&thread, NULL, run_try, t);
	if (errno) {
		free_try(t);
		return NULL;
	}
	pthread_detach(thread);
	return t;
}

struct virt_end *
virt_end_new(const char *uri)
{
	struct virt_end *e = mem_calloc(1, sizeof(*e));

	e->uri = uri;
	return e;
}

static void
drop(struct virt_end *e)
{
	if (e->conn)
		virConnectClose(e->conn);
	e->conn = NULL;
}

void
virt_end_free(struct virt_end *e)
{
	if (e)
		drop(e);
	free(e);
}

int
virt_end_open(struct virt_end *e, int64_t ms, char why[static VIRT_END_WHY])
{
	struct try *t;

	if (e->conn && virConnectIsAlive(e->conn) == 1)
		return 0;
	drop(e);
	t = start_try(e->uri);
	if (!t) {
		snprintf(why, VIRT_END_WHY, "no thread: %s", strerror(errno));
		return -1;
	}
	if (!wait_try(t, ms)) {
		snprintf(why, VIRT_END_WHY, "no answer within %lld ms",
		    (long long)ms);
		errno = ETIMEDOUT;
		return -1;
	}
	snprintf(why, VIRT_END_WHY, "%s", t->why);
	e->conn = t->conn;
	t->conn = NULL;
	free_try(t);
	errno = EIO;
	return e->conn ? 0 : -1;
}

static enum migration_copy
copy_of(int state, int reason)
{
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
		return MIGRATION_RUNNING;
	case VIR_DOMAIN_SHUTOFF:
		/* Only a definition: not what was asked for, nor nothing. */
		return MIGRATION_OTHER;
	case VIR_DOMAIN_PAUSED:
		return reason == VIR_DOMAIN_PAUSED_MIGRATION ? MIGRATION_LEFT
							     : MIGRATION_OTHER;
	default:
		return MIGRATION_OTHER;
	}
}

/* A migration's job, at either end, is a job like others. */
static bool
has_job(virDomainPtr dom)
{
	virDomainJobInfo job;

	if (virDomainGetJobInfo(dom, &job) == -1) {
		virResetLastError();
		return false;
	}
	return job.type != VIR_DOMAIN_JOB_NONE;
}

struct migration_look
virt_end_look(struct virt_end *e, const char *uuid)
{
	struct migration_look look = {MIGRATION_UNKNOWN, false};
	int state, reason;
	virDomainPtr dom;

	dom = e->conn ? virDomainLookupByUUIDString(e->conn, uuid) : NULL;
	if (!dom) {
		if (e->conn && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
			look.copy = MIGRATION_ABSENT;
		virResetLastError();
		return look;
	}
	/* The job first: one that ends meanwhile is only seen once more. */
	look.job = has_job(dom);
	if (virDomainGetState(dom, &state, &reason, 0) == 0)
		look.copy = copy_of(state, reason);
	else if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
		look = (struct migration_look){MIGRATION_ABSENT, false};
	virResetLastError();
	virDomainFree(dom);
	return look;
}

int
virt_end_list(struct virt_end *e, char (**out)[NAME_UUID_SIZE], int *others,
    char why[static VIRT_END_WHY])
{
	virDomainPtr *doms = NULL;
	int n = virConnectListAllDomains(
	    e->conn, &doms, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	int found = 0;
	char *xml;

	*others = 0;
	if (n == -1)
		return virt_end_error(why, "cannot list domains");
	*out = mem_calloc((size_t)n + 1, sizeof(**out));
	for (int i = 0; i < n; i++) {
		xml = virDomainGetMetadata(
		    doms[i], VIR_DOMAIN_METADATA_ELEMENT, DOMXML_NS, 0);
		if (xml && virDomainGetUUIDString(doms[i], (*out)[found]) == 0)
			found++;
		else
			(*others)++;
		free(xml);
		virDomainFree(doms[i]);
	}
	free(doms);
	return found;
}

int64_t
virt_end_free_kib(struct virt_end *e, char why[static VIRT_END_WHY])
{
	static const char *const counts[] = {"free", "buffers", "cached"};
	const int all = VIR_NODE_MEMORY_STATS_ALL_CELLS;
	virNodeMemoryStats s[16];
	unsigned long long sum = 0;
	int n = 0;

	/* It wants to be asked with exactly as many as there are. */
	if (virNodeGetMemoryStats(e->conn, all, NULL, &n, 0) == -1 || n > 16 ||
	    virNodeGetMemoryStats(e->conn, all, s, &n, 0) == -1)
		return virt_end_error(why, "cannot read its memory");
	for (int i = 0; i < n; i++)
		for (int k = 0; k < 3; k++)
			if (strcmp(s[i].field, counts[k]) == 0)
				sum += s[i].value;
	return (int64_t)sum;
}

bool
virt_end_has(struct virt_end *e, const char *path)
{
	virStorageVolPtr v = virStorageVolLookupByPath(e->conn, path);

	if (!v) {
		virResetLastError();
		return false;
	}
	virStorageVolFree(v);
	return true;
}

int
virt_end_destroy_left(
    struct virt_end *e, const char *uuid, char why[static VIRT_END_WHY])
{
	struct migration_look look = virt_end_look(e, uuid);
	virDomainPtr dom;
	int r = -1;

	if (look.copy != MIGRATION_LEFT || look.job) {
		snprintf(why, VIRT_END_WHY, "it is no longer left paused: %s",
		    migration_copy_word(look.copy));
		return look.copy == MIGRATION_ABSENT ? 0 : -1;
	}
	dom = virDomainLookupByUUIDString(e->conn, uuid);
	if (dom) {
		r = virDomainDestroy(dom);
		if (r == -1)
			virt_end_error(why, "cannot destroy it");
		virDomainFree(dom);
	} else {
		virt_end_error(why, "cannot look it up");
	}
	return r;
}
