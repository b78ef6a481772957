/* SPDX-License-Identifier: ISC */
#include "driver/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/opt.h"
#include "driver/digest.h"
#include "os/fs.h"

#define SALT     "chime machine 1\n"
#define FILE_MAX 4096

/* Its first line, behind what b holds; -1 when there is none. */
static int
add_line(struct buf *b, const char *file)
{
	size_t before = b->len, n;

	if (fs_read(file, b) == -1 || b->len == before) {
		if (b->data) {
			b->len = before;
			b->data[before] = '\0';
		}
		return -1;
	}
	n = strcspn(b->data + before, "\r\n");
	b->len = before + n;
	b->data[b->len] = '\0';
	/* systemd writes this into an image that has not started yet. */
	if (n == 0 || strcmp(b->data + before, "uninitialized") == 0)
		return -1;
	return 0;
}

int
machine_id(
    char id[static MACHINE_SIZE], char reason[static MACHINE_REASON_SIZE])
{
	const char *file = opt_env("CHIME_MACHINE_FILE", NULL);
	const char *first = file ? file : "/etc/machine-id";
	struct buf b;
	int r = -1;

	buf_init(&b, FILE_MAX);
	buf_puts(&b, SALT);
	if (add_line(&b, first) == -1) {
		snprintf(reason, MACHINE_REASON_SIZE,
		    "%.80s: no machine's id is in it; `systemd-machine-id-setup` "
		    "makes one",
		    first);
		goto out;
	}
	if (!file) {
		buf_puts(&b, "\n");
		add_line(&b, "/sys/class/dmi/id/product_uuid");
	}
	digest(b.data, b.len, id);
	r = 0;
out:
	buf_free(&b);
	return r;
}
