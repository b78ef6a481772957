/* SPDX-License-Identifier: ISC */
/*
 * One end of a migration: a libvirt asked from a thread that may wait, but
 * never for ever. Opening is under a deadline, and an open connection is
 * given up when its keepalives stay unanswered. Nothing prints.
 */
#ifndef DRIVER_VIRT_END_H
#define DRIVER_VIRT_END_H

#include <stdint.h>

#include "core/migration.h"
#include "core/name.h"

#define VIRT_END_WHY   256
#define VIRT_END_DISKS 16

struct virt_end;

/* A writable disk that only this node has, as far as can be told. */
struct virt_end_disk {
	char target[32]; /* libvirt's name for it, "vda" */
	char path[256];
	int64_t bytes;
};

/* What the end with the VM tells of it. */
struct virt_end_vm {
	bool defined;
	int64_t memory_kib;
	int64_t generation; /* as chime marked it; 0: it is not chime's */
	struct virt_end_disk disk[VIRT_END_DISKS]; /* local and writable */
	size_t ndisk;
};

/* An end that is not connected; uri stays the caller's. */
struct virt_end *virt_end_new(const char *uri);
void virt_end_free(struct virt_end *e);

/*
 * Connects, anew if need be, waiting at most ms. 0, or -1 with a sentence in
 * why and errno: ETIMEDOUT when it was silent, else EIO.
 */
int virt_end_open(
    struct virt_end *e, int64_t ms, char why[static VIRT_END_WHY]);

/* The VM's domain; MIGRATION_UNKNOWN when this end does not answer. */
struct migration_look virt_end_look(struct virt_end *e, const char *uuid);

/*
 * Reads what the VM is. Files on a file system of the network are shared, and
 * so is what lies at or below one of the n paths in `shared`. 0, or -1 with
 * a sentence in why.
 */
int virt_end_read(struct virt_end *e, const char *uuid,
    const char *const *shared, size_t n, struct virt_end_vm *out,
    char why[static VIRT_END_WHY]);

/*
 * The UUIDs of chime's domains that are active, to be freed; the number of
 * them, with that of the others in *others. -1 with a sentence in why.
 */
int virt_end_list(struct virt_end *e, char (**out)[NAME_UUID_SIZE], int *others,
    char why[static VIRT_END_WHY]);

/* What memory is free, caches included, in KiB; -1 with a sentence in why. */
int64_t virt_end_free_kib(struct virt_end *e, char why[static VIRT_END_WHY]);

/*
 * Whether a storage pool of this end has a volume of that path; false also
 * when it cannot tell.
 */
bool virt_end_has(struct virt_end *e, const char *path);

/*
 * Destroys the VM's domain if it is paused by a migration that nobody works
 * on, and nothing else. 0, or -1 with a sentence in why.
 */
int virt_end_destroy_left(
    struct virt_end *e, const char *uuid, char why[static VIRT_END_WHY]);

#endif
