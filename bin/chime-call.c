/* SPDX-License-Identifier: ISC */
/*
 * chime-call METHOD PATH [BODY | - | @FILE]: one request to the API.
 *
 * Out: the answer's records, one a line; of a list all pages. The servers in
 * CHIME_API are tried in turn, with the same Idempotency-Key. Errors are the
 * server's own words on stderr. Exit: 0 done; 1 refused as things stand (409);
 * 99 no answer in time; 100 the request or the token is wrong; 111 no server
 * can be reached, or it failed.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "driver/http.h"
#include "line/json.h"
#include "line/line.h"
#include "os/fs.h"
#include "os/proc.h"

#define SYNOPSIS                                                               \
	"[-qvV] [-t TIME] [-k KEY] [-f FILE] METHOD PATH [BODY | - | @FILE]"

#define BODY_MAX   (1024 * 1024)
#define ANSWER_MAX (64 * 1024 * 1024)
#define TOKEN_FILE "/etc/chime/admin.token"

struct call {
	struct http_request request;
	int64_t timeout_ms;
	char key[33];
	struct buf body;
	struct buf path; /* of the page in hand */
};

/* The body: what a file has ("-": stdin) or, when file is NULL, text. */
static void
read_body(struct call *c, const char *file, const char *text)
{
	int r;

	buf_init(&c->body, BODY_MAX);
	if (file && strcmp(file, "-") == 0)
		file = "/dev/stdin";
	r = file ? fs_read(file, &c->body) : buf_puts(&c->body, text);
	if (r == -1 && (errno == EFBIG || errno == EMSGSIZE))
		die(RC_USAGE, "body: larger than 1 MiB");
	if (r == -1)
		die(errno == ENOENT ? RC_USAGE : RC_TEMP, "body %s: %s", file,
		    strerror(errno));
	c->request.body = c->body.data ? c->body.data : "";
	c->request.len = c->body.len;
}

/* "-" and "@FILE" name a file; all else is a body. */
static bool
is_file(const char *arg, const char **file)
{
	if (*arg == '@' && arg[1])
		*file = arg + 1;
	else if (strcmp(arg, "-") == 0)
		*file = arg;
	return *file != NULL;
}

static bool
printable(const char *s)
{
	for (; *s; s++)
		if (*s <= 0x20 || *s >= 0x7f)
			return false;
	return true;
}

static void
check(const struct call *c)
{
	static const char *const methods[] = {"GET", "POST", "DELETE", "HEAD"};
	const char *method = c->request.method, *path = c->request.path;

	if (*path != '/' || !printable(path))
		die(RC_USAGE,
		    "path %s: expected a slash and plain characters; all "
		    "others are written as %%XX",
		    path);
	if (c->request.key && (!printable(c->request.key) || !*c->request.key ||
				  strlen(c->request.key) > 64))
		die(RC_USAGE, "-k %s: expected 1 to 64 plain characters",
		    c->request.key);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(method, methods[i]) == 0)
			return;
	die(RC_USAGE, "method %s: expected GET, POST, DELETE or HEAD", method);
}

static struct http *
connect_api(const struct call *c)
{
	char reason[HTTP_REASON_SIZE];
	struct http_conf conf = {
	    .bases = opt_env("CHIME_API", "http://127.0.0.1:8801"),
	    .token_file = opt_env("CHIME_TOKEN_FILE", NULL),
	    .ca_file = opt_env("CHIME_CA_FILE", NULL),
	    .plaintext =
		strcmp(opt_env("CHIME_ALLOW_PLAINTEXT", "0"), "1") == 0,
	    .answer_max = ANSWER_MAX,
	    .stop_fd = -1,
	};
	struct http *h;

	/* /v1/health and the like need none; a login is to get one. */
	if (!conf.token_file && access(TOKEN_FILE, R_OK) == 0)
		conf.token_file = TOKEN_FILE;
	if (strcmp(c->request.path, "/v1/login") == 0)
		conf.token_file = NULL;
	h = http_new(&conf, reason);
	if (!h)
		die(RC_USAGE, "CHIME_API, CHIME_TOKEN_FILE, CHIME_CA_FILE: %s",
		    reason);
	return h;
}

/* What the error says of each host. */
static void
tell_details(const json_t *error)
{
	const char *host, *why;
	json_t *list, *one;
	size_t i;

	if (json_get_array(error, "details", &list, NULL) != 1)
		return;
	json_array_foreach(list, i, one)
	{
		if (json_get_str(one, "host", 1, 64, &host, NULL) == 1 &&
		    json_get_str(one, "why_not", 1, 1024, &why, NULL) == 1)
			say_info("not on %s: %s", host, why);
	}
}

