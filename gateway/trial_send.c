/* One request, from its bytes to what is known of its answer. */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/gateway.h"
#include "gateway/request.h"
#include "gateway/route.h"
#include "gateway/snapshot.h"
#include "gateway/trial_inside.h"
#include "gateway/write.h"
#include "io/http.h"
#include "io/inner.h"
#include "io/loop.h"
#include "io/server.h"

struct call {
	struct trial *trial;
	struct arena *arena; /* of the answer */
	struct http_parser parser;
	struct request *request;
	struct trial_answer *answer;
	struct buf body;
};

/* Looks like a UUID of version 7, and says that it is none of a clock: the world, then a count. */
void trial_next_id(struct trial *trial, uint8_t id[UUID_BYTES])
{
	uint64_t count = ++trial->ids;

	memset(id, 0, UUID_BYTES);
	id[4] = (uint8_t)(trial->worlds >> 8);
	id[5] = (uint8_t)trial->worlds;
	id[6] = 0x70;
	id[8] = 0x80;
	for (size_t i = 0; i < 6; i++) {
		id[15 - i] = (uint8_t)(count >> (8 * i));
	}
}

static const char *message_of(const struct policy_decision *decision, const char *code)
{
	for (size_t i = 0; i < decision->reason_count; i++) {
		if (strcmp(decision->reasons[i].code, code) == 0) {
			return decision->reasons[i].message;
		}
	}
	return "";
}

static void take_reasons(struct call *call, const struct write *write)
{
	struct trial_reason *reasons =
		arena_calloc(call->arena, write->reason_count + 1, sizeof(*reasons));

	for (size_t i = 0; i < write->reason_count; i++) {
		const char *message =
			i == 0 ? write->message : message_of(&write->decision, write->reasons[i]);

		reasons[i].code = arena_strdup(call->arena, write->reasons[i]);
		reasons[i].message = arena_strdup(call->arena, message);
	}
	call->answer->reasons = reasons;
	call->answer->reason_count = write->reason_count;
}

static const struct value *copy(struct call *call, const struct value *value)
{
	return value != NULL ? value_copy(call->arena, value) : NULL;
}

static void take_levels(struct call *call, const struct write *write)
{
	const char **codes =
		arena_calloc(call->arena, write->observed_count + 1, sizeof(const char *));

	for (size_t i = 0; i < write->observed_count; i++) {
		codes[i] = arena_strdup(call->arena, write->observed[i].code);
	}
	call->answer->observed = codes;
	call->answer->observed_count = write->observed_count;
	call->answer->overridable = write->overridable;
	call->answer->overridden = write->overridden;
}

/* The request lives until its reply is out: what it found is copied now. */
static void take_decision(struct call *call, const struct write *write)
{
	struct trial_answer *answer = call->answer;

	if (write == NULL || write->journal[0] == '\0') {
		return;
	}
	answer->is_decided = true;
	answer->effect = arena_strdup(call->arena, write->effect);
	answer->noop = write->noop;
	answer->input = copy(call, write->input);
	take_reasons(call, write);
	take_levels(call, write);
	if (!write->has_answer) {
		answer->failure = arena_strdup(call->arena, write->failure.text);
		return;
	}
	answer->obligations = copy(call, write->decision.obligations);
	if (write->decision.has_apps) {
		answer->apps = copy(call, value_find(write->decision.value, "apps"));
	}
}

static void take_head(struct call *call, const struct server_reply *reply)
{
	struct trial_answer *answer = call->answer;
	struct trial_header *headers =
		arena_calloc(call->arena, reply->header_count + 1, sizeof(*headers));

	answer->status = reply->status;
	for (size_t i = 0; i < reply->header_count; i++) {
		if (reply->headers[i].value != NULL) {
			headers[answer->header_count++] = (struct trial_header){
				arena_strdup(call->arena, reply->headers[i].name),
				arena_strdup(call->arena, reply->headers[i].value),
			};
		}
	}
	answer->headers = headers;
}

static void finish(struct call *call)
{
	struct trial_answer *answer = call->answer;
	const struct request *request = call->request;

	answer->body = arena_text(call->arena, buf_text(&call->body), call->body.size);
	answer->body_size = call->body.size;
	buf_fini(&call->body);
	if (request->has_id) {
		memcpy(answer->id, request->resource_text, UUID_TEXT_BYTES);
	}
	take_decision(call, request->write);
	call->trial->open--;
	if (call->trial->open == 0) {
		loop_stop(call->trial->loop);
	}
}

