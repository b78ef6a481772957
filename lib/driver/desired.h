/* SPDX-License-Identifier: ISC */
/*
 * The desired file: what the server wants of a node (chime-records(7)). Its
 * host line and its VMs as structs; lines that cannot be used are told and
 * left out.
 */
#ifndef DRIVER_DESIRED_H
#define DRIVER_DESIRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/domxml.h"
#include "core/name.h"
#include "core/plan.h"

#define DESIRED_MAX      (64 * 1024 * 1024) /* bytes of a whole file */
#define DESIRED_REV_SIZE 17
#define DESIRED_WHY_SIZE 256

struct desired_vm {
	int64_t line; /* where it is in the file, from 1 */
	char uuid[NAME_UUID_SIZE];
	char name[NAME_VM_BYTES + 1];
	enum plan_want want;
	enum plan_restart restart;
	int64_t wish;
	int64_t generation;
	int64_t grace_ms;
	int64_t vcpus;
	int64_t memory_mib;
	struct domxml_disk disk[DOMXML_DISKS]; /* texts owned by text */
	struct domxml_nic nic[DOMXML_NICS];
	size_t ndisk;
	size_t nnic;
	const char *xml; /* an imported domain instead; or NULL */
	bool adopt;      /* it is to be taken over, not made */
	void *text;
};

struct desired {
	bool host; /* the host line is there and good */
	char name[NAME_HOST_MAX + 1];
	char boot[NAME_UUID_SIZE];
	char rev[DESIRED_REV_SIZE];
	enum plan_admin admin;
	struct desired_vm **vm; /* sorted by uuid, each owned */
	size_t n;
};

/* What is done with lines that are not taken in. */
struct desired_sink {
	/* A line that is refused; lines count from 1. */
	void (*bad)(int64_t line, const char *reason, void *arg);
	/* A line of another type; NULL: ignored. */
	void (*other)(const char *line, size_t len, void *arg);
	void *arg;
};

/* Parses a whole file into d, which is overwritten. */
void desired_parse(
    struct desired *d, char *text, size_t len, const struct desired_sink *sink);

/*
 * The element that marks a domain as this VM's; with ns (" xmlns...") or, for
 * virt_act, with "" and no prefix: libvirt adds its own.
 */
void desired_mark(const struct desired_vm *vm, const char *prefix,
    const char *ns, char *out, size_t size);

/* Frees what d holds; d is empty then. */
void desired_free(struct desired *d);

/* The VM, or NULL. */
const struct desired_vm *desired_find(
    const struct desired *d, const char *uuid);

/*
 * Appends the domain XML of the VM. console_dir (NULL for none) gets its
 * serial output as UUID.log, unless the VM was imported. 0, or -1 with why.
 */
int desired_xml(const struct desired_vm *vm, const char *type,
    const char *console_dir, struct buf *b, char why[static DESIRED_WHY_SIZE]);

#endif
