/* SPDX-License-Identifier: ISC */
/*
 * A worker of chime-apiserver for tests, compiled by them: it takes one
 * request at a time and does what its path's second part says.
 *
 *	/v1/echo          answers with the request, without its token's text
 *	/v1/health        answers ok
 *	/v1/list/N/SIZE   N rows of about SIZE bytes, and a next key
 *	/v1/pid           its pid, as everything else it answers
 *	/v1/slow/MS/FILE  creates the file, answers after a while
 *	/v1/hold/FILE     creates the file, never answers anything again
 *	/v1/status/N      answers with that error
 *	/v1/die  /v1/half  /v1/garbage  /v1/stranger
 *	/v1/once/FILE     dies, but only if it can create the file
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "line/json.h"
#include "line/line.h"
#include "line/rec.h"
#include "line/wire.h"

static void
put(struct buf *b, const json_t *o)
{
	if (rec_dump(o, b) == -1)
		abort();
}

static void
end(struct buf *b, json_int_t id, json_t *result, const char *next)
{
	json_t *o = json_pack("{s:I,s:{s:i,s:o*,s:s*}}", "id", id, "end",
	    "status", 200, "result", result, "next", next);

	put(b, o);
	json_decref(o);
}

static void
list(struct buf *b, json_int_t id, long n, long size)
{
	char *fill = calloc(1, (size_t)size + 1);

	memset(fill, 'x', (size_t)size);
	for (long i = 0; i < n; i++) {
		json_t *o = json_pack("{s:I,s:{s:s,s:i,s:s}}", "id", id, "row",
		    "type", "row", "n", (int)i, "fill", fill);

		put(b, o);
		json_decref(o);
	}
	free(fill);
	end(b, id, NULL, "n\xc3\xa4xt/1");
}

static void
status(struct buf *b, json_int_t id, int n)
{
	json_t *o =
	    json_pack("{s:I,s:{s:i,s:{s:s,s:s}}}", "id", id, "end", "status", n,
		"error", "code", "test", "message", "asked for \"it\"");

	put(b, o);
	json_decref(o);
}

/* Whether the file could be made; path has lost its first slash. */
static int
make(const char *file)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/%s", file);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (fd != -1)
		close(fd);
	return fd != -1;
}

/* What a bad worker does; true when it was asked for. */
static int
misbehave(const char *what, const char *arg)
{
	if (strcmp(what, "die") == 0)
		exit(7);
	if (strcmp(what, "once") == 0 && make(arg))
		exit(7);
	if (strcmp(what, "hold") == 0 && make(arg))
		for (;;)
			pause();
	if (strcmp(what, "half") == 0) {
		(void)!write(1, "{\"id\":1,\"end\":{\"sta", 20);
		exit(0);
	}
	if (strcmp(what, "garbage") == 0)
		return write(1, "I beg your pardon?\n", 19) == 19;
	if (strcmp(what, "stranger") == 0)
		return write(1, "{\"id\":1,\"row\":{}}\n", 18) == 18;
	return 0;
}

static void
serve(struct buf *b, json_t *o)
{
	char path[512], *what, *arg, *arg2;
	json_int_t id = json_integer_value(json_object_get(o, "id"));

	snprintf(path, sizeof(path), "%s",
	    json_string_value(json_object_get(o, "path")));
	what = path + strlen("/v1/");
	arg = what + strcspn(what, "/");
	if (*arg)
		*arg++ = '\0';
	if (misbehave(what, arg))
		return;
	if (strcmp(what, "list") == 0) {
		arg2 = strchr(arg, '/');
		list(b, id, strtol(arg, NULL, 10), strtol(arg2 + 1, NULL, 10));
		return;
	}
	if (strcmp(what, "status") == 0) {
		status(b, id, (int)strtol(arg, NULL, 10));
		return;
	}
	if (strcmp(what, "slow") == 0) {
		if ((arg2 = strchr(arg, '/')))
			make(arg2 + 1);
		poll(NULL, 0, (int)strtol(arg, NULL, 10));
	}
	if (strcmp(what, "echo") == 0) {
		json_object_del(o, "id");
		end(b, id, json_incref(o), NULL);
		return;
	}
	end(b, id, json_pack("{s:s,s:i}", "status", "ok", "pid", (int)getpid()),
	    NULL);
}

int
main(void)
{
	struct line_in in;
	struct buf b;
	char *line;
	size_t len;

	line_in_init(&in, 0, WIRE_MAX);
	buf_init(&b, 64 * 1024 * 1024);
	while (line_read(&in, &line, &len) == LINE_OK) {
		json_t *o = json_object_parse(line, len, NULL);

		if (!o)
			abort();
		serve(&b, o);
		json_decref(o);
		if (line_write(1, b.data, b.len) == -1)
			return 1;
		buf_clear(&b);
	}
	buf_free(&b);
	line_in_free(&in);
	return 0;
}
