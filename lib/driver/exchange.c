/* SPDX-License-Identifier: ISC */
#include "driver/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/name.h"
#include "line/line.h"
#include "line/rec.h"

#define PROTO 1
#define NONE  "0000000000000000"

/* The next line of a text; false at its end. */
static bool
next_line(const char **text, size_t *left, const char **line, size_t *len)
{
	const char *nl;

	if (!*left)
		return false;
	nl = memchr(*text, '\n', *left);
	*line = *text;
	*len = nl ? (size_t)(nl - *text) : *left;
	*left -= *len + (nl ? 1 : 0);
	*text += *len + (nl ? 1 : 0);
	return true;
}

static int
get_rev(const json_t *o, const char *key, char rev[static EXCHANGE_REV_SIZE],
    struct json_reason *why)
{
	const char *s = NULL;
	int r = json_get_str(
	    o, key, EXCHANGE_REV_SIZE - 1, EXCHANGE_REV_SIZE - 1, &s, why);

	if (r == 1 && strspn(s, "0123456789abcdef") != EXCHANGE_REV_SIZE - 1) {
		json_why(why, "%s: expected 16 hex digits", key);
		return -1;
	}
	if (r == 1)
		snprintf(rev, EXCHANGE_REV_SIZE, "%s", s);
	return r;
}

/* The first line of a file or answer, which is about this host. */
static json_t *
parse_head(const char **text, size_t *left, const char *host, const char *boot,
    struct json_reason *why)
{
	const char *line, *type = "", *of = "", *in = "";
	size_t len;
	json_t *o;

	if (!next_line(text, left, &line, &len)) {
		json_why(why, "it is empty");
		return NULL;
	}
	o = json_object_parse(line, len, why);
	if (!o)
		return NULL;
	if (json_need(json_get_str(o, "type", 1, 64, &type, why), "type",
		why) == -1 ||
	    json_need(json_get_str(o, "host", 1, 64, &of, why), "host", why) ==
		-1 ||
	    json_need(json_get_str(o, "boot", 1, 64, &in, why), "boot", why) ==
		-1)
		goto bad;
	if (strcmp(type, "host") != 0)
		json_why(why, "type: expected host first, found %.40s", type);
	else if (strcmp(of, host) != 0)
		json_why(why, "host: it is about %.63s", of);
	else if (boot && strcmp(in, boot) != 0)
		json_why(why, "boot: it is of another boot, %.40s", in);
	else
		return o;
bad:
	json_decref(o);
	return NULL;
}

/*
 * Keeps the lines behind the first, each checked, in b. check says whether a
 * line of type vm is sound.
 */
static int
take_rows(struct buf *b, const char *text, size_t left, const char *host,
    int (*check)(const json_t *, const char *, struct json_reason *),
    struct json_reason *why)
{
	struct json_reason inner;
	const char *line, *type;
	size_t len, n = 1;

	while (next_line(&text, &left, &line, &len)) {
		json_t *o = NULL;
		int r = -1;

		n++;
		type = "";
		if (len > LINE_MAX_RECORD)
			json_why(&inner, "longer than 64 KiB");
		else if ((o = json_object_parse(line, len, &inner)))
			r = json_need(
			    json_get_str(o, "type", 1, 64, &type, &inner),
			    "type", &inner);
		/* Types that are not known pass through. */
		if (r == 1 && strcmp(type, "vm") == 0)
			r = check(o, host, &inner);
		json_decref(o);
		if (r == -1) {
			json_why(why, "line %zu: %.120s", n, inner.text);
			return -1;
		}
		if (buf_add(b, line, len) == -1 || buf_add(b, "\n", 1) == -1) {
			json_why(why, "larger than 64 MiB");
			return -1;
		}
	}
	return 0;
}

static int
check_uuid(const json_t *o, struct json_reason *why)
{
	const char *vm = "";

	if (json_need(json_get_str(o, "vm", 1, 64, &vm, why), "vm", why) == -1)
		return -1;
	if (name_uuid(vm))
		return 0;
	json_why(why, "vm: expected a UUID in lower case, found %.40s", vm);
	return -1;
}

static int
check_observed(const json_t *o, const char *host, struct json_reason *why)
{
	(void)host;
	return check_uuid(o, why);
}

