/*
 * flow_write: POST, PUT, PATCH and DELETE of one resource.
 *
 *     identify ▶ negotiate ▶ parse ▶ claim ▶ load ▶ apply ▶ decide ▶ pack ▶ commit ▶ reply
 *                                      ▲       ▲                               │
 *                                      └───────┴──── a conflict loads again ───┘
 *
 * The steps behind parse stand in write_claim.c, write_load.c, write_decide.c,
 * write_pack.c, write_commit.c and write_reply.c.
 * A denial is committed like an approval, without new state. Every path ends in reply, which gives
 * the claim back.
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
#include "gateway/override.h"
#include "gateway/write.h"
#include "io/loop.h"
#include "scim/dialect.h"
#include "scim/project.h"

const char *write_operation_name(enum write_operation operation)
{
	static const char *const names[] = { "create", "replace", "patch", "delete" };

	return names[operation];
}

/* ---- parse ---- */

/* About a millisecond of parsing. */
enum { PARSE_SLICE_BYTES = 128 * 1024 };

static enum write_operation operation_of(enum http_method method)
{
	switch (method) {
	case HTTP_PUT:
		return WRITE_REPLACE;
	case HTTP_PATCH:
		return WRITE_PATCH;
	case HTTP_DELETE:
		return WRITE_DELETE;
	default:
		return WRITE_CREATE;
	}
}

static const struct step *step_named(const struct step *flow, const char *name)
{
	while (strcmp(flow->name, name) != 0) {
		flow++;
	}
	return flow;
}

bool write_begin(struct request *request, struct error *err)
{
	const struct config *config = request->worker->gateway->config;
	struct write *write = arena_calloc(request->arena, 1, sizeof(*write));

	request->write = write;
	write->operation = operation_of(request->http_method);
	write->load = step_named(request->flow, "load");
	write->deadline_us = request->started_us + config->listen.deadlines.request_ms * 1000;
	if (write->operation == WRITE_CREATE) {
		if (!request->has_new_id) { /* sorted as meta.created */
			uuid_of_time(request->time_us, request->resource_id);
		}
		uuid_format(request->resource_id, request->resource_text);
		request->has_id = true;
	}
	return request->has_id ||
	       error_set(err, ERROR_NOT_FOUND, "there is no %s with this id", request->type->name);
}

static const char *header_of(struct request *request, const char *name)
{
	const struct http_text *header = http_find(request->http, name);

	return header != NULL ? arena_text(request->arena, header->data, header->size) : NULL;
}

/* What the head says, before the body is parsed. */
static bool read_head(struct request *request, struct error *err)
{
	struct write *write = request->write;

	write->if_match = header_of(request, "if-match");
	write->if_none_match = header_of(request, "if-none-match");
	if (!request_read_query(request) ||
		!scim_projection_parse(request->arena, request->type, request->query.attributes,
			request->query.excluded_attributes, &write->projection, err) ||
		!override_read(request, err)) {
		return false;
	}
	return write->operation == WRITE_DELETE || negotiate_body_of(request, err);
}

/* NULL without an error: there is more to do. */
static const struct value *parse_body(struct request *request, struct error *err)
{
	const struct config_limits *config = &request->worker->gateway->config->listen.limits;
	bool large = request->type->has_members;
	struct value_limits limits = {
		.bytes = (size_t)(large ? config->group_body_bytes : config->body_bytes),
		.values = (size_t)(large ? config->group_body_values : config->body_values),
		.depth = 32,
		.members = 10000,
		.string_bytes = 256 * 1024,
		.folded_keys = true,
	};
	struct http_text body = request->http->body;
	struct write *write = request->write;
	const struct value *result = NULL;

	if (body.size <= PARSE_SLICE_BYTES) {
		return value_parse(request->arena, body.data, body.size, &limits, err);
	}
	if (write->parser == NULL) {
		write->parser = value_parser_new(request->arena, body.data, body.size, &limits);
	}
	value_parser_run(write->parser, PARSE_SLICE_BYTES, &result, err);
	return result;
}

