/* SPDX-License-Identifier: ISC */
#include "driver/response.h"

void
response_header(struct MHD_Response *r, const char *name, const char *value)
{
	if (value && *value)
		MHD_add_response_header(r, name, value);
}

struct MHD_Response *
response_of(struct reply *y, bool last)
{
	size_t max = y->body.max;
	struct MHD_Response *r = MHD_create_response_from_buffer(
	    y->body.len, y->body.data, MHD_RESPMEM_MUST_FREE);

	if (!r)
		return NULL;
	buf_init(&y->body, max); /* the response owns it now */
	response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE,
	    y->ndjson && y->status < 400 ? "application/x-ndjson"
					 : "application/json");
	response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	/* Whatever a record says, a browser takes it for no page. */
	response_header(r, "X-Content-Type-Options", "nosniff");
	response_header(r, "X-Request-Id", y->request);
	response_header(r, "Chime-Next", y->next);
	if (y->status == MHD_HTTP_UNAUTHORIZED)
		response_header(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	if (y->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		response_header(
		    r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST, DELETE");
	response_header(r, MHD_HTTP_HEADER_RETRY_AFTER, y->retry);
	if (last)
		response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	return r;
}
