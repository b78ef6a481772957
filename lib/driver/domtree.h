/* SPDX-License-Identifier: ISC */
/* What driver/domimport needs of libxml2; nobody else includes this. */
#ifndef DRIVER_DOMTREE_H
#define DRIVER_DOMTREE_H

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdbool.h>

#include "driver/domimport.h"

#define DOMTREE_QUIET                                                          \
	(XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |           \
	    XML_PARSE_NOBLANKS)

/* Why: "what: reason", where what may be a stranger's text; returns -1. */
int domtree_refuse(
    char why[static DOMIMPORT_WHY_SIZE], const char *what, const char *reason);

/* The tree of a text, by the rules of driver/domimport; NULL with why. */
xmlDoc *domtree_parse(
    const char *text, size_t len, char why[static DOMIMPORT_WHY_SIZE]);

/* The element and all in it as text, to be freed; NULL when it failed. */
char *domtree_dump(xmlDoc *doc, xmlNode *root);

/* The first child element of that name, or NULL; parent may be NULL. */
xmlNode *domtree_child(xmlNode *parent, const char *name);

/* Whether the element has the attribute with this value; n may be NULL. */
bool domtree_attr_is(xmlNode *n, const char *name, const char *value);

/* The text of an element without the blanks around it; to be freed. */
char *domtree_text(xmlNode *n);

/* Takes an element out of its tree; NULL is fine. */
void domtree_drop(xmlNode *n);

#endif
