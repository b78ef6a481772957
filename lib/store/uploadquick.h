/* SPDX-License-Identifier: ISC */
/* What upload_parse tries first; nobody else includes this. */
#ifndef STORE_UPLOADQUICK_H
#define STORE_UPLOADQUICK_H

#include "store/upload.h"

#define UPLOAD_COUNT_MAX INT64_C(9007199254740992) /* what JSON can hold */

/*
 * Takes a usual first line apart into u, which is all zero. False when it is
 * another one, good or bad; then u is all zero again.
 */
bool upload_quick(struct upload *u, const char *text, size_t len);

#endif
