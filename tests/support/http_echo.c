/*
 * A small server on io/server: what the wire tests talk to, and the floor that
 * benchmarks compare with.
 *
 *   http_echo [option=value …]
 *
 *   address=127.0.0.1:0 workers=1 certificate=FILE key=FILE
 *   head_ms= body_ms= body_grace_ms= idle_ms= write_ms= handshake_ms= linger_ms= drain_ms=
 *   connections= per_address= requests= handshakes= body=
 *
 * Prints "port N" when it serves. SIGHUP reloads the certificate, SIGTERM drains, prints the
 * counters and ends.
 *
 *   /echo…     what was understood of the request, as JSON
 *   /later     the same, 20 ms later
 *   /big?N     N bytes, with a length
 *   /stream?N  N bytes in chunks, with back-pressure
 *   /early     401 before the body is read
 *   everything else: 200 with the body that came, or a SCIM user of 1 kB
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/memory.h"
#include "io/loop.h"
#include "io/server.h"
#include "io/signal.h"
#include "io/tls.h"

struct echo {
	struct server *server;
	struct tls *tls;
	struct loop *loop;
	int64_t drain_ms;
	int64_t unattached; /* workers that do not serve yet */
	struct buf user;
};

static struct echo echo;

/* ---- streams ---- */

struct flood {
	struct exchange *exchange;
	uint64_t left;
};

static char filler[16 * 1024];

static void flood_on(struct flood *flood)
{
	bool more = true;

	while (flood->left > 0 && more) {
		size_t size = flood->left < sizeof(filler) ? (size_t)flood->left : sizeof(filler);
		flood->left -= size;
		more = server_stream_write(flood->exchange, filler, size);
	}
	if (more) {
		server_stream_end(flood->exchange);
		memory_free(flood);
	}
}

static void on_stream_event(void *user, enum server_stream_event event)
{
	struct flood *flood = user;

	if (event == SERVER_STREAM_GONE) {
		server_stream_abort(flood->exchange);
		memory_free(flood);
		return;
	}
	flood_on(flood);
}

static void start_flood(struct exchange *exchange, uint64_t size, bool chunked)
{
	struct flood *flood = must_calloc(1, sizeof(*flood));
	const struct server_reply reply = { .status = 200, .content_type = "text/plain" };
	const struct server_stream stream = {
		.length = chunked ? -1 : (int64_t)size,
		.on_event = on_stream_event,
		.user = flood,
	};

	flood->exchange = exchange;
	flood->left = size;
	server_stream_start(exchange, &reply, &stream);
	flood_on(flood);
}

/* ---- whole replies ---- */

static void append_text(struct buf *buf, const char *name, struct http_text text)
{
	buf_printf(buf, "\"%s\":", name);
	buf_append_json_text(buf, text.data != NULL ? text.data : "", text.size);
}

static void describe(struct buf *buf, const struct http_request *request)
{
	buf_printf(buf, "{\"method\":\"%s\",", http_method_name(request->method));
	append_text(buf, "path", request->path);
	buf_append_char(buf, ',');
	append_text(buf, "query", request->query);
	buf_append_text(buf, ",\"fields\":{");
	for (size_t i = 0; i < request->field_count; i++) {
		const struct http_field *field = &request->fields[i];
		buf_append_text(buf, i > 0 ? "," : "");
		buf_append_json_text(buf, field->name.data, field->name.size);
		buf_append_char(buf, ':');
		buf_append_json_text(buf, field->value.data, field->value.size);
	}
	buf_append_text(buf, "},");
	append_text(buf, "body", request->body);
	buf_append_text(buf, "}\n");
}

static void reply_description(struct exchange *exchange, const struct http_request *request)
{
	struct buf body = { 0 };

	describe(&body, request);
	const struct server_reply reply = {
		.status = 200,
		.content_type = "application/json",
		.body = body.data,
		.body_size = body.size,
	};
	server_reply(exchange, &reply);
	buf_fini(&body);
}

