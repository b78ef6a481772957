/* SPDX-License-Identifier: ISC */
#include "driver/domimport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "core/domxml.h"
#include "driver/domtree.h"

#define QEMU_NS "http://libvirt.org/schemas/domain/qemu/1.0"
#define STR(s)  ((const char *)(s))
#define XML(s)  ((const xmlChar *)(s))

/* Units as libvirt's formatdomain page lists them; KiB when there is none. */
static int
memory_mib(xmlNode *n, int64_t *mib)
{
	static const struct {
		const char *unit;
		int64_t bytes;
	} units[] = {
	    {"b", 1},
	    {"bytes", 1},
	    {"KB", 1000},
	    {"k", 1024},
	    {"KiB", 1024},
	    {"MB", 1000000},
	    {"M", 1048576},
	    {"MiB", 1048576},
	    {"GB", 1000000000},
	    {"G", 1073741824},
	    {"GiB", 1073741824},
	    {"TB", 1000000000000},
	    {"T", 1099511627776},
	    {"TiB", 1099511627776},
	};
	xmlChar *unit = xmlGetNoNsProp(n, XML("unit"));
	char *text = domtree_text(n);
	int64_t v, bytes = unit ? 0 : 1024;
	int r = -1;

	for (size_t i = 0; unit && i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(STR(unit), units[i].unit) == 0)
			bytes = units[i].bytes;
	if (bytes && num_int(text, 1, INT64_MAX / bytes - 1048576, &v) == 0) {
		*mib = (v * bytes + 1048575) / 1048576;
		r = 0;
	}
	free(text);
	xmlFree(unit);
	return r;
}

/* libvirt would run it as it is told to: only where systems keep qemu. */
static int
check_emulator(xmlNode *n, char *why)
{
	static const char *const dirs[] = {
	    "/usr/bin/qemu", "/usr/bin/kvm", "/usr/libexec/qemu"};
	char *path = domtree_text(n);
	int r = -1;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (strncmp(path, dirs[i], strlen(dirs[i])) == 0 &&
		    !strstr(path, ".."))
			r = 0;
	if (r == -1)
		domtree_refuse(why, "emulator",
		    "expected a qemu in /usr/bin or /usr/libexec; remove the "
		    "element, and the node chooses its own");
	free(path);
	return r;
}

/*
 * A VM is moved and started again as a whole: what holds it to one machine's
 * hardware, or reaches past libvirt's checks, cannot be kept alive.
 */
static int
check_devices(xmlNode *devices, char *why)
{
	for (xmlNode *n = devices ? devices->children : NULL; n; n = n->next) {
		const char *name = STR(n->name);

		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (strcmp(name, "hostdev") == 0 ||
		    (strcmp(name, "interface") == 0 &&
			domtree_attr_is(n, "type", "hostdev")) ||
		    (strcmp(name, "tpm") == 0 &&
			domtree_attr_is(domtree_child(n, "backend"), "type",
			    "passthrough")))
			return domtree_refuse(why, name,
			    "passes a device of one machine through; remove "
			    "it, or keep this VM out of chime");
		if (strcmp(name, "emulator") == 0 &&
		    check_emulator(n, why) == -1)
			return -1;
	}
	return 0;
}

static int
check_root(xmlDoc *doc, xmlNode *root, struct domimport *d, char *why)
{
	if (doc->intSubset || doc->extSubset)
		return domtree_refuse(
		    why, "<!DOCTYPE>", "not accepted in a domain XML");
	if (!root || strcmp(STR(root->name), "domain") != 0 || root->ns)
		return domtree_refuse(why, root ? STR(root->name) : "the XML",
		    "expected a <domain> element without a namespace");
	if (domtree_attr_is(root, "type", "kvm"))
		memcpy(d->type, "kvm", 4);
	else if (domtree_attr_is(root, "type", "qemu"))
		memcpy(d->type, "qemu", 5);
	else
		return domtree_refuse(
		    why, "domain", "expected type='kvm' or type='qemu'");
	for (xmlNode *n = root->children; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && n->ns &&
		    strcmp(STR(n->ns->href), QEMU_NS) == 0)
			return domtree_refuse(why, STR(n->name),
			    "passes settings to qemu behind libvirt's back; "
			    "remove it");
	return 0;
}

/* libvirt takes UUIDs without dashes and in capitals, too. */
static int
read_uuid(const char *s, char uuid[static NAME_UUID_SIZE])
{
	size_t n = 0;

	for (; *s; s++) {
		char c = *s >= 'A' && *s <= 'F' ? (char)(*s + 32) : *s;

		if (c == '-')
			continue;
		if (!strchr("0123456789abcdef", c) || n == NAME_UUID_SIZE - 1)
			return -1;
		if (n == 8 || n == 13 || n == 18 || n == 23)
			uuid[n++] = '-';
		uuid[n++] = c;
	}
	uuid[n] = '\0';
	return name_uuid(uuid) ? 0 : -1;
}

