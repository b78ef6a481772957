/* SPDX-License-Identifier: ISC */
#include "driver/www.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "driver/digest.h"
#include "driver/response.h"
#include "os/fs.h"

#define FILE_MAX  (256 * (size_t)1024)
#define TAG_BYTES 12 /* of the hash, in an ETag */
#define TAG_SIZE  (2 * TAG_BYTES + 3)

static const struct {
	const char *path, *file, *type;
} files[] = {
    {"/", "index.html", "text/html; charset=utf-8"},
    {"/chime.css", "chime.css", "text/css; charset=utf-8"},
    {"/chime.js", "chime.js", "text/javascript; charset=utf-8"},
    {"/words.js", "words.js", "text/javascript; charset=utf-8"},
    {"/icon.svg", "icon.svg", "image/svg+xml"},
};

#define FILES (sizeof(files) / sizeof(files[0]))

/* Only what came from here runs, and only from here does it ask. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

struct www {
	struct {
		char tag[TAG_SIZE];
		struct MHD_Response *whole, *same; /* 200 and 304 */
	} file[FILES];
};

static struct MHD_Response *
make(struct buf *b, const char *type, const char *tag)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
	    b->len, b->len ? b->data : NULL, MHD_RESPMEM_MUST_COPY);

	if (!r)
		return NULL;
	response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	response_header(r, MHD_HTTP_HEADER_ETAG, tag);
	/* Asked again each time: a new version must not meet old parts. */
	response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	response_header(r, "Content-Security-Policy", policy);
	response_header(r, "X-Content-Type-Options", "nosniff");
	response_header(r, "X-Frame-Options", "DENY");
	response_header(r, "Referrer-Policy", "no-referrer");
	response_header(r, "Cross-Origin-Opener-Policy", "same-origin");
	response_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	return r;
}

static void
make_tag(const struct buf *b, char tag[static TAG_SIZE])
{
	char hex[DIGEST_SIZE];

	digest(b->data, b->len, hex);
	snprintf(tag, TAG_SIZE, "\"%.*s\"", 2 * TAG_BYTES, hex);
}

static int
load(struct www *w, size_t i, const char *dir,
    char reason[static WWW_REASON_SIZE])
{
	struct buf b, none;
	char path[PATH_MAX];
	int n, r = -1;

	buf_init(&b, FILE_MAX);
	buf_init(&none, 0);
	n = snprintf(path, sizeof(path), "%s/%s", dir, files[i].file);
	if (n < 0 || (size_t)n >= sizeof(path))
		errno = ENAMETOOLONG;
	else
		r = fs_read(path, &b);
	if (r == 0 && !b.len) {
		errno = ENODATA;
		r = -1;
	}
	if (r == -1) {
		snprintf(reason, WWW_REASON_SIZE, "%.200s/%s: %s", dir,
		    files[i].file, strerror(errno));
	} else {
		make_tag(&b, w->file[i].tag);
		w->file[i].whole = make(&b, files[i].type, w->file[i].tag);
		w->file[i].same = make(&none, NULL, w->file[i].tag);
		if (!w->file[i].whole || !w->file[i].same) {
			snprintf(reason, WWW_REASON_SIZE, "no memory");
			r = -1;
		}
	}
	buf_free(&b);
	return r;
}

struct www *
www_new(const char *dir, char reason[static WWW_REASON_SIZE])
{
	struct www *w = mem_calloc(1, sizeof(*w));

	for (size_t i = 0; i < FILES; i++)
		if (load(w, i, dir, reason) == -1) {
			www_free(w);
			return NULL;
		}
	return w;
}

void
www_free(struct www *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < FILES; i++) {
		if (w->file[i].whole)
			MHD_destroy_response(w->file[i].whole);
		if (w->file[i].same)
			MHD_destroy_response(w->file[i].same);
	}
	free(w);
}

/* Whether the client has the file with this tag: a list of them, or "*". */
static bool
has(struct MHD_Connection *mhd, const char *tag)
{
	const char *tags = MHD_lookup_connection_value(
	    mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);

	return tags && (strcmp(tags, "*") == 0 || strstr(tags, tag));
}

enum MHD_Result
www_answer(struct www *w, struct MHD_Connection *mhd, const char *method,
    const char *target)
{
	size_t n = strcspn(target, "?");

	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return MHD_NO;
	for (size_t i = 0; i < FILES; i++) {
		if (strlen(files[i].path) != n ||
		    memcmp(files[i].path, target, n) != 0)
			continue;
		if (has(mhd, w->file[i].tag))
			return MHD_queue_response(
			    mhd, MHD_HTTP_NOT_MODIFIED, w->file[i].same);
		return MHD_queue_response(mhd, MHD_HTTP_OK, w->file[i].whole);
	}
	return MHD_NO;
}
