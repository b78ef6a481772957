/* SPDX-License-Identifier: ISC */
/* POST /v1/host/NAME/set: what of a host may be used, and its labels. */
#include "api/hostresult.h"
#include "api/labels.h"
#include "api/once.h"
#include "api/route.h"
#include "core/name.h"

struct set {
	struct api *a;
	const char *name;
	struct host_limit limit;
	char labels[PLACE_LIST_SIZE];
};

static int
set(struct db *db, void *arg)
{
	struct set *s = arg;
	struct host h;
	int r;

	api_again(s->a);
	r = host_lock(db, s->name, &h);
	if (r != 1)
		return r == -1 ? -1 : host_unknown(s->a, s->name);
	if (host_set_limit(db, s->name, &s->limit) == -1 ||
	    api_event(s->a, "host.set", s->name, NULL,
		"host %s has new limits or labels", s->name) == -1)
		return -1;
	return host_result(s->a, s->name);
}

int
route_host_set(struct api *a)
{
	struct set s = {
	    .a = a, .name = a->req.part[2], .limit = {-1, -1, -1, -1, NULL}};
	struct host_limit *l = &s.limit;
	struct json_reason why;
	json_t *body;
	int r;

	if (!name_host(s.name))
		return host_unknown(a, s.name);
	if (api_body(a, &body))
		return 1;
	r = labels_get(body, "labels", s.labels, &why);
	if (r == 1)
		l->labels = s.labels;
	if (r == -1 ||
	    json_get_int(body, "cpu_ratio", 0, PLACE_CPU_RATIO_MAX,
		&l->cpu_ratio, &why) == -1 ||
	    json_get_int(body, "memory_ratio", 1, PLACE_MEMORY_RATIO_MAX,
		&l->memory_ratio, &why) == -1 ||
	    json_get_int(body, "reserve_vcpus", 0, 65536, &l->reserve_vcpus,
		&why) == -1 ||
	    json_get_int(body, "reserve_memory_mib", 0, INT32_MAX,
		&l->reserve_memory_mib, &why) == -1)
		return api_bad(a, "%s", why.text);
	return api_change(a, set, &s);
}
