#include "io/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/support/server_stage.h"

/* ---- whole replies ---- */

static void test_a_connection_is_kept_and_replies_carry_what_every_reply_has(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	for (int i = 0; i < 3; i++) {
		ask(fd, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello");
		assert_has(reply, "HTTP/1.1 200 OK\r\n");
		assert_has(reply, "\r\nDate: ");
		assert_has(reply, " GMT\r\n");
		assert_has(reply, "\r\nCache-Control: no-store\r\n");
		assert_has(reply, "\r\nX-Content-Type-Options: nosniff\r\n");
		assert_has(reply, "\r\nContent-Type: text/plain\r\n");
		assert_has(reply, "\r\nContent-Length: 5\r\n");
		assert_has(reply, "\r\n\r\nhello");
		assert_has_not(reply, "\r\nConnection:");
	}
	assert_int_equal(stage->requests, 3);
	close(fd);
}

static void test_pipelined_requests_are_answered_in_order(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	assert_true(wire_send(fd, GET("/later") GET("/none") GET("/later") GET("/missing")));
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "\r\n\r\nlater");
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "HTTP/1.1 204 ");
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "\r\n\r\nlater");
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "HTTP/1.1 404 ");
	close(fd);
}

static void test_a_thousand_pipelined_requests_are_all_answered(void **state)
{
	int fd = wire_connect(stage->fixture.port);
	struct buf many = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		buf_append_text(&many, GET("/a"));
	}
	assert_true(wire_send_bytes(fd, many.data, many.size));
	for (int i = 0; i < 1000; i++) {
		wire_read_reply(fd, reply, sizeof(reply));
		assert_has(reply, "HTTP/1.1 200 OK\r\n");
	}
	buf_fini(&many);
	close(fd);
}

static void test_bytes_may_come_one_by_one(void **state)
{
	static const char bytes[] = "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
				    "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n" GET("/none");
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
		assert_true(wire_send_bytes(fd, bytes + i, 1));
	}
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "\r\n\r\nabcde");
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "HTTP/1.1 204 ");
	close(fd);
}

static void test_head_and_204_have_no_body(void **state)
{
	int fd = wire_connect(stage->fixture.port);
	size_t size;

	(void)state;
	assert_true(wire_send(fd,
		"HEAD /missing HTTP/1.1\r\n" HOST "\r\n" GET("/none") "GET /a HTTP/1.1\r\n" HOST
								      "Connection: close\r\n\r\n"));
	size = wire_read(fd, reply, sizeof(reply) - 1);
	assert_true(size > 0);
	assert_has(reply, "Content-Length: 43\r\n\r\nHTTP/1.1 204 No Content\r\n");
	const char *second = strstr(reply, "HTTP/1.1 204");
	const char *third = strstr(second, "HTTP/1.1 200 OK");
	assert_non_null(third);
	assert_true(strcasestr(second, "Content-Length") > third);
	close(fd);
}

static void test_a_header_that_would_split_the_reply_becomes_a_500(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	ask(fd, GET("/split"));
	assert_has(reply, "HTTP/1.1 500 ");
	assert_has_not(reply, "evil");
	assert_has_not(reply, "secret");
	assert_true(wire_is_closed(fd));
	close(fd);
}

static void test_close_is_honoured_and_nothing_behind_it_is_processed(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	ask(fd, "GET /a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" GET("/b"));
	assert_has(reply, "\r\nConnection: close\r\n");
	assert_int_equal(wire_read(fd, reply, sizeof(reply) - 1), 0);
	assert_int_equal(stage->requests, 1);
	close(fd);
}

static void test_a_client_that_has_finished_sending_gets_its_reply(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	assert_true(wire_send(fd, GET("/later")));
	shutdown(fd, SHUT_WR);
	wire_read(fd, reply, sizeof(reply) - 1);
	assert_has(reply, "\r\n\r\nlater");
	close(fd);
}

/* ---- bodies ---- */

