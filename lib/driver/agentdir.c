/* SPDX-License-Identifier: ISC */
#include "driver/agentdir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/name.h"
#include "line/json.h"
#include "line/rec.h"
#include "os/fs.h"

#define SMALL_MAX 65536 /* bytes of boot, lease.jsonl, facts.jsonl */

static int
path_of(const char *dir, const char *name, char path[static PATH_MAX])
{
	if (!dir) {
		errno = ENOENT;
		return -1;
	}
	if (snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int
agentdir_read(const char *dir, const char *name, struct buf *b)
{
	char path[PATH_MAX];

	buf_clear(b);
	return path_of(dir, name, path) == -1 ? -1 : fs_read(path, b);
}

int
agentdir_replace(const char *dir, const char *name, const char *p, size_t n)
{
	char path[PATH_MAX];

	/* Not fsynced: the folder is gone after a power cut anyway. */
	return path_of(dir, name, path) == -1
		   ? -1
		   : fs_replace(path, p, n, 0644, false);
}

int
agentdir_boot(const char *dir, char boot[static AGENTDIR_BOOT_SIZE])
{
	struct buf b;
	int r;

	buf_init(&b, SMALL_MAX);
	r = agentdir_read(dir, "boot", &b);
	if (r == 0) {
		const char *s = b.data ? b.data : "";
		size_t n = strcspn(s, "\r\n");

		if (n < AGENTDIR_BOOT_SIZE)
			snprintf(boot, AGENTDIR_BOOT_SIZE, "%.*s", (int)n, s);
		if (n >= AGENTDIR_BOOT_SIZE || !name_uuid(boot)) {
			errno = EINVAL;
			r = -1;
		}
	}
	buf_free(&b);
	return r;
}

int
agentdir_lock(const char *dir, const char *name)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[PATH_MAX];
	int fd;

	if (path_of(dir, name, path) == -1)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	/* Closing it would give the lock up. */
	return fd == -1 ? -1 : fcntl(fd, F_SETLK, &l);
}

int
agentdir_locked(const char *dir, const char *name, int64_t *pid)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[PATH_MAX];
	int fd, r;

	if (path_of(dir, name, path) == -1)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	r = fcntl(fd, F_GETLK, &l);
	close(fd);
	*pid = l.l_type == F_UNLCK ? 0 : l.l_pid;
	return r;
}

/* A small file's first line as an object, or NULL. */
static json_t *
read_object(const char *dir, const char *name)
{
	json_t *o = NULL;
	struct buf b;

	buf_init(&b, SMALL_MAX);
	if (agentdir_read(dir, name, &b) == 0 && b.data)
		o = json_object_parse(b.data, strcspn(b.data, "\n"), NULL);
	buf_free(&b);
	return o;
}

int64_t
agentdir_beat(const char *dir, const char *boot)
{
	json_t *o = read_object(dir, "lease.jsonl");
	const char *of = "";
	int64_t beat = 0;

	if (o && json_get_str(o, "boot", 1, 64, &of, NULL) == 1 &&
	    strcmp(of, boot) == 0)
		json_get_int(o, "beat", 1, INT64_MAX / 2, &beat, NULL);
	json_decref(o);
	return beat;
}

int
agentdir_lease(const char *dir, const char *host, const char *boot,
    int64_t beat, int64_t sent_ms, int64_t interval_ms)
{
	json_t *o = rec_new("lease");
	struct buf b;
	int r;

	rec_str(o, "host", host);
	rec_str(o, "boot", boot);
	rec_int(o, "beat", beat);
	rec_int(o, "sent_ms", sent_ms);
	rec_int(o, "interval_ms", interval_ms);
	buf_init(&b, SMALL_MAX);
	rec_dump(o, &b);
	r = agentdir_replace(dir, "lease.jsonl", b.data, b.len);
	buf_free(&b);
	json_decref(o);
	return r;
}

void
agentdir_facts(const char *dir, int64_t *vcpus, int64_t *memory_mib)
{
	json_t *o = read_object(dir, "facts.jsonl");

	*vcpus = sysconf(_SC_NPROCESSORS_ONLN);
	*memory_mib =
	    sysconf(_SC_PHYS_PAGES) / (1048576 / sysconf(_SC_PAGESIZE));
	if (!o)
		return;
	json_get_int(o, "vcpus", 1, 65536, vcpus, NULL);
	json_get_int(o, "memory_mib", 1, INT32_MAX, memory_mib, NULL);
	json_decref(o);
}
