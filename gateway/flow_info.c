/*
 * flow_info: what is not about one resource: discovery, health, the journal's files, and the
 * answers to paths and methods that are not there.
 */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "config/config.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "gateway/health.h"
#include "gateway/identify.h"
#include "gateway/negotiate.h"
#include "scim/discovery.h"

/* ---- discovery ---- */

static enum step_result send_document(struct request *request, struct buf *body, bool found)
{
	if (found) {
		request_reply(request,
			&(struct request_reply){
				.status = 200, .body = body->data, .body_size = body->size });
	} else {
		error_set(
			&request->err, ERROR_NOT_FOUND, "there is no '%.128s' here", request->name);
		request_reply_error(request, NULL);
	}
	buf_fini(body);
	return STEP_NEXT;
}

/* A failed identify ends here as well. True: the error was replied. */
static bool replied_error(struct request *request)
{
	if (request->err.code == ERROR_NONE) {
		return false;
	}
	request_reply_error(request, NULL);
	return true;
}

static enum step_result reply_provider(struct request *request)
{
	const struct config *config = request->worker->gateway->config;
	const struct config_limits *limits = &config->listen.limits;
	struct scim_provider provider = { .bulk_operations = limits->bulk_operations,
		.bulk_bytes = limits->bulk_bytes,
		.security_events = request->worker->gateway->config->listen.security_events,
		.cursor_timeout_s = config->scim.cursor_timeout_ms / 1000 };
	struct buf body = { 0 };

	if (replied_error(request)) {
		return STEP_NEXT;
	}
	scim_discovery_provider(&body, &provider, request->base);
	return send_document(request, &body, true);
}

static enum step_result reply_types(struct request *request)
{
	struct buf body = { 0 };

	if (replied_error(request)) {
		return STEP_NEXT;
	}
	bool found = scim_discovery_types(
		&body, request->worker->gateway->model, request->base, request->name);
	return send_document(request, &body, found);
}

static enum step_result reply_schemas(struct request *request)
{
	struct buf body = { 0 };

	if (replied_error(request)) {
		return STEP_NEXT;
	}
	bool found = scim_discovery_schemas(
		&body, request->worker->gateway->model, request->base, request->name);
	return send_document(request, &body, found);
}

const struct step flow_provider[] = {
	{ "identify", identify_start, NULL },
	{ "negotiate", negotiate_start, NULL },
	{ "reply", reply_provider, NULL },
	{ 0 },
};
const struct step flow_types[] = {
	{ "identify", identify_start, NULL },
	{ "negotiate", negotiate_start, NULL },
	{ "reply", reply_types, NULL },
	{ 0 },
};
const struct step flow_schemas[] = {
	{ "identify", identify_start, NULL },
	{ "negotiate", negotiate_start, NULL },
	{ "reply", reply_schemas, NULL },
	{ 0 },
};

/* ---- not there ---- */

static bool is_scim(const struct request *request)
{
	return request->base != NULL;
}

/* Paths under /scim/ tell a stranger nothing but 401; others need no token. */
static enum step_result identify_scim(struct request *request)
{
	return is_scim(request) ? identify_start(request) : STEP_NEXT;
}

static enum step_result reply_options(struct request *request)
{
	if (!replied_error(request)) {
		request_reply(
			request, &(struct request_reply){ .status = 204, .allow = request->allow });
	}
	return STEP_NEXT;
}

static enum step_result reply_method(struct request *request)
{
	if (request->err.code == ERROR_NONE) {
		error_set(&request->err, ERROR_METHOD, "%s is not possible here; try one of %s",
			http_method_name(request->http->method), request->allow);
	}
	request_reply_error(request, NULL);
	return STEP_NEXT;
}

static enum step_result reply_nothing(struct request *request)
{
	if (request->err.code == ERROR_NONE) {
		error_set(&request->err, ERROR_NOT_FOUND,
			"there is nothing at this path; SCIM starts at /scim/v2");
	}
	request_reply_error(request, NULL);
	return STEP_NEXT;
}

