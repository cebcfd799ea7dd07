/*
 * A server with handlers for every way to answer, and a client's words, for the tests of io/server.
 * Included once per program.
 *
 *   /later after 3 ms · /hold when the test says so · /stream?N /sized?N /silent?N streams · /split
 * a header that must not pass · /none 204 · /missing 404 · /who the peer · /early 401 to the head ·
 * /large 4 MiB of body everything else: 200 and the body that came
 */
#pragma once

#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include "base/buf.h"
#include "base/memory.h"
#include "tests/support/server_fixture.h"
#include "tests/support/wire.h"

/* What one server of these tests knows. Atomics: test and server are two threads. */
struct stage {
	struct server_fixture fixture;
	atomic_int requests;
	atomic_int events_ready;
	atomic_int events_gone;
	atomic_int blocked; /* a stream waits for its client */
	struct exchange *held;
	sem_t holding; /* the handler has kept an exchange */
	sem_t told;    /* a stream was told that its client is gone */
	bool held_is_gone;
	uint64_t stream_left;
	unsigned peer_uid;
};

static struct stage *stage;

/* ---- handlers ---- */

__attribute__((unused)) static void reply_text(
	struct exchange *exchange, int status, const void *text, size_t size)
{
	const struct server_reply reply = {
		.status = status,
		.content_type = "text/plain",
		.body = text,
		.body_size = size,
	};

	server_reply(exchange, &reply);
}

__attribute__((unused)) static void on_later(void *exchange)
{
	reply_text(exchange, 200, "later", 5);
}

__attribute__((unused)) static void write_stream(void)
{
	static const char bytes[8192];
	bool more = true;

	while (stage->stream_left > 0 && more) {
		size_t size = stage->stream_left < sizeof(bytes) ? (size_t)stage->stream_left
								 : sizeof(bytes);
		stage->stream_left -= size;
		more = server_stream_write(stage->held, bytes, size);
	}
	if (more) {
		server_stream_end(stage->held);
	} else {
		stage->blocked++;
	}
}

__attribute__((unused)) static void on_stream(void *user, enum server_stream_event event)
{
	(void)user;
	if (event == SERVER_STREAM_GONE) {
		stage->events_gone++;
		assert_true(exchange_is_gone(stage->held));
		server_stream_abort(stage->held);
		sem_post(&stage->told);
		return;
	}
	stage->events_ready++;
	write_stream();
}

__attribute__((unused)) static void start_stream(
	struct exchange *exchange, const struct http_request *request)
{
	const struct server_reply reply = { .status = 200, .content_type = "text/plain" };
	struct server_stream stream = { .length = -1, .on_event = on_stream };

	stage->held = exchange;
	stage->stream_left = strtoull(request->query.data, NULL, 10);
	if (http_text_is(request->segments[0], "sized")) {
		stream.length = (int64_t)stage->stream_left;
	}
	server_stream_start(exchange, &reply, &stream);
	if (http_text_is(request->segments[0], "silent")) {
		sem_post(&stage->holding);
		return;
	}
	write_stream();
}

__attribute__((unused)) static void reply_split(struct exchange *exchange)
{
	const struct server_header headers[] = { { "Location", "/a\r\nSet-Cookie: evil=1" } };
	const struct server_reply reply = {
		.status = 201,
		.content_type = "text/plain",
		.headers = headers,
		.header_count = 1,
		.body = "secret",
		.body_size = 6,
	};

	server_reply(exchange, &reply);
}

__attribute__((unused)) static void on_request(
	void *user, struct exchange *exchange, const struct http_request *request)
{
	struct http_text first = request->segments[0];

	assert_ptr_equal(user, stage);
	stage->requests++;
	if (http_text_is(first, "later")) {
		loop_after(exchange_loop(exchange), 3, on_later, exchange);
	} else if (http_text_is(first, "hold")) {
		stage->held = exchange;
		sem_post(&stage->holding);
	} else if (http_text_is(first, "stream") || http_text_is(first, "sized") ||
		   http_text_is(first, "silent")) {
		start_stream(exchange, request);
	} else if (http_text_is(first, "split")) {
		reply_split(exchange);
	} else if (http_text_is(first, "none")) {
		server_reply(exchange, &(struct server_reply){ .status = 204 });
	} else if (http_text_is(first, "missing")) {
		server_reply_error(exchange, 404, "nothing is here");
	} else if (http_text_is(first, "who")) {
		assert_true(exchange_peer_uid(exchange, &stage->peer_uid));
		reply_text(exchange, 200, exchange_peer(exchange), strlen(exchange_peer(exchange)));
	} else {
		reply_text(exchange, 200, request->body.data, request->body.size);
	}
}

__attribute__((unused)) static void on_head(void *user, struct exchange *exchange,
	const struct http_request *request, uint64_t *body_limit)
{
	(void)user;
	if (http_text_is(request->segments[0], "large")) {
		*body_limit = 4 << 20;
	} else if (http_text_is(request->segments[0], "early")) {
		reply_text(exchange, 401, "who?", 4);
	}
}

__attribute__((unused)) static const char *error_body(
	void *user, int status, const char *message, struct buf *body)
{
	(void)user;
	buf_printf(body, "{\"status\":\"%d\",\"detail\":\"%s\"}", status, message);
	return "application/scim+json";
}

/* ---- frame ---- */

static const struct server_options usual = {
	.on_head = on_head,
	.on_request = on_request,
	.error_body = error_body,
};

__attribute__((unused)) static int setup_with(const struct server_options *options)
{
	stage = must_calloc(1, sizeof(*stage));
	sem_init(&stage->holding, 0, 0);
	sem_init(&stage->told, 0, 0);
	fixture_start(&stage->fixture, options, stage);
	return 0;
}

__attribute__((unused)) static int setup(void **state)
{
	(void)state;
	return setup_with(&usual);
}

__attribute__((unused)) static int teardown(void **state)
{
	(void)state;
	fixture_stop(&stage->fixture);
	sem_destroy(&stage->holding);
	sem_destroy(&stage->told);
	memory_free(stage);
	return 0;
}

static char reply[300000];

__attribute__((unused)) static const char *ask(int fd, const char *bytes)
{
	assert_true(wire_send(fd, bytes));
	wire_read_reply(fd, reply, sizeof(reply));
	return reply;
}

__attribute__((unused)) static void assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL) {
		fail_msg("no '%s' in:\n%s", part, text);
	}
}

__attribute__((unused)) static void assert_has_not(const char *text, const char *part)
{
	if (strcasestr(text, part) != NULL) {
		fail_msg("'%s' in:\n%s", part, text);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#define HOST "Host: x\r\n"
#define GET(target) "GET " target " HTTP/1.1\r\n" HOST "\r\n"
