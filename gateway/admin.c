#include "gateway/admin.h"

#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "gateway/admin_call.h"
#include "gateway/gateway.h"
#include "gateway/health.h"
#include "gateway/metrics.h"
#include "gateway/snapshot.h"
#include "io/loop.h"
#include "io/server.h"
#include "scim/error.h"
#include "store/read.h"
#include "store/store.h"

/* ---- replies ---- */

void admin_call_free(struct admin_call *call)
{
	json_decref(call->body);
	arena_free(call->arena);
	memory_free(call);
}

void admin_reply(struct admin_call *call, int status, json_t *document)
{
	char *text = document != NULL ? json_dumps(document, JSON_COMPACT) : NULL;

	server_reply(
		call->exchange, &(struct server_reply){ .status = text != NULL ? status : 204,
					.content_type = text != NULL ? "application/json" : NULL,
					.body = text,
					.body_size = text != NULL ? strlen(text) : 0 });
	memory_free(text);
	json_decref(document);
	admin_call_free(call);
}

void admin_reply_error(struct admin_call *call, const struct error *err)
{
	json_t *document = json_object();

	json_object_set_new(document, "error", json_string(error_name(err->code)));
	json_object_set_new(document, "message", json_string(err->text));
	json_object_set_new(document, "schemaVersion", json_integer(1));
	admin_reply(call, scim_error_status(err->code), document);
}

void admin_add_time(json_t *document, const char *name, int64_t us)
{
	char text[CLOCK_TEXT_BYTES];

	if (us != 0) {
		clock_format(us, text);
		json_object_set_new(document, name, json_string(text));
	}
}

/* ---- what a call brings ---- */

const char *admin_parameter(struct admin_call *call, const char *name)
{
	struct http_text cursor = call->http->query;
	struct http_text key;
	struct http_text value;
	struct error ignored = { 0 };

	while (http_query_next(&cursor, call->arena, &key, &value, &ignored)) {
		if (http_text_is(key, name)) {
			return value.data;
		}
	}
	return NULL;
}

bool admin_number(struct admin_call *call, const char *name, int64_t fallback, int64_t *result,
	struct error *err)
{
	const char *text = admin_parameter(call, name);
	char *end;

	if (text == NULL) {
		*result = fallback;
		return true;
	}
	*result = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || *result < 0) {
		return error_set(
			err, ERROR_REQUEST, "%s must be a whole number, not '%.40s'", name, text);
	}
	return true;
}

bool admin_text(
	const struct admin_call *call, const char *name, const char **text, struct error *err)
{
	const json_t *member = json_object_get(call->body, name);

	*text = json_string_value(member);
	return member == NULL || *text != NULL ||
	       error_set(err, ERROR_REQUEST, "\"%s\" must be a text", name);
}

bool admin_flag(const struct admin_call *call, const char *name, bool *flag, struct error *err)
{
	const json_t *member = json_object_get(call->body, name);

	*flag = json_is_true(member);
	return member == NULL || json_is_boolean(member) ||
	       error_set(err, ERROR_REQUEST, "\"%s\" must be true or false", name);
}

/* ---- routes ---- */

static const struct {
	enum http_method method;
	const char *path[4]; /* behind /admin/v1; "*": any, it is the argument */
	admin_fn *run;
} routes[] = {
	{ HTTP_GET, { "status" }, admin_status },
	{ HTTP_POST, { "reload" }, admin_reload },
	{ HTTP_GET, { "policy", "shadow" }, admin_shadow },
	{ HTTP_POST, { "backup" }, admin_backup },
	{ HTTP_POST, { "access" }, admin_access },
	{ HTTP_GET, { "journal" }, admin_journal },
	{ HTTP_GET, { "journal", "*" }, admin_entry },
	{ HTTP_GET, { "deliveries" }, admin_deliveries },
	{ HTTP_POST, { "deliveries", "retry" }, admin_retry },
	{ HTTP_GET, { "tokens" }, admin_tokens },
	{ HTTP_POST, { "tokens" }, admin_token_create },
	{ HTTP_DELETE, { "tokens", "*" }, admin_token_revoke },
	{ HTTP_POST, { "sources", "*", "capture" }, admin_capture_start },
	{ HTTP_DELETE, { "sources", "*", "capture" }, admin_capture_stop },
	{ HTTP_POST, { "sources", "*", "pause" }, admin_pause },
	{ HTTP_POST, { "sources", "*", "resume" }, admin_resume },
};

static bool fits(struct admin_call *call, const char *const path[4])
{
	const struct http_request *http = call->http;
	size_t count = 0;

	while (count < 4 && path[count] != NULL) {
		count++;
	}
	if (http->segment_count != count + 2 || !http_text_is(http->segments[0], "admin") ||
		!http_text_is(http->segments[1], "v1")) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct http_text segment = http->segments[i + 2];

		if (strcmp(path[i], "*") == 0) {
			call->argument = arena_text(call->arena, segment.data, segment.size);
		} else if (!http_text_is(segment, path[i])) {
			return false;
		}
	}
	return true;
}

static void send_text(struct exchange *exchange, int status, const char *type, struct buf *buf)
{
	server_reply(exchange, &(struct server_reply){ .status = status,
				       .content_type = type,
				       .body = buf->data,
				       .body_size = buf->size });
	buf_fini(buf);
}

/* Both listeners: health, and metrics. True: answered. */
static bool answer_common(
	struct admin *admin, struct exchange *exchange, const struct http_request *http)
{
	struct buf buf = { 0 };