struct later {
	struct exchange *exchange;
	const struct http_request *request;
};

static void on_later(void *user)
{
	struct later *later = user;

	reply_description(later->exchange, later->request);
	memory_free(later);
}

static void reply_later(struct exchange *exchange, const struct http_request *request)
{
	struct later *later = must_calloc(1, sizeof(*later));

	later->exchange = exchange;
	later->request = request;
	loop_after(exchange_loop(exchange), 20, on_later, later);
}

static void reply_plain(struct exchange *exchange, const struct http_request *request)
{
	const struct server_header headers[] = {
		{ "ETag", "W/\"1\"" },
		{ "Scimward-Journal", "123456 kHcbSPuq5TTBGdvxQ5fXA93kRYKEAAFZFxoCPI5wl0E=" },
	};
	bool has_body = request->body.size > 0;
	const struct server_reply reply = {
		.status = 200,
		.content_type = "application/scim+json",
		.headers = headers,
		.header_count = 2,
		.body = has_body ? request->body.data : echo.user.data,
		.body_size = has_body ? request->body.size : echo.user.size,
	};

	server_reply(exchange, &reply);
}

static uint64_t size_of_query(const struct http_request *request)
{
	char digits[20] = "";

	if (request->query.size < sizeof(digits)) {
		memcpy(digits, request->query.data, request->query.size);
	}
	return strtoull(digits, NULL, 10);
}

static void on_request(void *user, struct exchange *exchange, const struct http_request *request)
{
	static const struct http_text none = { "", 0 };
	struct http_text first = request->segment_count > 0 ? request->segments[0] : none;

	(void)user;
	if (http_text_is(first, "echo")) {
		reply_description(exchange, request);
	} else if (http_text_is(first, "later")) {
		reply_later(exchange, request);
	} else if (http_text_is(first, "big")) {
		start_flood(exchange, size_of_query(request), false);
	} else if (http_text_is(first, "stream")) {
		start_flood(exchange, size_of_query(request), true);
	} else {
		reply_plain(exchange, request);
	}
}

static void on_head(void *user, struct exchange *exchange, const struct http_request *request,
	uint64_t *body_limit)
{
	(void)user;
	if (request->segment_count > 0 && http_text_is(request->segments[0], "early")) {
		server_reply_error(exchange, 401, "who are you?");
	} else if (request->segment_count > 0 && http_text_is(request->segments[0], "large")) {
		*body_limit = 16 << 20;
	}
}

/* ---- life ---- */

static void print_stats(void)
{
	struct server_stats stats;

	server_stats(echo.server, &stats);
#define SHOW(what) printf(#what " %llu\n", (unsigned long long)stats.what)
	SHOW(accepted);
	SHOW(open);
	SHOW(requests);
	SHOW(refused_total);
	SHOW(refused_address);
	SHOW(refused_parse);
	SHOW(failed_tls);
	SHOW(late_handshake);
	SHOW(late_head);
	SHOW(late_body);
	SHOW(late_write);
	SHOW(late_idle);
	SHOW(gone);
	SHOW(descriptors_short);
#undef SHOW
	fflush(stdout);
}

static void on_stopped(void *user)
{
	(void)user;
	print_stats();
	loop_stop(echo.loop);
}

static void on_signal(void *user, int number)
{
	struct error err = { 0 };

	(void)user;
	if (number == SIGTERM || number == SIGINT) {
		server_stop(echo.server, echo.drain_ms, echo.loop, on_stopped, NULL);
	} else if (echo.tls != NULL) {
		printf("reload: %s\n", tls_reload(echo.tls, &err) ? "done" : err.text);
		fflush(stdout);
	}
}

static const char *option(int argc, char **argv, const char *name)
{
	size_t size = strlen(name);

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], name, size) == 0 && argv[i][size] == '=') {
			return argv[i] + size + 1;
		}
	}
	return NULL;
}