/*
 * What decides about a VM must be there and sound; what it consists of is
 * for chime-reconcile, which refuses it alone.
 */
static int
check_desired(const json_t *o, const char *host, struct json_reason *why)
{
	static const char *const wants[] = {
	    "running", "stopped", "deleted", NULL};
	const char *of = "";
	int64_t wish;
	int want;

	if (check_uuid(o, why) == -1 ||
	    json_need(json_get_str(o, "host", 1, 64, &of, why), "host", why) ==
		-1 ||
	    json_need(json_get_word(o, "want", wants, &want, why), "want",
		why) == -1 ||
	    json_need(json_get_int(o, "wish", 0, INT64_MAX, &wish, why), "wish",
		why) == -1)
		return -1;
	if (strcmp(of, host) == 0)
		return 0;
	json_why(why, "host: this VM is of %.63s", of);
	return -1;
}

int
exchange_observed(struct exchange_observed *o, const char *text, size_t len,
    const struct exchange_self *self, struct json_reason *why)
{
	static const char *const words[] = {"ok", "error", NULL};
	const char *reason = "";
	json_t *head;
	int word = 0, r = -1;

	memset(o, 0, sizeof(*o));
	buf_init(&o->rows, EXCHANGE_MAX);
	head = parse_head(
	    &text, &len, self->host, self->any_boot ? NULL : self->boot, why);
	if (head &&
	    json_need(get_rev(head, "observed_rev", o->rev, why),
		"observed_rev", why) == 1 &&
	    json_need(json_get_word(head, "health", words, &word, why),
		"health", why) == 1 &&
	    json_get_str(head, "reason", 0, 65536, &reason, why) != -1)
		r = take_rows(
		    &o->rows, text, len, self->host, check_observed, why);
	o->error = word == 1;
	/* Cut where a character ends. */
	snprintf(o->reason, sizeof(o->reason), "%s", reason);
	for (size_t n = strlen(o->reason);
	     reason[n] && (reason[n] & 0xc0) == 0x80; n--)
		o->reason[n - 1] = '\0';
	json_decref(head);
	if (r == -1) {
		buf_clear(&o->rows);
		snprintf(o->rev, sizeof(o->rev), NONE);
	}
	return r;
}

void
exchange_observed_free(struct exchange_observed *o)
{
	buf_free(&o->rows);
}

