#include "gateway/route.h"

#include <string.h>
#include "base/arena.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "io/server.h"
#include "scim/schema.h"

/* One row: what a path below /scim/v2 looks like, its methods, and what they run. */
struct row {
	const char *first;  /* NULL: the endpoint of a resource type */
	const char *second; /* NULL: there is none; "*": any */
	const char *allow;
	const struct step *flows[HTTP_METHOD_COUNT]; /* NULL: 405 */
};

static const struct row rows[] = {
	/* The root: all resources of all types (RFC 7644, 3.4.2.1). */
	{ "", NULL, "GET, HEAD, OPTIONS", { [HTTP_GET] = flow_list } },
	{ "ServiceProviderConfig", NULL, "GET, HEAD, OPTIONS", { [HTTP_GET] = flow_provider } },
	{ "ResourceTypes", NULL, "GET, HEAD, OPTIONS", { [HTTP_GET] = flow_types } },
	{ "ResourceTypes", "*", "GET, HEAD, OPTIONS", { [HTTP_GET] = flow_types } },
	{ "Schemas", NULL, "GET, HEAD, OPTIONS", { [HTTP_GET] = flow_schemas } },
	{ "Schemas", "*", "GET, HEAD, OPTIONS", { [HTTP_GET] = flow_schemas } },
	{ "Bulk", NULL, "POST, OPTIONS", { [HTTP_POST] = flow_bulk } },
	{ "Me", NULL, "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
		{ [HTTP_GET] = flow_get,
			[HTTP_PUT] = flow_write,
			[HTTP_PATCH] = flow_write,
			[HTTP_DELETE] = flow_write } },
	{ "Events", "*", "GET, HEAD, OPTIONS", { [HTTP_GET] = flow_event } },
	{ ".search", NULL, "POST, OPTIONS", { [HTTP_POST] = flow_search } },
	{ NULL, NULL, "GET, HEAD, POST, OPTIONS",
		{ [HTTP_GET] = flow_list, [HTTP_POST] = flow_write } },
	{ NULL, ".search", "POST, OPTIONS", { [HTTP_POST] = flow_search } },
	{ NULL, "*", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
		{ [HTTP_GET] = flow_get,
			[HTTP_PUT] = flow_write,
			[HTTP_PATCH] = flow_write,
			[HTTP_DELETE] = flow_write } },
};

static const char *text_of(struct arena *arena, struct http_text text)
{
	return arena_text(arena, text.data, text.size);
}

static bool fits(const struct row *row, const char *first, bool is_type, struct http_text second)
{
	if (row->first != NULL ? strcmp(row->first, first) != 0 : !is_type) {
		return false;
	}
	if (row->second == NULL) {
		return second.size == 0;
	}
	return second.size > 0 &&
	       (strcmp(row->second, "*") == 0 || http_text_is(second, row->second));
}

/* An id that is no UUID is no id of ours: the same 404 as any unknown one. */
static void take_id(struct request *request, struct http_text id)
{
	request->has_id = uuid_parse(id.data, id.size, request->resource_id);
	if (request->has_id) {
		uuid_format(request->resource_id, request->resource_text);
	}
}

/* segments: those behind "scim/v2". */
static const struct step *find_scim(
	struct request *request, const struct http_text *segments, size_t count)
{
	struct http_text second = count > 1 ? segments[1] : (struct http_text){ NULL, 0 };
	enum http_method method = request->http->method;

	if (count > 2) {
		return flow_nothing;
	}
	const char *first = count > 0 ? text_of(request->arena, segments[0]) : "";
	const struct scim_resource_type *type =
		scim_model_endpoint(request->worker->gateway->model, first);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		if (!fits(row, first, type != NULL, second)) {
			continue;
		}
		request->allow = row->allow;
		request->is_me = row->first != NULL && strcmp(row->first, "Me") == 0;
		if (request->is_me) {
			type = scim_model_type(request->worker->gateway->model, "User");
		}
		request->type = type;
		if (type != NULL) {
			request->store_type =
				(enum store_type)gateway_store_type(request->worker->gateway, type);
			take_id(request, second);
		} else if (count == 2) {
			request->name = text_of(request->arena, second);
		}
		if (method == HTTP_OPTIONS) {
			return flow_options;
		}
		const struct step *flow = row->flows[method == HTTP_HEAD ? HTTP_GET : method];
		return flow != NULL ? flow : flow_method;
	}
	return flow_nothing;
}