/* Reads and removes what chime owns: the VM's row has it from now on. */
static int
take_identity(xmlNode *root, struct domimport *d, char *why)
{
	xmlNode *name = domtree_child(root, "name"),
		*uuid = domtree_child(root, "uuid");
	char *s;
	int r = 0;

	if (name)
		d->name = domtree_text(name);
	if (uuid) {
		s = domtree_text(uuid);
		r = read_uuid(s, d->uuid);
		if (r == -1)
			domtree_refuse(why, s, "uuid: expected a UUID");
		free(s);
	}
	domtree_drop(name);
	domtree_drop(uuid);
	xmlUnsetProp(root, XML("id"));
	return r;
}

static int
take_size(xmlNode *root, struct domimport *d, char *why)
{
	xmlNode *memory = domtree_child(root, "maxMemory"),
		*vcpu = domtree_child(root, "vcpu");
	char *s;
	int r;

	if (!memory)
		memory = domtree_child(root, "memory");
	if (!memory || memory_mib(memory, &d->memory_mib) == -1)
		return domtree_refuse(why,
		    memory ? STR(memory->name) : "memory",
		    "expected an amount with a unit");
	d->vcpus = 1;
	if (!vcpu)
		return 0;
	s = domtree_text(vcpu);
	r = num_int(s, 1, 1024, &d->vcpus);
	free(s);
	return r == 0 ? 0 : domtree_refuse(why, "vcpu", "expected 1 to 1024");
}

/*
 * chime restarts; libvirt must not do it too. on_reboot stays: a reboot is
 * the same qemu.
 */
static void
own_life_cycle(xmlNode *root)
{
	static const char *const events[] = {"on_poweroff", "on_crash"};
	xmlNode *metadata = domtree_child(root, "metadata"), *next;

	for (size_t i = 0; i < 2; i++) {
		domtree_drop(domtree_child(root, events[i]));
		xmlNewChild(root, NULL, XML(events[i]), XML("destroy"));
	}
	for (xmlNode *n = metadata ? metadata->children : NULL; n; n = next) {
		next = n->next;
		if (n->ns && strcmp(STR(n->ns->href), DOMXML_NS) == 0)
			domtree_drop(n);
	}
	if (metadata && !metadata->children)
		domtree_drop(metadata);
}

int
domimport_parse(const char *text, size_t len, struct domimport *out,
    char why[static DOMIMPORT_WHY_SIZE])
{
	xmlNode *root;
	xmlDoc *doc;
	int r = -1;

	memset(out, 0, sizeof(*out));
	doc = domtree_parse(text, len, why);
	if (!doc)
		return -1;
	root = xmlDocGetRootElement(doc);
	if (check_root(doc, root, out, why) == -1 ||
	    check_devices(domtree_child(root, "devices"), why) == -1 ||
	    take_identity(root, out, why) == -1 ||
	    take_size(root, out, why) == -1)
		goto out;
	own_life_cycle(root);
	out->xml = domtree_dump(doc, root);
	r = out->xml ? 0 : domtree_refuse(why, "the XML", "too large");
out:
	xmlFreeDoc(doc);
	return r;
}

void
domimport_free(struct domimport *d)
{
	free(d->name);
	free(d->xml);
	d->name = d->xml = NULL;
}

/* Adds the element in text to <metadata>, which is made when missing. */
static int
add_metadata(xmlDoc *doc, xmlNode *root, const char *text)
{
	xmlNode *metadata = domtree_child(root, "metadata"), *copy;
	xmlDoc *piece = xmlReadMemory(
	    text, (int)strlen(text), NULL, "UTF-8", DOMTREE_QUIET);

	if (!piece)
		return -1;
	if (!metadata)
		metadata = xmlNewChild(root, NULL, XML("metadata"), NULL);
	copy = xmlDocCopyNode(xmlDocGetRootElement(piece), doc, 1);
	xmlAddChild(metadata, copy);
	xmlFreeDoc(piece);
	return 0;
}

/* A first child with a text, which is escaped. */
static void
put_first(xmlDoc *doc, xmlNode *root, const char *name, const char *text)
{
	xmlNode *n = xmlNewDocNode(doc, NULL, XML(name), NULL);

	xmlNodeAddContent(n, XML(text));
	if (root->children)
		xmlAddPrevSibling(root->children, n);
	else
		xmlAddChild(root, n);
}

int
domimport_render(const char *xml, const struct domimport_identity *id,
    struct buf *b, char why[static DOMIMPORT_WHY_SIZE])
{
	xmlDoc *doc = domtree_parse(xml, strlen(xml), why);
	char *text = NULL;
	xmlNode *root;

	if (!doc)
		return -1;
	root = xmlDocGetRootElement(doc);
	put_first(doc, root, "uuid", id->uuid);
	put_first(doc, root, "name", id->name);
	if (id->type)
		xmlSetProp(root, XML("type"), XML(id->type));
	if (!id->metadata || add_metadata(doc, root, id->metadata) == 0)
		text = domtree_dump(doc, root);
	if (text && buf_puts(b, text) == 0)
		buf_puts(b, "\n");
	else
		domtree_refuse(why, "the XML", "too large");
	free(text);
	xmlFreeDoc(doc);
	return text && !b->overflow ? 0 : -1;
}
