/*
 * flow_bulk: POST /Bulk (RFC 7644, 3.7).
 *
 *     bulk        identify ▶ negotiate ▶ parse ▶ operate ▶ reply
 *                                                 │   ▲
 *                                      an operation   │ answer
 *                                                 ▼   │
 *     operation   take ▶ claim ▶ load ▶ apply ▶ decide ▶ pack ▶ commit ▶ answer
 *
 * Each step of the plan (scim/bulk.h) is a request of its own with the steps of flow_write.c: its
 * own claim, decision, journal entry and commit, one after the other, and a turn of the loop
 * between them. They share the caller, the id of the request and the connection with the bulk
 * request, which waits for each. What is refused stands in the response; the others go on.
 *
 * What an operation refers to must have been created, or it is not executed: no resource ever
 * points to one that a policy refused. Where a circle was cut, the completion is a PATCH that is
 * decided like any other; when it is refused the result says that the resource is there, and what
 * it lacks.
 */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "gateway/identify.h"
#include "gateway/negotiate.h"
#include "gateway/quota.h"
#include "gateway/write.h"
#include "io/loop.h"
#include "scim/bulk.h"
#include "scim/error.h"
#include "scim/etag.h"
#include "scim/print.h"
#include "scim/urn.h"

/* How often a create that is beyond the source's quota asks again. */
enum { QUOTA_WAIT_MS = 20 };

/* What an operation came to; in the arena of the bulk request. */
struct outcome {
	bool done;           /* it belongs into the response */
	bool exists;         /* its resource is there, or (DELETE) is gone */
	bool completed;      /* so are the references that it was created without */
	int status;          /* 0 without `exists`: that of err */
	const char *id;      /* of the resource */
	const char *version; /* NULL: none */
	const struct error *err;
};

struct bulk {
	struct value_parser *parser;
	struct scim_bulk plan;
	struct outcome *outcomes; /* one per operation */
	size_t at;                /* the next step */
	int64_t errors;
	int64_t deadline_us;
	const struct scim_bulk_step *step; /* the one under way */
	struct buf response;
};

static void free_bulk(void *object)
{
	struct bulk *bulk = object;

	buf_fini(&bulk->response);
}

/* ---- parse ---- */

enum { PARSE_SLICE_BYTES = 128 * 1024 };

static bool begin(struct request *request, struct error *err)
{
	const struct config_listen *config = &request->worker->gateway->config->listen;
	struct http_text body = request->http->body;
	struct bulk *bulk = arena_calloc(request->arena, 1, sizeof(*bulk));
	struct value_limits limits = {
		.bytes = (size_t)config->limits.bulk_bytes,
		.values = (size_t)config->limits.group_body_values,
		.depth = 32 + 3, /* data lies in an operation, in a list, in the message */
		.members = 10000,
		.string_bytes = 256 * 1024,
		.folded_keys = true,
	};

	request->bulk = bulk;
	arena_defer(request->arena, free_bulk, bulk);
	bulk->deadline_us = request->started_us + config->deadlines.bulk_ms * 1000;
	bulk->parser = value_parser_new(request->arena, body.data, body.size, &limits);
	return negotiate_body(request->http, err);
}

static enum step_result parse_start(struct request *request)
{
	const struct gateway *gateway = request->worker->gateway;
	const struct value *body = NULL;
	struct error *err = &request->err;

	if (request->bulk == NULL && !begin(request, err)) {
		return STEP_FAIL;
	}
	struct bulk *bulk = request->bulk;

	switch (value_parser_run(bulk->parser, PARSE_SLICE_BYTES, &body, err)) {
	case VALUE_PARSE_MORE:
		return STEP_AGAIN;
	case VALUE_PARSE_FAILED:
		return STEP_FAIL;
	case VALUE_PARSE_DONE:
		break;
	}
	if (!scim_bulk_parse(request->arena, gateway->model, request->source->dialect, body,
		    (size_t)gateway->config->listen.limits.bulk_operations, &bulk->plan, err)) {
		return STEP_FAIL;
	}
	bulk->outcomes =
		arena_calloc(request->arena, bulk->plan.count + 1, sizeof(*bulk->outcomes));
	return STEP_NEXT;
}

