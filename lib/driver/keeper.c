/* SPDX-License-Identifier: ISC */
#include "driver/keeper.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clk.h"
#include "line/line.h"
#include "os/fs.h"

#define HOLD_MS   2000  /* a libvirtd that restarts is no event for people */
#define SILENT_MS 15000 /* longer than any listing behind a stuck destroy */
#define RETRY_MS  1000  /* after observed.jsonl could not be written */

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

bool
keeper_act(struct member *m, void *arg)
{
	enum plan_action action = m->plan.action;
	struct keeper *k = arg;
	char why[DESIRED_WHY_SIZE] = "";
	bool begun = true;
	char mark[160];
	struct buf xml;

	buf_init(&xml, LINE_MAX_RECORD);
	if (action == PLAN_MARK) {
		desired_mark(m->want, "", "", mark, sizeof(mark));
		buf_puts(&xml, mark);
	}
	say(k, false, "vm %s (%s): %s: %s", m->uuid, m->want->name,
	    plan_action_word(action), m->plan.reason);
	if (action == PLAN_START && desired_xml(m->want, virt_type(k->virt),
					k->console, &xml, why) == -1) {
		plan_failed(&m->mem, action, why, clk_mono_ms());
		say(k, true, "vm %s: %s", m->uuid, m->mem.last);
		k->failed++;
		begun = false;
	} else {
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
	if (silent && (!wake || now + RETRY_MS < wake))
		wake = now + RETRY_MS;
	return wake;
}