static void on_reply(void *user, enum inner_event event, const struct server_reply *reply,
	const void *bytes, size_t size)
{
	struct call *call = user;

	switch (event) {
	case INNER_HEAD:
		take_head(call, reply);
		break;
	case INNER_BODY:
		if (call->body.size + size <= TRIAL_REPLY_BYTES) {
			buf_append(&call->body, bytes, size);
		}
		break;
	case INNER_END:
	case INNER_ABORT:
		finish(call);
		break;
	}
}

/* The bytes that such a client would send, as far as its body. */
static bool write_head(const struct trial_request *it, struct buf *text, struct error *err)
{
	char token[TRIAL_TOKEN_BYTES];

	trial_token(it->source + (it->is_given ? TRIAL_SOURCES : 0), token);
	buf_printf(text, "%s %s HTTP/1.1\r\nHost: scimward.example\r\nAuthorization: Bearer %s\r\n",
		it->method, it->target, token);
	for (size_t i = 0; i < it->header_count; i++) {
		const struct trial_header *header = &it->headers[i];

		if (!http_name_is_safe(header->name) ||
			!http_value_is_safe(header->value, strlen(header->value))) {
			return error_set(
				err, ERROR_REQUEST, "%s: no header can say this", header->name);
		}
		buf_printf(text, "%s: %s\r\n", header->name, header->value);
	}
	if (it->body != NULL) {
		buf_printf(text, "Content-Length: %zu\r\n", it->body_size);
	}
	buf_append_text(text, "\r\n");
	return true;
}

static bool parse(struct call *call, const struct trial_request *it, struct error *err)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	struct http_parser *parser = &call->parser;
	size_t head;

	if (!write_head(it, &text, err)) {
		return false;
	}
	const char *bytes = arena_text(call->arena, text.data, text.size);
	http_parser_init(parser, NULL);
	if (http_parser_head(parser, bytes, text.size, &head) != HTTP_DONE) {
		return error_set(err, ERROR_REQUEST, "%s",
			parser->message != NULL ? parser->message : "the request has no end");
	}
	if (head != text.size) {
		return error_set(err, ERROR_REQUEST, "the target or a header ends the request");
	}
	if (it->body != NULL) {
		parser->request.body = (struct http_text){ it->body, it->body_size };
	}
	return true;
}

/* No other request is under way: the token may change. */
static void speak_for(struct trial *trial, const struct trial_request *it)
{
	const struct gateway_source *source = &trial->gateway->sources[it->source];

	for (size_t i = 0; i < trial->judging->token_count; i++) {
		struct snapshot_token *token = &trial->judging->tokens[i];

		if (token->source == source) {
			token->has_subject = it->subject != NULL;
			if (it->subject != NULL) {
				memcpy(token->subject, it->subject, UUID_BYTES);
			}
		}
	}
}

static void start(struct call *call, const struct trial_request *it)
{
	struct gateway_worker *worker = &call->trial->gateway->workers[0];
	struct request *request;
	struct inner_options options = { .peer = "192.0.2.1",
		.loop = call->trial->loop,
		.is_tls = true,
		.is_head = call->parser.request.method == HTTP_HEAD,
		.fn = on_reply,
		.user = call };
	const struct step *flow;

	speak_for(call->trial, it);
	snapshot_unref(worker->snapshot);
	worker->snapshot = snapshot_ref(it->is_given ? call->trial->giving : call->trial->judging);
	request = request_new(worker, inner_new(call->arena, &options), &call->parser.request);
	call->request = request;
	request->time_us = it->time_us;
	flow = route_find(request);
	if (request->http_method == HTTP_POST && request->type != NULL && !request->has_id) {
		/* read by creates alone */
		if (it->id != NULL) {
			memcpy(request->resource_id, it->id, UUID_BYTES);
		} else {
			trial_next_id(call->trial, request->resource_id);
		}
		request->has_new_id = true;
	}
	request_start(request, flow);
}

bool trial_send(struct trial *trial, const struct trial_request *requests, size_t count,
	struct arena *arena, struct trial_answer *answers, struct error *err)
{
	struct call *calls = arena_calloc(arena, count + 1, sizeof(*calls));

	for (size_t i = 0; i < count; i++) {
		calls[i].trial = trial;
		calls[i].arena = arena;
		calls[i].answer = &answers[i];
		answers[i] = (struct trial_answer){ .effect = "", .body = "" };
		if (!parse(&calls[i], &requests[i], err)) {
			return false;
		}
	}
	trial->open = count + 1;
	for (size_t i = 0; i < count; i++) {
		start(&calls[i], &requests[i]);
	}
	trial->open--;
	if (trial->open > 0) {
		loop_run(trial->loop);
	}
	return true;
}
