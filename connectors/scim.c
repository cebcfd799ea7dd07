#include "connectors/scim.h"

#include <ctype.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/value.h"
#include "config/config.h"
#include "connectors/token.h"
#include "io/fetch.h"
#include "scim/urn.h"

struct connector_app {
	const struct config_app *config;
	struct fetch *fetch;
	struct token *token; /* NULL: the configured bearer token, or none */
	bool allow_http;
};

enum verb { VERB_FIND, VERB_CREATE, VERB_REPLACE, VERB_PATCH, VERB_REMOVE, VERB_READ, VERB_PROBE };

static const char *const methods[] = {
	[VERB_FIND] = "GET",
	[VERB_CREATE] = "POST",
	[VERB_REPLACE] = "PUT",
	[VERB_PATCH] = "PATCH",
	[VERB_REMOVE] = "DELETE",
	[VERB_READ] = "GET",
	[VERB_PROBE] = "GET",
};

static const char *endpoint(const struct connector_call *call)
{
	return call->kind == CONNECTOR_GROUP ? "Groups" : "Users";
}

/* ---- classing an answer ---- */

static enum connector_class class_of_status(int status)
{
	static const struct {
		int status;
		enum connector_class class;
	} table[] = {
		{ 401, CONNECTOR_CREDENTIALS },
		{ 403, CONNECTOR_CREDENTIALS },
		{ 404, CONNECTOR_NOT_FOUND },
		{ 405, CONNECTOR_UNSUPPORTED },
		{ 408, CONNECTOR_LATER },
		{ 409, CONNECTOR_CONFLICT },
		{ 413, CONNECTOR_TOO_LARGE },
		{ 425, CONNECTOR_LATER },
		{ 429, CONNECTOR_LATER },
		{ 501, CONNECTOR_UNSUPPORTED },
		{ 503, CONNECTOR_LATER },
	};

	if (status >= 200 && status < 300) {
		return CONNECTOR_OK;
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].status == status) {
			return table[i].class;
		}
	}
	return status >= 500 ? CONNECTOR_UNKNOWN : CONNECTOR_REFUSED;
}

/* A web page instead of SCIM: "no such call here", never "no such resource" (facts: scim.md, 3). */
static bool is_page(const struct fetch_response *response)
{
	return strncasecmp(response->content_type, "text/html", 9) == 0;
}

static enum connector_class class_of(const struct fetch_response *response)
{
	enum connector_class class;

	/* FETCH_REFUSED, too: the app's name leads where it may not; that is the app's matter and
	 * not one of each person. */
	if (response->outcome != FETCH_ANSWERED) {
		return fetch_outcome_is_unknown(response->outcome) ? CONNECTOR_UNKNOWN
								   : CONNECTOR_LATER;
	}
	class = class_of_status(response->status);
	if (class == CONNECTOR_NOT_FOUND && is_page(response)) {
		return CONNECTOR_UNSUPPORTED;
	}
	return class;
}

/* ---- reading an answer ---- */

static const struct value *parse(struct arena *arena, const struct fetch_response *response)
{
	static const struct value_limits limits = {
		.bytes = 16 << 20, .depth = 32, .values = 1000000
	};
	struct error ignored = { 0 };

	if (response->body_size == 0) {
		return NULL;
	}
	return value_parse(arena, response->body, response->body_size, &limits, &ignored);
}

static bool take_hit(const struct value *resource, struct connector_hit *hit)
{
	hit->remote = value_find_text(resource, "id");
	hit->external_id = value_find_text(resource, "externalId");
	hit->resource = resource;
	return hit->remote != NULL && hit->remote[0] != '\0';
}

static void take_hits(
	struct connector_call *call, const struct value *body, struct connector_answer *answer)
{
	const struct value *list = value_find_folded(body, "Resources");
	size_t count = call->verb == VERB_FIND ? value_count(list) : (body != NULL ? 1 : 0);
	struct connector_hit *hits = arena_alloc(call->arena, (count + 1) * sizeof(*hits));

	for (size_t i = 0; i < count; i++) {
		const struct value *resource = call->verb == VERB_FIND ? value_at(list, i) : body;

		answer->hit_count += take_hit(resource, &hits[answer->hit_count]);
	}
	answer->hits = hits;
}

