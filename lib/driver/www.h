/* SPDX-License-Identifier: ISC */
/*
 * The files of the web page, share/chime/www: a fixed list, read whole when
 * the server starts, so that no request's path ever reaches the file system.
 */
#ifndef DRIVER_WWW_H
#define DRIVER_WWW_H

#include <stddef.h>

#include <microhttpd.h>

#define WWW_REASON_SIZE 300

struct www;

/*
 * Reads the files below dir. NULL with a reason when one of them cannot be
 * read.
 */
struct www *www_new(const char *dir, char reason[static WWW_REASON_SIZE]);
void www_free(struct www *w);

/*
 * The file a path names, without its query: MHD_YES when an answer is queued
 * (200, or 304 for who has it already); MHD_NO when the path or the method is
 * not the page's.
 */
enum MHD_Result www_answer(struct www *w, struct MHD_Connection *mhd,
    const char *method, const char *target);

#endif