/* Behind which segment SCIM begins: 2 of /scim/v2, 4 of /t/<tenant>/scim/v2; 0: it does not. */
static size_t scim_prefix(const struct http_request *http)
{
	size_t at = http->segment_count >= 2 && http_text_is(http->segments[0], "t") ? 2 : 0;

	if (http->segment_count >= at + 2 && http_text_is(http->segments[at], "scim") &&
		http_text_is(http->segments[at + 1], "v2")) {
		return at + 2;
	}
	return 0;
}

static void take_base(struct request *request, size_t prefix)
{
	const struct http_request *http = request->http;
	const char *scheme = exchange_is_tls(request->exchange) ? "https" : "http";
	const char *host = http->host.size > 0 ? http->host.data : "localhost";
	int size = http->host.size > 0 ? (int)http->host.size : (int)sizeof("localhost") - 1;

	if (prefix == 4) {
		request->tenant_name = http->segments[1];
		request->base = arena_printf(request->arena, "%s://%.*s/t/%.*s/scim/v2", scheme,
			size, host, (int)http->segments[1].size, http->segments[1].data);
	} else {
		request->base =
			arena_printf(request->arena, "%s://%.*s/scim/v2", scheme, size, host);
	}
}

/* Paths that are no SCIM, by how they begin. */
static const struct {
	const char *names[2]; /* NULL: whatever comes behind the first */
	const char *allow;
	const struct step *get;
	const struct step *post;
} plain[] = {
	{ { "livez", NULL }, "GET, HEAD, OPTIONS", flow_livez, NULL },
	{ { "readyz", NULL }, "GET, HEAD, OPTIONS", flow_readyz, NULL },
	{ { "journal", NULL }, "GET, HEAD, OPTIONS", flow_journal, NULL },
	{ { "v1", "data" }, "GET, HEAD, POST, OPTIONS", flow_data, flow_data },
};

static bool begins(const struct http_request *http, const char *const names[2])
{
	return http->segment_count > 0 && http_text_is(http->segments[0], names[0]) &&
	       (names[1] == NULL ||
		       (http->segment_count > 1 && http_text_is(http->segments[1], names[1])));
}

static const struct step *find_plain(struct request *request)
{
	const struct http_request *http = request->http;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (!begins(http, plain[i].names)) {
			continue;
		}
		const struct step *flow = http->method == HTTP_POST ? plain[i].post : NULL;

		request->allow = plain[i].allow;
		if (http->method == HTTP_OPTIONS) {
			return flow_options;
		}
		if (http->method == HTTP_GET || http->method == HTTP_HEAD) {
			flow = plain[i].get;
		}
		return flow != NULL ? flow : flow_method;
	}
	return flow_nothing;
}

const struct step *route_find(struct request *request)
{
	const struct http_request *http = request->http;
	size_t prefix = scim_prefix(http);

	if (http_text_is(http->path, "*")) { /* only of OPTIONS: the server as a whole */
		request->allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
		return flow_options;
	}
	request->allow = "OPTIONS"; /* until a path is found */
	if (prefix > 0) {
		take_base(request, prefix);
		return find_scim(request, http->segments + prefix, http->segment_count - prefix);
	}
	return find_plain(request);
}

enum route_body route_body_of(const struct http_request *http)
{
	size_t prefix = scim_prefix(http);

	if (prefix == 0 || http->segment_count <= prefix) {
		return ROUTE_BODY;
	}
	if (http_text_is(http->segments[prefix], "Groups")) {
		return ROUTE_BODY_GROUP;
	}
	return http_text_is(http->segments[prefix], "Bulk") && http->segment_count == prefix + 1
		       ? ROUTE_BODY_BULK
		       : ROUTE_BODY;
}
