/*
 * flow_data: OPA's data API over the gateway's own policy: GET and POST /v1/data/<path>, so that
 * OPA's clients work unchanged (https://www.openpolicyagent.org/docs/rest-api#data-api).
 *
 *     data     identify ▶ admit ▶ parse ▶ reply
 *
 * Reads only: nothing is decided for anybody, so nothing is journaled. Whoever may ask can try out
 * the policy with inputs of his own making; that is for jobs and admins, not for the systems that
 * the policy holds in check.
 */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/ask.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "gateway/identify.h"
#include "gateway/snapshot.h"
#include "io/loop.h"
#include "policy/engine.h"

#define OPA_VERSION "1.22.2" /* whose API and semantics these are */
static const char MEDIA[] = "application/json";

enum { NOTES_MAX = 100, INPUT_DEPTH = 128 };

struct data {
	const struct value *input; /* NULL: undefined */
	bool pretty;
	bool metrics;
	bool provenance;
	bool notes;
	bool strict;
	int64_t parse_us;
	int64_t eval_us;
};

/* ---- what is asked ---- */

static enum step_result admit(struct request *request)
{
	const char *kind = request->source->config->kind;

	if (request->snapshot->policy == NULL) {
		error_set(&request->err, ERROR_NOT_FOUND,
			"the policy lies with an OPA server (policy.engine: opa); ask that one");
		return STEP_FAIL;
	}
	if (strcmp(kind, "admin") == 0 || strcmp(kind, "job") == 0) {
		return STEP_NEXT;
	}
	error_set(&request->err, ERROR_DENIED,
		"/v1/data answers sources of kind admin and job; %s is of kind %s. Give this "
		"client a source of kind job of its own",
		request->source->config->name, kind);
	return STEP_FAIL;
}

static const struct value *parse(struct request *request, struct http_text text, const char *where)
{
	const struct config_limits *config = &request->worker->gateway->config->listen.limits;
	const struct value_limits limits = { .bytes = (size_t)config->body_bytes,
		.values = (size_t)config->body_values,
		.depth = INPUT_DEPTH };
	const struct value *value =
		value_parse(request->arena, text.data, text.size, &limits, &request->err);

	if (value == NULL) {
		error_wrap(&request->err, "%s contains malformed input document", where);
	}
	return value;
}

/* As OPA: a parameter without a value is true. */
static bool is_on(struct http_text value)
{
	return value.size == 0 || http_text_is(value, "true");
}

static bool take_parameter(
	struct request *request, struct data *data, struct http_text name, struct http_text value)
{
	const struct {
		const char *name;
		bool *on;
	} flags[] = {
		{ "pretty", &data->pretty },
		{ "metrics", &data->metrics },
		{ "instrument", &data->metrics },
		{ "provenance", &data->provenance },
		{ "strict-builtin-errors", &data->strict },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (http_text_is(name, flags[i].name)) {
			*flags[i].on = is_on(value);
			return true;
		}
	}
	if (http_text_is(name, "explain")) {
		data->notes = http_text_is(value, "notes");
		return data->notes || http_text_is(value, "off") || value.size == 0 ||
		       error_set(&request->err, ERROR_VALUE,
			       "explain=%.*s is not available here; explain=notes is",
			       (int)(value.size < 40 ? value.size : 40), value.data);
	}
	if (http_text_is(name, "input") && request->http->method != HTTP_POST) {
		data->input = parse(request, value, "parameter");
		return data->input != NULL;
	}
	return true; /* OPA passes over what it does not know */
}

static bool take_parameters(struct request *request, struct data *data)
{
	struct http_text cursor = request->http->query;
	struct http_text name;
	struct http_text value;

	while (http_query_next(&cursor, request->arena, &name, &value, &request->err)) {
		if (!take_parameter(request, data, name, value)) {
			return false;
		}
	}
	return request->err.code == ERROR_NONE;
}

