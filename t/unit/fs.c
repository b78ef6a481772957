/* SPDX-License-Identifier: ISC */
#include "os/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "unit.h"

static char events[256];
static int lost;

static void
note(const char *name, void *arg)
{
	(void)arg;
	if (!name) {
		lost++;
		return;
	}
	snprintf(events + strlen(events), sizeof(events) - strlen(events),
	    "%s ", name);
}

/* Files in the current folder. */
static int
count_files(void)
{
	DIR *d = opendir(".");
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static int
holds(const char *path, const char *text)
{
	struct buf b;
	int r;

	buf_init(&b, 1 << 20);
	r = fs_read(path, &b) == 0 && unit_same(b.data, text);
	buf_free(&b);
	return r;
}

static void
test_read(void)
{
	static char big[200000];
	struct buf b;

	memset(big, 'x', sizeof(big));
	buf_init(&b, sizeof(big));
	CHECK("absent", fs_read("none", &b) == -1 && errno == ENOENT);
	CHECK("a folder", fs_read(".", &b) == -1 && errno == EISDIR);
	fs_replace("empty", "", 0, 0600, false);
	CHECK("an empty file is a string",
	    fs_read("empty", &b) == 0 && unit_same(b.data, ""));
	fs_replace("big", big, sizeof(big), 0600, false);
	CHECK("exactly the bound", fs_read("big", &b) == 0 &&
				       b.len == sizeof(big) &&
				       b.data[b.len] == '\0');
	CHECK("an empty file fits into no room", fs_read("empty", &b) == 0);
	buf_free(&b);
	buf_init(&b, sizeof(big) - 1);
	CHECK("over the bound", fs_read("big", &b) == -1 && errno == EFBIG);
	buf_free(&b);
	buf_init(&b, 100);
	buf_puts(&b, "a");
	fs_replace("small", "b", 1, 0600, false);
	CHECK("appends", fs_read("small", &b) == 0 && unit_same(b.data, "ab"));
	buf_free(&b);
	unlink("big");
	unlink("empty");
	unlink("small");
}

static void
do_replace_limited(void *arg)
{
	struct rlimit l = {1000, 1000};
	static char big[2000];

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &l);
	if (fs_replace("f", big, sizeof(big), 0600, true) == -1 &&
	    errno == EFBIG && count_files() == 1 && holds("f", "two"))
		_exit(0);
	_exit(1);
}

static void
test_replace(void)
{
	char longest[5000];
	struct child c;
	struct stat st;

	umask(0);
	CHECK("new", fs_replace("f", "one", 3, 0640, false) == 0);
	stat("f", &st);
	CHECK("its mode", (st.st_mode & 07777) == 0640);
	CHECK("replaced to last", fs_replace("f", "two", 3, 0600, true) == 0);
	stat("f", &st);
	CHECK("mode is replaced too", (st.st_mode & 07777) == 0600);
	CHECK("content", holds("f", "two"));
	CHECK("no temporary file is left", count_files() == 1);
	child_run(&c, do_replace_limited, NULL);
	CHECK("what cannot be written leaves the old file", c.rc == 0);
	CHECK("no such folder",
	    fs_replace("no/f", "x", 1, 0600, false) == -1 && errno == ENOENT);
	mkdir("dir", 0700);
	CHECK("a folder in its place",
	    fs_replace("dir", "x", 1, 0600, false) == -1 && errno == EISDIR);
	CHECK("and nothing is left of it", count_files() == 2);
	rmdir("dir");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	CHECK(
	    "a name too long", fs_replace(longest, "x", 1, 0600, false) == -1 &&
				   errno == ENAMETOOLONG);
	CHECK("a link is replaced, not followed",
	    symlink("f", "link") == 0 &&
		fs_replace("link", "x", 1, 0600, false) == 0 &&
		holds("f", "two") && holds("link", "x"));
	unlink("link");
	unlink("f");
}

