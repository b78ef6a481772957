/* SPDX-License-Identifier: ISC */
/*
 * A request as the front sends it, one line (chime-apiserver(8)), taken
 * apart: path and query decoded and checked, the body parsed on demand.
 */
#ifndef API_REQ_H
#define API_REQ_H

#include <stddef.h>
#include <stdint.h>

#include "line/json.h"

#define REQ_BODY_MAX  (1024 * 1024)
#define REQ_PARTS_MAX 5
#define REQ_QUERY_MAX 16

struct req {
	int64_t id;
	const char *method;
	const char *path;  /* as it came */
	const char *token; /* NULL: none came; so for the rest */
	const char *key;
	const char *peer;
	const char *body;
	size_t body_len;
	char *part[REQ_PARTS_MAX + 1]; /* the path's, decoded; then NULL */
	size_t parts;
	struct {
		char *name;
		char *value;
	} query[REQ_QUERY_MAX];
	size_t queries;
	json_t *line; /* owns the strings above */
	char *text;   /* owns the decoded parts */
	json_t *json; /* the parsed body */
};

/*
 * Takes a line apart. 0; -1 when it is no request at all (no id to answer
 * to); 1 when it is a bad one: only id is set. why is set for both. Free r
 * with req_free in every case.
 */
int req_parse(
    struct req *r, const char *line, size_t len, struct json_reason *why);

void req_free(struct req *r);

/* A query parameter's value, or NULL. */
const char *req_query(const struct req *r, const char *name);

/*
 * The body as an object (an empty one when there is no body), owned by r;
 * NULL with the reason when it is none.
 */
json_t *req_json(struct req *r, struct json_reason *why);

#endif