/* {"input": …}; without a body, or without the member, input is undefined. */
static bool take_body(struct request *request, struct data *data)
{
	struct http_text text = request->http->body;

	if (http_find(request->http, "content-encoding") != NULL) {
		return error_set(&request->err, ERROR_MEDIA_TYPE,
			"Content-Encoding is not understood here; send the body as it is");
	}
	if (request->http->method != HTTP_POST || text.size == 0) {
		return true;
	}
	const struct value *body = parse(request, text, "body");
	if (body == NULL) {
		return false;
	}
	if (!value_is(body, VALUE_OBJECT)) {
		return error_set(&request->err, ERROR_VALUE,
			"body contains malformed input document: it must be an object "
			"{\"input\": …}");
	}
	data->input = value_find(body, "input");
	return true;
}

static enum step_result parse_start(struct request *request)
{
	struct data *data = arena_calloc(request->arena, 1, sizeof(*data));
	int64_t started_us = loop_now_us();

	request->data = data;
	if (!take_parameters(request, data) || !take_body(request, data)) {
		return STEP_FAIL;
	}
	data->parse_us = loop_now_us() - started_us;
	return STEP_NEXT;
}

/* ---- the answer ---- */

static void reply_document(struct request *request, const struct value *document, bool pretty)
{
	struct buf body = { 0 };

	if (pretty) {
		value_print_pretty(&body, document);
	} else {
		value_print(&body, document);
	}
	buf_append_char(&body, '\n');
	request_reply(request, &(struct request_reply){ .status = request->status,
				       .content_type = MEDIA,
				       .body = body.data,
				       .body_size = body.size });
	buf_fini(&body);
}

static const struct value *note_value(
	struct request *request, const struct policy_note *note, bool pretty)
{
	struct value_builder it = { .arena = request->arena };

	if (pretty) {
		return value_printf(
			request->arena, "%s:%u | Note \"%s\"", note->file, note->row, note->text);
	}
	value_add_text(&it, "message", note->text);
	value_add_text(&it, "op", "note");
	value_add_int(&it, "parent_id", 0);
	value_add_int(&it, "query_id", 0);
	return value_finish_object(&it);
}

static const struct value *notes_value(
	struct request *request, const struct policy_notes *notes, bool pretty)
{
	size_t count = notes->count < notes->capacity ? notes->count : notes->capacity;
	struct value_builder it = { .arena = request->arena };

	for (size_t i = 0; i < count; i++) {
		value_add_item(&it, note_value(request, &notes->list[i], pretty));
	}
	return value_finish_array(&it);
}

static const struct value *metrics_value(struct request *request, const struct data *data)
{
	struct value_builder it = { .arena = request->arena };

	value_add_int(&it, "timer_rego_input_parse_ns", data->parse_us * 1000);
	value_add_int(&it, "timer_rego_query_eval_ns", data->eval_us * 1000);
	value_add_int(&it, "timer_server_handler_ns", (loop_now_us() - request->started_us) * 1000);
	return value_finish_object(&it);
}

static const struct value *provenance_value(struct request *request)
{
	struct arena *arena = request->arena;
	struct value_builder bundle = { .arena = arena };
	struct value_builder bundles = { .arena = arena };
	struct value_builder it = { .arena = arena };

	value_add_text(&bundle, "revision", policy_revision(request->snapshot->policy));
	value_add(&bundles, "scimward", value_finish_object(&bundle));
	value_add_text(&it, "build_commit", "");
	value_add_text(&it, "build_hostname", "");
	value_add_text(&it, "build_timestamp", "");
	value_add(&it, "bundles", value_finish_object(&bundles));
	value_add_text(&it, "version", OPA_VERSION);
	return value_finish_object(&it);
}

static const struct value *warning_value(struct arena *arena)
{
	struct value_builder it = { .arena = arena };

	value_add_text(&it, "code", "api_usage_warning");
	value_add_text(&it, "message", "'input' key missing from the request");
	return value_finish_object(&it);
}

