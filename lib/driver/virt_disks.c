/* SPDX-License-Identifier: ISC */
/* What chime and a migration need of a domain, out of its live XML. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h> /* f_type: statvfs has no such thing */

#include "base/num.h"
#include "core/domxml.h"
#include "driver/domtree.h"
#include "driver/virt_end_in.h"

/* Of linux/magic.h and the file systems' own headers. */
static const unsigned long network_fs[] = {
    0x6969,     /* NFS */
    0x00c36400, /* CephFS */
    0x01161970, /* GFS2 */
    0x7461636f, /* OCFS2 */
    0xff534d42, /* CIFS */
    0xfe534d42, /* SMB2 */
    0x47504653, /* GPFS */
    0x0bd00bd0, /* Lustre */
    0x19830326, /* BeeGFS */
    0x5346414f, /* OpenAFS */
};

static bool
below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return strncmp(path, dir, n) == 0 &&
	       (path[n] == '/' || !path[n] || n == 1);
}

/*
 * Whether both nodes have the same file. Of a block device the kernel does
 * not know that, nor of FUSE: people must say so.
 */
static bool
is_shared(const char *path, const char *const *shared, size_t n)
{
	struct statfs fs;

	for (size_t i = 0; i < n; i++)
		if (below(path, shared[i]))
			return true;
	if (strncmp(path, "/dev/", 5) == 0 || statfs(path, &fs) == -1)
		return false;
	for (size_t i = 0; i < sizeof(network_fs) / sizeof(*network_fs); i++)
		if (((unsigned long)fs.f_type & 0xffffffff) == network_fs[i])
			return true;
	return false;
}

static void
put(char *out, size_t size, xmlNode *n, const char *name)
{
	xmlChar *v = n ? xmlGetNoNsProp(n, (const xmlChar *)name) : NULL;

	snprintf(out, size, "%s", v ? (const char *)v : "");
	xmlFree(v);
}

/* One <disk>; added to out when it is local. 0, or -1 with why. */
static int
take(xmlNode *disk, const char *const *shared, size_t n,
    struct virt_end_vm *out, char why[static VIRT_END_WHY])
{
	xmlNode *source = domtree_child(disk, "source");
	struct virt_end_disk *d = &out->disk[out->ndisk];
	struct stat st;

	if (domtree_child(disk, "readonly") || !source ||
	    domtree_attr_is(disk, "type", "network"))
		return 0;
	if (out->ndisk == VIRT_END_DISKS) {
		snprintf(why, VIRT_END_WHY, "more than %d local disks",
		    VIRT_END_DISKS);
		return -1;
	}
	put(d->target, sizeof(d->target), domtree_child(disk, "target"), "dev");
	put(d->path, sizeof(d->path), source,
	    domtree_attr_is(disk, "type", "block") ? "dev" : "file");
	/* A kind of storage that is not known here is not known as shared. */
	if (!*d->path)
		memcpy(d->path, d->target, sizeof(d->target));
	else if (is_shared(d->path, shared, n))
		return 0;
	d->bytes = stat(d->path, &st) == 0 ? (int64_t)st.st_size : 0;
	out->ndisk++;
	return 0;
}

/* The mark that chime puts on its own; 0 when there is none. */
static int64_t
read_mark(xmlNode *root)
{
	xmlNode *m = domtree_child(root, "metadata");
	char digits[24];
	int64_t n = 0;

	for (xmlNode *c = m ? m->children : NULL; c; c = c->next) {
		if (c->type != XML_ELEMENT_NODE || !c->ns ||
		    strcmp((const char *)c->ns->href, DOMXML_NS) != 0)
			continue;
		put(digits, sizeof(digits), c, "generation");
		if (num_int(digits, 1, INT64_MAX, &n) == -1)
			n = 0;
	}
	return n;
}

static int
read_xml(const char *xml, const char *const *shared, size_t n,
    struct virt_end_vm *out, char why[static VIRT_END_WHY])
{
	char reason[DOMIMPORT_WHY_SIZE];
	xmlDoc *doc = domtree_parse(xml, strlen(xml), reason);
	xmlNode *devices;
	int r = 0;

	if (!doc) {
		snprintf(why, VIRT_END_WHY, "%.250s", reason);
		return -1;
	}
	out->generation = read_mark(xmlDocGetRootElement(doc));
	devices = domtree_child(xmlDocGetRootElement(doc), "devices");
	for (xmlNode *c = devices ? devices->children : NULL; c && r == 0;
	     c = c->next)
		if (c->type == XML_ELEMENT_NODE &&
		    strcmp((const char *)c->name, "disk") == 0)
			r = take(c, shared, n, out, why);
	xmlFreeDoc(doc);
	return r;
}

int
virt_end_read(struct virt_end *e, const char *uuid, const char *const *shared,
    size_t n, struct virt_end_vm *out, char why[static VIRT_END_WHY])
{
	virDomainPtr dom = virDomainLookupByUUIDString(e->conn, uuid);
	virDomainInfo info;
	char *xml = NULL;
	int r = -1, kept;

	memset(out, 0, sizeof(*out));
	if (!dom)
		return virt_end_error(why, "cannot look it up");
	kept = virDomainIsPersistent(dom);
	if (kept == -1 || virDomainGetInfo(dom, &info) == -1 ||
	    (xml = virDomainGetXMLDesc(dom, 0)) == NULL) {
		virt_end_error(why, "cannot read it");
	} else {
		out->defined = kept == 1;
		out->memory_kib = (int64_t)info.maxMem;
		r = read_xml(xml, shared, n, out, why);
	}
	free(xml);
	virDomainFree(dom);
	return r;
}