static void test_a_large_body_comes_whole_with_a_length_and_in_chunks(void **state)
{
	size_t size = 200000;
	struct buf body = { 0 };
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	for (size_t i = 0; i < size; i++) {
		buf_append_char(&body, (char)('a' + i % 23));
	}
	assert_true(wire_send(fd, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 200000\r\n\r\n"));
	assert_true(wire_send_bytes(fd, body.data, size));
	wire_read_reply(fd, reply, sizeof(reply));
	assert_memory_equal(strstr(reply, "\r\n\r\n") + 4, body.data, size);

	assert_true(
		wire_send(fd, "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"));
	for (size_t at = 0; at < size;) {
		char line[32];
		size_t chunk = size - at < 7777 ? size - at : 7777;
		snprintf(line, sizeof(line), "%s%zx\r\n", at > 0 ? "\r\n" : "", chunk);
		assert_true(wire_send(fd, line) && wire_send_bytes(fd, body.data + at, chunk));
		at += chunk;
	}
	assert_true(wire_send(fd, "\r\n0\r\n\r\n" GET("/none")));
	wire_read_reply(fd, reply, sizeof(reply));
	assert_memory_equal(strstr(reply, "\r\n\r\n") + 4, body.data, size);
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "HTTP/1.1 204 ");
	buf_fini(&body);
	close(fd);
}

static void test_a_body_beyond_the_limit_is_refused_before_it_is_read(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	ask(fd, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n");
	assert_has(reply, "HTTP/1.1 413 ");
	assert_has(reply, "\r\nConnection: close\r\n");
	assert_int_equal(stage->requests, 0);
	close(fd);
	fd = wire_connect(stage->fixture.port);
	ask(fd, "POST /large HTTP/1.1\r\n" HOST
		"Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n");
	assert_string_equal(reply, "HTTP/1.1 100 Continue\r\n\r\n");
	close(fd);
}

static void test_expect_is_answered_only_while_the_body_is_missing(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	ask(fd, "POST /a HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	assert_string_equal(reply, "HTTP/1.1 100 Continue\r\n\r\n");
	ask(fd, "ab");
	assert_has(reply, "\r\n\r\nab");
	ask(fd, "POST /a HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\ncd");
	assert_has(reply, "HTTP/1.1 200 ");
	close(fd);
}

static void test_a_reply_to_the_head_alone_closes_when_a_body_was_to_come(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	ask(fd, GET("/early"));
	assert_has(reply, "HTTP/1.1 401 ");
	assert_has_not(reply, "Connection: close");
	ask(fd, "POST /early HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n");
	assert_has(reply, "HTTP/1.1 401 ");
	assert_has(reply, "Connection: close");
	assert_int_equal(stage->requests, 0);
	close(fd);
}

/* ---- refusals ---- */

static void test_what_cannot_be_parsed_is_answered_once_and_closed(void **state)
{
	static const char *const bad[][2] = {
		{ "GET /a HTTP/1.1\r\n\r\n" GET("/b"), "HTTP/1.1 400 Bad Request\r\n" },
		{ "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n" GET("/b"),
			"HTTP/1.1 501 Not Implemented\r\n" },
		{ "CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 405 Method Not Allowed\r\n" },
		{ "GET /a HTTP/2.0\r\n" HOST "\r\n",
			"HTTP/1.1 505 HTTP Version Not Supported\r\n" },
		{ "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n",
			"HTTP/1.1 400 Bad Request\r\n" },
		{ "\x16\x03\x01\x02\xfc\x03\x03\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = wire_connect(stage->fixture.port);

		ask(fd, bad[i][0]);
		assert_has(reply, bad[i][1]);
		assert_has(reply, "\r\nConnection: close\r\n");
		assert_has(reply, "\r\nContent-Type: application/scim+json\r\n");
		assert_has(reply, "\r\n\r\n{\"status\":\"");
		if (strncmp(bad[i][0], "CONNECT", 7) == 0) {
			assert_has(reply, "\r\nAllow: GET, ");
		}
		assert_int_equal(wire_read(fd, reply, sizeof(reply) - 1), 0);
		close(fd);
	}
	assert_int_equal(stage->requests, 0);
}

static void test_a_refusal_arrives_although_the_client_still_sends(void **state)
{
	int fd = wire_connect(stage->fixture.port);
	static char flood[400000];

	(void)state;
	memset(flood, 'a', sizeof(flood));
	assert_true(wire_send(fd, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 99999999\r\n\r\n"));
	assert_true(wire_send_bytes(fd, flood, sizeof(flood)));
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "HTTP/1.1 413 ");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_connection_is_kept_and_replies_carry_what_every_reply_has),
		TEST(test_pipelined_requests_are_answered_in_order),
		TEST(test_a_thousand_pipelined_requests_are_all_answered),
		TEST(test_bytes_may_come_one_by_one),
		TEST(test_head_and_204_have_no_body),
		TEST(test_a_header_that_would_split_the_reply_becomes_a_500),
		TEST(test_close_is_honoured_and_nothing_behind_it_is_processed),
		TEST(test_a_client_that_has_finished_sending_gets_its_reply),
		TEST(test_a_large_body_comes_whole_with_a_length_and_in_chunks),
		TEST(test_a_body_beyond_the_limit_is_refused_before_it_is_read),
		TEST(test_expect_is_answered_only_while_the_body_is_missing),
		TEST(test_a_reply_to_the_head_alone_closes_when_a_body_was_to_come),
		TEST(test_what_cannot_be_parsed_is_answered_once_and_closed),
		TEST(test_a_refusal_arrives_although_the_client_still_sends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
