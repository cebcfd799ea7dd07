#include "gateway/listener.h"

#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/identify.h"
#include "gateway/metrics.h"
#include "gateway/request.h"
#include "gateway/route.h"
#include "io/http.h"
#include "io/server.h"
#include "scim/error.h"
#include "scim/urn.h"

/* As the step identify would, only that nothing of the body is read. */
static void refuse_stranger(struct gateway_worker *worker, struct exchange *exchange)
{
	struct server_header header = { "WWW-Authenticate", REQUEST_CHALLENGE };
	struct buf body = { 0 };
	struct error err = { 0 };

	identify_failed(&err);
	scim_error_print(&body, &err);
	metrics_refused(worker->metrics, 401);
	server_reply(exchange, &(struct server_reply){ .status = 401,
				       .content_type = SCIM_MEDIA_TYPE,
				       .headers = &header,
				       .header_count = 1,
				       .body = body.data,
				       .body_size = body.size });
	buf_fini(&body);
}

static uint64_t body_limit_of(const struct config_limits *limits, const struct http_request *http)
{
	switch (route_body_of(http)) {
	case ROUTE_BODY_GROUP:
		return (uint64_t)limits->group_body_bytes;
	case ROUTE_BODY_BULK:
		return (uint64_t)limits->bulk_bytes;
	case ROUTE_BODY:
		break;
	}
	return (uint64_t)limits->body_bytes;
}

void listener_head(void *user, struct exchange *exchange, const struct http_request *http,
	uint64_t *body_limit)
{
	struct gateway_worker *worker = user;
	const struct config_limits *limits = &worker->gateway->config->listen.limits;

	if (!http->chunked && http->length == 0) {
		return;
	}
	/* Memory is for callers that we know: 16 MiB of a stranger are not read. */
	if (identify_caller(worker->snapshot, http, clock_now_us()) == NULL) {
		refuse_stranger(worker, exchange);
		return;
	}
	*body_limit = body_limit_of(limits, http);
}

static bool is_hex(const char *text, size_t size)
{
	return strspn(text, "0123456789abcdef") >= size;
}

/*
 * W3C Trace Context, 3.2: version "-" trace-id "-" parent-id "-" flags; a later version may go on
 * behind another "-". What is not well-formed is no trace, and the request goes on.
 */
static void take_trace(struct request *request)
{
	const struct http_text *header = http_find(request->http, "traceparent");
	const char *text = header != NULL ? header->data : "";
	size_t size = header != NULL ? header->size : 0;

	if (size < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-' || !is_hex(text, 2) ||
		!is_hex(text + 3, 32) || !is_hex(text + 36, 16) || !is_hex(text + 53, 2)) {
		return;
	}
	if (strncmp(text, "ff", 2) == 0 || strspn(text + 3, "0") >= 32 ||
		strspn(text + 36, "0") >= 16) {
		return;
	}
	if (size > 55 && (strncmp(text, "00", 2) == 0 || text[55] != '-')) {
		return;
	}
	memcpy(request->trace, text + 3, 32);
}

void listener_accept(void *user, struct exchange *exchange, const struct http_request *http)
{
	struct request *request = request_new(user, exchange, http);

	take_trace(request);
	request_start(request, route_find(request));
}

const char *listener_error_body(void *user, int status, const char *message, struct buf *body)
{
	struct gateway_worker *worker = user;
	char text[256];

	if (worker != NULL) {
		metrics_refused(worker->metrics, status);
	}
	if (status == 414) { /* filters may be longer than that (RFC 7644, 3.4.3) */
		snprintf(text, sizeof(text), "%s; a long search can be sent as POST to /.search",
			message);
		message = text;
	}
	buf_printf(body, "{\"detail\":");
	buf_append_json_text(body, message, strlen(message));
	buf_printf(body, ",\"schemas\":[\"%s\"],\"status\":\"%d\"}", SCIM_URN_ERROR, status);
	return SCIM_MEDIA_TYPE;
}
