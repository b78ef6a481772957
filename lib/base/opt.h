/* SPDX-License-Identifier: ISC */
/*
 * Options and configuration. A value outside its range ends the program with
 * RC_USAGE and a message that names it, what it was and what was expected.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdint.h>

/* "usage: prog SYNOPSIS" and where to read on, then exit RC_USAGE. */
void opt_usage(const char *synopsis) __attribute__((noreturn));

/* "prog VERSION" on stdout, then exit 0. */
void opt_version(void) __attribute__((noreturn));

/* The option's argument as an integer in [min, max]. */
int64_t opt_int(char letter, const char *arg, int64_t min, int64_t max);

/* The option's argument as a time span ("10s", "250ms"), in milliseconds. */
int64_t opt_span_ms(char letter, const char *arg, int64_t min, int64_t max);

/* The environment variable, or def when it is unset or empty. */
const char *opt_env(const char *name, const char *def);

/* The same; dies when there is none. */
const char *opt_env_need(const char *name);

/* The environment variable as an integer in [min, max], or def. */
int64_t opt_env_int(const char *name, int64_t def, int64_t min, int64_t max);

/* The environment variable as a time span in milliseconds, or def. */
int64_t opt_env_span_ms(
    const char *name, int64_t def, int64_t min, int64_t max);

#endif