static int64_t number(int argc, char **argv, const char *name)
{
	const char *text = option(argc, argv, name);

	return text != NULL ? strtoll(text, NULL, 10) : 0;
}

static bool open_server(int argc, char **argv, struct error *err)
{
	const char *address = option(argc, argv, "address");
	struct server_options options = {
		.address = address != NULL ? address : "127.0.0.1:0",
		.workers = (unsigned)number(argc, argv, "workers"),
		.on_head = on_head,
		.on_request = on_request,
		.handshake_ms = number(argc, argv, "handshake_ms"),
		.head_ms = number(argc, argv, "head_ms"),
		.body_ms = number(argc, argv, "body_ms"),
		.body_grace_ms = number(argc, argv, "body_grace_ms"),
		.idle_ms = number(argc, argv, "idle_ms"),
		.write_ms = number(argc, argv, "write_ms"),
		.linger_ms = number(argc, argv, "linger_ms"),
		.body_bytes = (uint64_t)number(argc, argv, "body"),
		.connections = (unsigned)number(argc, argv, "connections"),
		.connections_per_address = (unsigned)number(argc, argv, "per_address"),
		.handshakes_per_second = (unsigned)number(argc, argv, "handshakes"),
		.requests_per_connection = (unsigned)number(argc, argv, "requests"),
	};
	const struct tls_options files = {
		.certificate_file = option(argc, argv, "certificate"),
		.key_file = option(argc, argv, "key"),
	};

	if (files.certificate_file != NULL) {
		echo.tls = tls_new(&files, err);
		if (echo.tls == NULL) {
			return false;
		}
		options.tls = echo.tls;
	}
	echo.server = server_new(&options, err);
	return echo.server != NULL;
}

static void make_user(void)
{
	buf_append_text(&echo.user, "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],"
				    "\"displayName\":\"");
	while (echo.user.size < 1000) {
		buf_append_char(&echo.user, 'x');
	}
	buf_append_text(&echo.user, "\"}\n");
	memset(filler, 'x', sizeof(filler));
}

struct attachment {
	unsigned index;
	struct loop_thread *thread;
};

/* In the main loop: now a worker serves. When all do, clients may come: who connects to one that
 * does not would be cut off by an early end. */
static void on_attached(void *user)
{
	int64_t *left = user;

	if (--*left == 0) {
		printf("port %u\n", server_port(echo.server));
		fflush(stdout);
	}
}

static void attach(void *user) /* in the worker's loop */
{
	struct attachment *attachment = user;

	server_attach(echo.server, attachment->index, loop_thread_loop(attachment->thread), NULL);
	loop_post(echo.loop, on_attached, &echo.unattached);
}

int main(int argc, char **argv)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	struct error err = { 0 };
	int64_t workers = number(argc, argv, "workers");
	static struct attachment others[64];

	echo.loop = loop_new();
	echo.drain_ms = number(argc, argv, "drain_ms");
	echo.drain_ms = echo.drain_ms != 0 ? echo.drain_ms : 2000;
	make_user();
	struct signals *signals = signals_new(echo.loop, numbers, 3, on_signal, NULL);
	if (!open_server(argc, argv, &err)) {
		fprintf(stderr, "http_echo: %s\n", err.text);
		return 1;
	}
	workers = workers < 1 ? 1 : workers > 64 ? 64 : workers;
	echo.unattached = workers;
	server_attach(echo.server, 0, echo.loop, NULL);
	loop_post(echo.loop, on_attached, &echo.unattached);
	for (unsigned i = 1; i < workers; i++) {
		others[i] = (struct attachment){ i, loop_thread_start("worker", &err) };
		loop_post(loop_thread_loop(others[i].thread), attach, &others[i]);
	}
	loop_run(echo.loop);
	for (unsigned i = 1; i < 64; i++) {
		loop_thread_join(others[i].thread);
	}
	server_free(echo.server);
	tls_free(echo.tls);
	signals_free(signals);
	loop_free(echo.loop);
	buf_fini(&echo.user);
	return 0;
}
