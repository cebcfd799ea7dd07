/*
 * One operation of a bulk request, as a request of its own with the steps of flow_write.c:
 *
 *     take ▶ claim ▶ load ▶ apply ▶ decide ▶ pack ▶ commit ▶ answer
 */
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/value.h"
#include "gateway/bulk.h"
#include "gateway/gateway.h"
#include "gateway/write.h"
#include "scim/error.h"
#include "scim/etag.h"

/* ---- outcomes ---- */

/* It failed, be it before it was executed. */
static void fail(struct request *request, size_t operation, const struct error *err)
{
	struct outcome *outcome = &request->bulk->outcomes[operation];

	outcome->done = true;
	outcome->err = arena_copy(request->arena, err, sizeof(*err));
	outcome->status = scim_error_status(err->code);
	request->bulk->errors++;
}

/* Its resource is there without what closes a circle. */
static void fail_incomplete(struct request *request, size_t operation, const struct error *err)
{
	struct error whole = *err;

	error_wrap(&whole, "it was created, but without what refers to bulkId:%.128s",
		request->bulk->plan
			.operations[request->bulk->plan.operations[operation].deferred.items[0]]
			.bulk_id);
	fail(request, operation, &whole);
}

void bulk_fail(struct request *request, const struct scim_bulk_step *step, const struct error *err)
{
	if (step->completes) {
		fail_incomplete(request, step->operation, err);
	} else {
		fail(request, step->operation, err);
	}
}

static const char *id_of(const void *user, size_t operation)
{
	const struct bulk *bulk = user;

	return bulk->outcomes[operation].id;
}

/* ---- the steps ---- */

/* The result of a step, when its request has come to its end. */
static void take_result(struct request *request)
{
	struct request *parent = request->parent;
	struct bulk *bulk = parent->bulk;
	const struct write *write = request->write;
	size_t operation = bulk->step->operation;
	struct outcome *outcome = &bulk->outcomes[operation];
	bool changed = write != NULL && write->commit.write != NULL;
	char etag[SCIM_ETAG_BYTES];

	if (request->err.code != ERROR_NONE) {
		bulk_fail(parent, bulk->step, &request->err);
		return;
	}
	outcome->done = true;
	outcome->exists = true;
	outcome->completed = bulk->step->completes;
	outcome->id = arena_strdup(parent->arena, request->resource_text);
	if (!bulk->step->completes) {
		outcome->status = write->operation == WRITE_CREATE   ? 201
				  : write->operation == WRITE_DELETE ? 204
								     : 200;
	}
	if (write->operation != WRITE_DELETE) {
		scim_etag_format(changed ? write->commit.version : write->before->version, etag);
		outcome->version = arena_strdup(parent->arena, etag);
	}
}

static enum step_result answer_start(struct request *request)
{
	struct request *parent = request->parent;

	request->status =
		request->err.code != ERROR_NONE ? scim_error_status(request->err.code) : 200;
	if (request->status >= 500) {
		log_event(LOG_WARN, "request_failed", "request", request->id, "step", "bulk",
			"code", error_name(request->err.code), "error", request->err.text, NULL);
	}
	take_result(request);
	write_release(request->write);
	request_resume(parent);
	return STEP_NEXT;
}

/* What the step does, in the form of the body of a request. */
static const struct value *body_of(struct request *request)
{
	struct bulk *bulk = request->parent->bulk;
	const struct scim_bulk_step *step = bulk->step;

	return step->completes ? scim_bulk_completion(
					 request->arena, &bulk->plan, step->operation, id_of, bulk)
			       : scim_bulk_resolve(
					 request->arena, &bulk->plan, step->operation, id_of, bulk);
}

static enum step_result take_start(struct request *request)
{
	struct bulk *bulk = request->parent->bulk;

	if (!write_begin(request, &request->err)) {
		return STEP_FAIL;
	}
	if (!bulk->step->completes && request->http_method != HTTP_POST) {
		request->write->if_match = bulk->plan.operations[bulk->step->operation].version;
	}
	request->write->body = body_of(request);
	return write_read(request, &request->err) ? STEP_NEXT : STEP_FAIL;
}

static const struct step flow_operation[] = {
	{ "take", take_start, NULL },
	{ "claim", write_claim_start, write_claim_finish },
	{ "load", write_load_start, NULL },
	{ "apply", write_apply_start, NULL },
	{ "decide", write_decide_start, write_decide_finish },
	{ "pack", write_pack_start, write_pack_finish },
	{ "commit", write_commit_start, write_commit_finish },
	{ "answer", answer_start, NULL },
	{ 0 },
};

static enum http_method method_of(
	const struct scim_bulk_operation *operation, const struct scim_bulk_step *step)
{
	static const enum http_method methods[] = {
		[SCIM_BULK_POST] = HTTP_POST,
		[SCIM_BULK_PUT] = HTTP_PUT,
		[SCIM_BULK_PATCH] = HTTP_PATCH,
		[SCIM_BULK_DELETE] = HTTP_DELETE,
	};

	return step->completes ? HTTP_PATCH : methods[operation->method];
}

/* The id in the path: of the resource that was created for it, or as it was sent. */
static void take_id(struct request *request, const char *id)
{
	request->has_id = id != NULL && uuid_parse(id, strlen(id), request->resource_id);
	if (request->has_id) {
		uuid_format(request->resource_id, request->resource_text);
	}
}

void bulk_execute(struct request *parent)
{
	struct bulk *bulk = parent->bulk;
	const struct scim_bulk_operation *operation = &bulk->plan.operations[bulk->step->operation];
	struct request *request = request_new(parent->worker, parent->exchange, parent->http);

	request->parent = parent;
	request->http_method = method_of(operation, bulk->step);
	memcpy(request->id, parent->id, sizeof(request->id));
	memcpy(request->trace, parent->trace, sizeof(request->trace));
	request->source = parent->source;
	request->subject = parent->subject;
	request->override = parent->override;
	request->base = parent->base;
	request->type = operation->type;
	request->store_type =
		(enum store_type)gateway_store_type(parent->worker->gateway, operation->type);
	if (bulk->step->completes) {
		take_id(request, bulk->outcomes[bulk->step->operation].id);
	} else {
		take_id(request, operation->target >= 0 ? bulk->outcomes[operation->target].id
							: operation->id);
	}
	request_start(request, flow_operation);
}
