#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "config/config.h"
#include "config/load.h"

/* A gateway of one answer: accepts once, keeps the request, sends the bytes, closes. */
struct fake {
	char folder[64];
	char config_path[96];
	char socket_path[96];
	int listener;
	pthread_t thread;
	const char *answer;
	char request[4096];
	struct cli cli;
};

static void *serve_once(void *user)
{
	struct fake *fake = user;
	size_t size = 0;
	int fd = accept(fake->listener, NULL, NULL);

	while (size < sizeof(fake->request) - 1) {
		ssize_t got = read(fd, fake->request + size, sizeof(fake->request) - 1 - size);
		if (got <= 0) {
			break;
		}
		size += (size_t)got;
		fake->request[size] = '\0';
		const char *body = strstr(fake->request, "\r\n\r\n");
		if (body != NULL &&
			(strstr(fake->request, "Content-Length: ") == NULL || body[4] != '\0')) {
			break;
		}
	}
	ssize_t sent = write(fd, fake->answer, strlen(fake->answer));
	close(fd);
	return (void *)sent;
}

static void write_config(struct fake *fake)
{
	FILE *file = fopen(fake->config_path, "we");

	fprintf(file, "admin: {socket: %s}\njournal: {origin: a}\npolicy: {directory: p}\n",
		fake->socket_path);
	fclose(file);
}

static void start(struct fake *fake, const char *answer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*fake = (struct fake){ .folder = "/tmp/scimward-test-XXXXXX", .answer = answer };
	assert_non_null(mkdtemp(fake->folder));
	snprintf(fake->config_path, sizeof(fake->config_path), "%s/c.yaml", fake->folder);
	snprintf(fake->socket_path, sizeof(fake->socket_path), "%s/s", fake->folder);
	write_config(fake);
	fake->cli.config_path = fake->config_path;
	fake->cli.err = tmpfile();
	fake->cli.out = fake->cli.err;
	if (answer == NULL) {
		return;
	}
	fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", fake->socket_path);
	assert_int_equal(bind(fake->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fake->listener, 1), 0);
	assert_int_equal(pthread_create(&fake->thread, NULL, serve_once, fake), 0);
}

static void stop(struct fake *fake)
{
	if (fake->answer != NULL) {
		pthread_join(fake->thread, NULL);
		close(fake->listener);
		unlink(fake->socket_path);
	}
	config_free(fake->cli.config);
	fclose(fake->cli.err);
	unlink(fake->config_path);
	rmdir(fake->folder);
}

static void test_call_sends_json_and_gives_back_json(void **state)
{
	struct fake fake;
	struct error err = { 0 };
	json_t *result = NULL;
	json_auto_t *body = json_object();

	(void)state;
	start(&fake, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"a\": 1}");
	json_object_set_new(body, "name", json_string("x"));
	bool ok = cli_call(&fake.cli, "POST", "/admin/v1/tokens", body, 0, &result, &err);

	assert_string_equal(err.text, "");
	assert_true(ok);
	assert_int_equal(json_integer_value(json_object_get(result, "a")), 1);
	json_decref(result);
	stop(&fake);
	assert_memory_equal(fake.request, "POST /admin/v1/tokens HTTP/1.1\r\n", 32);
	assert_non_null(strstr(fake.request, "\r\n\r\n{\"name\":\"x\"}"));
}

static void test_no_content_is_no_json(void **state)
{
	struct fake fake;
	struct error err = { 0 };
	json_t *result = (json_t *)&fake;

	(void)state;
	start(&fake, "HTTP/1.1 204 No Content\r\n\r\n");

	assert_true(cli_call(&fake.cli, "DELETE", "/admin/v1/x", NULL, 0, &result, &err));
	assert_null(result);
	stop(&fake);
}