/* The server's message on stderr, and the exit code that goes with it. */
static int
tell_error(
    const struct http *h, const struct call *c, const struct http_answer *a)
{
	const char *code = "no reason", *message = "the answer gives none";
	json_t *o = NULL, *e = NULL;

	if (a->body.len)
		o = json_object_parse(a->body.data, a->body.len, NULL);
	if (o && json_get_object(o, "error", &e, NULL) == 1) {
		json_get_str(e, "code", 1, 64, &code, NULL);
		json_get_str(e, "message", 1, 4096, &message, NULL);
	}
	say_error("%s %s: %s (%d %s)", c->request.method, c->path.data, message,
	    a->status, code);
	if (e)
		tell_details(e);
	if (a->status == 401 && !getenv("CHIME_TOKEN_FILE"))
		say_info("CHIME_TOKEN_FILE is not set; %s is %s", TOKEN_FILE,
		    access(TOKEN_FILE, R_OK) == 0 ? "used"
						  : "not readable here");
	say_debug("answered by %s", http_server(h));
	json_decref(o);
	if (a->status == 409)
		return RC_NO;
	/* 408 and 429 say "later". */
	if (a->status >= 500 || a->status == 429 || a->status == 408)
		return RC_TEMP;
	return RC_USAGE;
}

/* Sets the path to that of the page behind next (percent-encoded). */
static void
set_page(struct call *c, const char *next)
{
	const char *path = c->request.path, *p = strchr(path, '?');
	const char *mark = "?";

	buf_clear(&c->path);
	buf_add(&c->path, path, p ? (size_t)(p - path) : strlen(path));
	while (p && *p) {
		size_t n = strcspn(++p, "&");

		if (n && strncmp(p, "after=", 6) != 0) {
			buf_puts(&c->path, mark);
			buf_add(&c->path, p, n);
			mark = "&";
		}
		p += n;
	}
	buf_printf(&c->path, "%safter=%s", mark, next);
}

/* The request and what follows it; the exit code. */
static int
call(struct http *h, struct call *c)
{
	char next[sizeof(((struct http_answer *)0)->next)] = "";
	bool pages = strcmp(c->request.method, "GET") == 0;
	const struct http_answer *a;
	struct http_request r;
	enum http_error e;

	buf_puts(&c->path, c->request.path);
	for (;;) {
		r = c->request;
		r.path = c->path.data;
		r.deadline = clk_mono_ms() + c->timeout_ms;
		e = http_do(h, &r, &a);
		if (e != HTTP_OK) {
			say_error(
			    "%s %s: %s", r.method, r.path, http_reason(h));
			return e == HTTP_TIMEOUT ? RC_TIMEOUT : RC_TEMP;
		}
		if (a->status < 200 || a->status > 299)
			return tell_error(h, c, a);
		if (line_write(STDOUT_FILENO, a->body.data, a->body.len) == -1)
			die(RC_TEMP, "stdout: cannot write: %s",
			    strerror(errno));
		if (!pages || !a->next[0])
			return RC_OK;
		if (strcmp(next, a->next) == 0)
			die(RC_TEMP, "%s: %s answers with the same page again",
			    r.path, http_server(h));
		snprintf(next, sizeof(next), "%s", a->next);
		set_page(c, next);
	}
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"file", required_argument, NULL, 'f'},
	    {"timeout", required_argument, NULL, 't'},
	    {"key", required_argument, NULL, 'k'},
	    {"quiet", no_argument, NULL, 'q'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	struct call c = {.timeout_ms = 30000};
	bool quiet = false, verbose = false;
	const char *file = NULL, *body = NULL;
	struct http *h;
	int o, rc;

	die_name(argv[0]);
	proc_init();
	while ((o = getopt_long(argc, argv, "f:t:k:qvV", longs, NULL)) != -1) {
		switch (o) {
		case 'f':
			file = optarg;
			break;
		case 't':
			c.timeout_ms = opt_span_ms('t', optarg, 1, 3600000);
			break;
		case 'k':
			c.request.key = optarg;
			break;
		case 'q':
			quiet = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'V':
			opt_version();
		default:
			opt_usage(SYNOPSIS);
		}
	}
	if (argc - optind < 2 || argc - optind > (file ? 2 : 3))
		opt_usage(SYNOPSIS);
	die_verbosity(quiet, verbose);
	c.request.method = argv[optind];
	c.request.path = argv[optind + 1];
	c.request.accept = "application/x-ndjson";
	check(&c);
	if (argc - optind == 3 && !is_file(argv[optind + 2], &file))
		body = argv[optind + 2];
	if (file || body)
		read_body(&c, file, body);
	/* What a server did before it failed is not done again by the next. */
	proc_random_hex(16, c.key);
	if (!c.request.key && strcmp(c.request.method, "GET") != 0)
		c.request.key = c.key;
	buf_init(&c.path, 65536);
	h = connect_api(&c);
	rc = call(h, &c);
	http_free(h);
	buf_free(&c.path);
	buf_free(&c.body);
	return rc;
}