static void take_list(struct request *request, const struct value *list)
{
	struct write *write = request->write;

	if (list == NULL) {
		return;
	}
	const struct value **lists =
		arena_alloc(request->arena, (write->list_count + 1) * sizeof(const struct value *));
	if (write->list_count > 0) {
		memcpy(lists, write->lists, write->list_count * sizeof(const struct value *));
	}
	lists[write->list_count++] = list;
	write->lists = lists;
}

static bool names(const struct scim_patch_operation *operation, const char *attribute)
{
	if (operation->has_path) {
		return operation->path.ref.attribute != NULL &&
		       strcmp(operation->path.ref.attribute->name, attribute) == 0;
	}
	return value_find_folded(operation->value, attribute) != NULL;
}

/* What a PATCH touches, as far as its text tells: for the claim, too much rather than too little.
 */
static void foresee_patch(struct request *request)
{
	struct write *write = request->write;

	for (size_t i = 0; i < write->patch.count; i++) {
		const struct scim_patch_operation *operation = &write->patch.operations[i];

		if (!request->type->has_members) {
			write->may_leave = write->may_leave ||
					   (request->type->is_person && names(operation, "active"));
			continue;
		}
		write->renames = write->renames || names(operation, "displayName");
		if (names(operation, "members")) {
			take_list(request, operation->has_path ? operation->value
							       : value_find_folded(operation->value,
									 "members"));
		}
	}
}

static bool read_patch(struct request *request, struct error *err)
{
	struct write *write = request->write;

	if (!scim_patch_parse(request->arena, request->type, request->source->dialect, write->body,
		    &write->patch, err)) {
		return false;
	}
	foresee_patch(request);
	return true;
}

static bool read_resource(struct request *request, struct error *err)
{
	struct write *write = request->write;
	struct scim_body *resource = &write->resource;
	struct scim_member_step *step = arena_calloc(request->arena, 1, sizeof(*step));

	if (!scim_resource_read(request->arena, request->type, request->source->dialect,
		    write->body, resource, err)) {
		return false;
	}
	write->dropped = resource->dropped;
	if (request->type->has_members) {
		/* PUT: what the body does not name is cleared (RFC 7644, 3.5.1); the rails watch.
		 */
		step->kind =
			write->operation == WRITE_CREATE ? SCIM_MEMBERS_ADD : SCIM_MEMBERS_REPLACE;
		step->list = resource->members;
		write->steps = step;
		write->step_count = 1;
		take_list(request, resource->members);
	} else {
		write->may_leave = request->type->is_person && write->operation == WRITE_REPLACE &&
				   !value_find_bool(resource->doc, "active", true);
	}
	return true;
}

bool write_read(struct request *request, struct error *err)
{
	struct write *write = request->write;

	if (write->operation == WRITE_DELETE) {
		write->may_leave = request->type->is_person;
		return true;
	}
	return write->operation == WRITE_PATCH ? read_patch(request, err)
					       : read_resource(request, err);
}

static enum step_result parse_start(struct request *request)
{
	struct error *err = &request->err;
	struct write *write;

	if (request->write == NULL && (!write_begin(request, err) || !read_head(request, err))) {
		return STEP_FAIL;
	}
	write = request->write;
	if (write->operation != WRITE_DELETE) {
		write->body = parse_body(request, err);
		if (write->body == NULL) {
			return err->code == ERROR_NONE ? STEP_AGAIN : STEP_FAIL;
		}
	}
	return write_read(request, err) ? STEP_NEXT : STEP_FAIL;
}

const struct step flow_write[] = {
	{ "identify", identify_start, NULL },
	{ "negotiate", negotiate_start, NULL },
	{ "parse", parse_start, NULL },
	{ "claim", write_claim_start, write_claim_finish },
	{ "load", write_load_start, NULL },
	{ "apply", write_apply_start, NULL },
	{ "decide", write_decide_start, write_decide_finish },
	{ "pack", write_pack_start, write_pack_finish },
	{ "commit", write_commit_start, write_commit_finish },
	{ "reply", write_reply_start, write_reply_start },
	{ 0 },
};
