/* SPDX-License-Identifier: ISC */
/*
 * Calls that are wrong too often to be worth a review: using one does not
 * compile. The Makefile includes this file before every source file.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* glibc makes macros of these for clang under FORTIFY_SOURCE. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets
#pragma GCC poison strtok atoi atol atoll atof
#pragma GCC poison system popen
#pragma GCC poison gmtime localtime ctime asctime
#pragma GCC poison mktemp tmpnam tempnam

#endif
