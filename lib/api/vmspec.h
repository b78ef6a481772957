/* SPDX-License-Identifier: ISC */
/*
 * The devices of a VM, checked and brought into one form, so that the same
 * wish is the same text (chime-records(7), `spec`):
 *
 *	{"disks":[{"path":"/abs","format":"raw|qcow2",
 *	  "device":"disk|cdrom|floppy","readonly":true,"shared":true}],
 *	 "nics":[{"bridge":"br0","mac":"52:54:00:12:34:56"}]}
 *
 * A disk without format is raw, without device a disk; readonly and shared
 * are there only when true. A NIC without mac gets one that is derived from
 * the VM's UUID: it stays the same at every start, on every host.
 */
#ifndef API_VMSPEC_H
#define API_VMSPEC_H

#include "line/json.h"

#define VMSPEC_MAX   (48 * 1024) /* a VM's record must fit into 64 KiB */
#define VMSPEC_DISKS 26
#define VMSPEC_NICS  16
#define VMSPEC_PATH  1024

/*
 * The canonical text of spec (NULL: no devices), to be freed; NULL with why
 * when something in it is wrong.
 */
char *vmspec_make(
    const json_t *spec, const char *uuid, struct json_reason *why);

/* The spec of an imported domain, {"xml":...}; as vmspec_make. */
char *vmspec_xml(const char *xml, struct json_reason *why);

#endif
