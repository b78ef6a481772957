/* SPDX-License-Identifier: ISC */
#include "driver/workers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/rc.h"
#include "driver/child.h"
#include "driver/jobs.h"

#define OUT_MAX    (2 * (size_t)WIRE_MAX)  /* bytes waiting for one worker */
#define QUEUE_MAX  (16 * (size_t)WIRE_MAX) /* bytes of all jobs' lines */
#define RESPAWN_MS 1000
#define GRACE_MS   1000 /* from the end of its output to SIGKILL */
#define REAP_MS    20
#define USELESS    3 /* starts in a row that ended with RC_USAGE */

struct worker {
	struct workers *pool;
	unsigned index;
	struct child child;
	long pid; /* for messages, also when it has gone */
	unsigned jobs;
	bool given;       /* a job since it was started */
	int64_t progress; /* when it last spoke, or was given work when idle */
	int64_t started;
};

struct workers {
	struct workers_conf conf;
	struct worker worker[WORKERS_MAX];
	struct jobs jobs;
	unsigned useless;
};

static void
end_job(struct workers *p, struct job *j, const struct wire_answer *end)
{
	void *arg = jobs_answer(&p->jobs, j);

	if (arg)
		p->conf.end(arg, end);
}

/* code and message are JSON strings, quotes included. */
static void
fail_job(struct workers *p, struct job *j, int status, const char *code,
    const char *message)
{
	struct wire_answer end = {.status = status};

	end.code = (struct scan_text){code, strlen(code)};
	end.message = (struct scan_text){message, strlen(message)};
	end_job(p, j, &end);
}

/* A worker is gone: its jobs go to another one, or end. */
static void
lose_jobs(struct worker *w)
{
	struct workers *p = w->pool;

	for (unsigned i = 0; i < p->jobs.n && w->jobs; i++) {
		struct job *j = &p->jobs.slot[i];

		if (!j->id || j->worker != w)
			continue;
		w->jobs--;
		if (j->arg && j->safe) {
			j->safe = false;
			p->conf.restart(j->arg);
			jobs_enqueue(&p->jobs, j);
			continue;
		}
		fail_job(p, j, 503, "\"worker_lost\"",
		    "\"the process that had this request died; it may or may "
		    "not have been done: repeat it\"");
		jobs_remove(&p->jobs, j);
	}
}

/* Its output ended, or it must end. */
static void
ended(void *arg, const char *why)
{
	struct worker *w = arg;
	struct workers *p = w->pool;

	if (why)
		p->conf.warn("worker %s[%u] pid %ld: %s: killed", p->conf.name,
		    w->index, w->pid, why);
	/* One that is misled could still do its work, or hold locks. */
	child_close(&w->child, why ? 0 : clk_mono_ms() + GRACE_MS);
	lose_jobs(w);
}

static int
take_answer(void *arg, const char *line, size_t len)
{
	struct worker *w = arg;
	struct workers *p = w->pool;
	struct wire_answer a;
	struct job *j;

	w->progress = clk_mono_ms();
	if (wire_answer(line, len, &a) == -1)
		return -1;
	j = jobs_find(&p->jobs, a.id);
	if (!j || j->worker != w)
		return -1;
	if (a.row.p) {
		if (j->arg)
			p->conf.row(j->arg, a.row);
		return 0;
	}
	w->jobs--;
	p->useless = 0;
	end_job(p, j, &a);
	jobs_remove(&p->jobs, j);
	return 0;
}

static int
start(struct worker *w, int64_t now)
{
	w->started = w->progress = now;
	w->given = false;
	if (child_start(&w->child, w->pool->conf.argv, WIRE_MAX, OUT_MAX) == -1)
		return -1;
	w->pid = (long)w->child.pid;
	return 0;
}

static void
tell_end(struct worker *w, int status)
{
	struct workers *p = w->pool;
	bool usage = WIFEXITED(status) && WEXITSTATUS(status) == RC_USAGE;

	if (WIFSIGNALED(status))
		p->conf.warn("worker %s[%u] pid %ld: died of signal %d",
		    p->conf.name, w->index, w->pid, WTERMSIG(status));
	else
		p->conf.warn("worker %s[%u] pid %ld: exited %d", p->conf.name,
		    w->index, w->pid, WEXITSTATUS(status));
	if (usage && !w->given)
		p->useless++;
	else
		p->useless = 0;
}

/* The milliseconds until this worker needs to be looked at, -1: none. */
static int64_t
tend(struct worker *w, int64_t now)
{
	struct workers *p = w->pool;
	int64_t limit = w->progress + p->conf.limit_ms;
	int status;

	if (child_open(&w->child) && w->jobs && now >= limit)
		ended(w, "silent for too long while it has work");
	if (child_open(&w->child))
		return w->jobs ? limit - now : -1;
	if (w->child.pid) {
		if (!child_reap(&w->child, now, &status))
			return REAP_MS;
		tell_end(w, status);
	}
	if (now - w->started < RESPAWN_MS)
		return w->started + RESPAWN_MS - now;
	if (start(w, now) == -1) {
		p->conf.warn("worker %s[%u]: cannot start %s: %s", p->conf.name,
		    w->index, p->conf.argv[0], strerror(errno));
		return RESPAWN_MS;
	}
	p->conf.info(
	    "worker %s[%u] pid %ld: started", p->conf.name, w->index, w->pid);
	return -1;
}