/* OPA's words for its errors; a budget that is used up is its cancelled query. */
static const char *opa_code(enum policy_failure_kind kind)
{
	switch (kind) {
	case POLICY_FAILURE_CONFLICT:
		return "eval_conflict_error";
	case POLICY_FAILURE_BUILTIN:
		return "eval_builtin_error";
	case POLICY_FAILURE_BUDGET:
		return "eval_cancel_error";
	case POLICY_FAILURE_UNDEFINED:
	case POLICY_FAILURE_INVALID:
	case POLICY_FAILURE_UNAVAILABLE:
		break;
	}
	return "eval_internal_error";
}

static void send_failure(struct request *request, const struct policy_failure *failure)
{
	struct arena *arena = request->arena;
	struct value_builder one = { .arena = arena };
	struct value_builder list = { .arena = arena };
	struct value_builder it = { .arena = arena };

	value_add_text(&one, "code", opa_code(failure->kind));
	value_add_text(&one, "message", failure->text);
	value_add_item(&list, value_finish_object(&one));
	value_add_text(&it, "code", "internal_error");
	value_add(&it, "errors", value_finish_array(&list));
	value_add_text(&it, "message", "error(s) occurred while evaluating query");
	request->status = 500;
	reply_document(request, value_finish_object(&it), true);
}

static enum step_result send_error(struct request *request)
{
	static const struct {
		enum error_code code;
		const char *name;
	} names[] = {
		{ ERROR_UNAUTHORIZED, "unauthorized" },
		{ ERROR_DENIED, "unauthorized" },
		{ ERROR_RATE, "rate_limited" },
	};
	struct value_builder it = { .arena = request->arena };
	const char *name = "invalid_parameter";
	struct buf body = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		name = names[i].code == request->err.code ? names[i].name : name;
	}
	value_add_text(&it, "code", name);
	value_add_text(&it, "message", request->err.text);
	value_print_pretty(&body, value_finish_object(&it));
	request_reply_error_as(request, MEDIA, &body);
	return STEP_NEXT;
}

static bool evaluate(struct request *request, struct data *data, struct policy_notes *notes,
	const struct value **result, struct policy_failure *failure)
{
	const struct http_request *http = request->http;
	struct policy_budget budget;
	struct policy_call call = ask_call(request, data->input, &budget);
	const char **path = arena_alloc(request->arena, (http->segment_count + 1) * sizeof(*path));
	int64_t started_us = loop_now_us();

	for (size_t i = 2; i < http->segment_count; i++) { /* behind "v1/data" */
		path[i - 2] =
			arena_text(request->arena, http->segments[i].data, http->segments[i].size);
	}
	call.notes = data->notes ? notes : NULL;
	call.lenient = !data->strict;
	bool ok = policy_read_path(
		request->snapshot->policy, path, http->segment_count - 2, &call, result, failure);
	data->eval_us = loop_now_us() - started_us;
	return ok;
}

static enum step_result reply(struct request *request)
{
	struct data *data = request->data;
	struct policy_note list[NOTES_MAX];
	struct policy_notes notes = { .list = list, .capacity = NOTES_MAX };
	struct value_builder it = { .arena = request->arena };
	struct policy_failure failure;
	const struct value *result = NULL;

	if (request->err.code != ERROR_NONE) {
		return send_error(request);
	}
	if (!evaluate(request, data, &notes, &result, &failure)) {
		send_failure(request, &failure);
		return STEP_NEXT;
	}
	if (data->notes) {
		value_add(&it, "explanation", notes_value(request, &notes, data->pretty));
	}
	if (data->metrics) {
		value_add(&it, "metrics", metrics_value(request, data));
	}
	if (data->provenance) {
		value_add(&it, "provenance", provenance_value(request));
	}
	value_add(&it, "result", result); /* undefined: left out, as OPA does */
	if (data->input == NULL && request->http->method == HTTP_POST) {
		value_add(&it, "warning", warning_value(request->arena));
	}
	request->status = 200;
	reply_document(request, value_finish_object(&it), data->pretty);
	return STEP_NEXT;
}

const struct step flow_data[] = {
	{ "identify", identify_start, NULL },
	{ "admit", admit, NULL },
	{ "parse", parse_start, NULL },
	{ "reply", reply, NULL },
	{ 0 },
};
