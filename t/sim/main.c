/* SPDX-License-Identifier: ISC */
/*
 * sim [-v] [-n SCHEDULES] [-s SEED] [-x DROPPED] [-j JOBS]
 *     [-m MUTANT | -M [MUTANT...]]
 *
 * Runs SCHEDULES schedules from SEED on. For each that ends in a violation it
 * prints the seed, the faults without which it would not have happened, and
 * how to see it again; -v prints every step. The last line is
 * "N schedules, V violations"; exit 0 only without any. -m breaks a rule,
 * -M breaks one after the other, NAME caught after N schedules a line.
 */
#include "sim.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/rc.h"

#ifdef CORE_MUTANTS
enum mutant core_mutant;

static const char *const mutant_words[] = {"none",
#define X(name) #name,
    MUTANTS(X)
#undef X
};
#endif

static const char *const synopsis =
    "[-v] [-n schedules] [-s seed] [-x dropped] [-j jobs] [-m mutant | -M [mutant...]]";

static bool
stopped(struct world *w, const struct ev *e)
{
	struct host *x = &w->h[e->who];
	enum proc p = P_LIBVIRT;

	switch ((int)e->kind) {
	case EV_BEAT:
	case EV_ANSWER:
		p = P_BEAT;
		break;
	case EV_PASS:
	case EV_CREATE:
	case EV_ASK:
	case EV_TOLD:
		p = P_RECON;
		break;
	case EV_DEADMAN:
		p = P_DEAD;
		break;
	default:
		break;
	}
	if (!x->frozen && x->resume[p] <= w->now)
		return false;
	/* Stopped processes find on waking what waited for them. */
	w->heaped++;
	w->heaped--;
	push(w, x->frozen && x->thaw > x->resume[p] ? x->thaw : x->resume[p],
	    (enum ev_kind)e->kind, e->who, e->vm, e->arg);
	if (e->kind == EV_PASS && x->pass_at == e->at)
		x->pass_at = x->frozen ? x->thaw : x->resume[p];
	return true;
}

static void
dispatch(struct world *w, const struct ev *e)
{
	bool msg = e->kind == EV_ANSWER || e->kind == EV_ASK ||
		   e->kind == EV_TOLD || e->kind == EV_REPORT ||
		   e->kind == EV_COMMIT;

	if (e->kind >= EV_FAULT) {
		chaos_event(w, e);
	} else if (e->kind >= EV_REPORT) {
		if (!e->life || e->kind == EV_COMMIT ||
		    e->life == w->s[e->who].life) {
			if (w->s[e->who].resume > w->now) {
				push(w, w->s[e->who].resume,
				    (enum ev_kind)e->kind, e->who, e->vm,
				    e->arg);
				return;
			}
			server_event(w, e);
		}
	} else if (!e->life || e->life == w->h[e->who].life) {
		if (e->kind == EV_BOOT || e->kind == EV_PETLESS) {
			world_event(w, e);
		} else if (w->h[e->who].up) {
			if (stopped(w, e))
				return;
			if (e->kind <= EV_TOLD)
				agent_event(w, e);
			else
				world_event(w, e);
		}
	}
	if (msg)
		msg_drop(w, e->arg);
}

/* Keeps the memory of the schedule before. */
static void
reset(struct world *w)
{
	struct ev *heap = w->heap;
	struct msg *msgs = w->msgs;
	size_t heapcap = w->heapcap;
	uint32_t cap = w->msgcap, i;
	bool tr = w->trace;

	memset(w, 0, sizeof(*w));
	w->heap = heap;
	w->heapcap = heapcap;
	w->msgs = msgs;
	w->msgcap = cap;
	w->trace = tr;
	for (i = 1; i < cap; i++) {
		w->msgs[i].next = w->msgfree;
		w->msgfree = i;
	}
}

void
world_run(struct world *w, uint64_t seed, uint64_t drop)
{
	struct ev e;

	reset(w);
	w->seed = seed;
	w->rng = seed * 0xd1342543de82ef95u + 1;
	w->drop = drop;
	plot_make(w);
	while (!w->violation && pop(w, &e)) {
		dispatch(w, &e);
		w->steps++;
	}
}

/* Leaves out whatever fault the violation does not need. */
static uint64_t
shrink(struct world *w, uint64_t seed, const char *what)
{
	uint64_t drop = 0;
	bool again;
	int i, n;

	world_run(w, seed, 0);
	n = w->faults;
	do {
		again = false;
		for (i = 0; i < n; i++) {
			if (drop & (uint64_t)1 << i)
				continue;
			world_run(w, seed, drop | (uint64_t)1 << i);
			if (!w->violation || strcmp(w->violation, what) != 0)
				continue;
			drop |= (uint64_t)1 << i;
			again = true;
		}
	} while (again);
	return drop;
}

struct tally {
	uint64_t done, bad, first; /* first: how many until the first one */
	uint64_t steps;
};

static void
one(struct world *w, uint64_t seed, struct tally *t, bool quiet)
{
	const char *what;
	uint64_t drop;

	world_run(w, seed, 0);
	t->done++;
	t->steps += w->steps;
	if (!w->violation)
		return;
	if (t->bad++ == 0)
		t->first = t->done;
	if (quiet || t->bad > 5)
		return;
	what = w->violation;
	drop = shrink(w, seed, what);
	w->trace = true;
	printf("seed %" PRIu64 ": %s\n", seed, what);
	world_run(w, seed, drop);
	w->trace = false;
	printf(
	    "replay: sim -v -n 1 -s %" PRIu64 " -x %" PRIx64 "\n", seed, drop);
	fflush(stdout);
}

