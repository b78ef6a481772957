/* SPDX-License-Identifier: ISC */
#include "driver/fencer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/agentdir.h"
#include "os/qemu.h"

#define FILE_OUT  "deadman.jsonl"
#define WRITE_MS  1000 /* after deadman.jsonl could not be written */
#define SILENT_MS 1000 /* libvirt owes a listing: what is asked waits too */
#define LIST_MS   5000 /* between two listings */
#define AGAIN_MS  300  /* between two tries to destroy */
#define LOOK_MS   100  /* between two looks into /proc, or at a killed qemu */

static void __attribute__((format(printf, 3, 4)))
say(const struct fencer *f, bool warning, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->say(warning, text);
}

void
fencer_init(struct fencer *f)
{
	buf_init(&f->unread, 65536);
	f->changed = true;
}

void
fencer_recall(struct fencer *f, const char *dir)
{
	struct json_reason why;
	struct buf b;

	buf_init(&b, FENCES_FILE_MAX);
	if (agentdir_read(dir, FILE_OUT, &b) == -1) {
		if (errno != ENOENT)
			say(f, true, FILE_OUT ": %s", strerror(errno));
	} else if (fences_recall(&f->vms, &f->head, b.data ? b.data : "", b.len,
		       &why) == -1) {
		say(f, true, FILE_OUT ": %s", why.text);
	}
	buf_free(&b);
}

void
fencer_write(struct fencer *f, const char *dir, int64_t now)
{
	struct buf b;
	int r;

	if (!f->changed || now < f->next_write)
		return;
	buf_init(&b, FENCES_FILE_MAX);
	r = fences_dump(&f->vms, &f->head, &b);
	if (r == 0)
		r = agentdir_replace(dir, FILE_OUT, b.data, b.len);
	else
		errno = EFBIG;
	if (r == -1 && f->write_error != errno)
		say(f, true,
		    FILE_OUT ": cannot write: %s; VMs are fenced all the same",
		    strerror(errno));
	f->write_error = r == -1 ? errno : 0;
	f->changed = r == -1;
	f->next_write = r == -1 ? now + WRITE_MS : 0;
	buf_free(&b);
}

/* Adds what is wrong with the file to b. */
static void
bad_line(int64_t line, const char *reason, void *arg)
{
	buf_printf(arg, "%sline %lld: %s", ((struct buf *)arg)->len ? "; " : "",
	    (long long)line, reason);
}

void
fencer_load(struct fencer *f, const char *dir, int64_t now)
{
	struct fences_head *h = &f->head;
	struct json_reason why;
	struct buf b, bad;

	buf_init(&b, FENCES_FILE_MAX);
	buf_init(&bad, 400);
	if (agentdir_read(dir, "lease.jsonl", &b) == -1)
		buf_puts(&bad, strerror(errno));
	else if (fences_load(&f->vms, h, b.data ? b.data : "", b.len, now,
		     &f->timers, bad_line, &bad, &why) == -1)
		buf_puts(&bad, why.text);
	else
		f->changed = true;
	/* The same is not said at each beat. */
	if (bad.len &&
	    (!f->unread.len || strcmp(bad.data, f->unread.data) != 0))
		say(f, true, "lease.jsonl: %s; what it told before goes on",
		    bad.data);
	buf_clear(&f->unread);
	if (bad.len)
		buf_add(&f->unread, bad.data, bad.len);
	buf_free(&b);
	buf_free(&bad);
}

static enum ledger_copy
copy_of(enum plan_seen seen)
{
	switch (seen) {
	case PLAN_SEEN_RUNNING:
		return COPY_RUNNING;
	case PLAN_SEEN_PAUSED:
		return COPY_PAUSED;
	case PLAN_SEEN_STARTING:
		return COPY_STARTING;
	case PLAN_SEEN_UNKNOWN:
	case PLAN_SEEN_ABSENT:
	case PLAN_SEEN_ENDING:
	case PLAN_SEEN_CRASHED:
		break;
	}
	return COPY_UNKNOWN;
}

static int
by_uuid(const void *a, const void *b)
{
	const struct virt_domain *x = a, *y = b;

	return strcmp(x->uuid, y->uuid);
}

