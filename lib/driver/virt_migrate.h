/* SPDX-License-Identifier: ISC */
/*
 * One VM moved to another node, in threads of its own: the caller looks on
 * and may cancel. It ends when it is known where the VM is, or when that
 * could not be found out in time; the copy paused here by a migration is
 * destroyed only while the VM runs there, and never resumed. Nothing prints.
 */
#ifndef DRIVER_VIRT_MIGRATE_H
#define DRIVER_VIRT_MIGRATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/migration.h"
#include "driver/virt_end.h"

/* How VMs are moved; stays the caller's, unchanged until all are over. */
struct virt_way {
	const char *here, *there; /* libvirt's URIs, as this node sees them */
	const char *dest;         /* numeric address: the data goes there */
	int64_t bandwidth;        /* MiB/s; 0: libvirt's own limit */
	int64_t patience_ms;      /* to find out where a VM is in the end */
	/*
	 * Called in the VM's thread before libvirt is asked: what must last
	 * if the node dies is written down. 0, or -1 with a sentence in why:
	 * then nothing is begun.
	 */
	int (*depart)(const char *uuid, char why[static VIRT_END_WHY]);
	/* The VM stays; called before that is told. As depart. */
	int (*back)(const char *uuid, char why[static VIRT_END_WHY]);
	int wake; /* an eventfd, written to at each end */
};

struct virt_move;

struct virt_moved {
	bool over;
	bool cancelled; /* it was asked to stop */
	struct migration_progress progress;
	/* Of one that is over. */
	enum migration_end end; /* moved, stays or unclear */
	struct migration_look here, there;
	bool cleared; /* a copy was left paused here, and is destroyed */
	char reason[VIRT_END_WHY]; /* libvirt's; may be empty */
	int64_t ms;                /* how long it took */
};

/*
 * Begins: vm tells which disks are copied, NULL for none. settle: libvirt is
 * asked for nothing, only where the VM is. NULL with errno.
 */
struct virt_move *virt_move_new(const struct virt_way *way, const char *uuid,
    const struct virt_end_vm *copy, bool settle);

/* Asks it to stop: the VM then stays, unless it has moved already. */
void virt_move_cancel(struct virt_move *m);

/* How it is. */
void virt_move_look(struct virt_move *m, struct virt_moved *out);

/* Of one that is over. */
void virt_move_free(struct virt_move *m);

#endif