/* The app's own words help, but bodies may hold anything: the detail of a SCIM Error alone, short,
 * and not of a 2xx. */
static const char *message_of(struct connector_call *call, const struct fetch_response *response,
	const struct value *body)
{
	const char *detail = value_find_text(body, "detail");

	if (response->outcome != FETCH_ANSWERED) {
		return arena_strdup(call->arena, response->message);
	}
	if (detail != NULL) {
		return arena_printf(call->arena, "%s %s: %d, %.200s", methods[call->verb],
			endpoint(call), response->status, detail);
	}
	return arena_printf(
		call->arena, "%s %s: %d", methods[call->verb], endpoint(call), response->status);
}

/*
 * A 2xx that does not say what it should is no success. One without readable JSON may be an answer
 * that broke off (HTTP/1.0 without a length does not tell), so nobody knows: it is asked again,
 * never believed and never a reason to park.
 */
static void check_hits(
	struct connector_call *call, const struct value *body, struct connector_answer *answer)
{
	bool shows = call->verb == VERB_FIND || call->verb == VERB_READ;

	if (shows && !value_is(body, VALUE_OBJECT)) {
		answer->class = CONNECTOR_UNKNOWN;
		answer->message = "the app's answer is no JSON object, or broke off";
	} else if (call->verb == VERB_FIND &&
		   !value_is(value_find_folded(body, "Resources"), VALUE_ARRAY) &&
		   value_find_int(body, "totalResults", -1) != 0) {
		answer->class = CONNECTOR_REFUSED;
		answer->message = "the app's answer to a search is no SCIM ListResponse";
	} else if ((call->verb == VERB_CREATE || call->verb == VERB_READ) &&
		   answer->hit_count != 1) {
		answer->class = CONNECTOR_UNKNOWN;
		answer->message = "the app's answer holds no id";
	}
}

static void on_fetched(void *user, const struct fetch_response *response)
{
	struct connector_call *call = user;
	const struct value *body = parse(call->arena, response);
	struct connector_answer answer = {
		.class = class_of(response),
		.status = response->outcome == FETCH_ANSWERED ? response->status : 0,
		.retry_after_s = fetch_retry_after_s(response->retry_after, clock_now_us()),
	};

	answer.message = message_of(call, response, body);
	if (answer.class == CONNECTOR_OK && call->verb != VERB_PROBE) {
		take_hits(call, body, &answer);
		check_hits(call, body, &answer);
	}
	if (answer.class == CONNECTOR_CREDENTIALS && call->app->token != NULL) {
		token_forget(call->app->token); /* the next call asks for a new one */
	}
	call->done(call->user, &answer);
}

/* ---- asking ---- */

/* RFC 3986: what is not unreserved is encoded. */
static void append_encoded(struct buf *buf, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~') {
			buf_append_char(buf, (char)c);
		} else {
			buf_printf(buf, "%%%02X", c);
		}
	}
}

static void append_filter(struct buf *url, const struct connector_call *call)
{
	struct buf filter = { 0 };
	const char *value = call->external_id != NULL ? call->external_id : call->name;

	buf_append_text(&filter, call->external_id != NULL       ? "externalId eq "
				 : call->kind == CONNECTOR_GROUP ? "displayName eq "
								 : "userName eq ");
	buf_append_json_text(&filter, value, strlen(value));
	buf_append_text(url, "?filter=");
	append_encoded(url, buf_text(&filter));
	buf_fini(&filter);
}

static void make_url(struct buf *url, const struct connector_call *call)
{
	buf_append_text(url, call->app->config->url);
	if (call->verb == VERB_PROBE) {
		buf_append_text(url, "/ServiceProviderConfig");
		return;
	}
	buf_printf(url, "/%s", endpoint(call));
	if (call->remote != NULL && call->verb != VERB_FIND && call->verb != VERB_CREATE) {
		buf_append_char(url, '/');
		append_encoded(url, call->remote);
	}
	if (call->verb == VERB_FIND) {
		append_filter(url, call);
	}
}

static void make_body(struct buf *body, const struct connector_call *call)
{
	if (call->verb == VERB_PATCH) {
		buf_append_text(body, "{\"Operations\":");
		value_print(body, call->body);
		buf_append_text(body, ",\"schemas\":[\"" SCIM_URN_PATCH "\"]}");
	} else if (call->verb == VERB_CREATE || call->verb == VERB_REPLACE) {
		value_print(body, call->body);
	}
}

