/* SPDX-License-Identifier: ISC */
#include "driver/ledgerfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "driver/ledgerrec.h"
#include "line/rec.h"
#include "os/fs.h"
#include "os/proc.h"

#define FILE_MAX   (256 * 1024 * 1024)
#define RECORD_MAX 4096
#define APPENDING  0 /* the lock of whoever appends; VMs have others */

struct entry {
	char uuid[NAME_UUID_SIZE];
	struct ledger_vm vm;
	char dest[NAME_HOST_MAX + 1], from[NAME_HOST_MAX + 1];
};

struct ledgerfile {
	char *path;
	char boot[NAME_UUID_SIZE];
	char id[LEDGERFILE_ID_SIZE];
	int fd;
	off_t read; /* how much of it is folded */
	size_t line;
	struct entry *e; /* sorted by uuid */
	size_t n, cap;
};

static int __attribute__((format(printf, 3, 4)))
fail(const struct ledgerfile *f, char *why, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)snprintf(why, LEDGERFILE_WHY_SIZE, "%.90s: %s", f->path, text);
	return -1;
}

static size_t
place_of(const struct ledgerfile *f, const char *uuid)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(f->e[mid].uuid, uuid) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct entry *
entry(struct ledgerfile *f, const char *uuid)
{
	size_t at = place_of(f, uuid);

	if (at < f->n && strcmp(f->e[at].uuid, uuid) == 0)
		return &f->e[at];
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 64;
		f->e = mem_realloc(f->e, f->cap, sizeof(*f->e));
	}
	memmove(&f->e[at + 1], &f->e[at], (f->n - at) * sizeof(*f->e));
	memset(&f->e[at], 0, sizeof(*f->e));
	memcpy(f->e[at].uuid, uuid, sizeof(f->e[at].uuid));
	f->n++;
	return &f->e[at];
}

/* The entry may move: its names are pointed to when it is asked for. */
static void
fold(struct ledgerfile *f, const char *uuid, const struct ledger_rec *r)
{
	struct entry *e = entry(f, uuid);

	ledger_fold(&e->vm, r, f->boot);
	if (r->kind == LEDGER_DEPART)
		(void)snprintf(e->dest, sizeof(e->dest), "%s", r->peer);
	if (r->kind == LEDGER_ARRIVE)
		(void)snprintf(e->from, sizeof(e->from), "%s", r->peer);
}

const struct ledger_vm *
ledgerfile_vm(const struct ledgerfile *f, const char *uuid)
{
	static struct ledger_vm vm;
	size_t at = place_of(f, uuid);

	memset(&vm, 0, sizeof(vm));
	if (at < f->n && strcmp(f->e[at].uuid, uuid) == 0) {
		vm = f->e[at].vm;
		vm.dest = ledger_departed(&vm) ? f->e[at].dest : NULL;
		vm.from = f->e[at].from[0] ? f->e[at].from : NULL;
	}
	return &vm;
}

static int
take_line(
    struct ledgerfile *f, const char *text, size_t len, struct json_reason *why)
{
	json_t *o = json_object_parse(text, len, why);
	const char *type = "", *id = NULL, *uuid = NULL;
	struct ledger_rec rec;
	int r = -1;

	if (o && f->line > 1) {
		r = ledgerrec_parse(o, &uuid, &rec, why);
		if (r == 0)
			fold(f, uuid, &rec);
	} else if (o) {
		json_get_str(o, "type", 1, 16, &type, NULL);
		if (strcmp(type, "ledger") == 0 &&
		    json_get_str(o, "id", LEDGERFILE_ID_SIZE - 1,
			LEDGERFILE_ID_SIZE - 1, &id, NULL) == 1) {
			memcpy(f->id, id, LEDGERFILE_ID_SIZE);
			r = 0;
		} else {
			json_why(why, "expected the ledger's id");
		}
	}
	json_decref(o);
	return r;
}