/* A disk that is really full: a tmpfs of 64 KiB. */
static void
test_full(void)
{
	static char big[60000];

	mkdir("full", 0700);
	if (mount("none", "full", "tmpfs", 0, "size=64k") == -1) {
		printf("ok %d - full disk # skip cannot mount: not root\n",
		    ++unit_count);
		rmdir("full");
		return;
	}
	memset(big, 'x', sizeof(big) - 1);
	CHECK("there is room once",
	    fs_replace("full/f", big, sizeof(big), 0600, true) == 0);
	CHECK("but not twice",
	    fs_replace("full/f", "new", 3, 0600, true) == 0 &&
		fs_replace("full/g", big, sizeof(big), 0600, true) == 0 &&
		fs_replace("full/f", big, sizeof(big), 0600, true) == -1 &&
		errno == ENOSPC);
	CHECK("the old file stays", holds("full/f", "new"));
	if (chdir("full") == 0) {
		CHECK("no temporary file does", count_files() == 2);
		if (chdir("..") == -1)
			perror("..");
	}
	umount("full");
	rmdir("full");
}

static int
secret(const char *text, mode_t mode, char *out, size_t size)
{
	fs_replace("s", text, strlen(text), mode, false);
	errno = 0;
	return fs_read_secret("s", out, size);
}

static void
test_secret(void)
{
	char s[9];

	CHECK("absent",
	    fs_read_secret("s", s, sizeof(s)) == -1 && errno == ENOENT);
	CHECK("secret",
	    secret("1234567\n", 0600, s, 9) == 0 && unit_same(s, "1234567"));
	CHECK("no newline",
	    secret("123", 0400, s, 9) == 0 && unit_same(s, "123"));
	CHECK(
	    "CR LF", secret("123\r\n", 0400, s, 9) == 0 && unit_same(s, "123"));
	CHECK("only the first line",
	    secret("a\nbcdefghijkl", 0600, s, 9) == 0 && unit_same(s, "a"));
	CHECK("too long",
	    secret("12345678", 0600, s, 9) == -1 && errno == EINVAL);
	CHECK("empty", secret("", 0600, s, 9) == -1 && errno == EINVAL);
	CHECK("an empty line",
	    secret("\nabc\n", 0600, s, 9) == -1 && errno == EINVAL);
	CHECK("the group may read it",
	    secret("a", 0640, s, 9) == -1 && errno == EACCES);
	CHECK("others may read it",
	    secret("a", 0604, s, 9) == -1 && errno == EACCES);
	unlink("s");
}

static void
test_watch(void)
{
	char name[40];
	int fd;

	CHECK("no folder to watch", fs_watch("none") == -1 && errno == ENOENT);
	fs_replace("file", "x", 1, 0600, false);
	CHECK("a file is none", fs_watch("file") == -1 && errno == ENOTDIR);
	unlink("file");
	mkdir("w", 0700);
	fd = fs_watch("w");
	CHECK("watch", fd >= 0);
	fs_watch_drain(fd, note, NULL);
	CHECK("nothing happened", !*events);
	fs_replace("w/a", "x", 1, 0600, false);
	fs_watch_drain(fd, note, NULL);
	CHECK("a replaced file is told by its name", strstr(events, "a "));
	events[0] = '\0';
	utimensat(AT_FDCWD, "w/a", NULL, 0);
	fs_watch_drain(fd, note, NULL);
	CHECK("a touched one", unit_same(events, "a "));
	events[0] = '\0';
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "w/%030d", i);
		close(open(name, O_WRONLY | O_CREAT, 0600));
		fs_watch_drain(fd, note, NULL);
		events[0] = '\0';
		unlink(name);
	}
	fs_watch_drain(fd, note, NULL);
	CHECK("removed ones, in one drain", strlen(events) > 30 && !lost);
	unlink("w/a");
	rmdir("w");
	fs_watch_drain(fd, note, NULL);
	CHECK("the folder itself is gone: look at everything", lost == 1);
	close(fd);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/fs.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir) || chdir(dir) == -1) {
		perror(dir);
		return 1;
	}
	test_read();
	test_replace();
	test_full();
	test_secret();
	test_watch();
	CHECK("nothing is left", count_files() == 0);
	rmdir(dir);
	return unit_done();
}