/* ---- outcomes ---- */

static const char *id_of(const void *user, size_t operation)
{
	const struct bulk *bulk = user;

	return bulk->outcomes[operation].id;
}

static const struct error *keep(struct request *request, const struct error *err)
{
	return arena_copy(request->arena, err, sizeof(*err));
}

/* It failed, be it before it was executed. */
static void fail(struct request *request, size_t operation, const struct error *err)
{
	struct outcome *outcome = &request->bulk->outcomes[operation];

	outcome->done = true;
	outcome->err = keep(request, err);
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

/* What an operation needs and is not there: it is not executed. What may come right by itself (503)
 * is passed on as such, so that the client tries again. */
static bool explain_missing(const struct bulk *bulk, size_t needed, struct error *err)
{
	const struct outcome *outcome = &bulk->outcomes[needed];
	bool again = outcome->status == 503 || outcome->status == 429;

	return error_set(err, again ? outcome->err->code : ERROR_REFERENCE,
		"bulkId:%.128s was not created (status %d)", bulk->plan.operations[needed].bulk_id,
		outcome->status);
}

/* Is everything there that the step refers to? */
static bool has_needs(const struct bulk *bulk, const struct scim_bulk_step *step, struct error *err)
{
	const struct scim_bulk_operation *operation = &bulk->plan.operations[step->operation];
	const struct scim_bulk_set *needs =
		step->completes ? &operation->deferred : &operation->references;

	for (size_t i = 0; i < needs->count; i++) {
		uint32_t needed = needs->items[i];
		bool later = !step->completes && scim_bulk_defers(operation, needed);

		if (!later && !bulk->outcomes[needed].exists) {
			return explain_missing(bulk, needed, err);
		}
	}
	return operation->target < 0 || bulk->outcomes[operation->target].exists ||
	       explain_missing(bulk, (size_t)operation->target, err);
}

/* ---- one operation, as a request of its own ---- */

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
		if (bulk->step->completes) {
			fail_incomplete(parent, operation, &request->err);
		} else {
			fail(parent, operation, &request->err);
		}
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
	{ "decide", write_decide_start, NULL },
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

static void execute(struct request *parent)
{
	struct bulk *bulk = parent->bulk;
	const struct scim_bulk_operation *operation = &bulk->plan.operations[bulk->step->operation];
	struct request *request = request_new(parent->worker, parent->exchange, parent->http);

	request->parent = parent;
	request->http_method = method_of(operation, bulk->step);
	memcpy(request->id, parent->id, sizeof(request->id));
	memcpy(request->trace, parent->trace, sizeof(request->trace));
	request->source = parent->source;
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

/* ---- operate ---- */

/* False: the step is not to be executed, and its operation knows why. */
static bool is_ready(struct request *request, struct error *err)
{
	const struct bulk *bulk = request->bulk;
	const struct error *own = &bulk->plan.operations[bulk->step->operation].err;

	if (own->code != ERROR_NONE) {
		*err = *own;
		return false;
	}
	if (__atomic_load_n(&request->worker->gateway->stopping, __ATOMIC_RELAXED)) {
		return error_set(err, ERROR_TIMEOUT, "the server stops; send it again");
	}
	if (loop_now_us() > bulk->deadline_us) {
		return error_set(err, ERROR_TIMEOUT,
			"the operations before it took too long; send it again");
	}
	return has_needs(bulk, bulk->step, err);
}

static void refuse(struct request *request, const struct error *err)
{
	const struct scim_bulk_step *step = request->bulk->step;

	if (step->completes) {
		fail_incomplete(request, step->operation, err);
	} else {
		fail(request, step->operation, err);
	}
}

static void on_quota_timer(void *user)
{
	request_resume(user);
}

/* Each create is counted as it would be alone; what changes or deletes is never held. */
static bool takes_quota(struct request *request)
{
	const struct bulk *bulk = request->bulk;

	return bulk->step->completes ||
	       bulk->plan.operations[bulk->step->operation].method != SCIM_BULK_POST ||
	       quota_take(request->source->quota, request->source->config->requests_per_s,
		       loop_now_us());
}

/* The client bears so many errors and no more (3.7.3): what was not begun is not in the response.
 */
static bool is_stopped(const struct bulk *bulk)
{
	return bulk->plan.fail_on_errors > 0 && bulk->errors >= bulk->plan.fail_on_errors;
}

static enum step_result operate_start(struct request *request)
{
	struct bulk *bulk = request->bulk;
	struct error err = { 0 };

	if (bulk->at == bulk->plan.step_count || is_stopped(bulk)) {
		return STEP_NEXT;
	}
	bulk->step = &bulk->plan.steps[bulk->at];
	if (bulk->step->completes && !bulk->outcomes[bulk->step->operation].exists) {
		bulk->at++; /* it was not created: that is told */
		return STEP_AGAIN;
	}
	if (!is_ready(request, &err)) {
		refuse(request, &err);
		bulk->at++;
		return STEP_AGAIN;
	}
	if (!takes_quota(request)) {
		loop_after(request->worker->loop, QUOTA_WAIT_MS, on_quota_timer, request);
		return STEP_WAIT;
	}
	bulk->at++;
	execute(request);
	return STEP_WAIT;
}

static enum step_result operate_finish(struct request *request)
{
	(void)request;
	return STEP_AGAIN; /* the loop's other work comes first */
}

/* ---- reply ---- */

/* Created, and then the bulk was stopped before it was completed. */
static void tell_incomplete(struct request *request)
{
	struct bulk *bulk = request->bulk;
	struct error err = { 0 };

	error_set(&err, ERROR_REFERENCE, "failOnErrors stopped the request before");
	for (size_t i = 0; i < bulk->plan.count; i++) {
		struct outcome *outcome = &bulk->outcomes[i];

		if (outcome->exists && outcome->err == NULL && !outcome->completed &&
			bulk->plan.operations[i].deferred.count > 0) {
			fail_incomplete(request, i, &err);
		}
	}
}

static void print_result(struct request *request, size_t index)
{
	struct bulk *bulk = request->bulk;
	const struct scim_bulk_operation *operation = &bulk->plan.operations[index];
	const struct outcome *outcome = &bulk->outcomes[index];
	const char *id = outcome->exists || operation->target < 0
				 ? outcome->id
				 : bulk->outcomes[operation->target].id;
	struct buf location = { 0 };
	struct scim_bulk_result result = {
		.status = outcome->status,
		.version = outcome->version,
		.err = outcome->err,
	};

	if (id != NULL) {
		scim_print_location(&location, request->base, operation->type, id);
	} else if (operation->method != SCIM_BULK_POST && operation->path != NULL) {
		buf_printf(&location, "%s%s", request->base, operation->path);
	}
	result.location = location.size > 0 ? buf_text(&location) : NULL;
	scim_bulk_print(&bulk->response, operation, &result);
	buf_fini(&location);
}

static void print_response(struct request *request)
{
	struct bulk *bulk = request->bulk;
	const char *comma = "";

	buf_append_text(
		&bulk->response, "{\"schemas\":[\"" SCIM_URN_BULK_RESPONSE "\"],\"Operations\":[");
	for (size_t i = 0; i < bulk->plan.count; i++) {
		if (bulk->outcomes[i].done) {
			buf_append_text(&bulk->response, comma);
			print_result(request, i);
			comma = ",";
		}
	}
	buf_append_text(&bulk->response, "]}");
}

static enum step_result reply_start(struct request *request)
{
	if (request->err.code != ERROR_NONE) {
		request_reply_error(request, NULL);
		return STEP_NEXT;
	}
	tell_incomplete(request);
	print_response(request);
	request_reply(request, &(struct request_reply){ .status = 200,
				       .body = request->bulk->response.data,
				       .body_size = request->bulk->response.size });
	return STEP_NEXT;
}

const struct step flow_bulk[] = {
	{ "identify", identify_start, NULL },
	{ "negotiate", negotiate_start, NULL },
	{ "parse", parse_start, NULL },
	{ "operate", operate_start, operate_finish },
	{ "reply", reply_start, NULL },
	{ 0 },
};
