/*
 * flow_access: OpenID AuthZEN Authorization API 1.0: may this subject do that? (gateway/access.h)
 *
 *     evaluation, evaluations    identify ▶ parse ▶ ask ▶ record ▶ reply
 *     search                     identify ▶ parse ▶ walk ▶ reply
 *     configuration              reply
 *
 * "No" is 200 with decision false (5.5); what is malformed is 400; no answer is 503, never a "yes".
 * Nothing is changed, so there is no operation and no decision in the sense of flow_write.c.
 */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/access_run.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "gateway/identify.h"
#include "scim/error.h"

static const char MEDIA[] = "application/json";

/* ---- steps ---- */

static enum step_result parse_one(struct request *request)
{
	return access_parse(request, false, &request->err) ? STEP_NEXT : STEP_FAIL;
}

static enum step_result parse_batch(struct request *request)
{
	return access_parse(request, true, &request->err) ? STEP_NEXT : STEP_FAIL;
}

static enum step_result parse_subjects(struct request *request)
{
	return access_parse_search(request, ACCESS_SUBJECTS, &request->err) ? STEP_NEXT : STEP_FAIL;
}

static enum step_result parse_resources(struct request *request)
{
	return access_parse_search(request, ACCESS_RESOURCES, &request->err) ? STEP_NEXT
									     : STEP_FAIL;
}

static enum step_result parse_actions(struct request *request)
{
	return access_parse_search(request, ACCESS_ACTIONS, &request->err) ? STEP_NEXT : STEP_FAIL;
}

/* Whether an answer ends the batch. */
static bool ends(const struct access_run *run, const struct access_item *item)
{
	return (run->semantic == ACCESS_FIRST_DENY && !item->answer.decision) ||
	       (run->semantic == ACCESS_FIRST_PERMIT && item->answer.decision);
}

/* It has its answer, or will have none. */
static enum step_result end_item(struct request *request, const struct access_item *item)
{
	struct access_run *run = request->access;

	if (item->err.code != ERROR_NONE && !run->batch) {
		request->err = item->err;
		return STEP_FAIL;
	}
	if (ends(run, item)) {
		run->at = run->count;
	}
	return run->at < run->count ? STEP_AGAIN : STEP_NEXT;
}

static enum step_result ask_server(struct request *request, struct access_item *item)
{
	if (item->err.code != ERROR_NONE || !access_begin(&request->access->access, &item->question,
						    &item->answer, &item->err)) {
		return end_item(request, item);
	}
	return access_server_ask(request, "decision", item->answer.input);
}

static enum step_result ask_start(struct request *request)
{
	struct access_run *run = request->access;
	enum step_result result = STEP_AGAIN;

	for (size_t i = 0; i < ACCESS_SLICE && result == STEP_AGAIN; i++) {
		struct access_item *item = &run->items[run->at++];

		item->done = true;
		if (access_asks_server(request)) {
			return ask_server(request, item);
		}
		if (item->err.code == ERROR_NONE) {
			access_ask(&run->access, &item->question, &item->answer, &item->err);
		}
		result = end_item(request, item);
	}
	return result;
}

static enum step_result ask_finish(struct request *request)
{
	struct access_item *item = &request->access->items[request->access->at - 1];

	access_server_answer(request, &item->answer, &item->err);
	return end_item(request, item);
}

/* ---- replies ---- */

static const char *request_id_of(const struct request *request)
{
	const struct http_text *header = http_find(request->http, "x-request-id");

	return header != NULL && header->size > 0 && header->size <= 200
		       ? arena_text(request->arena, header->data, header->size)
		       : NULL;
}

static void reply_document(struct request *request, const struct value *document)
{
	struct buf body = { 0 };

	value_print(&body, document);
	request_reply(request, &(struct request_reply){ .status = 200,
				       .content_type = MEDIA,
				       .request_id = request_id_of(request),
				       .body = body.data,
				       .body_size = body.size });
	buf_fini(&body);
}

/* The body of an error is its message (6.5); ours is JSON text, as answers are. */
static enum step_result send_error(struct request *request)
{
	struct buf body = { 0 };

