/* SPDX-License-Identifier: ISC */
/*
 * A VM's description as libvirt's domain XML. Every text is escaped; what
 * XML cannot carry (control characters) is refused, never dropped.
 */
#ifndef CORE_DOMXML_H
#define CORE_DOMXML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The namespace of the element that marks a domain as chime's. */
#define DOMXML_NS "urn:chime:vm"

#define DOMXML_DISKS 16
#define DOMXML_NICS  8

enum domxml_device { DOMXML_DISK, DOMXML_CDROM, DOMXML_FLOPPY };

struct domxml_disk {
	const char *path;   /* absolute; below /dev it is a block device */
	const char *format; /* "raw" or "qcow2" */
	enum domxml_device device;
	bool readonly;
};

struct domxml_nic {
	const char *bridge;
	const char *mac; /* NULL: libvirt chooses one */
};

struct domxml {
	const char *type; /* "kvm", "qemu" or "test" */
	const char *name;
	const char *uuid;
	int64_t vcpus;
	int64_t memory_mib;
	int64_t wish; /* recorded in the domain's metadata */
	int64_t generation;
	const char *console; /* serial output is appended there; NULL: not */
	const struct domxml_disk *disk; /* boot order is this order */
	size_t ndisk;
	const struct domxml_nic *nic;
	size_t nnic;
};

/*
 * Appends the domain's XML to b. 0, or -1 with *why set to a constant
 * sentence: what cannot be expressed.
 */
int domxml(const struct domxml *vm, struct buf *b, const char **why);

#endif
