/* SPDX-License-Identifier: ISC */
/* What may name a thing. Pure. */
#ifndef CORE_NAME_H
#define CORE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_HOST_MAX  63  /* bytes */
#define NAME_LABEL_MAX 63  /* bytes */
#define NAME_VM_MAX    63  /* characters */
#define NAME_VM_BYTES  252 /* the same at four bytes each */
#define NAME_UUID_SIZE 37  /* with its NUL */

/*
 * A host's name: 1 to 63 of a-z 0-9 . and -, the first and the last one a
 * letter or digit.
 */
bool name_host(const char *s);

/* A UUID in lower case, other than that of all zeros. */
bool name_uuid(const char *s);

/*
 * A VM's name: 1 to 63 characters of printable UTF-8 without '/', no blank
 * at either end, and nothing that reads as a UUID (it would hide that VM).
 */
bool name_vm(const char *s);

/*
 * A label of hosts and VMs: 1 to 63 of A-Z a-z 0-9 . _ - / : =, the first one
 * a letter or digit.
 */
bool name_label(const char *s);

/* A bridge's name: 1 to 15 of A-Z a-z 0-9 . _ -, no '.' first. */
bool name_bridge(const char *s);

/* A unicast MAC address, "52:54:00:12:34:56" in lower case. */
bool name_mac(const char *s);

#endif
