/* SPDX-License-Identifier: ISC */
/* How libvirt's words become ours: states, events, listings, metadata. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "core/domxml.h"
#include "driver/virt_in.h"

static const char *
paused_text(int reason)
{
	static const char *const texts[] = {
	    [VIR_DOMAIN_PAUSED_USER] = "by a user",
	    [VIR_DOMAIN_PAUSED_MIGRATION] = "for a migration",
	    [VIR_DOMAIN_PAUSED_SAVE] = "to be saved",
	    [VIR_DOMAIN_PAUSED_DUMP] = "for a core dump",
	    [VIR_DOMAIN_PAUSED_IOERROR] = "disk I/O error",
	    [VIR_DOMAIN_PAUSED_WATCHDOG] = "by its watchdog",
	    [VIR_DOMAIN_PAUSED_FROM_SNAPSHOT] = "after a snapshot",
	    [VIR_DOMAIN_PAUSED_SNAPSHOT] = "for a snapshot",
	    [VIR_DOMAIN_PAUSED_CRASHED] = "guest crashed",
	    [VIR_DOMAIN_PAUSED_POSTCOPY] = "for a post-copy migration",
	    [VIR_DOMAIN_PAUSED_POSTCOPY_FAILED] = "post-copy migration failed",
	};

	if (reason < 0 || (size_t)reason >= sizeof(texts) / sizeof(texts[0]) ||
	    !texts[reason])
		return "unknown";
	return texts[reason];
}

static const char *
suspended_text(int detail)
{
	static const char *const texts[] = {
	    [VIR_DOMAIN_EVENT_SUSPENDED_PAUSED] = "by a user",
	    [VIR_DOMAIN_EVENT_SUSPENDED_MIGRATED] = "for a migration",
	    [VIR_DOMAIN_EVENT_SUSPENDED_IOERROR] = "disk I/O error",
	    [VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG] = "by its watchdog",
	    [VIR_DOMAIN_EVENT_SUSPENDED_RESTORED] = "restored",
	    [VIR_DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT] = "after a snapshot",
	    [VIR_DOMAIN_EVENT_SUSPENDED_API_ERROR] = "a libvirt call failed",
	    [VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY] = "for a post-copy migration",
	    [VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED] =
		"post-copy migration failed",
	};

	if (detail < 0 || (size_t)detail >= sizeof(texts) / sizeof(texts[0]))
		return "unknown";
	return texts[detail];
}

static enum plan_seen
seen(int state, int reason)
{
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
		return PLAN_SEEN_RUNNING;
	case VIR_DOMAIN_PAUSED:
		if (reason == VIR_DOMAIN_PAUSED_STARTING_UP)
			return PLAN_SEEN_STARTING;
		if (reason == VIR_DOMAIN_PAUSED_SHUTTING_DOWN)
			return PLAN_SEEN_ENDING;
		return PLAN_SEEN_PAUSED;
	case VIR_DOMAIN_PMSUSPENDED:
		return PLAN_SEEN_PAUSED;
	case VIR_DOMAIN_SHUTDOWN:
		return PLAN_SEEN_ENDING;
	case VIR_DOMAIN_CRASHED:
		return PLAN_SEEN_CRASHED;
	default:
		/* Active, and libvirt cannot tell: that is not off. */
		return PLAN_SEEN_UNKNOWN;
	}
}

static enum plan_end
ended(int detail)
{
	switch (detail) {
	case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN:
		return PLAN_END_GUEST;
	case VIR_DOMAIN_EVENT_STOPPED_DESTROYED:
		return PLAN_END_DESTROYED;
	case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
		return PLAN_END_CRASHED;
	case VIR_DOMAIN_EVENT_STOPPED_MIGRATED:
		return PLAN_END_MIGRATED;
	default:
		return PLAN_END_DIED;
	}
}

bool
virt_note_event(struct virt_note *note, int event, int detail)
{
	note->kind = VIRT_EVENT;
	switch (event) {
	case VIR_DOMAIN_EVENT_STARTED:
	case VIR_DOMAIN_EVENT_RESUMED:
		note->domain.seen = PLAN_SEEN_RUNNING;
		return true;
	case VIR_DOMAIN_EVENT_SUSPENDED:
		note->domain.seen = PLAN_SEEN_PAUSED;
		note->domain.seen_reason = suspended_text(detail);
		return true;
	case VIR_DOMAIN_EVENT_PMSUSPENDED:
		note->domain.seen = PLAN_SEEN_PAUSED;
		note->domain.seen_reason = "asleep";
		return true;
	case VIR_DOMAIN_EVENT_CRASHED:
		note->domain.seen = PLAN_SEEN_CRASHED;
		return true;
	case VIR_DOMAIN_EVENT_SHUTDOWN:
		if (detail == VIR_DOMAIN_EVENT_SHUTDOWN_HOST)
			note->kind = VIRT_SIGNAL;
		note->domain.seen = PLAN_SEEN_ENDING;
		return true;
	case VIR_DOMAIN_EVENT_STOPPED:
		note->kind = VIRT_ENDED;
		note->domain.seen = PLAN_SEEN_ABSENT;
		note->end = ended(detail);
		return true;
	default:
		return false;
	}
}

