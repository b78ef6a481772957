/* SPDX-License-Identifier: ISC */
/*
 * JSON from strangers: strict parsing and typed access with reasons.
 *
 * Getters look a key up in an object. Each returns 1 when the value is there
 * and good, 0 when the key is absent (the output is left as it was), and -1
 * when it has the wrong type or is out of range, with the reason set to a
 * sentence that names the key, what was found and what was expected.
 */
#ifndef LINE_JSON_H
#define LINE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_REASON_SIZE 160

struct json_reason {
	char text[JSON_REASON_SIZE];
};

/*
 * One JSON object out of len bytes. Duplicate keys, invalid UTF-8, NUL in
 * strings, anything behind the object, nesting over 32 levels and values
 * that are no object are refused: NULL, and why is set.
 */
json_t *json_object_parse(
    const char *text, size_t len, struct json_reason *why);

/* A string of min to max bytes; *out belongs to obj. */
int json_get_str(const json_t *obj, const char *key, size_t min, size_t max,
    const char **out, struct json_reason *why);

/* An integer in [min, max]. */
int json_get_int(const json_t *obj, const char *key, int64_t min, int64_t max,
    int64_t *out, struct json_reason *why);

/* A boolean. */
int json_get_bool(
    const json_t *obj, const char *key, bool *out, struct json_reason *why);

/* One of the NULL-terminated words; *out is its index. */
int json_get_word(const json_t *obj, const char *key, const char *const *words,
    int *out, struct json_reason *why);

/* An array or object (borrowed). */
int json_get_array(
    const json_t *obj, const char *key, json_t **out, struct json_reason *why);
int json_get_object(
    const json_t *obj, const char *key, json_t **out, struct json_reason *why);

/* Turns "absent" (0) of the getter's result r into -1 with a reason. */
int json_need(int r, const char *key, struct json_reason *why);

/* Sets a reason. */
void json_why(struct json_reason *why, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
