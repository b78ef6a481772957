/* SPDX-License-Identifier: ISC */
#include "driver/domdisk.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "driver/domtree.h"

static bool
is_local(xmlNode *disk)
{
	return !domtree_attr_is(disk, "type", "network") &&
	       !domtree_attr_is(disk, "device", "cdrom") &&
	       !domtree_child(disk, "readonly") &&
	       !domtree_child(disk, "shareable");
}

static void
name_of(xmlNode *disk, char *name, size_t size)
{
	static const char *const attrs[] = {"file", "dev", "volume", NULL};
	xmlNode *source = domtree_child(disk, "source");

	snprintf(name, size, "a disk");
	for (int i = 0; source && attrs[i]; i++) {
		xmlChar *v = xmlGetNoNsProp(source, (const xmlChar *)attrs[i]);

		if (v)
			snprintf(name, size, "%.200s", (const char *)v);
		xmlFree(v);
	}
	utf8_clean(name, strlen(name));
}

int
domdisk_local(const char *xml, size_t len, char name[static DOMIMPORT_WHY_SIZE])
{
	xmlDoc *doc = domtree_parse(xml, len, name);
	xmlNode *devices;
	int r = 0;

	if (!doc)
		return -1;
	devices = domtree_child(xmlDocGetRootElement(doc), "devices");
	for (xmlNode *n = domtree_child(devices, "disk"); n && r == 0;
	     n = n->next) {
		if (n->type != XML_ELEMENT_NODE ||
		    strcmp((const char *)n->name, "disk") != 0 || !is_local(n))
			continue;
		name_of(n, name, DOMIMPORT_WHY_SIZE);
		r = 1;
	}
	xmlFreeDoc(doc);
	return r;
}