static void send(struct connector_call *call, const struct secret *bearer)
{
	const struct connector_app *app = call->app;
	struct buf url = { 0 };
	struct buf body = { 0 };
	struct fetch_header headers[] = {
		{ "Accept", SCIM_MEDIA_TYPE ", application/json" },
		{ "Content-Type", NULL },
		{ "Idempotency-Key", call->idempotency_key },
		{ "traceparent", call->traceparent },
		{ "User-Agent", "scimward/" SCIMWARD_VERSION },
	};

	make_url(&url, call);
	make_body(&body, call);
	headers[1].value = body.size > 0 ? SCIM_MEDIA_TYPE : NULL;
	fetch_start(app->fetch,
		&(struct fetch_request){
			.method = methods[call->verb],
			.url = buf_text(&url),
			.headers = headers,
			.header_count = sizeof(headers) / sizeof(headers[0]),
			.bearer = bearer,
			.body = body.data,
			.body_size = body.size,
			.connect_ms = app->config->connect_ms,
			.timeout_ms = app->config->timeout_ms,
			.response_bytes = call->kind == CONNECTOR_GROUP ? 16 << 20 : 0,
			.allow_http = app->allow_http,
			.allow_private = app->config->allow_private,
			.ca_file = app->config->ca,
		},
		on_fetched, call);
	buf_fini(&url);
	buf_fini(&body);
}

/* With OAuth the token may have to be fetched first. NULL: it was refused. */
static void on_token(
	void *user, const struct secret *bearer, const struct connector_answer *refusal)
{
	struct connector_call *call = user;

	if (bearer == NULL) {
		call->done(call->user, refusal);
		return;
	}
	send(call, bearer);
}

static void start(struct connector_app *app, struct connector_call *call, enum verb verb)
{
	call->app = app;
	call->verb = verb;
	if (app->token != NULL) {
		token_get(app->token, on_token, call);
		return;
	}
	send(call, app->config->token);
}

static void scim_find(struct connector_app *app, struct connector_call *call)
{
	start(app, call, VERB_FIND);
}

static void scim_create(struct connector_app *app, struct connector_call *call)
{
	start(app, call, VERB_CREATE);
}

static void scim_replace(struct connector_app *app, struct connector_call *call)
{
	start(app, call, VERB_REPLACE);
}

static void scim_patch(struct connector_app *app, struct connector_call *call)
{
	start(app, call, VERB_PATCH);
}

static void scim_remove(struct connector_app *app, struct connector_call *call)
{
	start(app, call, VERB_REMOVE);
}

static void scim_read(struct connector_app *app, struct connector_call *call)
{
	start(app, call, VERB_READ);
}

static void scim_probe(struct connector_app *app, struct connector_call *call)
{
	start(app, call, VERB_PROBE);
}

/* ---- open and close ---- */

static void scim_close(struct connector_app *app)
{
	if (app != NULL) {
		token_free(app->token);
		memory_free(app);
	}
}

static struct connector_app *scim_open(
	const struct config_app *config, struct fetch *fetch, struct error *err)
{
	struct connector_app *app;
	bool http = strncmp(config->url, "http://", 7) == 0;

	if (!http && strncmp(config->url, "https://", 8) != 0) {
		error_set(err, ERROR_CONFIG, "apps.%s.url: must start with https://", config->name);
		return NULL;
	}
	if (http && !config->allow_private) {
		error_set(err, ERROR_CONFIG,
			"apps.%s.url: http:// is only for apps on this machine or a private "
			"network; use "
			"https://, or set allow_private: true",
			config->name);
		return NULL;
	}
	app = must_calloc(1, sizeof(*app));
	app->config = config;
	app->fetch = fetch;
	app->allow_http = http;
	if (config->oauth.token_url != NULL) {
		app->token = token_new(config, fetch);
	}
	return app;
}

const struct connector connector_scim = {
	.name = "scim",
	.open = scim_open,
	.close = scim_close,
	.find = scim_find,
	.create = scim_create,
	.replace = scim_replace,
	.patch = scim_patch,
	.remove = scim_remove,
	.read = scim_read,
	.probe = scim_probe,
};
