/* SPDX-License-Identifier: ISC */
/* The virtual clock, chance, and messages between machines. */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* splitmix64: one state, no surprises. */
uint64_t
rnd(struct world *w)
{
	uint64_t z = (w->rng += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

int64_t
rnd_in(struct world *w, int64_t lo, int64_t hi)
{
	return lo + (int64_t)(rnd(w) % (uint64_t)(hi - lo + 1));
}

bool
chance(struct world *w, int permille)
{
	return rnd(w) % 1000 < (uint64_t)permille;
}

static bool
before(const struct ev *a, const struct ev *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static uint32_t
life_of(const struct world *w, enum ev_kind k, int who)
{
	switch ((int)k) {
	case EV_ANSWER:
	case EV_ASK:
	case EV_TOLD:
	case EV_REPORT:
	case EV_FAULT:
	case EV_SNAP:
	case EV_UNDO:
	case EV_HEAL:
	case EV_CHECK:
		return 0;
	case EV_WATCH:
	case EV_TAKE:
		return w->s[who].life;
	default:
		return w->h[who].life;
	}
}

void
push(struct world *w, int64_t at, enum ev_kind k, int who, int vm, uint32_t arg)
{
	struct ev e = {at, w->seq++, life_of(w, k, who), arg, (uint8_t)k,
	    (uint8_t)who, (uint8_t)vm};
	size_t i = w->heaped++, up;

	if (w->heaped > w->heapcap) {
		w->heapcap = w->heapcap ? 2 * w->heapcap : 256;
		w->heap = mem_realloc(w->heap, w->heapcap, sizeof(*w->heap));
	}
	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!before(&e, &w->heap[up]))
			break;
		w->heap[i] = w->heap[up];
	}
	w->heap[i] = e;
}

bool
pop(struct world *w, struct ev *e)
{
	struct ev last;
	size_t i = 0, k;

	if (w->heaped == 0)
		return false;
	*e = w->heap[0];
	last = w->heap[--w->heaped];
	while ((k = 2 * i + 1) < w->heaped) {
		if (k + 1 < w->heaped && before(&w->heap[k + 1], &w->heap[k]))
			k++;
		if (!before(&w->heap[k], &last))
			break;
		w->heap[i] = w->heap[k];
		i = k;
	}
	w->heap[i] = last;
	w->now = e->at;
	return true;
}

uint32_t
msg_new(struct world *w)
{
	uint32_t m, i;

	if (w->msgfree == 0) {
		m = w->msgcap;
		w->msgcap = m ? 2 * m : 64;
		w->msgs = mem_realloc(w->msgs, w->msgcap, sizeof(*w->msgs));
		/* Number 0 is nobody's: it ends the list of free ones. */
		for (i = m ? m : 1; i < w->msgcap; i++) {
			w->msgs[i].next = w->msgfree;
			w->msgfree = i;
		}
	}
	m = w->msgfree;
	w->msgfree = w->msgs[m].next;
	memset(&w->msgs[m], 0, sizeof(w->msgs[m]));
	w->msgs[m].refs = 1;
	return m;
}

void
msg_drop(struct world *w, uint32_t m)
{
	if (--w->msgs[m].refs > 0)
		return;
	w->msgs[m].next = w->msgfree;
	w->msgfree = m;
}

/* Mostly at once, sometimes late, now and then longer than a lease. */
static int64_t
delay(struct world *w)
{
	if (w->calm || !chance(w, 60))
		return rnd_in(w, 1, w->t.interval / 20 + 1);
	if (!chance(w, 200))
		return rnd_in(w, 1, w->t.interval);
	return rnd_in(w, w->t.interval, 2 * w->t.sum);
}

void
send(struct world *w, enum ev_kind k, int to, int vm, uint32_t m)
{
	if (!w->calm && chance(w, w->loss)) {
		msg_drop(w, m);
		return;
	}
	if (!w->calm && chance(w, w->loss)) {
		w->msgs[m].refs++;
		push(w, w->now + delay(w), k, to, vm, m);
	}
	push(w, w->now + delay(w), k, to, vm, m);
}

int64_t
host_clock(const struct world *w, const struct host *h)
{
	return w->now + w->now * h->ppm / 1000000;
}

/* The moment from which host_clock is at least `clock`. */
int64_t
host_when(const struct world *w, const struct host *h, int64_t clock)
{
	int64_t at;

	if (clock == NEVER)
		return NEVER;
	at = clock * 1000000 / (1000000 + h->ppm);
	while (at + at * h->ppm / 1000000 < clock)
		at++;
	return at > w->now ? at : w->now;
}

int64_t
serv_clock(const struct world *w, const struct server *s)
{
	return w->now + w->now * s->ppm / 1000000;
}

void
trace(struct world *w, const char *fmt, ...)
{
	static char last[32][128];
	static unsigned at;
	char text[128];
	va_list ap;
	unsigned i;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Why nothing is done is said once, not at every look. */
	if (strstr(text, " not ")) {
		for (i = 0; i < 32; i++)
			if (strcmp(last[i], text) == 0)
				return;
		memcpy(last[at++ % 32], text, sizeof(text));
	}
	printf("%9.3f  %s\n", (double)w->now / 1000, text);
}