static void
take_list(struct fencer *f, const struct virt_note *n, int64_t now)
{
	struct virt_domain key;

	for (size_t i = 0; i < f->vms.n; i++) {
		struct fence *x = &f->vms.v[i];
		const struct virt_domain *d = NULL;

		memcpy(key.uuid, x->uuid, sizeof(key.uuid));
		if (n->n)
			d = bsearch(&key, n->list, n->n, sizeof(key), by_uuid);
		x->d.seen = d ? copy_of(d->seen) : COPY_NONE;
		if (!d || !x->d.gone)
			continue;
		/* A listing begun before may still show what has ended. */
		if (n->since <= x->confirmed) {
			virt_list(f->virt);
			continue;
		}
		say(f, true, "vm %s: it is here again, without a lease",
		    x->uuid);
		deadman_again(&x->d, now);
		x->told = x->missed = false;
		f->changed = true;
	}
	if (f->away)
		say(f, false, "libvirt answers, %zu domains", n->n);
	f->away = false;
}

static void
take_down(struct fencer *f, const char *reason)
{
	for (size_t i = 0; i < f->vms.n; i++)
		f->vms.v[i].d.seen = COPY_UNKNOWN;
	if (!f->away)
		say(f, true, "libvirt does not answer: %s",
		    reason ? reason : "no reason");
	f->away = true;
}

static void
take_done(
    struct fencer *f, struct fence *x, const struct virt_note *n, int64_t now)
{
	x->asked = false;
	x->again = now + AGAIN_MS;
	if (n->result == VIRT_OK || n->result == VIRT_GONE) {
		/* Of an earlier end it says nothing about the copy since. */
		x->told = x->asked_at >= x->d.lease.until;
	} else if (n->result == VIRT_FAILED) {
		say(f, true, "vm %s: destroy failed: %s", x->uuid,
		    n->reason ? n->reason : "no reason");
	}
}

/*
 * Whether libvirt owes an answer about a VM. libvirt 9.0 may crash its caller
 * when a connection dies on which two threads wait, so a listing does not join
 * a destroy that hangs, nor a destroy such a listing: neither would be
 * answered, and the second way needs no libvirt.
 */
static bool
asks(const struct fencer *f)
{
	for (size_t i = 0; i < f->vms.n; i++)
		if (f->vms.v[i].asked)
			return true;
	return false;
}

void
fencer_drain(struct fencer *f, int64_t now)
{
	struct virt_note *n;

	while ((n = virt_next(f->virt)) != NULL) {
		struct fence *x = fences_find(&f->vms, n->domain.uuid);

		f->seq = n->seq;
		if (n->kind == VIRT_LIST)
			take_list(f, n, now);
		else if (n->kind == VIRT_DOWN)
			take_down(f, n->reason);
		else if (n->kind == VIRT_DONE && x)
			take_done(f, x, n, now);
		else if (n->kind == VIRT_EVENT && x && x->d.gone)
			virt_list(f->virt); /* it may be an old one */
		virt_note_free(n);
	}
	if (now >= f->next_list) {
		if (!asks(f))
			virt_list(f->virt);
		f->next_list = now + LIST_MS;
	}
}

/* Ends one of the VM's qemus, of all there are, or knows that there is none. */
static void
end_found(struct fencer *f, struct fence *x, const struct qemu *q, size_t n)
{
	bool found = false;

	for (size_t i = 0; i < n && x->killed == -1; i++) {
		if (strcmp(q[i].uuid, x->uuid) != 0)
			continue;
		found = true;
		x->killed = qemu_kill(&q[i]);
		if (x->killed != -1)
			say(f, true, "vm %s: SIGKILL to its qemu, pid %ld",
			    x->uuid, (long)q[i].pid);
		else if (errno != ESRCH && !x->missed)
			say(f, true, "vm %s: cannot kill its qemu, pid %ld: %s",
			    x->uuid, (long)q[i].pid, strerror(errno));
		x->missed |= x->killed == -1;
	}
	if (found)
		return;
	if (x->told) {
		say(f, false, "vm %s: its copy is gone", x->uuid);
		x->d.gone = true;
		x->confirmed = f->seq;
	} else if (!x->missed) {
		say(f, true,
		    "vm %s: libvirt does not say that it is gone, and no "
		    "qemu of it is found",
		    x->uuid);
	}
	x->missed = true;
}

