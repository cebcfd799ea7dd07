#include "gateway/request.h"

#include <assert.h>
#include <string.h>
#include <time.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "gateway/capture.h"
#include "gateway/gateway.h"
#include "gateway/metrics.h"
#include "gateway/shadow.h"
#include "gateway/snapshot.h"
#include "io/loop.h"
#include "io/server.h"
#include "scim/error.h"
#include "scim/urn.h"

/* Requests kept per worker: more than a loop usually has under way, little memory each. */
enum { IDLE_MAX = 256 };

struct request *request_new(
	struct gateway_worker *worker, struct exchange *exchange, const struct http_request *http)
{
	struct request *request = worker->idle;
	struct arena *arena;
	uint8_t id[UUID_BYTES];

	if (request != NULL) {
		worker->idle = request->next_idle;
		worker->idle_count--;
		arena = request->arena;
	} else {
		request = must_calloc(1, sizeof(*request));
		arena = arena_new();
	}
	memset(request, 0, sizeof(*request));
	request->arena = arena;
	request->worker = worker;
	request->exchange = exchange;
	request->http = http;
	request->http_method = http->method;
	request->started_us = loop_now_us();
	request->time_us = clock_now_us();
	request->snapshot = snapshot_ref(worker->snapshot);
	uuid_new(id);
	uuid_format(id, request->id);
	return request;
}

static bool is_last(const struct step *step)
{
	return step[1].name == NULL;
}

static const struct step *last_of(const struct step *step)
{
	while (!is_last(step)) {
		step++;
	}
	return step;
}

static void request_end(struct request *request)
{
	struct gateway_worker *worker = request->worker;

	metrics_request(worker->metrics, request);
	if (request->snapshot->candidate != NULL && request->write != NULL) {
		shadow_offer(request);
	}
	snapshot_unref(request->snapshot);
	arena_reset(request->arena);
	if (worker->idle_count >= IDLE_MAX) {
		arena_free(request->arena);
		memory_free(request);
	} else {
		request->next_idle = worker->idle;
		worker->idle = request;
		worker->idle_count++;
	}
}

static void run(struct request *request, step_fn *call);

static void on_again(void *user)
{
	struct request *request = user;

	run(request, request->step->start);
}

/* What to call now. NULL: nothing, until request_resume() or on_again() comes, or for good. */
static step_fn *next_call(struct request *request, enum step_result result)
{
	if (result == STEP_WAIT) {
		bool resumed = request->resumed;
		request->resumed = false;
		return resumed ? request->step->finish : NULL;
	}
	if (result == STEP_AGAIN) {
		loop_post(request->worker->loop, on_again, request);
		return NULL;
	}
	if (is_last(request->step)) {
		request_end(request);
		return NULL;
	}
	if (result == STEP_FAIL) {
		assert(request->err.code != ERROR_NONE);
		request->step = last_of(request->step);
	} else if (result == STEP_BACK) {
		assert(request->back != NULL);
		request->step = request->back;
	} else {
		request->step++;
	}
	return request->step->start;
}

static int64_t cpu_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static enum step_result call_measured(struct request *request, step_fn *call)
{
	int64_t begin_ns = cpu_ns();
	enum step_result result = call(request);

	metrics_step(request->worker->metrics, request->step->name, cpu_ns() - begin_ns);
	return result;
}

static void run(struct request *request, step_fn *call)
{
	while (call != NULL) {
		request->running = true;
		enum step_result result = metrics_has_steps(request->worker->metrics)
						  ? call_measured(request, call)
						  : call(request);
		request->running = false;
		call = next_call(request, result);
	}
}

void request_start(struct request *request, const struct step *flow)
{
	request->flow = flow;
	request->step = flow;
	run(request, flow->start);
}

void request_resume(struct request *request)
{
	assert(request->step->finish != NULL && !request->resumed);
	if (request->running) { /* from within start(): next_call() sees it */
		request->resumed = true;
		return;
	}
	run(request, request->step->finish);
}

void request_pool_free(struct gateway_worker *worker)
{
	while (worker->idle != NULL) {
		struct request *request = worker->idle;

		worker->idle = request->next_idle;
		arena_free(request->arena);
		memory_free(request);
	}
	worker->idle_count = 0;
}

/* ---- query ---- */

