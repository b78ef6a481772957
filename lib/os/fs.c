/* SPDX-License-Identifier: ISC */
#include "os/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static int
read_fd(int fd, struct buf *b)
{
	for (;;) {
		/* Even a full buffer tries one byte more: is it the end? */
		size_t room = b->max - b->len < 65536 ? b->max - b->len : 65536;
		char probe;
		ssize_t n;

		if (room && buf_reserve(b, room) == -1)
			return -1;
		n = room ? read(fd, b->data + b->len, room)
			 : read(fd, &probe, 1);
		if (n == 0)
			return 0;
		if (n == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (!room) {
			errno = EFBIG;
			return -1;
		}
		b->len += (size_t)n;
		b->data[b->len] = '\0';
	}
}

int
fs_read(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r, saved;

	if (fd == -1)
		return -1;
	r = read_fd(fd, b);
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

int
fs_sync_dir_of(const char *path)
{
	char copy[PATH_MAX];
	int fd, r;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	r = fsync(fd);
	close(fd);
	return r;
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w == -1 && errno == EINTR)
			continue;
		if (w == -1)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

int
fs_replace(const char *path, const void *p, size_t n, mode_t mode, bool last)
{
	char tmp[PATH_MAX];
	int fd, saved;

	/* The pid keeps a hand-run program off its supervised twin's file. */
	if (snprintf(tmp, sizeof(tmp), "%s.%ld.tmp", path, (long)getpid()) >=
	    (int)sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd == -1)
		return -1;
	if (write_all(fd, p, n) == -1 || (last && fsync(fd) == -1))
		goto fail;
	if (close(fd) == -1) {
		fd = -1;
		goto fail;
	}
	fd = -1;
	if (rename(tmp, path) == -1)
		goto fail;
	return last ? fs_sync_dir_of(path) : 0;
fail:
	saved = errno;
	if (fd != -1)
		close(fd);
	unlink(tmp);
	errno = saved;
	return -1;
}

int
fs_read_secret(const char *path, char *secret, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t end;
	ssize_t n;
	int r = -1, saved;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		goto out;
	if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO))) {
		errno = EACCES;
		goto out;
	}
	n = read(fd, secret, size - 1);
	if (n == -1)
		goto out;
	secret[n] = '\0';
	end = strcspn(secret, "\r\n");
	/* Without its end in sight the line may be longer. */
	if (end == 0 || end == size - 1) {
		errno = EINVAL;
		goto out;
	}
	secret[end] = '\0';
	r = 0;
out:
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

int
fs_watch(const char *dir)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	int saved;

	if (fd == -1)
		return -1;
	if (inotify_add_watch(fd, dir,
		IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE |
		    IN_ONLYDIR) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

void
fs_watch_drain(int fd, void (*changed)(const char *name, void *arg), void *arg)
{
	union {
		struct inotify_event ev;
		char bytes[4096];
	} u;
	ssize_t n;

	while ((n = read(fd, &u, sizeof(u))) > 0) {
		for (char *p = u.bytes; p < u.bytes + n;) {
			struct inotify_event ev;

			memcpy(&ev, p, sizeof(ev));
			/* IN_IGNORED: the folder itself is gone. */
			if (ev.mask & (IN_Q_OVERFLOW | IN_IGNORED))
				changed(NULL, arg);
			else if (ev.len)
				changed(p + sizeof(ev), arg);
			p += sizeof(ev) + ev.len;
		}
	}
}
