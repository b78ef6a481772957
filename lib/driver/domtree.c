/* SPDX-License-Identifier: ISC */
#include "driver/domtree.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define STR(s) ((const char *)(s))
#define XML(s) ((const xmlChar *)(s))

int
domtree_refuse(
    char why[static DOMIMPORT_WHY_SIZE], const char *what, const char *reason)
{
	snprintf(why, DOMIMPORT_WHY_SIZE, "%.60s: %s", what, reason);
	utf8_clean(why, strlen(why));
	return -1;
}

xmlNode *
domtree_child(xmlNode *parent, const char *name)
{
	for (xmlNode *n = parent ? parent->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE &&
		    strcmp(STR(n->name), name) == 0)
			return n;
	return NULL;
}

bool
domtree_attr_is(xmlNode *n, const char *name, const char *value)
{
	xmlChar *v = n ? xmlGetNoNsProp(n, XML(name)) : NULL;
	bool is = v && strcmp(STR(v), value) == 0;

	xmlFree(v);
	return is;
}

char *
domtree_text(xmlNode *n)
{
	xmlChar *raw = xmlNodeGetContent(n);
	const char *s = raw ? STR(raw) : "";
	size_t len;
	char *copy;

	s += strspn(s, " \t\r\n");
	len = strlen(s);
	while (len && strchr(" \t\r\n", s[len - 1]))
		len--;
	copy = mem_calloc(len + 1, 1);
	memcpy(copy, s, len);
	xmlFree(raw);
	return copy;
}

void
domtree_drop(xmlNode *n)
{
	if (!n)
		return;
	xmlUnlinkNode(n);
	xmlFreeNode(n);
}

/* Also in bytes that no XML may have: libxml2 refuses those itself. */
static bool
is_utf8(const char *s, size_t n)
{
	uint32_t code;
	size_t used;

	for (; n; s += used, n -= used)
		if (!(used = utf8_char(s, n, &code)))
			return false;
	return true;
}

/*
 * The entity checks happen before libxml2 sees a byte: it expands some while
 * it parses. The encoding is forced, so no other spelling of them exists.
 */
xmlDoc *
domtree_parse(const char *text, size_t len, char why[static DOMIMPORT_WHY_SIZE])
{
	const xmlError *e;
	xmlDoc *doc;

	if (len > DOMIMPORT_MAX) {
		snprintf(why, DOMIMPORT_WHY_SIZE,
		    "the XML has %zu bytes, at most %d fit", len,
		    DOMIMPORT_MAX);
		return NULL;
	}
	if (memchr(text, '\0', len)) {
		domtree_refuse(why, "a NUL byte", "the XML must be UTF-8");
		return NULL;
	}
	if (!is_utf8(text, len)) {
		domtree_refuse(
		    why, "not UTF-8", "convert the XML with iconv first");
		return NULL;
	}
	if (strstr(text, "<!DOCTYPE") || strstr(text, "<!ENTITY")) {
		domtree_refuse(
		    why, "<!DOCTYPE>", "not accepted in a domain XML");
		return NULL;
	}
	xmlResetLastError();
	doc = xmlReadMemory(text, (int)len, NULL, "UTF-8", DOMTREE_QUIET);
	e = xmlGetLastError();
	if (!doc) {
		snprintf(why, DOMIMPORT_WHY_SIZE, "no XML, line %d: %.180s",
		    e ? e->line : 0, e && e->message ? e->message : "unknown");
		why[strcspn(why, "\n")] = '\0';
		utf8_clean(why, strlen(why));
	}
	return doc;
}

char *
domtree_dump(xmlDoc *doc, xmlNode *root)
{
	xmlBuffer *b = xmlBufferCreate();
	char *copy = NULL;

	if (b && xmlNodeDump(b, doc, root, 0, 0) != -1)
		copy = mem_strdup(STR(xmlBufferContent(b)));
	xmlBufferFree(b);
	return copy;
}