static const struct {
	const char *name;
	size_t offset;
} parameters[] = {
	{ "attributes", offsetof(struct request_query, attributes) },
	{ "count", offsetof(struct request_query, count) },
	{ "cursor", offsetof(struct request_query, cursor) },
	{ "excludedAttributes", offsetof(struct request_query, excluded_attributes) },
	{ "filter", offsetof(struct request_query, filter) },
	{ "sortBy", offsetof(struct request_query, sort_by) },
	{ "sortOrder", offsetof(struct request_query, sort_order) },
	{ "startIndex", offsetof(struct request_query, start_index) },
};

bool request_read_query(struct request *request)
{
	struct http_text cursor = request->http->query;
	struct http_text name;
	struct http_text value;

	while (http_query_next(&cursor, request->arena, &name, &value, &request->err)) {
		for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
			if (http_text_is_folded(name, parameters[i].name)) {
				const char **field = (const char **)((char *)&request->query +
								     parameters[i].offset);
				*field = value.data;
			}
		}
	}
	return request->err.code == ERROR_NONE;
}

/* ---- replies ---- */

const char *request_origin(const struct request *request)
{
	const struct http_text host = request->http->host;

	return arena_printf(request->arena, "%s://%.*s",
		exchange_is_tls(request->exchange) ? "https" : "http",
		host.size > 0 ? (int)host.size : (int)sizeof("localhost") - 1,
		host.size > 0 ? host.data : "localhost");
}

const char *request_media(const struct request *request)
{
	return request->media != NULL ? request->media : SCIM_MEDIA_TYPE;
}

void request_reply(struct request *request, const struct request_reply *reply)
{
	struct server_header headers[] = {
		{ "ETag", reply->etag },
		{ "Location", reply->location },
		{ "Scimward-Journal", reply->journal },
		{ "Content-Location", reply->content_location },
		{ "Allow", reply->allow },
		{ "Preference-Applied", reply->applied },
		{ "Set-Txn", reply->txn },
		{ "X-Request-ID", reply->request_id },
		{ "Scimward-Request", request->id },
	};
	struct server_reply out = {
		.status = reply->status,
		.headers = headers,
		.header_count = sizeof(headers) / sizeof(headers[0]),
		.cache_control = reply->cache_control,
		.body = reply->body,
		.body_size = reply->body_size,
	};

	if (reply->body_size > 0) {
		out.content_type =
			reply->content_type != NULL ? reply->content_type : request_media(request);
	}
	request->status = reply->status;
	capture_reply(request, &out);
	server_reply(request->exchange, &out);
}

/* To an identified caller who asks for methods, or for one that is not there. */
static bool tells_methods(const struct request *request, int status)
{
	return status == 405 || (status == 404 && request->http_method == HTTP_OPTIONS);
}

/* body is used up. */
static void reply_error(
	struct request *request, const char *journal, const char *media, struct buf *body)
{
	int status = scim_error_status(request->err.code);
	bool retry = status == 503 || status == 429;
	struct server_header headers[] = {
		{ "Retry-After", retry ? (status == 503 ? "5" : "1") : NULL },
		{ "Allow", tells_methods(request, status) ? request->allow : NULL },
		{ "WWW-Authenticate", status == 401 ? REQUEST_CHALLENGE : NULL },
		{ "Scimward-Journal", journal },
		{ "Scimward-Request", request->id },
	};

	request->status = status;
	if (status >= 500 && !request->worker->gateway->is_trial) {
		log_event(LOG_WARN, "request_failed", "request", request->id, "step",
			request->step->name, "code", error_name(request->err.code), "error",
			request->err.text, NULL);
	}
	struct server_reply out = {
		.status = status,
		.content_type = media,
		.headers = headers,
		.header_count = sizeof(headers) / sizeof(headers[0]),
		.body = body->data,
		.body_size = body->size,
	};

	capture_reply(request, &out);
	server_reply(request->exchange, &out);
	buf_fini(body);
}

void request_reply_error(struct request *request, const char *journal)
{
	struct buf body = { 0 };

	scim_error_print(&body, &request->err);
	reply_error(request, journal, request_media(request), &body);
}

void request_reply_error_as(struct request *request, const char *media, struct buf *body)
{
	reply_error(request, NULL, media, body);
}
