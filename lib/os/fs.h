/* SPDX-License-Identifier: ISC */
/* Files: read whole, replaced atomically, watched. */
#ifndef OS_FS_H
#define OS_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/*
 * Appends a whole file to b. 0, or -1 with errno; EFBIG when the file is
 * larger than b's bound allows.
 */
int fs_read(const char *path, struct buf *b);

/*
 * Replaces path by n bytes: a temporary file beside it, rename, and with
 * last also fsync of the file and of its folder. Readers see the old or the
 * new content, never a mixture; after a failure the old one is still there.
 * 0, or -1 with errno.
 */
int fs_replace(
    const char *path, const void *p, size_t n, mode_t mode, bool last);

/* Makes a file's name in its folder last: 0, or -1 with errno. */
int fs_sync_dir_of(const char *path);

/*
 * The secret in a file: its first line, without the newline. Refused with
 * EACCES when group or others may use the file, EINVAL when the line is
 * empty or longer than size - 2 bytes. 0, or -1 with errno.
 */
int fs_read_secret(const char *path, char *secret, size_t size);

/*
 * Watches one directory for files that are replaced, written or touched in
 * it. Returns a non-blocking inotify descriptor, or -1 with errno.
 */
int fs_watch(const char *dir);

/*
 * Reads what a watch has: calls changed(name, arg) for each event, or with
 * name NULL when events were lost, or the folder is gone, and everything must
 * be looked at again.
 */
void fs_watch_drain(
    int fd, void (*changed)(const char *name, void *arg), void *arg);

#endif