	if (request->err.code == ERROR_MEDIA_TYPE) { /* 400 is what the API says of it */
		request->err.code = ERROR_REQUEST;
	}
	buf_append_json_text(&body, request->err.text, strlen(request->err.text));
	request_reply_error_as(request, MEDIA, &body);
	return STEP_NEXT;
}

/* An item without an answer: no, and why. */
static const struct value *failed_item(struct arena *arena, const struct error *err)
{
	struct value_builder what = { .arena = arena };
	struct value_builder context = { .arena = arena };
	struct access_answer answer = { 0 };

	value_add_text(&what, "message", err->text);
	value_add_int(&what, "status", scim_error_status(err->code));
	value_add(&context, "error", value_finish_object(&what));
	answer.context = value_finish_object(&context);
	return access_response(arena, &answer);
}

static const struct value *item_response(struct arena *arena, const struct access_item *item)
{
	return item->err.code != ERROR_NONE ? failed_item(arena, &item->err)
					    : access_response(arena, &item->answer);
}

static enum step_result reply_answers(struct request *request)
{
	struct access_run *run = request->access;
	struct value_builder list = { .arena = request->arena };
	struct value_builder it = { .arena = request->arena };

	if (request->err.code != ERROR_NONE) {
		return send_error(request);
	}
	if (!run->batch) {
		reply_document(request, item_response(request->arena, &run->items[0]));
		return STEP_NEXT;
	}
	for (size_t i = 0; i < run->count && run->items[i].done; i++) {
		value_add_item(&list, item_response(request->arena, &run->items[i]));
	}
	value_add(&it, "evaluations", value_finish_array(&list));
	reply_document(request, value_finish_object(&it));
	return STEP_NEXT;
}

static enum step_result reply_search(struct request *request)
{
	if (request->err.code != ERROR_NONE) {
		return send_error(request);
	}
	reply_document(request, access_search_response(request));
	return STEP_NEXT;
}

/* 9: metadata. For anybody: it names only paths. */
static enum step_result reply_configuration(struct request *request)
{
	static const char *const endpoints[][2] = {
		{ "access_evaluation_endpoint", "evaluation" },
		{ "access_evaluations_endpoint", "evaluations" },
		{ "search_subject_endpoint", "search/subject" },
		{ "search_resource_endpoint", "search/resource" },
		{ "search_action_endpoint", "search/action" },
	};
	struct value_builder it = { .arena = request->arena };
	const char *origin = request_origin(request);

	value_add_text(&it, "policy_decision_point", origin);
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		value_add(&it, endpoints[i][0],
			value_printf(request->arena, "%s/access/v1/%s", origin, endpoints[i][1]));
	}
	reply_document(request, value_finish_object(&it));
	return STEP_NEXT;
}

const struct step flow_evaluation[] = {
	{ "identify", identify_start, NULL },
	{ "parse", parse_one, NULL },
	{ "ask", ask_start, ask_finish },
	{ "record", access_record_start, access_record_finish },
	{ "reply", reply_answers, NULL },
	{ 0 },
};
const struct step flow_evaluations[] = {
	{ "identify", identify_start, NULL },
	{ "parse", parse_batch, NULL },
	{ "ask", ask_start, ask_finish },
	{ "record", access_record_start, access_record_finish },
	{ "reply", reply_answers, NULL },
	{ 0 },
};
const struct step flow_search_subject[] = {
	{ "identify", identify_start, NULL },
	{ "parse", parse_subjects, NULL },
	{ "walk", access_search_walk, access_search_finish },
	{ "reply", reply_search, NULL },
	{ 0 },
};
const struct step flow_search_resource[] = {
	{ "identify", identify_start, NULL },
	{ "parse", parse_resources, NULL },
	{ "walk", access_search_walk, access_search_finish },
	{ "reply", reply_search, NULL },
	{ 0 },
};
const struct step flow_search_action[] = {
	{ "identify", identify_start, NULL },
	{ "parse", parse_actions, NULL },
	{ "walk", access_search_walk, access_search_finish },
	{ "reply", reply_search, NULL },
	{ 0 },
};
const struct step flow_authzen[] = { { "reply", reply_configuration, NULL }, { 0 } };