	if (http->segment_count != 1 || http->method != HTTP_GET) {
		return false;
	}
	if (http_text_is(http->segments[0], "metrics")) {
		metrics_print(admin->gateway->metrics, admin->reader, &buf);
		send_text(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", &buf);
		return true;
	}
	if (http_text_is(http->segments[0], "readyz")) {
		bool ready = health_print(admin->gateway, admin->gateway->snapshot, &buf);

		send_text(exchange, ready ? 200 : 503, "text/plain; charset=utf-8", &buf);
		return true;
	}
	if (http_text_is(http->segments[0], "livez")) {
		buf_append_text(&buf, "ok\n");
		send_text(exchange, 200, "text/plain; charset=utf-8", &buf);
		return true;
	}
	return false;
}

static void on_tcp(void *user, struct exchange *exchange, const struct http_request *http)
{
	if (!answer_common(user, exchange, http)) {
		server_reply_error(exchange, 404,
			"only /metrics, /livez and /readyz are here; the admin API is on the unix "
			"socket");
	}
}

static bool may_call(struct exchange *exchange)
{
	unsigned uid;

	return exchange_peer_uid(exchange, &uid) && (uid == 0 || uid == getuid());
}

static bool read_body(struct admin_call *call, struct error *err)
{
	struct http_text body = call->http->body;

	if (body.size == 0) {
		return true;
	}
	call->body = json_loadb(body.data, body.size, JSON_REJECT_DUPLICATES, NULL);
	return json_is_object(call->body) ||
	       error_set(err, ERROR_SYNTAX, "the body must be one JSON object");
}

static void answer(struct admin_call *call)
{
	struct error err = { 0 };

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (routes[i].method != call->http->method || !fits(call, routes[i].path)) {
			continue;
		}
		if (!read_body(call, &err)) {
			admin_reply_error(call, &err);
		} else {
			routes[i].run(call);
		}
		return;
	}
	error_set(&err, ERROR_NOT_FOUND, "the admin API of scimward %s has no such call",
		SCIMWARD_VERSION);
	admin_reply_error(call, &err);
}

static void on_socket(void *user, struct exchange *exchange, const struct http_request *http)
{
	struct admin *admin = user;
	struct admin_call *call;

	if (!may_call(exchange)) {
		server_reply_error(
			exchange, 403, "only root and the gateway's own user may do this");
		return;
	}
	if (answer_common(admin, exchange, http)) {
		return;
	}
	call = must_calloc(1, sizeof(*call));
	call->admin = admin;
	call->exchange = exchange;
	call->http = http;
	call->arena = arena_new();
	answer(call);
}

/* ---- start and stop ---- */

static struct server *open_server(
	const char *address, server_request_fn *on_request, struct error *err)
{
	struct server_options options = { .address = address, .on_request = on_request };

	return server_new(&options, err);
}

static bool open_servers(struct admin *admin, struct error *err)
{
	const struct config_admin *config = &admin->gateway->config->admin;

	if (config->socket != NULL) {
		char address[512];

		snprintf(address, sizeof(address), "unix:%s", config->socket);
		admin->socket = open_server(address, on_socket, err);
		if (admin->socket == NULL) {
			return error_wrap(err, "admin.socket");
		}
	}
	if (config->address == NULL) {
		return true;
	}
	admin->tcp = open_server(config->address, on_tcp, err);
	if (admin->tcp == NULL) {
		return error_wrap(err, "admin.address");
	}
	return server_is_loopback(admin->tcp) ||
	       error_set(err, ERROR_CONFIG,
		       "admin.address: %s is not loopback; metrics and health have no login, so "
		       "keep "
		       "them on this machine and let a proxy publish them",
		       config->address);
}

struct admin *admin_open(struct gateway *gateway, struct error *err)
{
	struct admin *admin = must_calloc(1, sizeof(*admin));

	admin->gateway = gateway;
	admin->reader = store_reader_open(gateway->store, err);
	if (admin->reader == NULL || !open_servers(admin, err)) {
		admin_free(admin);
		return NULL;
	}
	return admin;
}

void admin_attach(struct admin *admin)
{
	struct gateway *gateway = admin->gateway;

	admin->watch = store_watch(
		gateway->store, STORE_NEWS_ENTRIES, gateway->loop, admin_journal_news, admin);
	if (admin->socket != NULL) {
		server_attach(admin->socket, 0, gateway->loop, admin);
	}
	if (admin->tcp != NULL) {
		server_attach(admin->tcp, 0, gateway->loop, admin);
	}
}

static void on_server_stopped(void *user)
{
	struct admin *admin = user;

	if (--admin->stopping == 0) {
		admin->done(admin->done_user);
	}
}

void admin_stop(struct admin *admin, admin_done_fn *done, void *user)
{
	struct loop *loop = admin->gateway->loop;

	admin->done = done;
	admin->done_user = user;
	admin->stopping = 1;
	admin_journal_stop(admin);
	if (admin->socket != NULL) {
		admin->stopping++;
		server_stop(admin->socket, 1000, loop, on_server_stopped, admin);
	}
	if (admin->tcp != NULL) {
		admin->stopping++;
		server_stop(admin->tcp, 1000, loop, on_server_stopped, admin);
	}
	loop_post(loop, on_server_stopped, admin);
}

void admin_free(struct admin *admin)
{
	if (admin == NULL) {
		return;
	}
	if (admin->watch != NULL) {
		store_unwatch(admin->gateway->store, admin->watch);
	}
	server_free(admin->socket);
	server_free(admin->tcp);
	store_reader_close(admin->reader);
	memory_free(admin);
}
