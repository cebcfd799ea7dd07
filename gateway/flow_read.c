/*
 * flow_read: GET of one resource, queries of a type, POST /.search (RFC 7644, 3.4).
 *
 *     get      identify ▶ load ▶ reply
 *     list     identify ▶ query ▶ walk ▶ reply
 *     search   identify ▶ search ▶ walk ▶ reply
 *
 * A query is answered through an index when one equality of its filter must hold for all matches
 * (scim/key.h); else the rows of the type are walked in slices, so that no query holds its loop.
 * The page is printed from the rows as they stand then.
 */
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "gateway/identify.h"
#include "gateway/negotiate.h"
#include "gateway/query.h"
#include "gateway/read.h"
#include "gateway/represent.h"
#include "scim/dialect.h"
#include "scim/etag.h"
#include "scim/filter.h"
#include "scim/project.h"
#include "store/read.h"

/* ---- one resource ---- */

static bool is_unchanged(struct request *request, int64_t version, bool *unchanged)
{
	const struct http_text *header = http_find(request->http, "if-none-match");

	*unchanged = false;
	return header == NULL ||
	       scim_etag_matches(arena_text(request->arena, header->data, header->size), version,
		       unchanged, &request->err);
}

static bool find(struct request *request, const struct store_resource **found,
	const struct store_ref **groups, size_t *group_count)
{
	struct store_reader *reader = request->worker->reader;
	struct error *err = &request->err;

	*found = NULL;
	*groups = NULL;
	*group_count = 0;
	if (request->has_id && !store_find_id(reader, request->arena, request->source->tenant,
				       request->store_type, request->resource_id, found, err)) {
		return false;
	}
	if (*found == NULL) {
		return error_set(
			err, ERROR_NOT_FOUND, "there is no %s with this id", request->type->name);
	}
	if (!request->type->is_person || !scim_projection_wants_place(request->type,
						 request->read->projection, SCIM_IS_GROUPS)) {
		return true;
	}
	return store_groups_of(reader, request->arena, (*found)->rid, groups, group_count, err);
}

static bool prepare(struct request *request)
{
	request->read = arena_calloc(request->arena, 1, sizeof(*request->read));
	return request_read_query(request) &&
	       scim_projection_parse(request->arena, request->type, request->query.attributes,
		       request->query.excluded_attributes, &request->read->projection,
		       &request->err);
}

static enum step_result load_start(struct request *request)
{
	const struct store_resource *resource;
	const struct store_ref *groups;
	size_t group_count;
	bool ok;

	if (!prepare(request) || !store_read_begin(request->worker->reader, &request->err)) {
		return STEP_FAIL;
	}
	ok = find(request, &resource, &groups, &group_count);
	store_read_end(request->worker->reader);
	if (!ok) {
		return STEP_FAIL;
	}
	request->read->represent = represent_new(
		request, &(struct represent_what){
				 .rid = resource->rid,
				 .id = request->resource_text,
				 .version = resource->version,
				 .created_us = resource->created_us,
				 .modified_us = resource->modified_us,
				 .external_id = store_external_id(resource, request->source->id),
				 .doc_text = resource->doc,
				 .doc_size = resource->doc_size,
				 .groups = groups,
				 .group_count = group_count,
				 .members = resource->members,
				 .projection = request->read->projection,
				 .status = 200,
			 });
	return STEP_NEXT;
}

static enum step_result reply_one(struct request *request)
{
	struct represent *represent = request->read != NULL ? request->read->represent : NULL;
	bool unchanged;

	if (request->err.code != ERROR_NONE) {
		request_reply_error(request, NULL);
		return STEP_NEXT;
	}
	if (!is_unchanged(request, represent_version(represent), &unchanged)) {
		request_reply_error(request, NULL);
		return STEP_NEXT;
	}
	if (unchanged) {
		char etag[SCIM_ETAG_BYTES];

		scim_etag_format(represent_version(represent), etag);
		request_reply(request, &(struct request_reply){ .status = 304, .etag = etag });
		return STEP_NEXT;
	}
	return represent_run(represent);
}

const struct step flow_get[] = {
	{ "identify", identify_start, NULL },
	{ "negotiate", negotiate_start, NULL },
	{ "load", load_start, NULL },
	{ "reply", reply_one, reply_one },
	{ 0 },
};

/* ---- queries ---- */

static enum step_result query_step(struct request *request)
{
	return query_of_parameters(request, &request->err) ? STEP_NEXT : STEP_FAIL;
}

static enum step_result search_step(struct request *request)
{
	return query_of_body(request, &request->err) ? STEP_NEXT : STEP_FAIL;
}

static enum step_result walk_start(struct request *request)
{
	switch (query_walk(request, &request->err)) {
	case QUERY_MORE:
		return STEP_AGAIN;
	case QUERY_FAILED:
		return STEP_FAIL;
	case QUERY_DONE:
		break;
	}
	return STEP_NEXT;
}

static enum step_result reply_list(struct request *request)
{
	enum query_result result = QUERY_FAILED;

	if (request->err.code == ERROR_NONE) {
		result = query_print(request, &request->err);
	}
	if (result == QUERY_MORE) {
		return STEP_AGAIN;
	}
	if (result == QUERY_FAILED) {
		request_reply_error(request, NULL);
		return STEP_NEXT;
	}
	request_reply(request, &(struct request_reply){
				       .status = 200,
				       .body = request->read->buf.data,
				       .body_size = request->read->buf.size,
			       });
	return STEP_NEXT;
}

const struct step flow_list[] = {
	{ "identify", identify_start, NULL },
	{ "negotiate", negotiate_start, NULL },
	{ "query", query_step, NULL },
	{ "walk", walk_start, NULL },
	{ "reply", reply_list, NULL },
	{ 0 },
};

const struct step flow_search[] = {
	{ "identify", identify_start, NULL },
	{ "negotiate", negotiate_start, NULL },
	{ "search", search_step, NULL },
	{ "walk", walk_start, NULL },
	{ "reply", reply_list, NULL },
	{ 0 },
};
