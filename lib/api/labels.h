/* SPDX-License-Identifier: ISC */
/* Labels in a body: an array of names becomes a list of core/place.h. */
#ifndef API_LABELS_H
#define API_LABELS_H

#include "core/place.h"
#include "line/json.h"

/*
 * The array at key, sorted, each label once, so that the same labels are the
 * same text; as the getters of line/json.h, with out left alone when absent.
 */
int labels_get(const json_t *obj, const char *key,
    char out[static PLACE_LIST_SIZE], struct json_reason *why);

#endif