static void test_a_refusal_is_told_in_the_words_of_the_gateway(void **state)
{
	static const struct {
		const char *answer;
		enum error_code code;
		const char *text;
	} cases[] = {
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 27\r\n\r\n{\"detail\":\"no entry "
		  "4711\"}  ",
			ERROR_NOT_FOUND, "no entry 4711" },
		{ "HTTP/1.1 400 Bad Request\r\nContent-Length: 18\r\n\r\n{\"message\":\"what\"}",
			ERROR_REQUEST, "what" },
		{ "HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\n<p>no", ERROR_INTERNAL,
			"the gateway answered 500" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<p>no", ERROR_INTERNAL,
			"the gateway's answer is no JSON" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake fake;
		struct error err = { 0 };
		json_t *result = NULL;
		start(&fake, cases[i].answer);
		assert_false(cli_call(&fake.cli, "GET", "/admin/v1/x", NULL, 0, &result, &err));
		assert_int_equal(err.code, cases[i].code);
		assert_string_equal(err.text, cases[i].text);
		stop(&fake);
	}
}

static void test_a_gateway_that_does_not_run_is_told_with_the_way_to_start_it(void **state)
{
	struct fake fake;
	struct error err = { 0 };

	(void)state;
	start(&fake, NULL);
	assert_false(cli_call(&fake.cli, "GET", "/admin/v1/x", NULL, 0, NULL, &err));

	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "no gateway is running"));
	assert_non_null(strstr(err.text, "scimward serve -c"));
	stop(&fake);
}

static void test_an_answer_that_breaks_off_is_an_error(void **state)
{
	struct fake fake;
	struct error err = { 0 };

	(void)state;
	start(&fake, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
	assert_false(cli_call(&fake.cli, "GET", "/admin/v1/x", NULL, 0, NULL, &err));

	assert_int_equal(err.code, ERROR_IO);
	stop(&fake);
}

struct lines {
	size_t count;
	size_t wanted;
	json_int_t last;
};

static bool on_line(void *user, const json_t *json)
{
	struct lines *lines = user;

	lines->count++;
	lines->last = json_integer_value(json_object_get(json, "n"));
	return lines->count != lines->wanted;
}

static void test_follow_reads_lines_and_server_sent_events(void **state)
{
	struct fake fake;
	struct error err = { 0 };
	struct lines lines = { 0 };

	(void)state;
	start(&fake, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
		     "{\"n\":1}\nid: 2\ndata: {\"n\":2}\n\n: heartbeat\n{\"n\":3}\n");
	bool ok = cli_follow(&fake.cli, "/admin/v1/journal?follow=1", on_line, &lines, &err);

	assert_string_equal(err.text, "");
	assert_true(ok);
	assert_int_equal(lines.count, 3);
	assert_int_equal(lines.last, 3);
	stop(&fake);
}

static void test_follow_ends_when_the_reader_has_enough(void **state)
{
	struct fake fake;
	struct error err = { 0 };
	struct lines lines = { .wanted = 1 };

	(void)state;
	start(&fake, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"n\":1}\n{\"n\":2}\n");

	assert_true(cli_follow(&fake.cli, "/x", on_line, &lines, &err));
	assert_int_equal(lines.count, 1);
	stop(&fake);
}

static void test_follow_refuses_lines_that_are_no_json(void **state)
{
	struct fake fake;
	struct error err = { 0 };
	struct lines lines = { 0 };

	(void)state;
	start(&fake, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"n\":\n");

	assert_false(cli_follow(&fake.cli, "/x", on_line, &lines, &err));
	assert_int_equal(err.code, ERROR_INTERNAL);
	stop(&fake);
}

static void test_query_values_are_escaped(void **state)
{
	struct buf buf = { 0 };

	(void)state;
	cli_query_escape(&buf, "effect eq \"deny\"&x=\xc3\xa9~");

	assert_string_equal(buf_text(&buf), "effect%20eq%20%22deny%22%26x%3D%C3%A9~");
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_sends_json_and_gives_back_json),
		cmocka_unit_test(test_no_content_is_no_json),
		cmocka_unit_test(test_a_refusal_is_told_in_the_words_of_the_gateway),
		cmocka_unit_test(test_a_gateway_that_does_not_run_is_told_with_the_way_to_start_it),
		cmocka_unit_test(test_an_answer_that_breaks_off_is_an_error),
		cmocka_unit_test(test_follow_reads_lines_and_server_sent_events),
		cmocka_unit_test(test_follow_ends_when_the_reader_has_enough),
		cmocka_unit_test(test_follow_refuses_lines_that_are_no_json),
		cmocka_unit_test(test_query_values_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
