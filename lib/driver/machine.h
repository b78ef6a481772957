/* SPDX-License-Identifier: ISC */
/*
 * Which machine this is, as 64 hex digits: a hash of /etc/machine-id and of
 * the board's UUID, where it can be read: a copied disk is another machine.
 * Neither can be told from it.
 */
#ifndef DRIVER_MACHINE_H
#define DRIVER_MACHINE_H

#define MACHINE_SIZE        65
#define MACHINE_REASON_SIZE 160

/*
 * CHIME_MACHINE_FILE instead of the files there are, for those who run
 * several hosts on one machine. 0, or -1 with a reason: nothing names it.
 */
int machine_id(
    char id[static MACHINE_SIZE], char reason[static MACHINE_REASON_SIZE]);

#endif