/* Whole lines from f->read on. */
static int
read_on(struct ledgerfile *f, char *why)
{
	struct json_reason reason = {""};
	struct stat st;
	size_t n;
	struct buf b;
	char *at, *end;

	if (fstat(f->fd, &st) == -1)
		return fail(f, why, "%s", strerror(errno));
	if (st.st_size < f->read || st.st_size - f->read > FILE_MAX)
		return fail(f, why, "was changed by somebody else");
	n = (size_t)(st.st_size - f->read);
	if (n == 0)
		return 0;
	buf_init(&b, FILE_MAX + 1);
	if (buf_reserve(&b, n) == -1 ||
	    pread(f->fd, b.data, n, f->read) != (ssize_t)n) {
		buf_free(&b);
		return fail(f, why, "cannot read: %s", strerror(errno));
	}
	for (at = b.data; (end = memchr(at, '\n', n)) != NULL; at = end + 1) {
		size_t len = (size_t)(end - at);

		f->line++;
		if (take_line(f, at, len, &reason) == -1) {
			buf_free(&b);
			return fail(
			    f, why, "line %zu: %s", f->line, reason.text);
		}
		n -= len + 1;
		f->read += (off_t)len + 1;
	}
	buf_free(&b);
	return 0;
}

int
ledgerfile_refresh(struct ledgerfile *f, char why[static LEDGERFILE_WHY_SIZE])
{
	struct stat here, there;

	if (fstat(f->fd, &here) == -1 || stat(f->path, &there) == -1)
		return fail(f, why, "%s", strerror(errno));
	if (here.st_ino != there.st_ino || here.st_dev != there.st_dev)
		return fail(f, why, "was replaced by another file");
	return read_on(f, why);
}

