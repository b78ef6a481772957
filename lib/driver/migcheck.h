/* SPDX-License-Identifier: ISC */
/*
 * What must be so before any VM is looked at. Each answers 0, or -1 with a
 * sentence in why that says what to do next.
 */
#ifndef DRIVER_MIGCHECK_H
#define DRIVER_MIGCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/virt_end.h"

#define MIGCHECK_WHY 512
#define MIGCHECK_URI 256
#define MIGCHECK_PKI 128

enum migcheck_via { MIGCHECK_TLS, MIGCHECK_SSH, MIGCHECK_TCP };

/* "tls", "ssh" or "tcp": 0, or -1. */
int migcheck_via(const char *word, enum migcheck_via *via);

/*
 * libvirt's URI at a numeric address; -1 when it is none. pki, for TLS, is
 * the folder of the certificates, or NULL for libvirt's own.
 */
int migcheck_uri(enum migcheck_via via, const char *dest, const char *pki,
    char uri[static MIGCHECK_URI]);

/*
 * Whether a folder can be named in such a URI: absolute, not too long, and
 * without what has a meaning there.
 */
bool migcheck_pki(const char *path);

/* The interface is up. */
int migcheck_interface(const char *name, char why[static MIGCHECK_WHY]);

/* What is sent to dest leaves through the interface. */
int migcheck_route(
    const char *dest, const char *interface, char why[static MIGCHECK_WHY]);

/* The libvirt at uri answers within ms; errno as of virt_end_open. */
int migcheck_end(struct virt_end *e, const char *uri, int64_t ms,
    const char *hint, char why[static MIGCHECK_WHY]);

#endif
