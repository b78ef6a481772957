/* SPDX-License-Identifier: ISC */
#include "driver/keeper.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clk.h"
#include "core/lease.h"
#include "line/line.h"
#include "os/fs.h"

#define HOLD_MS   2000  /* a libvirtd that restarts is no event for people */
#define SILENT_MS 15000 /* longer than any listing behind a stuck destroy */
#define RETRY_MS  1000  /* after observed.jsonl could not be written */
#define LEDGER_MS 5000  /* after the ledger could not be opened */

static void __attribute__((format(printf, 3, 4)))
say(const struct keeper *k, bool warning, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	k->say(warning, text);
}

static int
path_of(const struct keeper *k, const char *name, char path[static PATH_MAX])
{
	if (snprintf(path, PATH_MAX, "%s/%s", k->dir, name) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

/* The generation the server wants a copy at, or the one it runs at. */
static struct gen
gen_of(const struct member *m)
{
	return gen_counted(
	    m->up || !m->want ? m->generation : m->want->generation);
}

/* For the roster. */
static const char *
refuses(const struct member *m, void *arg)
{
	static char text[PLAN_REASON_SIZE];
	const struct keeper *k = arg;
	const struct ledger_vm *v;
	const char *why = NULL;

	if (!k->ledger_path)
		return NULL;
	if (!k->ledger) {
		snprintf(text, sizeof(text),
		    "not started without the ledger: "
		    "%.190s",
		    k->ledger_why);
		return m->up ? NULL : text;
	}
	v = ledgerfile_vm(k->ledger, m->uuid);
	if (!m->up)
		why = ledger_refuses(v, gen_of(m));
	else if (m->chime && lease_must_destroy(v, COPY_RUNNING, gen_of(m)))
		why = "refused here";
	if (!why)
		return NULL;
	snprintf(text, sizeof(text),
	    "%s by the node's ledger: it may run "
	    "elsewhere; vm start gives it back",
	    why);
	return text;
}

/* What is told of the ledger with each VM. */
static void
recall_refused(struct keeper *k)
{
	for (size_t i = 0; k->ledger && i < k->roster.n; i++) {
		struct member *m = k->roster.m[i];
		const struct gen g = ledgerfile_vm(k->ledger, m->uuid)->refused;

		m->refused = g.inc == 1 ? (int64_t)g.n : 0;
	}
}

int
keeper_open_ledger(struct keeper *k, int64_t now_ms)
{
	char why[LEDGERFILE_WHY_SIZE];

	k->roster.refuses = refuses;
	k->roster.refuses_arg = k;
	if (k->ledger || !k->ledger_path)
		return 0;
	if (now_ms < k->ledger_retry)
		return -1;
	k->ledger = ledgerfile_open(k->ledger_path, k->boot, why);
	if (k->ledger) {
		if (k->ledger_why[0])
			say(k, false, "the ledger can be used again");
		k->ledger_why[0] = '\0';
		return 0;
	}
	if (strcmp(why, k->ledger_why) != 0)
		say(k, true, "ledger: %s: nothing is started", why);
	memcpy(k->ledger_why, why, sizeof(why));
	k->ledger_retry = now_ms + LEDGER_MS;
	return -1;
}

/* The action fails before it is begun. */
static bool
fail_before(struct keeper *k, struct member *m, const char *why)
{
	plan_failed(&m->mem, m->plan.action, why, clk_mono_ms());
	say(k, true, "vm %s: %s", m->uuid, m->mem.last);
	k->failed++;
	return false;
}

/*
 * Whether nobody else is at work on the VM, and the ledger lets it run here,
 * and says so before it does. A start keeps the lock until libvirt has
 * answered. What is wanted stopped need not be recorded.
 */
static bool
allowed(struct keeper *k, struct member *m)
{
	enum plan_action action = m->plan.action;
	bool runs = action == PLAN_START || action == PLAN_MARK;
	char why[LEDGERFILE_WHY_SIZE];
	int r;

	if (!k->ledger)
		return !k->ledger_path || !runs;
	r = ledgerfile_lock(k->ledger, m->uuid, why);
	if (r == 0) {
		k->busy = clk_mono_ms() + RETRY_MS;
		m->held = action;
		/* Nothing was asked for, nor destroyed. */
		m->mem.asked = 0;
		m->mem.killed = false;
		return false;
	}
	if (!runs || refuses(m, k)) {
		if (r == 1)
			ledgerfile_unlock(k->ledger, m->uuid);
		return !runs;
	}
	if (r == 1 &&
	    ledgerfile_start(k->ledger, m->uuid,
		gen_counted(m->want->generation), LEDGER_MANUAL, why) == 0)
		return m->locked = true;
	if (r == 1)
		ledgerfile_unlock(k->ledger, m->uuid);
	return fail_before(k, m, why);
}

static void
unlock(struct keeper *k, const char *uuid)
{
	struct member *m = roster_find(&k->roster, uuid);

	if (m && m->locked) {
		ledgerfile_unlock(k->ledger, uuid);
		m->locked = false;
	}
}

/*
 * A start is over when libvirt has answered; or, when it did not, once it has
 * listed what there is.
 */
static void
unlock_started(struct keeper *k, const struct virt_note *n)
{
	if (n->kind == VIRT_DONE && n->result != VIRT_LOST)
		unlock(k, n->domain.uuid);
	if (n->kind != VIRT_LIST)
		return;
	for (size_t i = 0; i < k->roster.n; i++)
		if (k->roster.m[i]->job == PLAN_NONE)
			unlock(k, k->roster.m[i]->uuid);
}

bool
keeper_act(struct member *m, void *arg)
{
	enum plan_action action = m->plan.action;
	struct keeper *k = arg;
	char why[DESIRED_WHY_SIZE] = "";
	bool begun = true;
	char mark[160];
	struct buf xml;

	if (!allowed(k, m))
		return false;
	buf_init(&xml, LINE_MAX_RECORD);
	if (action == PLAN_MARK) {
		desired_mark(m->want, "", "", mark, sizeof(mark));
		buf_puts(&xml, mark);
	}
	say(k, false, "vm %s (%s): %s: %s", m->uuid, m->want->name,
	    plan_action_word(action), m->plan.reason);
	if (action == PLAN_START && desired_xml(m->want, virt_type(k->virt),
					k->console, &xml, why) == -1) {
		begun = fail_before(k, m, why);
		unlock(k, m->uuid);
	} else {
		if (m->locked)
			m->generation = m->want->generation;
		virt_act(
		    k->virt, m->uuid, action, xml.data, m->want->xml != NULL);
	}
	buf_free(&xml);
	return begun;
}

void
keeper_drain(struct keeper *k)
{
	struct virt_note *n;

	while ((n = virt_next(k->virt)) != NULL) {
		if (roster_note(&k->roster, n, clk_mono_ms()))
			virt_list(k->virt);
		unlock_started(k, n);
		if (n->kind == VIRT_DONE &&
		    (n->result == VIRT_FAILED || n->result == VIRT_LOST)) {
			say(k, true, "vm %s: %s failed: %s", n->domain.uuid,
			    plan_action_word(n->action), n->reason);
			k->failed++;
		} else if (n->kind == VIRT_DOWN && k->answers) {
			say(k, true, "libvirt does not answer: %s", n->reason);
			k->answers = false;
		} else if (n->kind == VIRT_LIST && !k->answers) {
			say(k, false, "libvirt answers, %zu domains", n->n);
			k->answers = true;
		}
		virt_note_free(n);
	}
}

static void
bad_line(int64_t line, const char *reason, void *arg)
{
	say(arg, true, "desired.jsonl: line %lld: %s", (long long)line, reason);
}

const char *
keeper_unfit(const struct keeper *k, const struct desired *d)
{
	if (!d->host)
		return "it has no host line";
	if (k->boot && strcmp(d->boot, k->boot) != 0)
		return "it is of another boot";
	if (k->host && strcmp(d->name, k->host) != 0)
		return "it is for another host";
	return NULL;
}

void
keeper_load(struct keeper *k)
{
	const struct desired_sink sink = {.bad = bad_line, .arg = k};
	char path[PATH_MAX];
	const char *why;
	struct desired d;
	struct buf b;

	buf_init(&b, DESIRED_MAX);
	if (path_of(k, "desired.jsonl", path) == -1 ||
	    fs_read(path, &b) == -1) {
		if (errno != ENOENT)
			say(k, true, "desired.jsonl: %s", strerror(errno));
	} else {
		desired_parse(&d, b.data ? b.data : "", b.len, &sink);
		why = keeper_unfit(k, &d);
		if (why)
			say(k, true, "desired.jsonl: %s: nothing changes", why);
		else
			roster_adopt(&k->roster, &d);
		desired_free(&d);
	}
	buf_free(&b);
}

void
keeper_recall(struct keeper *k)
{
	char path[PATH_MAX];
	struct buf b;

	buf_init(&b, OBSERVED_MAX);
	if (path_of(k, "observed.jsonl", path) == 0 && fs_read(path, &b) == 0 &&
	    b.len)
		k->recalled = observed_load(
		    &k->observed, &k->roster, b.data, b.len, clk_mono_ms());
	buf_free(&b);
}

const char *
keeper_sick(const struct keeper *k)
{
	static char text[PLAN_REASON_SIZE];

	if (k->ledger_why[0]) {
		snprintf(text, sizeof(text), "ledger: %.240s", k->ledger_why);
		return text;
	}
	if (k->roster.libvirt)
		return NULL;
	snprintf(text, sizeof(text), "libvirt does not answer: %s",
	    k->roster.why ? k->roster.why : "no answer to connecting");
	return text;
}

static void
write_observed(struct keeper *k, int64_t now)
{
	char path[PATH_MAX];
	struct buf b;
	int r;

	buf_init(&b, OBSERVED_MAX);
	r = observed_dump(&k->observed, &k->roster, &b);
	if (r == 0)
		r = path_of(k, "observed.jsonl", path);
	if (r == 0)
		r = fs_replace(path, b.data, b.len, 0644, false);
	buf_free(&b);
	if (r == 0) {
		if (k->write_failed)
			say(k, false, "observed.jsonl: written again");
		k->unwritten = k->write_failed = false;
		return;
	}
	if (!k->write_failed)
		say(k, true,
		    "observed.jsonl: cannot write: %s; the VMs are "
		    "looked after all the same",
		    strerror(errno));
	k->write_failed = true;
	k->retry = now + RETRY_MS;
}

int64_t
keeper_pass(struct keeper *k)
{
	int64_t now = clk_mono_ms(), silent = virt_silent_ms(k->virt);
	struct roster *r = &k->roster;
	int64_t wake, hold = 0;

	k->busy = 0;
	if (keeper_open_ledger(k, now) == -1)
		k->busy = k->ledger_retry;
	else if (k->ledger && ledgerfile_refresh(k->ledger, k->ledger_why) == 0)
		k->ledger_why[0] = '\0';
	recall_refused(k);
	if (r->libvirt && silent > SILENT_MS)
		roster_mute(r, "it owes a listing for too long", now);
	wake = roster_plan(r, now, keeper_act, k);
	/* Where nothing was told yet, there is nothing better to wait for. */
	if (!r->libvirt && !r->slow && (k->told || k->recalled || !r->why))
		hold = r->down_since + HOLD_MS;
	if (hold <= now) {
		hold = 0;
		k->unwritten |=
		    observed_update(&k->observed, r, keeper_sick(k));
		k->told = true;
		if (k->unwritten && now >= k->retry)
			write_observed(k, now);
		if (k->unwritten)
			hold = k->retry;
	}
	if (hold && (!wake || hold < wake))
		wake = hold;
	if (k->busy && (!wake || k->busy < wake))
		wake = k->busy;
	if (silent && (!wake || now + RETRY_MS < wake))
		wake = now + RETRY_MS;
	return wake;
}
