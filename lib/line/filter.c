/* SPDX-License-Identifier: ISC */
#include "line/filter.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/rc.h"
#include "line/line.h"
#include "line/rec.h"

void
filter_pass(const char *line, size_t len)
{
	struct buf b;

	buf_init(&b, len + 1);
	buf_add(&b, line, len);
	buf_add(&b, "\n", 1);
	if (line_write(STDOUT_FILENO, b.data, b.len) == -1)
		die(RC_TEMP, "stdout: cannot write: %s", strerror(errno));
	buf_free(&b);
}

void
filter_refuse(int64_t line, const char *reason)
{
	rec_emit(rec_error(line, reason));
}
