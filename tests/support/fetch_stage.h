/*
 * A server that is asked and a client that asks it through io/fetch, for tests. Included once per
 * program, behind cmocka.h.
 *
 *   /redirect 302 · /big 3 MiB · /hang breaks off · /hold never answers · everything else: 200,
 * five bytes
 */
#pragma once

#include <stdatomic.h>
#include <string.h>
#include "io/fetch.h"
#include "tests/support/server_fixture.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- the other side ---- */

static atomic_int requests;
static char seen[8192]; /* head and body of the last request; read after its answer */

__attribute__((unused)) static void note_request(const struct http_request *request)
{
	int at = snprintf(seen, sizeof(seen), "%s %.*s\n", http_method_name(request->method),
		(int)request->target.size, request->target.data);

	for (size_t i = 0; i < request->field_count; i++) {
		at += snprintf(seen + at, sizeof(seen) - (size_t)at, "%.*s: %.*s\n",
			(int)request->fields[i].name.size, request->fields[i].name.data,
			(int)request->fields[i].value.size, request->fields[i].value.data);
	}
	snprintf(seen + at, sizeof(seen) - (size_t)at, "\n%.*s", (int)request->body.size,
		request->body.data != NULL ? request->body.data : "");
}

__attribute__((unused)) static void on_stream(void *user, enum server_stream_event event)
{
	(void)user;
	(void)event;
}

/* Breaks the connection without an answer. */
__attribute__((unused)) static void hang_up(struct exchange *exchange)
{
	const struct server_reply reply = { .status = 200, .content_type = "text/plain" };
	const struct server_stream stream = { .length = 100, .on_event = on_stream };

	server_stream_start(exchange, &reply, &stream);
	server_stream_abort(exchange);
}

static struct exchange *held;

__attribute__((unused)) static void reply_all(struct exchange *exchange, int status, size_t size)
{
	static char body[3 << 20];
	const struct server_header headers[] = {
		{ "ETag", "W/\"7\"" },
		{ "Location", "https://elsewhere.example/x" },
		{ "Retry-After", "120" },
	};
	const struct server_reply reply = {
		.status = status,
		.content_type = "application/scim+json",
		.headers = headers,
		.header_count = 3,
		.body = body,
		.body_size = size,
	};

	memset(body, 'b', sizeof(body));
	server_reply(exchange, &reply);
}

__attribute__((unused)) static void on_request(
	void *user, struct exchange *exchange, const struct http_request *request)
{
	struct http_text first = request->segments[0];

	(void)user;
	requests++;
	note_request(request);
	if (http_text_is(first, "redirect")) {
		reply_all(exchange, 302, 0);
	} else if (http_text_is(first, "big")) {
		reply_all(exchange, 200, 3 << 20);
	} else if (http_text_is(first, "hang")) {
		hang_up(exchange);
	} else if (http_text_is(first, "hold")) {
		held = exchange;
	} else {
		reply_all(exchange, 200, 5);
	}
}

/* ---- frame ---- */

struct answer {
	int calls;
	enum fetch_outcome outcome;
	int status;
	char text[1024];
	size_t body_size;
	char message[256];
};

static struct server_fixture other;
static struct loop *loop;
static struct fetch *fetch;
static struct answer answer;
static int wanted;

__attribute__((unused)) static void on_done(void *user, const struct fetch_response *response)
{
	struct answer *it = user;

	assert_true(loop_is_mine(loop) || fetch == NULL);
	it->calls++;
	it->outcome = response->outcome;
	it->status = response->status;
	it->body_size = response->body_size;
	snprintf(it->text, sizeof(it->text), "%s|%s|%s|%s|%.40s", response->content_type,
		response->etag, response->location, response->retry_after, response->body);
	snprintf(it->message, sizeof(it->message), "%s", response->message);
	if (--wanted == 0) {
		loop_stop(loop);
	}
}

__attribute__((unused)) static int setup_with(const struct server_options *options)
{
	requests = 0;
	held = NULL;
	answer = (struct answer){ 0 };
	other = (struct server_fixture){ 0 };
	fixture_start(&other, options, NULL);
	loop = loop_new();
	fetch = fetch_new(loop, NULL);
	return 0;
}

__attribute__((unused)) static int setup(void **state)
{
	const struct server_options options = { .on_request = on_request };

	(void)state;
	return setup_with(&options);
}

__attribute__((unused)) static void release(void *user)
{
	(void)user;
	if (held != NULL) {
		reply_all(held, 200, 0);
	}
}

__attribute__((unused)) static int teardown(void **state)
{
	struct fetch *mine = fetch;

	(void)state;
	fetch = NULL;
	fetch_free(mine);
	loop_free(loop);
	loop_post(loop_thread_loop(other.thread), release, NULL);
	fixture_stop(&other);
	return 0;
}

/* "PORT" in `url` stands for the other side's. */
__attribute__((unused)) static void ask(struct fetch_request request, const char *text)
{
	const char *port = strstr(text, "PORT");
	char url[256];

	if (port != NULL) {
		snprintf(url, sizeof(url), "%.*s%u%s", (int)(port - text), text, other.port,
			port + 4);
	} else {
		snprintf(url, sizeof(url), "%s", text);
	}
	request.url = url;
	request.method = request.method != NULL ? request.method : "GET";
	answer.calls = 0;
	wanted = 1;
	fetch_start(fetch, &request, on_done, &answer);
	memset(url, 'x', sizeof(url) - 1); /* everything was copied */
	assert_int_equal(answer.calls, 0);
	loop_run(loop);
	assert_int_equal(answer.calls, 1);
	assert_int_equal(fetch_running(fetch), 0);
}

static const struct fetch_request local = { .allow_http = true, .allow_private = true };
