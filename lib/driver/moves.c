/* SPDX-License-Identifier: ISC */
#include "driver/moves.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clk.h"
#include "os/proc.h"

#define ROUND_MS 1000

static bool
has_work(const struct survey_vm *v)
{
	return v->action == MIGRATION_MOVE || v->action == MIGRATION_SETTLE;
}

/* What was begun goes on to an end that is known. */
static void
cancel(struct moves *m)
{
	m->cancelled = true;
	for (int i = 0; i < m->parallel; i++)
		if (m->move[i])
			virt_move_cancel(m->move[i]);
}

/* Begins what there is room for. */
static void
begin(struct moves *m)
{
	for (int i = 0; i < m->parallel && !m->cancelled; i++) {
		const struct survey_vm *v;

		while (m->next < m->survey->n &&
		       !has_work(&m->survey->vm[m->next]))
			m->next++;
		if (m->next == m->survey->n)
			return;
		if (m->move[i])
			continue;
		v = &m->survey->vm[m->next];
		m->move[i] = virt_move_new(
		    m->way, v->uuid, &v->is, v->action == MIGRATION_SETTLE);
		if (!m->move[i]) {
			cancel(m); /* no thread: it stays untouched */
			return;
		}
		m->at[i] = m->next++;
		m->begun++;
	}
}

static void
count(struct moves *m, enum migration_end end)
{
	m->over++;
	m->moved += end == MIGRATION_MOVED;
	m->stays += end == MIGRATION_STAYS;
	m->unclear += end != MIGRATION_MOVED && end != MIGRATION_STAYS;
}

/* Tells of each that has ended, and in a full round of the others. */
static void
look(struct moves *m, bool all)
{
	for (int i = 0; i < m->parallel; i++) {
		struct virt_moved now = {0};

		if (!m->move[i])
			continue;
		virt_move_look(m->move[i], &now);
		if ((now.over || (all && now.progress.total)) &&
		    m->tell(&m->survey->vm[m->at[i]], &now, m->arg) == -1 &&
		    !m->cancelled)
			cancel(m);
		if (now.over) {
			virt_move_free(m->move[i]);
			m->move[i] = NULL;
			count(m, now.end);
		}
	}
}

static void
wait_for(struct moves *m, int64_t next)
{
	struct pollfd f[2] = {{.fd = m->way->wake, .events = POLLIN},
	    {.fd = m->cancelled ? -1 : m->stop, .events = POLLIN}};
	int64_t left = next - clk_mono_ms();
	uint64_t n;

	/* Interrupted, it looks once more than needed. */
	if (poll(f, 2, left > 0 ? (int)left : 0) == -1)
		return;
	if (f[0].revents && read(m->way->wake, &n, sizeof(n)) == -1)
		n = 0;
	if (f[1].revents)
		cancel(m);
}

int
moves_run(struct moves *m)
{
	int64_t next = clk_mono_ms() + ROUND_MS;

	m->way->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (m->way->wake == -1)
		return -1;
	/* Asked to stop before anything was begun. */
	m->cancelled = proc_stopping(m->stop);
	for (begin(m); m->over < m->begun; begin(m)) {
		wait_for(m, next);
		look(m, clk_mono_ms() >= next);
		if (clk_mono_ms() >= next)
			next = clk_mono_ms() + ROUND_MS;
	}
	for (size_t i = m->next; i < m->survey->n; i++)
		m->untouched += has_work(&m->survey->vm[i]);
	close(m->way->wake);
	return 0;
}