/* Every jobs-th schedule from the k-th on, in a process of its own. */
static void
worker(int fd, uint64_t seed, uint64_t n, uint64_t k, uint64_t jobs, bool stop)
{
	struct world *w = mem_calloc(1, sizeof(*w));
	struct tally t = {0};
	uint64_t i;

	for (i = k; i < n && !(stop && t.bad); i += jobs)
		one(w, seed + i, &t, stop);
	fflush(stdout);
	if (write(fd, &t, sizeof(t)) != (ssize_t)sizeof(t))
		_exit(RC_TEMP);
	_exit(RC_OK);
}

static int
begin(uint64_t seed, uint64_t n, uint64_t k, uint64_t jobs, bool stop)
{
	int fd[2];
	pid_t pid;

	fflush(stdout);
	if (pipe(fd) == -1 || (pid = fork()) == -1)
		die(RC_TEMP, "fork: %s", strerror(errno));
	if (pid == 0) {
		close(fd[0]);
		worker(fd[1], seed, n, k, jobs, stop);
	}
	close(fd[1]);
	return fd[0];
}

static struct tally
end(int fd)
{
	struct tally t;

	if (read(fd, &t, sizeof(t)) != (ssize_t)sizeof(t))
		die(RC_BUG, "a worker ended without a result");
	close(fd);
	(void)wait(NULL);
	return t;
}

static int
all(uint64_t seed, uint64_t n, int jobs)
{
	struct tally sum = {0}, t;
	int fd[64], k;

	for (k = 0; k < jobs; k++)
		fd[k] = begin(seed, n, (uint64_t)k, (uint64_t)jobs, false);
	for (k = 0; k < jobs; k++) {
		t = end(fd[k]);
		sum.done += t.done;
		sum.bad += t.bad;
		sum.steps += t.steps;
	}
	printf("%" PRIu64 " steps\n", sum.steps);
	printf("%" PRIu64 " schedules, %" PRIu64 " violations\n", sum.done,
	    sum.bad);
	return sum.bad ? RC_NO : RC_OK;
}

#ifdef CORE_MUTANTS
static enum mutant
mutant(const char *name)
{
	int m;

	for (m = 1; m < MUTANT_COUNT; m++)
		if (strcmp(mutant_words[m], name) == 0)
			return (enum mutant)m;
	die(RC_USAGE, "%s: no such mutant", name);
}

/* The named mutants, or all, each until it is caught. */
static int
mutants(char **names, int count, uint64_t seed, uint64_t n, int jobs)
{
	int fd[MUTANT_COUNT], i, next = 0, rc = RC_OK;
	enum mutant m[MUTANT_COUNT];
	struct tally t;

	if (count == 0 || count >= MUTANT_COUNT)
		count = MUTANT_COUNT - 1;
	else
		for (i = 0; i < count; i++)
			m[i] = mutant(names[i]);
	for (i = 0; i < count; i++) {
		for (; next < count && next < i + jobs; next++) {
			if (*names == NULL)
				m[next] = (enum mutant)(next + 1);
			core_mutant = m[next];
			fd[next] = begin(seed, n, 0, 1, true);
		}
		t = end(fd[i]);
		if (t.bad) {
			printf("%s caught after %" PRIu64 " schedules\n",
			    mutant_words[m[i]], t.first);
			continue;
		}
		printf("%s not caught in %" PRIu64 " schedules\n",
		    mutant_words[m[i]], t.done);
		rc = RC_NO;
	}
	return rc;
}
#endif

int
main(int argc, char **argv)
{
	int64_t n = 1000, seed = 1, jobs = 2;
	uint64_t drop = 0;
	bool verbose = false, table = false;
	struct world *w;
	int c;

	die_name(argv[0]);
	while ((c = getopt(argc, argv, "j:m:Mn:s:vx:")) != -1) {
		switch (c) {
		case 'j':
			jobs = opt_int('j', optarg, 1, 64);
			break;
#ifdef CORE_MUTANTS
		case 'm':
			core_mutant = mutant(optarg);
			break;
		case 'M':
			table = true;
			break;
#endif
		case 'n':
			n = opt_int('n', optarg, 1, INT64_MAX / 2);
			break;
		case 's':
			seed = opt_int('s', optarg, 0, INT64_MAX / 2);
			break;
		case 'v':
			verbose = true;
			break;
		case 'x':
			drop = strtoull(optarg, NULL, 16);
			break;
		default:
			opt_usage(synopsis);
		}
	}
	if (verbose) {
		w = mem_calloc(1, sizeof(*w));
		w->trace = true;
		world_run(w, (uint64_t)seed, drop);
		printf("1 schedules, %d violations\n", w->violation ? 1 : 0);
		return w->violation ? RC_NO : RC_OK;
	}
#ifdef CORE_MUTANTS
	if (table)
		return mutants(argv + optind, argc - optind, (uint64_t)seed,
		    (uint64_t)n, (int)jobs);
#endif
	(void)table;
	return all((uint64_t)seed, (uint64_t)n, (int)jobs);
}
