/* SPDX-License-Identifier: ISC */
/*
 * Messages for people, on stderr only: "prog: level: what object: reason".
 * A message is one write(2) of at most 1024 bytes with control characters
 * and bytes outside printable UTF-8 replaced by '?'; it carries no time (the
 * logger adds it) and never a secret.
 */
#ifndef BASE_DIE_H
#define BASE_DIE_H

#include <stdbool.h>

/* Sets the name messages start with; the basename of argv0 is kept. */
void die_name(const char *argv0);

/* The name set by die_name. */
const char *die_prog(void);

/* -q: info messages are dropped; -v: debug messages are printed. */
void die_verbosity(bool quiet, bool verbose);

/* "prog: error: ..." and exit(rc), rc one of enum rc. */
void die(int rc, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* "prog: error|warning|info|debug: ..."; errno is left as it was. */
void say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