/* A lock at one offset: of a VM, or of whoever appends. */
static int
lock(const struct ledgerfile *f, off_t at, short type, int command)
{
	struct flock l = {
	    .l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
	int r;

	do
		r = fcntl(f->fd, command, &l);
	while (r == -1 && errno == EINTR);
	return r;
}

/* A VM's lock lies at 62 bits of its UUID, above the file's end. */
static off_t
offset_of(const char *uuid)
{
	uint64_t h = 0;

	for (; *uuid; uuid++)
		if (*uuid != '-')
			h = h << 4 |
			    (uint64_t)(*uuid <= '9' ? *uuid - '0'
						    : *uuid - 'a' + 10);
	return (off_t)((h & (UINT64_MAX >> 2)) | UINT64_C(1) << 61);
}

int
ledgerfile_lock(struct ledgerfile *f, const char *uuid,
    char why[static LEDGERFILE_WHY_SIZE])
{
	if (lock(f, offset_of(uuid), F_WRLCK, F_OFD_SETLK) == -1) {
		if (errno == EAGAIN || errno == EACCES)
			return 0;
		return fail(f, why, "cannot lock: %s", strerror(errno));
	}
	if (ledgerfile_refresh(f, why) == 0)
		return 1;
	ledgerfile_unlock(f, uuid);
	return -1;
}

void
ledgerfile_unlock(struct ledgerfile *f, const char *uuid)
{
	(void)lock(f, offset_of(uuid), F_UNLCK, F_OFD_SETLK);
}

/* All of it, synced, or none of it. */
static int
append(struct ledgerfile *f, const char *p, size_t n, char *why)
{
	struct stat st;
	ssize_t done;

	if (fstat(f->fd, &st) == -1)
		return fail(f, why, "%s", strerror(errno));
	/* What a crash, or a full disk, left half written. */
	if (st.st_size > f->read && ftruncate(f->fd, f->read) == -1)
		return fail(f, why, "cannot cut: %s", strerror(errno));
	done = pwrite(f->fd, p, n, f->read);
	if (done == (ssize_t)n && fdatasync(f->fd) == 0)
		return 0;
	if (done >= 0 && done < (ssize_t)n)
		errno = ENOSPC;
	(void)fail(f, why, "cannot write: %s", strerror(errno));
	if (ftruncate(f->fd, f->read) == 0)
		(void)fdatasync(f->fd);
	return -1;
}

/* Appends a record of ours and takes it in; frees it. */
static int
add(struct ledgerfile *f, json_t *rec, char *why)
{
	struct buf b;
	int r = -1;

	buf_init(&b, RECORD_MAX);
	if (rec_dump(rec, &b) == -1)
		(void)fail(f, why, "a record is too long");
	else if (lock(f, APPENDING, F_WRLCK, F_OFD_SETLKW) == -1)
		(void)fail(f, why, "cannot lock: %s", strerror(errno));
	else {
		/* First what others appended. */
		r = ledgerfile_refresh(f, why);
		if (r == 0)
			r = append(f, b.data, b.len, why);
		if (r == 0)
			r = read_on(f, why);
		(void)lock(f, APPENDING, F_UNLCK, F_OFD_SETLK);
	}
	buf_free(&b);
	json_decref(rec);
	return r;
}

int
ledgerfile_add(struct ledgerfile *f, const char *uuid,
    const struct ledger_rec *r, char why[static LEDGERFILE_WHY_SIZE])
{
	struct ledger_rec here = *r;

	here.boot = r->kind == LEDGER_START || r->kind == LEDGER_ARRIVE
			? f->boot
			: NULL;
	return add(f, ledgerrec_new(uuid, &here), why);
}

int
ledgerfile_start(struct ledgerfile *f, const char *uuid, struct gen gen,
    enum ledger_mode mode, char why[static LEDGERFILE_WHY_SIZE])
{
	const struct ledger_vm *v = ledgerfile_vm(f, uuid);
	const struct ledger_rec r = {
	    .kind = LEDGER_START, .gen = gen, .mode = mode};

	if (v->here && gen_cmp(v->ran, gen) == 0 && !ledger_departed(v))
		return 0;
	return ledgerfile_add(f, uuid, &r, why);
}

/* Its first line, by whoever comes first. */
static int
begin(struct ledgerfile *f, char *why)
{
	struct stat st;
	json_t *o;
	int r;

	if (lock(f, APPENDING, F_WRLCK, F_OFD_SETLKW) == -1)
		return fail(f, why, "cannot lock: %s", strerror(errno));
	r = read_on(f, why);
	if (r == 0 && f->line == 0) {
		struct buf b;

		buf_init(&b, RECORD_MAX);
		o = rec_new("ledger");
		proc_random_hex((LEDGERFILE_ID_SIZE - 1) / 2, f->id);
		rec_str(o, "id", f->id);
		rec_dump(o, &b);
		r = append(f, b.data, b.len, why);
		if (r == 0 && fs_sync_dir_of(f->path) == -1)
			r = fail(f, why, "%s", strerror(errno));
		if (r == 0)
			r = read_on(f, why);
		json_decref(o);
		buf_free(&b);
	} else if (r == 0 && fstat(f->fd, &st) == 0 && st.st_size > f->read) {
		/* Nobody appends now: it is what a crash left. */
		r = ftruncate(f->fd, f->read);
		if (r == -1)
			(void)fail(f, why, "cannot cut: %s", strerror(errno));
	}
	(void)lock(f, APPENDING, F_UNLCK, F_OFD_SETLK);
	return r;
}

struct ledgerfile *
ledgerfile_open(
    const char *path, const char *boot, char why[static LEDGERFILE_WHY_SIZE])
{
	struct ledgerfile *f = mem_calloc(1, sizeof(*f));
	char dir[PATH_MAX];

	f->path = mem_strdup(path);
	(void)snprintf(f->boot, sizeof(f->boot), "%s", boot);
	(void)snprintf(dir, sizeof(dir), "%s", path);
	(void)mkdir(dirname(dir), 0755); /* what is wrong, open says */
	f->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (f->fd == -1) {
		(void)fail(f, why, "%s", strerror(errno));
	} else if (begin(f, why) == 0) {
		return f;
	}
	ledgerfile_close(f);
	return NULL;
}

void
ledgerfile_close(struct ledgerfile *f)
{
	if (!f)
		return;
	if (f->fd != -1)
		(void)close(f->fd);
	free(f->path);
	free(f->e);
	free(f);
}

const char *
ledgerfile_id(const struct ledgerfile *f)
{
	return f->id;
}
