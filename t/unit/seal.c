/* SPDX-License-Identifier: ISC */
/* driver/seal: only the secret opens it, and only when it is whole. */
#include "driver/seal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static bool
opens(const char *secret, const char *sealed, const char *text)
{
	char *open = unseal(secret, sealed);
	bool same = open && strcmp(open, text) == 0;

	free(open);
	return same;
}

int
main(void)
{
	char *a = seal("s3cret", "{\"token\":1}", 11);
	char *b = seal("s3cret", "{\"token\":1}", 11);
	char *empty = seal("s3cret", "", 0), *open;

	CHECK("what was sealed opens", opens("s3cret", a, "{\"token\":1}"));
	CHECK("nothing, too", opens("s3cret", empty, ""));
	CHECK("it is not readable", !strstr(a, "token"));
	CHECK("never twice the same", strcmp(a, b) != 0);
	open = unseal("other", a);
	CHECK("another secret does not open it", !open);
	free(open);
	a[30] = a[30] == 'A' ? 'B' : 'A';
	open = unseal("s3cret", a);
	CHECK("what was changed does not open", !open);
	free(open);
	CHECK("no seal at all", !unseal("s", "") && !unseal("s", "AAAA") &&
				    !unseal("s", "no base64!"));
	free(a);
	free(b);
	free(empty);
	return unit_done();
}
