/*
 * flow_bulk: POST /Bulk (RFC 7644, 3.7).
 *
 *     bulk        identify ▶ negotiate ▶ parse ▶ plan ▶ operate (▶ pack ▶ record) ▶ reply
 *                                                        │   ▲
 *                                             an operation   │ answer
 *                                                        ▼   │
 *     operation   take ▶ claim ▶ load ▶ apply ▶ decide ▶ pack ▶ commit ▶ answer
 *
 * Each step of the plan (scim/bulk.h) is a request of its own (bulk_operation.c): its own claim,
 * decision, journal entry and commit, one after the other, and a turn of the loop between them.
 * They share the caller, the id of the request and the connection with the bulk request, which
 * waits for each. What is refused stands in the response; the others go on.
 *
 * What an operation refers to must have been created, or it is not executed: no resource ever
 * points to one that a policy refused. Where a circle was cut, the completion is a PATCH that is
 * decided like any other; when it is refused the result says that the resource is there, and what
 * it lacks.
 */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/bulk.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "gateway/identify.h"
#include "gateway/negotiate.h"
#include "gateway/override.h"
#include "gateway/quota.h"
#include "io/loop.h"
#include "scim/schema.h"
#include "scim/urn.h"

/* How often a create that is beyond the source's quota asks again. */
enum { QUOTA_WAIT_MS = 20 };

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
	return override_read(request, err) && negotiate_body_of(request, err);
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

static enum step_result plan_start(struct request *request)
{
	return scim_bulk_plan(request->arena, &request->bulk->plan) ? STEP_NEXT : STEP_AGAIN;
}

/* ---- operate ---- */

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

/* Who leaves may stand behind creates that waited for the quota: what changes or deletes has twice
 * as long. */
static bool is_late(const struct request *request)
{
	const struct bulk *bulk = request->bulk;
	int64_t more_us = bulk->deadline_us - request->started_us;
	bool creates = !bulk->step->completes &&
		       bulk->plan.operations[bulk->step->operation].method == SCIM_BULK_POST;

	return loop_now_us() > bulk->deadline_us + (creates ? 0 : more_us);
}

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
	if (is_late(request)) {
		return error_set(err, ERROR_TIMEOUT,
			"the operations before it took too long; send it again");
	}
	return has_needs(bulk, bulk->step, err);
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
			bulk_fail(request, &(struct scim_bulk_step){ (uint32_t)i, true }, &err);
		}
	}
}

static enum step_result operate_start(struct request *request)
{
	struct bulk *bulk = request->bulk;
	struct error err = { 0 };

	if (bulk->at == bulk->plan.step_count || is_stopped(bulk)) {
		tell_incomplete(request);
		return STEP_NEXT;
	}
	bulk->step = &bulk->plan.steps[bulk->at];
	if (bulk->step->completes && !bulk->outcomes[bulk->step->operation].exists) {
		bulk->at++; /* it was not created: that is told */
		return STEP_AGAIN;
	}
	if (!is_ready(request, &err)) {
		bulk_fail(request, bulk->step, &err);
		bulk->at++;
		return STEP_AGAIN;
	}
	if (!takes_quota(request)) {
		loop_after(request->worker->loop, QUOTA_WAIT_MS, on_quota_timer, request);
		return STEP_WAIT;
	}
	bulk->at++;
	bulk_execute(request);
	return STEP_WAIT;
}

static enum step_result operate_finish(struct request *request)
{
	(void)request;
	return STEP_AGAIN; /* the loop's other work comes first */
}

/* ---- reply ---- */

/* Of the resource that it is about, as far as that is known; NULL. */
static const char *resource_id(const struct bulk *bulk, size_t index)
{
	const struct scim_bulk_operation *operation = &bulk->plan.operations[index];

	return bulk->outcomes[index].exists || operation->target < 0
		       ? bulk->outcomes[index].id
		       : bulk->outcomes[operation->target].id;
}

const char *bulk_path(struct request *request, size_t index)
{
	const struct scim_bulk_operation *operation = &request->bulk->plan.operations[index];
	const char *id = resource_id(request->bulk, index);

	if (id == NULL) {
		return operation->path != NULL ? operation->path : "/";
	}
	return arena_printf(request->arena, "%s/%s", operation->type->endpoint, id);
}

void bulk_print_result(struct request *request, size_t index, struct buf *buf)
{
	const struct bulk *bulk = request->bulk;
	const struct scim_bulk_operation *operation = &bulk->plan.operations[index];
	const struct outcome *outcome = &bulk->outcomes[index];
	struct scim_bulk_result result = {
		.status = outcome->status,
		.version = outcome->version,
		.err = outcome->err,
	};

	if (operation->method != SCIM_BULK_POST || outcome->exists) {
		result.location = arena_printf(
			request->arena, "%s%s", request->base, bulk_path(request, index));
	}
	scim_bulk_print(buf, operation, &result);
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
			bulk_print_result(request, i, &bulk->response);
			comma = ",";
		}
	}
	buf_append_text(&bulk->response, "]}");
}

/* RFC 9967, 2.5.1.2. */
static void reply_accepted(struct request *request)
{
	struct bulk *bulk = request->bulk;
	char txn[REQUEST_TXN_BYTES];
	struct buf location = { 0 };

	snprintf(txn, sizeof(txn), "%lld", (long long)bulk->index);
	buf_printf(&location, "%s/Events/%s", request->base, txn);
	request_reply(request, &(struct request_reply){ .status = 202,
				       .location = buf_text(&location),
				       .journal = bulk->receipt,
				       .applied = "respond-async",
				       .txn = txn });
	buf_fini(&location);
}

static enum step_result reply_start(struct request *request)
{
	if (request->err.code != ERROR_NONE) {
		request_reply_error(request, NULL);
		return STEP_NEXT;
	}
	if (request->bulk->recorded) {
		reply_accepted(request);
		return STEP_NEXT;
	}
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
	{ "plan", plan_start, NULL },
	{ "operate", operate_start, operate_finish },
	{ "pack", bulk_pack_start, bulk_pack_finish },
	{ "record", bulk_record_start, bulk_record_finish },
	{ "reply", reply_start, NULL },
	{ 0 },
};
