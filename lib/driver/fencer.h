/* SPDX-License-Identifier: ISC */
/*
 * Ends the copies of VMs whose lease is over: by libvirt, and, when it does
 * not confirm within half of K, by SIGKILL to the qemu. Nothing here waits.
 *
 * It is confirmed that there is no copy when libvirt says so, asked after the
 * lease's end, and no qemu with the VM's UUID is found either; or when such a
 * qemu was killed and is gone. That none is found while libvirt is silent
 * confirms nothing: it may have been told to start one before the end.
 */
#ifndef DRIVER_FENCER_H
#define DRIVER_FENCER_H

#include "driver/fences.h"
#include "driver/virt.h"

struct fencer {
	struct virt *virt;
	struct lease_timers timers;
	void (*say)(bool warning, const char *text);
	struct fences vms;
	struct fences_head head;
	uint64_t seq;       /* of the newest note */
	int64_t next_list;  /* when libvirt is asked what there is */
	int64_t next_look;  /* no look into /proc before */
	bool away;          /* that libvirt does not answer was said */
	bool blind;         /* that /proc cannot be read was said */
	bool changed;       /* deadman.jsonl is to be written */
	int write_error;    /* the errno that was said, 0 for none */
	int64_t next_write; /* not before */
	struct buf unread;  /* what is wrong with lease.jsonl was said */
};

/* Before anything else; the caller has set virt to say, and of head host,
 * boot and pid. */
void fencer_init(struct fencer *f);

/* Takes up what deadman.jsonl in dir says, if it is of this boot. */
void fencer_recall(struct fencer *f, const char *dir);

/* Writes deadman.jsonl into dir, if something in it changed. */
void fencer_write(struct fencer *f, const char *dir, int64_t now);

/* Reads dir's lease.jsonl. What is wrong with it is said once. */
void fencer_load(struct fencer *f, const char *dir, int64_t now);

/* Takes what libvirt has told. */
void fencer_drain(struct fencer *f, int64_t now);

/*
 * Does what is due; head.reset is set when a copy was not ended in time. The
 * time at which to come back.
 */
int64_t fencer_pass(struct fencer *f, int64_t now);

/* How many fenced VMs may have a copy here. */
size_t fencer_count(const struct fencer *f);

#endif