/* Whether a look into /proc can tell more about the VM. */
static bool
wants_look(const struct fencer *f, const struct fence *x, int64_t now)
{
	return x->killed == -1 && !x->d.gone &&
	       (x->d.state == DEADMAN_DESTROYING ||
		   x->d.state == DEADMAN_RESET) &&
	       (x->told || deadman_second(&x->d, now, &f->timers));
}

/* Looks into /proc, if that is due; whether it did. */
static bool
look(struct fencer *f, int64_t now)
{
	struct qemu *q = NULL;
	bool wanted = false;
	size_t n = 0;

	for (size_t i = 0; i < f->vms.n; i++)
		wanted |= wants_look(f, &f->vms.v[i], now);
	if (!wanted || now < f->next_look)
		return false;
	f->next_look = now + LOOK_MS;
	if (qemu_list(&q, &n) == -1) {
		if (!f->blind)
			say(f, true, "/proc: cannot look for qemus: %s",
			    strerror(errno));
		f->blind = true;
		return false;
	}
	f->blind = false;
	for (size_t i = 0; i < f->vms.n; i++)
		if (wants_look(f, &f->vms.v[i], now))
			end_found(f, &f->vms.v[i], q, n);
	free(q);
	return true;
}

/* Says what becomes of a VM. */
static void
tell(struct fencer *f, const struct fence *x, enum deadman_state before)
{
	if (x->d.state == before)
		return;
	f->changed = true;
	if (x->d.state == DEADMAN_DESTROYING)
		say(f, true, "vm %s: its lease is over: it is destroyed",
		    x->uuid);
	if (x->d.state == DEADMAN_RESET)
		say(f, true,
		    "vm %s: not confirmed as ended within %lld ms: the "
		    "watchdog is petted no more",
		    x->uuid, (long long)f->timers.kill);
}

/* What one VM needs at now; when to look again. */
static int64_t
step(struct fencer *f, struct fence *x, int64_t now)
{
	enum deadman_state before = x->d.state;
	enum lease_act act;
	int64_t next;

	/* A killed qemu that is gone is as good as libvirt's word; whether it
	 * was the only one, the next look tells. */
	if (x->killed != -1 && qemu_ended(x->killed)) {
		close(x->killed);
		x->killed = -1;
		x->told = true;
	}
	act = deadman_act(&x->d, now, &f->timers, &next);
	tell(f, x, before);
	if (act == LEASE_REST) {
		x->told = x->missed = false;
		return next;
	}
	f->head.reset |= act == LEASE_RESET;
	if (!x->asked && now >= x->again &&
	    virt_silent_ms(f->virt) >= SILENT_MS)
		x->again = now + LOOK_MS;
	if (!x->asked && !x->told && now >= x->again) {
		virt_act(f->virt, x->uuid, PLAN_DESTROY, NULL, false);
		x->asked = true;
		x->asked_at = now;
	}
	if (!x->asked && x->again < next)
		next = x->again;
	if (x->told || x->killed != -1 ||
	    deadman_second(&x->d, now, &f->timers))
		next = now + LOOK_MS;
	return next > now ? next : now + 1;
}

static int64_t
step_all(struct fencer *f, int64_t now)
{
	int64_t wake = f->next_list;

	for (size_t i = 0; i < f->vms.n; i++) {
		int64_t next = step(f, &f->vms.v[i], now);

		if (next < wake)
			wake = next;
	}
	return wake;
}

int64_t
fencer_pass(struct fencer *f, int64_t now)
{
	/* First what a new lease file changes: a look may kill. */
	int64_t wake = step_all(f, now);

	return look(f, now) ? step_all(f, now) : wake;
}

size_t
fencer_count(const struct fencer *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->vms.n; i++)
		n += f->vms.v[i].d.lease.fence && !f->vms.v[i].d.gone;
	return n;
}