int
exchange_request(struct buf *b, const struct exchange_self *self,
    const char *desired_rev, const struct exchange_observed *o, bool full)
{
	json_t *rec = rec_new("heartbeat");
	int r;

	rec_str(rec, "host", self->host);
	rec_int(rec, "proto", PROTO);
	rec_str(rec, "boot", self->boot);
	rec_int(rec, "beat", self->beat);
	rec_str(rec, "machine", self->machine);
	rec_str(rec, "desired_rev", desired_rev);
	rec_str(rec, "observed_rev", o->rev);
	rec_str(rec, "health", o->error ? "error" : "ok");
	rec_str(rec, "reason", o->error ? o->reason : NULL);
	rec_int(rec, "vcpus", self->vcpus);
	rec_int(rec, "memory_mib", self->memory_mib);
	rec_int(rec, "pong_port", self->pong_port);
	if (full)
		rec_bool(rec, "full", 1);
	r = rec_dump(rec, b);
	if (r == 0 && full && o->rows.len)
		r = buf_add(b, o->rows.data, o->rows.len);
	json_decref(rec);
	return r;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Two lines for one VM: which of them is wanted? */
static int
check_twice(const struct buf *rows, struct json_reason *why)
{
	const char *text = rows->data, *line;
	size_t left = rows->len, len, n = 0, cap = 0;
	char **vm = NULL;
	int r = 0;

	while (next_line(&text, &left, &line, &len)) {
		json_t *o = json_object_parse(line, len, NULL);
		const char *s = json_string_value(json_object_get(o, "vm"));

		if (n == cap) {
			cap = cap ? cap * 2 : 64;
			vm = mem_realloc(vm, cap, sizeof(*vm));
		}
		if (s)
			vm[n++] = mem_strdup(s);
		json_decref(o);
	}
	if (n)
		qsort(vm, n, sizeof(*vm), compare);
	for (size_t i = 1; i < n && r == 0; i++)
		if (strcmp(vm[i - 1], vm[i]) == 0) {
			json_why(why, "VM %s: twice", vm[i]);
			r = -1;
		}
	for (size_t i = 0; i < n; i++)
		free(vm[i]);
	free(vm);
	return r;
}

/* What the head says beside whom it is for. */
static int
take_head(struct exchange_answer *a, int64_t beat, const char *sent_rev,
    struct json_reason *why)
{
	static const char *const admins[] = {
	    "run", "disabled", "drained", "down", NULL};
	int admin;

	if (json_need(json_get_int(
			  a->head, "beat", 0, EXCHANGE_BEAT_MAX, &a->beat, why),
		"beat", why) == -1 ||
	    json_need(json_get_word(a->head, "admin", admins, &admin, why),
		"admin", why) == -1 ||
	    json_need(get_rev(a->head, "desired_rev", a->desired_rev, why),
		"desired_rev", why) == -1 ||
	    get_rev(a->head, "observed_rev", a->observed_rev, why) == -1 ||
	    json_need(json_get_int(a->head, "interval_ms", 200, 60000,
			  &a->interval_ms, why),
		"interval_ms", why) == -1 ||
	    json_get_bool(a->head, "full", &a->full, why) == -1)
		return -1;
	if (a->beat != beat) {
		json_why(why, "beat: it is to beat %lld, not to %lld",
		    (long long)a->beat, (long long)beat);
		return -1;
	}
	if (!a->full && (!sent_rev || strcmp(sent_rev, a->desired_rev) != 0)) {
		json_why(why, "desired_rev: it changed, but no VMs came");
		return -1;
	}
	json_object_del(a->head, "beat");
	json_object_del(a->head, "observed_rev");
	json_object_del(a->head, "full");
	return 0;
}

int
exchange_answer(struct exchange_answer *a, const char *text, size_t len,
    const struct exchange_self *self, const char *sent_rev,
    struct json_reason *why)
{
	memset(a, 0, sizeof(*a));
	buf_init(&a->rows, EXCHANGE_MAX);
	if (!len || text[len - 1] != '\n') {
		json_why(why, "its last line is not whole");
		return -1;
	}
	a->head = parse_head(&text, &len, self->host, self->boot, why);
	if (!a->head || take_head(a, self->beat, sent_rev, why) == -1)
		return -1;
	if (!a->full && len) {
		json_why(why, "VMs came that were not announced");
		return -1;
	}
	if (take_rows(&a->rows, text, len, self->host, check_desired, why) ==
	    -1)
		return -1;
	return check_twice(&a->rows, why);
}

void
exchange_answer_free(struct exchange_answer *a)
{
	json_decref(a->head);
	a->head = NULL;
	buf_free(&a->rows);
}

int
exchange_rev(const char *text, size_t len, const char *host,
    char rev[static EXCHANGE_REV_SIZE])
{
	json_t *head = parse_head(&text, &len, host, NULL, NULL);
	int r = head ? get_rev(head, "desired_rev", rev, NULL) : -1;

	json_decref(head);
	return r == 1 ? 0 : -1;
}

/* Whether the old file's first line says the same, but for its ts. */
static bool
same_head(json_t *new, const char *line, size_t len)
{
	json_t *a = json_object_parse(line, len, NULL), *b = json_copy(new);
	bool same;

	if (a)
		json_object_del(a, "ts");
	json_object_del(b, "ts");
	same = a && json_equal(a, b);
	json_decref(a);
	json_decref(b);
	return same;
}

int
exchange_desired(
    const struct exchange_answer *a, const char *old, size_t len, struct buf *b)
{
	const char *head = "", *rows = a->rows.data;
	size_t head_len = 0, rows_len = a->rows.len;

	if (!a->full) {
		next_line(&old, &len, &head, &head_len);
		if (same_head(a->head, head, head_len))
			return 0;
		rows = old;
		rows_len = len;
	}
	if (rec_dump(a->head, b) == -1 || buf_add(b, rows, rows_len) == -1)
		return -1;
	return 1;
}
