/* SPDX-License-Identifier: ISC */
#include "api/labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/name.h"

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
labels_get(const json_t *obj, const char *key, char out[static PLACE_LIST_SIZE],
    struct json_reason *why)
{
	const char *label[PLACE_LABELS];
	json_t *list;
	size_t n, at = 0;
	int r = json_get_array(obj, key, &list, why);

	if (r != 1)
		return r;
	n = json_array_size(list);
	if (n > PLACE_LABELS) {
		json_why(why, "%s: at most %d are possible, found %zu", key,
		    PLACE_LABELS, n);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		label[i] = json_string_value(json_array_get(list, i));
		if (!label[i] || !name_label(label[i])) {
			json_why(why,
			    "%s: expected 1 to %d of A-Z a-z 0-9 . _ - / : = "
			    "with a letter or digit first, found %.40s",
			    key, NAME_LABEL_MAX,
			    label[i] ? label[i] : "no string");
			return -1;
		}
	}
	if (n)
		qsort(label, n, sizeof(*label), by_text);
	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(label[i - 1], label[i]) != 0)
			at += (size_t)snprintf(out + at, PLACE_LIST_SIZE - at,
			    "%s%s", at ? "," : "", label[i]);
	return 1;
}
