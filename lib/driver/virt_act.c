/* SPDX-License-Identifier: ISC */
/* Actions, each in a thread: libvirt answers some of them after 10 s. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/domxml.h"
#include "driver/virt_in.h"

void
virt_act(struct virt *v, const char *uuid, enum plan_action action,
    const char *xml, bool strange)
{
	struct virt_job *job = mem_calloc(1, sizeof(*job));
	pthread_t t;

	snprintf(job->uuid, sizeof(job->uuid), "%s", uuid);
	job->action = action;
	job->xml = mem_strdup(xml);
	job->strange = strange;
	pthread_mutex_lock(&v->lock);
	*v->job_last = job;
	v->job_last = &job->next;
	v->queued++;
	if (v->queued > v->idle && v->workers < VIRT_JOBS &&
	    pthread_create(&t, NULL, virt_worker, v) == 0) {
		pthread_detach(t);
		v->workers++;
	}
	pthread_cond_signal(&v->job_cond);
	/* Without a thread it waits for the next one that is free. */
	pthread_mutex_unlock(&v->lock);
}

/*
 * What became of a call that failed. Its effect is unknown when the
 * connection broke before its answer came.
 */
static enum virt_result
failed(virConnectPtr conn, const struct virt_job *job, char **reason)
{
	const virError *e = virGetLastError();

	*reason = virt_error_text(NULL);
	if (e && e->code == VIR_ERR_NO_DOMAIN && job->action != PLAN_START)
		return VIRT_GONE;
	if ((e && e->domain == VIR_FROM_RPC) || virConnectIsAlive(conn) != 1)
		return VIRT_LOST;
	return VIRT_FAILED;
}

/*
 * libvirt may keep no definition of its own: it, or libvirt-guests, would
 * start the VM where chime does not want it. What belongs to the guest, its
 * UEFI variables and TPM, stays.
 */
static int
forget_definition(virDomainPtr dom)
{
	int r = virDomainIsPersistent(dom);

	if (r != 1)
		return r;
	if (virDomainSetAutostart(dom, 0) == -1)
		return -1;
	return virDomainUndefineFlags(
	    dom, VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | VIR_DOMAIN_UNDEFINE_KEEP_TPM);
}

/* Makes a domain chime's, and transient; the guest does not notice. */
static int
mark(struct virt *v, virDomainPtr dom, const char *xml)
{
	if (virDomainSetMetadata(dom, VIR_DOMAIN_METADATA_ELEMENT, xml, "chime",
		DOMXML_NS, VIR_DOMAIN_AFFECT_LIVE) == -1)
		return -1;
	/* What was known of its metadata is so no more. */
	pthread_mutex_lock(&v->lock);
	v->marks++;
	pthread_mutex_unlock(&v->lock);
	return forget_definition(dom);
}

static int
act_on(struct virt *v, virDomainPtr dom, const struct virt_job *job, char **xml)
{
	switch (job->action) {
	case PLAN_SHUTDOWN:
		return virDomainShutdown(dom);
	case PLAN_DESTROY:
		return virDomainDestroy(dom);
	case PLAN_FETCH:
		/* As it would be started anew, with its passwords. */
		*xml = virDomainGetXMLDesc(
		    dom, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
		return *xml ? 0 : -1;
	case PLAN_MARK:
		return mark(v, dom, job->xml);
	case PLAN_NONE:
	case PLAN_START:
		break;
	}
	return -1;
}

static enum virt_result
perform(struct virt *v, virConnectPtr conn, const struct virt_job *job,
    struct virt_note *note)
{
	enum virt_result result = VIRT_OK;
	virDomainPtr dom;
	int r = -1;

	if (job->action == PLAN_START) {
		dom = virDomainCreateXML(conn, job->xml,
		    job->strange ? VIR_DOMAIN_START_VALIDATE : 0);
		r = dom ? 0 : -1;
	} else {
		dom = virDomainLookupByUUIDString(conn, job->uuid);
		if (dom)
			r = act_on(v, dom, job, &note->xml);
	}
	if (r == -1)
		result = failed(conn, job, &note->reason);
	if (dom)
		virDomainFree(dom);
	return result;
}

/* Waits for a job; the lock is held. NULL at the end. */
static struct virt_job *
next_job(struct virt *v)
{
	struct virt_job *job;

	while (!v->job && !v->stop) {
		v->idle++;
		pthread_cond_wait(&v->job_cond, &v->lock);
		v->idle--;
	}
	job = v->stop ? NULL : v->job;
	if (job) {
		v->job = job->next;
		v->queued--;
		if (!v->job)
			v->job_last = &v->job;
	}
	return job;
}

void *
virt_worker(void *arg)
{
	struct virt *v = arg;
	struct virt_job *job;

	pthread_mutex_lock(&v->lock);
	while ((job = next_job(v)) != NULL) {
		struct virt_note *note = virt_note_new(VIRT_DONE);
		virConnectPtr conn = v->closed ? NULL : v->conn;

		memcpy(note->domain.uuid, job->uuid, sizeof(job->uuid));
		note->action = job->action;
		note->since = v->seq;
		if (conn)
			virConnectRef(conn);
		pthread_mutex_unlock(&v->lock);
		if (conn) {
			note->result = perform(v, conn, job, note);
			virConnectClose(conn);
		} else {
			/* Not even asked: whoever wants it, decides anew. */
			note->result = VIRT_LOST;
			note->reason = mem_strdup("no connection to libvirt");
		}
		free(job->xml);
		free(job);
		pthread_mutex_lock(&v->lock);
		virt_note_add(v, note);
	}
	v->workers--;
	pthread_cond_broadcast(&v->link_cond);
	pthread_mutex_unlock(&v->lock);
	return NULL;
}
