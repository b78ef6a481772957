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
	 * Called in the VM's thread. begin: before anything is done, with its
	 * count of generations, or 0 when it is only looked for; 0, or -1
	 * with a sentence in why: then nothing is done. over: when it is
	 * known where it is, and before that is told; -1: not recorded.
	 */
	int (*begin)(void *arg, const char *uuid, int64_t generation,
	    char why[static VIRT_END_WHY]);
	int (*over)(void *arg, const char *uuid, enum migration_end end,
	    char why[static VIRT_END_WHY]);
	void *arg;
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
	bool unrecorded; /* that it stays, for the reason in reason */
	bool cleared;    /* a copy was left paused here, and is destroyed */
	char reason[VIRT_END_WHY]; /* libvirt's; may be empty */
	int64_t ms;                /* how long it took */
};

/*
 * Begins: vm is what was read of it, its local disks are copied. settle:
 * libvirt is asked for nothing, only where the VM is. NULL with errno.
 */
struct virt_move *virt_move_new(const struct virt_way *way, const char *uuid,
    const struct virt_end_vm *vm, bool settle);

/* Asks it to stop: the VM then stays, unless it has moved already. */
void virt_move_cancel(struct virt_move *m);

/* How it is. */
void virt_move_look(struct virt_move *m, struct virt_moved *out);

/* Of one that is over. */
void virt_move_free(struct virt_move *m);

#endif
