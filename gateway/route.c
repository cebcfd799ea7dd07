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
	const char *origin = request_origin(request);

	if (prefix == 4) {
		request->tenant_name = http->segments[1];
		request->base = arena_printf(request->arena, "%s/t/%.*s/scim/v2", origin,
			(int)http->segments[1].size, http->segments[1].data);
	} else {
		request->base = arena_printf(request->arena, "%s/scim/v2", origin);
	}
}

/* Paths that are no SCIM. */
enum { PLAIN_NAMES = 4 };

static const struct plain {
	const char *names[PLAIN_NAMES];
	bool deeper; /* whatever comes behind them */
	const char *allow;
	const struct step *get;
	const struct step *post;
} plain[] = {
	{ { "livez" }, true, "GET, HEAD, OPTIONS", flow_livez, NULL },
	{ { "readyz" }, true, "GET, HEAD, OPTIONS", flow_readyz, NULL },
	{ { "journal" }, true, "GET, HEAD, OPTIONS", flow_journal, NULL },
	{ { "v1", "data" }, true, "GET, HEAD, POST, OPTIONS", flow_data, flow_data },
	{ { "access", "v1", "evaluation" }, false, "POST, OPTIONS", NULL, flow_evaluation },
	{ { "access", "v1", "evaluations" }, false, "POST, OPTIONS", NULL, flow_evaluations },
	{ { "access", "v1", "search", "subject" }, false, "POST, OPTIONS", NULL,
		flow_search_subject },
	{ { "access", "v1", "search", "resource" }, false, "POST, OPTIONS", NULL,
		flow_search_resource },
	{ { "access", "v1", "search", "action" }, false, "POST, OPTIONS", NULL,
		flow_search_action },
	{ { ".well-known", "authzen-configuration" }, false, "GET, HEAD, OPTIONS", flow_authzen,
		NULL },
};

static bool is_path(const struct http_request *http, const struct plain *row)
{
	size_t count = 0;

	while (count < PLAIN_NAMES && row->names[count] != NULL) {
		if (count >= http->segment_count ||
			!http_text_is(http->segments[count], row->names[count])) {
			return false;
		}
		count++;
	}
	return row->deeper || http->segment_count == count;
}

static const struct step *find_plain(struct request *request)
{
	const struct http_request *http = request->http;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (!is_path(http, &plain[i])) {
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