/* The number of an attribute in libvirt's own serialisation of our element. */
static int64_t
attribute(const char *xml, const char *name)
{
	const char *p = strstr(xml, name);
	char digits[24];
	int64_t value;
	size_t n;

	if (!p)
		return 0;
	p += strlen(name);
	n = strspn(p, "0123456789");
	if (n >= sizeof(digits))
		return 0;
	memcpy(digits, p, n);
	digits[n] = '\0';
	return num_int(digits, 0, INT64_MAX, &value) == 0 ? value : 0;
}

/* Whether the domain is chime's; 0, or -1 when libvirt could not tell. */
static int
read_metadata(virDomainPtr dom, struct virt_domain *d)
{
	char *xml = virDomainGetMetadata(
	    dom, VIR_DOMAIN_METADATA_ELEMENT, DOMXML_NS, 0);

	if (!xml)
		return virGetLastErrorCode() == VIR_ERR_NO_DOMAIN_METADATA ? 0
									   : -1;
	d->chime = true;
	/* libvirt keeps the attributes; the quotes are its own choice. */
	for (char *p = xml; *p; p++)
		if (*p == '\'')
			*p = '"';
	d->wish = attribute(xml, " wish=\"");
	d->generation = attribute(xml, " generation=\"");
	free(xml);
	return 0;
}

static int
by_uuid(const void *a, const void *b)
{
	const struct virt_domain *x = a, *y = b;

	return strcmp(x->uuid, y->uuid);
}

/* Metadata is asked for once a domain: only we change it while it runs. */
static int
identify(struct virt *v, virDomainPtr dom, struct virt_domain *d)
{
	const struct virt_domain *k =
	    v->nknown ? bsearch(d, v->known, v->nknown, sizeof(*d), by_uuid)
		      : NULL;

	if (k && k->id == d->id) {
		d->chime = k->chime;
		d->wish = k->wish;
		d->generation = k->generation;
		return 0;
	}
	return read_metadata(dom, d);
}

static int
get_stats(struct virt *v, virConnectPtr conn, virDomainStatsRecordPtr **stats)
{
	unsigned flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE;
	int n = -1;

	if (!v->plain_list) {
		n = virConnectGetAllDomainStats(conn, VIR_DOMAIN_STATS_STATE,
		    stats, flags | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
		if (n >= 0 || virGetLastErrorCode() != VIR_ERR_INVALID_ARG)
			return n;
		v->plain_list = true;
	}
	return virConnectGetAllDomainStats(
	    conn, VIR_DOMAIN_STATS_STATE, stats, flags);
}

static void
remember(struct virt *v, const struct virt_note *note)
{
	free(v->known);
	v->known = mem_calloc(note->n, sizeof(*v->known));
	if (note->n)
		memcpy(v->known, note->list, note->n * sizeof(*v->known));
	v->nknown = note->n;
}

/* Which of the listed, sorted by uuid, have a definition besides. */
static void
find_defined(virConnectPtr conn, struct virt_note *note)
{
	virDomainPtr *doms = NULL;
	struct virt_domain key, *d;
	int n = virConnectListAllDomains(conn, &doms,
	    VIR_CONNECT_LIST_DOMAINS_ACTIVE |
		VIR_CONNECT_LIST_DOMAINS_PERSISTENT);

	/* Without an answer there is nothing to say about it. */
	for (int i = 0; i < n; i++) {
		d = note->n && virDomainGetUUIDString(doms[i], key.uuid) == 0
			? bsearch(
			      &key, note->list, note->n, sizeof(*d), by_uuid)
			: NULL;
		if (d)
			d->defined = true;
		virDomainFree(doms[i]);
	}
	free(doms);
	virResetLastError();
}

/* Forgets what is known when it may be so no more. */
static void
check_known(struct virt *v)
{
	unsigned marks;

	pthread_mutex_lock(&v->lock);
	marks = v->marks;
	pthread_mutex_unlock(&v->lock);
	if (marks != v->known_marks)
		v->nknown = 0;
	v->known_marks = marks;
}

struct virt_note *
virt_list_now(struct virt *v, virConnectPtr conn)
{
	virDomainStatsRecordPtr *stats = NULL;
	struct virt_note *note;
	int n;

	check_known(v);
	n = get_stats(v, conn, &stats);
	if (n < 0)
		return NULL;
	note = virt_note_new(VIRT_LIST);
	note->list = mem_calloc((size_t)n, sizeof(*note->list));
	for (int i = 0; i < n; i++) {
		virDomainStatsRecordPtr s = stats[i];
		struct virt_domain *d = &note->list[note->n];
		int state = -1, reason = -1;

		if (virDomainGetUUIDString(s->dom, d->uuid) == -1)
			continue;
		virTypedParamsGetInt(
		    s->params, s->nparams, "state.state", &state);
		virTypedParamsGetInt(
		    s->params, s->nparams, "state.reason", &reason);
		d->id = (int)virDomainGetID(s->dom);
		d->seen = seen(state, reason);
		if (d->seen == PLAN_SEEN_PAUSED)
			d->seen_reason = state == VIR_DOMAIN_PMSUSPENDED
					     ? "asleep"
					     : paused_text(reason);
		if (identify(v, s->dom, d) == 0) {
			note->n++;
		} else if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) {
			memset(d, 0, sizeof(*d)); /* it has ended since */
		} else {
			virt_note_free(note);
			note = NULL;
			break;
		}
	}
	virDomainStatsRecordListFree(stats);
	if (note) {
		if (note->n)
			qsort(
			    note->list, note->n, sizeof(*note->list), by_uuid);
		find_defined(conn, note);
		remember(v, note);
	}
	return note;
}
