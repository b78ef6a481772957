/* SPDX-License-Identifier: ISC */
#include "driver/virt_migrate.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/mem.h"
#include "driver/virt_end_in.h"

#define LOOK_MS  200 /* between two looks at a job, or at both ends */
#define OPEN_MS  5000
#define STATS_MS 1000

struct virt_move {
	const struct virt_way *way;
	char uuid[NAME_UUID_SIZE];
	const struct virt_end_vm *vm;
	bool settle;
	pthread_t mover, watcher;

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t cond;
	bool asked;  /* libvirt's call is under way */
	bool ended;  /* ... and was, or will not be: the watcher is to end */
	bool cancel; /* please */
	virDomainPtr dom; /* for the watcher, while asked */
	struct virt_moved now;
};

/* Waits ms with the lock held, or until there is news. */
static void
pause_for(struct virt_move *m, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (until.tv_nsec / 1000000 + ms) / 1000;
	until.tv_nsec = (until.tv_nsec + ms % 1000 * 1000000) % 1000000000;
	pthread_cond_timedwait(&m->cond, &m->lock, &until);
}

static int64_t
number(virTypedParameterPtr p, int n, const char *name)
{
	unsigned long long v = 0;

	virTypedParamsGetULLong(p, n, name, &v);
	return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

/* What libvirt tells of the job; without an answer all stays as it was. */
static void
take_stats(struct virt_move *m)
{
	virTypedParameterPtr p = NULL;
	struct migration_sample s;
	int n = 0, type = 0;
	int64_t page;

	if (virDomainGetJobStats(m->dom, &type, &p, &n, 0) == -1) {
		virResetLastError();
		return;
	}
	page = number(p, n, VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE);
	s = (struct migration_sample){
	    .moved = number(p, n, VIR_DOMAIN_JOB_DATA_PROCESSED),
	    .total = number(p, n, VIR_DOMAIN_JOB_DATA_TOTAL),
	    .remaining = number(p, n, VIR_DOMAIN_JOB_DATA_REMAINING),
	    .rate = number(p, n, VIR_DOMAIN_JOB_MEMORY_BPS) +
		    number(p, n, VIR_DOMAIN_JOB_DISK_BPS),
	    .dirty_rate = number(p, n, VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE) *
			  (page ? page : 4096),
	};
	virTypedParamsFree(p, n);
	pthread_mutex_lock(&m->lock);
	if (s.total > 0)
		migration_progress(&m->now.progress, &s);
	pthread_mutex_unlock(&m->lock);
}

/* Looks at the job while libvirt works on it, and ends it when asked to. */
static void *
watch(void *arg)
{
	struct virt_move *m = arg;
	int64_t next = 0;
	bool cancel;

	pthread_mutex_lock(&m->lock);
	while (!m->ended) {
		if (!m->asked) {
			pause_for(m, LOOK_MS);
			continue;
		}
		cancel = m->cancel;
		pthread_mutex_unlock(&m->lock);
		/* It may not have begun: asked for until it has ended. */
		if (cancel && virDomainAbortJob(m->dom) == -1)
			virResetLastError();
		if (clk_mono_ms() >= next) {
			take_stats(m);
			next = clk_mono_ms() + STATS_MS;
		}
		pthread_mutex_lock(&m->lock);
		if (!m->ended)
			pause_for(m, LOOK_MS);
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

/* Frees nothing on failure: the caller does. 0, or -1. */
static int
parameters(const struct virt_move *m, virTypedParameterPtr *p, int *n)
{
	bool v6 = strchr(m->way->dest, ':') != NULL;
	char uri[128];
	int max = 0;

	snprintf(
	    uri, sizeof(uri), v6 ? "tcp://[%s]" : "tcp://%s", m->way->dest);
	if (virTypedParamsAddString(p, n, &max, VIR_MIGRATE_PARAM_URI, uri) ==
		-1 ||
	    virTypedParamsAddString(p, n, &max,
		VIR_MIGRATE_PARAM_LISTEN_ADDRESS, m->way->dest) == -1)
		return -1;
	if (m->way->bandwidth &&
	    virTypedParamsAddULLong(p, n, &max, VIR_MIGRATE_PARAM_BANDWIDTH,
		(unsigned long long)m->way->bandwidth) == -1)
		return -1;
	for (size_t i = 0; i < m->vm->ndisk; i++)
		if (virTypedParamsAddString(p, n, &max,
			VIR_MIGRATE_PARAM_MIGRATE_DISKS,
			m->vm->disk[i].target) == -1)
			return -1;
	return 0;
}

/* libvirt's call, from its begin to its end. */
static enum migration_said
call(struct virt_move *m, virConnectPtr conn)
{
	/* Domains are transient: nothing to keep there, or to undefine. */
	unsigned flags = VIR_MIGRATE_LIVE | VIR_MIGRATE_PEER2PEER |
			 VIR_MIGRATE_ABORT_ON_ERROR;
	virTypedParameterPtr p = NULL;
	enum migration_said said = MIGRATION_SAID_DONE;
	const virError *e;
	int n = 0;

	if (m->vm->ndisk)
		flags |= VIR_MIGRATE_NON_SHARED_DISK;
	if (parameters(m, &p, &n) == -1 ||
	    virDomainMigrateToURI3(
		m->dom, m->way->there, p, (unsigned)n, flags) == -1) {
		virt_end_error(m->now.reason, "libvirt");
		e = virGetLastError();
		said = (e && e->domain == VIR_FROM_RPC) ||
			       virConnectIsAlive(conn) != 1
			   ? MIGRATION_SAID_NOTHING
			   : MIGRATION_SAID_FAILED;
	}
	virTypedParamsFree(p, n);
	return said;
}

/*
 * Migrates. The watcher shares dom only while it is asked, and is over before
 * dom is given back.
 */
static enum migration_said
migrate(struct virt_move *m, struct virt_end *here)
{
	enum migration_said said = MIGRATION_SAID_FAILED;
	bool cancel;

	m->dom = virDomainLookupByUUIDString(here->conn, m->uuid);
	if (!m->dom)
		virt_end_error(m->now.reason, "libvirt");
	if (m->dom) {
		pthread_mutex_lock(&m->lock);
		cancel = m->cancel;
		m->asked = !cancel;
		pthread_cond_broadcast(&m->cond);
		pthread_mutex_unlock(&m->lock);
		if (!cancel)
			said = call(m, here->conn);
	}
	return said;
}

static void
end_watcher(struct virt_move *m)
{
	pthread_mutex_lock(&m->lock);
	m->ended = true;
	pthread_cond_broadcast(&m->cond);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->watcher, NULL);
	if (m->dom)
		virDomainFree(m->dom);
	m->dom = NULL;
}

/* Looks at both ends until it is known where the VM is, or for too long. */
static enum migration_end
find(struct virt_move *m, struct virt_end *here, struct virt_end *there,
    enum migration_said said)
{
	int64_t until = clk_mono_ms() + m->way->patience_ms;
	struct virt_moved *now = &m->now;
	char why[VIRT_END_WHY] = "";
	enum migration_end end;
	bool last;

	for (;;) {
		/* Those that do not answer are unknown below. */
		if (virt_end_open(here, OPEN_MS, why) == -1 ||
		    virt_end_open(there, OPEN_MS, why) == -1)
			why[0] = '\0';
		last = clk_mono_ms() >= until;
		now->here = virt_end_look(here, m->uuid);
		now->there = virt_end_look(there, m->uuid);
		end = migration_end(said, now->here, now->there, last);
		if (end == MIGRATION_DESTROY &&
		    virt_end_destroy_left(here, m->uuid, why) == -1)
			end = last ? MIGRATION_UNCLEAR : MIGRATION_WAIT;
		/* The next look must find it gone. */
		else if (end == MIGRATION_DESTROY) {
			now->cleared = true;
			end = MIGRATION_WAIT;
		}
		if (end != MIGRATION_WAIT)
			break;
		pthread_mutex_lock(&m->lock);
		pause_for(m, LOOK_MS);
		pthread_mutex_unlock(&m->lock);
	}
	if (*why && end == MIGRATION_UNCLEAR)
		memcpy(now->reason, why, sizeof(now->reason));
	return end;
}

static void *
run(void *arg)
{
	enum migration_said said = MIGRATION_SAID_NOTHING;
	struct virt_end *here, *there;
	struct virt_move *m = arg;
	int64_t begin = clk_mono_ms();
	enum migration_end end = MIGRATION_UNCLEAR;
	uint64_t one = 1;
	bool begun;

	here = virt_end_new(m->way->here);
	there = virt_end_new(m->way->there);
	begun = m->way->begin(m->way->arg, m->uuid,
		    m->settle ? 0 : m->vm->generation, m->now.reason) == 0;
	if (begun && !m->settle &&
	    virt_end_open(here, OPEN_MS, m->now.reason) == 0)
		said = migrate(m, here);
	end_watcher(m);
	if (begun || !m->settle)
		end = find(m, here, there, said);
	/* What the ledger could not take is told with the end. */
	if (begun &&
	    m->way->over(m->way->arg, m->uuid, end, m->now.reason) == -1)
		m->now.unrecorded = true;
	virt_end_free(here);
	virt_end_free(there);
	pthread_mutex_lock(&m->lock);
	m->now.ms = clk_mono_ms() - begin;
	m->now.end = end;
	m->now.over = true;
	pthread_mutex_unlock(&m->lock);
	/* Full only after 2^64 ends. */
	if (write(m->way->wake, &one, sizeof(one)) == -1)
		return NULL;
	return NULL;
}

struct virt_move *
virt_move_new(const struct virt_way *way, const char *uuid,
    const struct virt_end_vm *vm, bool settle)
{
	struct virt_move *m = mem_calloc(1, sizeof(*m));
	pthread_condattr_t attr;

	m->way = way;
	m->vm = vm;
	m->settle = settle;
	m->now.progress.eta_ms = -1;
	snprintf(m->uuid, sizeof(m->uuid), "%s", uuid);
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->cond, &attr);
	pthread_condattr_destroy(&attr);
	errno = pthread_create(&m->watcher, NULL, watch, m);
	if (errno) {
		free(m);
		return NULL;
	}
	errno = pthread_create(&m->mover, NULL, run, m);
	if (errno) {
		int saved = errno;

		end_watcher(m);
		free(m);
		errno = saved;
		return NULL;
	}
	return m;
}

void
virt_move_cancel(struct virt_move *m)
{
	pthread_mutex_lock(&m->lock);
	m->cancel = m->now.cancelled = true;
	pthread_cond_broadcast(&m->cond);
	pthread_mutex_unlock(&m->lock);
}

void
virt_move_look(struct virt_move *m, struct virt_moved *out)
{
	pthread_mutex_lock(&m->lock);
	/* What is found out meanwhile is the thread's own until it is over. */
	out->over = m->now.over;
	out->cancelled = m->now.cancelled;
	out->progress = m->now.progress;
	if (m->now.over)
		*out = m->now;
	pthread_mutex_unlock(&m->lock);
}

void
virt_move_free(struct virt_move *m)
{
	pthread_join(m->mover, NULL);
	pthread_mutex_destroy(&m->lock);
	pthread_cond_destroy(&m->cond);
	free(m);
}