const struct step flow_options[] = {
	{ "identify", identify_scim, NULL },
	{ "reply", reply_options, NULL },
	{ 0 },
};
const struct step flow_method[] = {
	{ "identify", identify_scim, NULL },
	{ "reply", reply_method, NULL },
	{ 0 },
};
const struct step flow_nothing[] = {
	{ "identify", identify_scim, NULL },
	{ "reply", reply_nothing, NULL },
	{ 0 },
};

/* ---- health ---- */

static void send_text(struct request *request, int status, const char *type, struct buf *body)
{
	request_reply(request, &(struct request_reply){ .status = status,
				       .content_type = type,
				       .body = body->data,
				       .body_size = body->size });
	buf_fini(body);
}

static enum step_result reply_livez(struct request *request)
{
	struct buf body = { 0 };

	buf_append_text(&body, "ok\n"); /* this loop answers: that is all it says */
	send_text(request, 200, "text/plain; charset=utf-8", &body);
	return STEP_NEXT;
}

static enum step_result reply_readyz(struct request *request)
{
	struct buf body = { 0 };
	bool ready = health_print(request->worker->gateway, request->snapshot, &body);

	send_text(request, ready ? 200 : 503, "text/plain; charset=utf-8", &body);
	return STEP_NEXT;
}

const struct step flow_livez[] = { { "reply", reply_livez, NULL }, { 0 } };
const struct step flow_readyz[] = { { "reply", reply_readyz, NULL }, { 0 } };

/* ---- the journal's files: for any verifier, without a token. Leaves hold no personal data. ----
 */

enum { JOURNAL_FILE_BYTES = 32 * 1024 * 1024 };

/*
 * Segments have no "/", ".." or control characters (io/http.h); those that a log has are digits,
 * "x" and digits, "<n>.p", and three words.
 */
static bool is_journal_name(const char *name)
{
	static const char *const words[] = { "checkpoint", "tile", "entries", "log.vkey" };
	size_t size = strlen(name);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(name, words[i]) == 0) {
			return true;
		}
	}
	if (name[0] == 'x') {
		name++;
		size--;
	}
	if (size > 2 && strcmp(name + size - 2, ".p") == 0) {
		size -= 2;
	}
	return size > 0 && size <= 19 && strspn(name, "0123456789") == size;
}

static const char *journal_path(struct request *request)
{
	const struct http_request *http = request->http;
	struct buf path = { 0 };
	const char *result = NULL;

	buf_append_text(&path, request->worker->gateway->config->journal.directory);
	for (size_t i = 1; i < http->segment_count; i++) {
		const char *name =
			arena_text(request->arena, http->segments[i].data, http->segments[i].size);

		if (!is_journal_name(name)) {
			buf_fini(&path);
			return NULL;
		}
		buf_append_char(&path, '/');
		buf_append_text(&path, name);
	}
	if (http->segment_count > 1 && http->segment_count < 16) {
		result = arena_text(request->arena, buf_text(&path), path.size);
	}
	buf_fini(&path);
	return result;
}

/* Tiles and bundles never change, partial ones neither (their name says their width); the
 * checkpoint always does. */
static enum step_result reply_journal(struct request *request)
{
	const char *path = journal_path(request);
	struct buf body = { 0 };
	bool is_text = request->http->segment_count == 2;

	if (path == NULL || !file_read(path, JOURNAL_FILE_BYTES, &body, NULL)) {
		buf_fini(&body);
		error_set(&request->err, ERROR_NOT_FOUND,
			"the journal has no such file; start at /journal/checkpoint");
		request_reply_error(request, NULL);
		return STEP_NEXT;
	}
	request_reply(request,
		&(struct request_reply){ .status = 200,
			.content_type =
				is_text ? "text/plain; charset=utf-8" : "application/octet-stream",
			.cache_control = is_text ? NULL : "public, max-age=31536000, immutable",
			.body = body.data,
			.body_size = body.size });
	buf_fini(&body);
	return STEP_NEXT;
}

const struct step flow_journal[] = { { "reply", reply_journal, NULL }, { 0 } };