static struct worker *
least_loaded(struct workers *p, size_t len)
{
	struct worker *best = NULL;

	for (unsigned i = 0; i < p->conf.n; i++) {
		struct worker *w = &p->worker[i];

		if (child_open(&w->child) && w->jobs < p->conf.window &&
		    child_has_room(&w->child, len) &&
		    (!best || w->jobs < best->jobs))
			best = w;
	}
	return best;
}

static void
dispatch(struct workers *p, int64_t now)
{
	struct worker *w;
	struct job *j;

	while ((j = p->jobs.head) && (w = least_loaded(p, j->line.len))) {
		jobs_unqueue(&p->jobs, j);
		if (!w->jobs)
			w->progress = now;
		child_say(&w->child, j->line.data, j->line.len);
		w->jobs++;
		w->given = true;
		j->worker = w;
		if (!j->safe)
			jobs_drop_line(&p->jobs, j);
	}
}

static void
expire(struct workers *p, int64_t now)
{
	struct job *j;

	while ((j = p->jobs.first) && j->deadline <= now) {
		if (j->worker) {
			fail_job(p, j, 504, "\"timeout\"",
			    "\"no answer in time; it may or may not have "
			    "been done: look, or repeat it\"");
			continue;
		}
		jobs_unqueue(&p->jobs, j);
		fail_job(p, j, 503, "\"busy\"",
		    "\"no worker was free in time; nothing was done: "
		    "repeat it later\"");
		jobs_remove(&p->jobs, j);
	}
}

static int64_t
sooner(int64_t a, int64_t b)
{
	if (a == -1 || b == -1)
		return a == -1 ? b : a;
	return a < b ? a : b;
}

int64_t
workers_run(struct workers *p, int64_t now)
{
	int64_t wait = -1;

	expire(p, now);
	for (unsigned i = 0; i < p->conf.n; i++)
		wait = sooner(wait, tend(&p->worker[i], now));
	dispatch(p, now);
	for (unsigned i = 0; i < p->conf.n; i++)
		if (p->worker[i].child.pending.len)
			child_flush(&p->worker[i].child);
	if (p->jobs.first)
		wait = sooner(wait, p->jobs.first->deadline - now);
	return wait;
}

int
workers_send(struct workers *p, const struct wire_request *r, bool safe,
    int64_t now, int64_t limit_ms, void *arg)
{
	struct wire_request numbered = *r;
	struct job *j =
	    jobs_add(&p->jobs, &numbered, QUEUE_MAX, now + limit_ms, arg);

	if (!j)
		return -1;
	j->safe = safe;
	return 0;
}

struct workers *
workers_new(const struct workers_conf *conf)
{
	struct workers *p = mem_calloc(1, sizeof(*p));
	int64_t now = clk_mono_ms();
	int saved;

	p->conf = *conf;
	jobs_init(&p->jobs, conf->jobs);
	for (unsigned i = 0; i < conf->n; i++) {
		struct worker *w = &p->worker[i];

		w->pool = p;
		w->index = i;
		w->child.loop = conf->loop;
		w->child.line = take_answer;
		w->child.ended = ended;
		w->child.arg = w;
		child_init(&w->child);
	}
	for (unsigned i = 0; i < conf->n; i++) {
		if (start(&p->worker[i], now) == 0)
			continue;
		saved = errno;
		workers_free(p, now);
		errno = saved;
		return NULL;
	}
	return p;
}

unsigned
workers_pending(const struct workers *p)
{
	return p->jobs.pending;
}

bool
workers_misconfigured(const struct workers *p)
{
	return p->useless >= USELESS;
}

void
workers_end(struct workers *p)
{
	while (p->jobs.first)
		fail_job(p, p->jobs.first, 503, "\"stopping\"",
		    "\"this server is stopping; it may or may not have been "
		    "done: repeat it\"");
}

void
workers_free(struct workers *p, int64_t until)
{
	static const struct timespec pause = {.tv_nsec = 5000000};
	int status;

	if (!p)
		return;
	/* All at once: they end in the same time as one. */
	for (unsigned i = 0; i < p->conf.n; i++)
		if (child_open(&p->worker[i].child))
			child_close(&p->worker[i].child, until);
	for (unsigned i = 0; i < p->conf.n; i++) {
		struct child *c = &p->worker[i].child;

		while (c->pid && !child_reap(c, clk_mono_ms(), &status))
			nanosleep(&pause, NULL);
	}
	jobs_free(&p->jobs);
	free(p);
}
