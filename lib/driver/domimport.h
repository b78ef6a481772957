/* SPDX-License-Identifier: ISC */
/*
 * A libvirt domain XML from a stranger, made into a VM of chime's: what
 * chime must know is read out of it, what chime owns is taken over (name,
 * UUID, life cycle, metadata), and what cannot be kept alive elsewhere is
 * refused with a reason. The rest stays as it was, but for blanks.
 *
 * Parsed by libxml2 without network, DTDs or entities. Whether libvirt
 * accepts the result is decided by libvirt on the node that starts it.
 */
#ifndef DRIVER_DOMIMPORT_H
#define DRIVER_DOMIMPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/name.h"

/* The bound of a domain XML: it has to fit into a record with the rest. */
#define DOMIMPORT_MAX      (48 * 1024)
#define DOMIMPORT_WHY_SIZE 256

struct domimport {
	char *name;                /* owned; NULL when the XML has none */
	char uuid[NAME_UUID_SIZE]; /* "" when the XML has none */
	char type[8];              /* "kvm" or "qemu" */
	int64_t vcpus;             /* the most the guest can plug in */
	int64_t memory_mib;        /* rounded up; maxMemory if there is one */
	char *xml; /* owned; without name, UUID and chime's metadata */
};

/*
 * Reads len bytes of XML. 0, or -1 with a sentence in why that names the
 * element and what to do. Free with domimport_free in both cases.
 */
int domimport_parse(const char *text, size_t len, struct domimport *out,
    char why[static DOMIMPORT_WHY_SIZE]);
void domimport_free(struct domimport *d);

/* What a stored XML is given back. */
struct domimport_identity {
	const char *name;
	const char *uuid;
	const char *type;     /* NULL keeps the stored one */
	const char *metadata; /* an element as XML text; NULL for none */
};

/* Appends the whole domain XML to b: 0, or -1 with why. */
int domimport_render(const char *xml, const struct domimport_identity *id,
    struct buf *b, char why[static DOMIMPORT_WHY_SIZE]);

#endif
