#include "io/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/secret.h"
#include "io/tls.h"
#include "tests/support/certificate.h"
#include "tests/support/fetch_stage.h"
#include "tests/support/scratch.h"
#include "tests/support/wire.h"

#define CERTIFICATE "cert.pem"
#define KEY "key.pem"
#define SOCKET "socket"

/* ---- answers ---- */

static void test_an_answer_has_status_headers_and_body(void **state)
{
	(void)state;
	ask(local, "http://127.0.0.1:PORT/a");
	assert_int_equal(answer.outcome, FETCH_ANSWERED);
	assert_int_equal(answer.status, 200);
	assert_string_equal(
		answer.text, "application/scim+json|W/\"7\"|https://elsewhere.example/x|120|bbbbb");
}

static void test_a_request_is_sent_as_asked(void **state)
{
	struct secret *bearer = secret_new("s3cr3t", 6);
	const struct fetch_header headers[] = { { "Accept", "application/scim+json" },
		{ "If-Match", NULL }, { "X-Empty", "" } };
	struct fetch_request request = local;

	(void)state;
	request.method = "PATCH";
	request.headers = headers;
	request.header_count = 3;
	request.bearer = bearer;
	request.body = "{}";
	request.body_size = 2;
	ask(request, "http://127.0.0.1:PORT/a%20b?x=%22");
	secret_free(bearer);
	assert_int_equal(answer.status, 200);
	assert_non_null(strstr(seen, "PATCH /a%20b?x=%22\n"));
	assert_non_null(strstr(seen, "\nAccept: application/scim+json\n"));
	assert_non_null(strstr(seen, "\nX-Empty: \n"));
	assert_non_null(strstr(seen, "\nAuthorization: Bearer s3cr3t\n"));
	assert_non_null(strstr(seen, "\nContent-Length: 2\n"));
	assert_non_null(strstr(seen, "\n\n{}"));
	assert_null(strstr(seen, "If-Match"));
	assert_null(strstr(seen, "Expect"));
	assert_null(strstr(seen, "Content-Type"));
	assert_null(strstr(seen, "Accept-Encoding"));
}

static void test_methods_without_a_body_say_what_they_must(void **state)
{
	static const struct {
		const char *method;
		bool sized;
	} cases[] = { { "POST", true }, { "PUT", true }, { "DELETE", false }, { "GET", false },
		{ "HEAD", false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fetch_request request = local;
		request.method = cases[i].method;
		ask(request, "http://127.0.0.1:PORT/a");
		assert_int_equal(answer.outcome, FETCH_ANSWERED);
		assert_memory_equal(seen, cases[i].method, strlen(cases[i].method));
		assert_int_equal(strstr(seen, "Content-Length: 0") != NULL, cases[i].sized);
	}
}

static void test_a_redirect_is_an_answer(void **state)
{
	(void)state;
	ask(local, "http://127.0.0.1:PORT/redirect");
	assert_int_equal(answer.outcome, FETCH_ANSWERED);
	assert_int_equal(answer.status, 302);
	assert_int_equal(requests, 1);
}

static void test_many_requests_at_once_are_each_answered_once(void **state)
{
	static struct answer answers[300];
	struct fetch_request request = local;
	char url[64];

	(void)state;
	memset(answers, 0, sizeof(answers));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/a", other.port);
	request.url = url;
	request.method = "GET";
	wanted = 300;
	for (int i = 0; i < 300; i++) {
		fetch_start(fetch, &request, on_done, &answers[i]);
	}
	loop_run(loop);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(answers[i].calls, 1);
		assert_int_equal(answers[i].status, 200);
	}
	assert_int_equal(requests, 300);
}

/* ---- failures, sorted by what is known ---- */

static void test_a_port_where_nobody_listens_is_unreachable(void **state)
{
	(void)state;
	ask(local, "http://127.0.0.1:1/PORT");
	assert_int_equal(answer.outcome, FETCH_UNREACHABLE);
	assert_false(fetch_outcome_is_unknown(answer.outcome));
	ask((struct fetch_request){ 0 }, "https://no-such-host.invalid/PORT");
	assert_int_equal(answer.outcome, FETCH_UNREACHABLE);
}

static void test_no_answer_in_time_is_a_timeout(void **state)
{
	struct fetch_request request = local;

	(void)state;
	/* On a connection that is there: else the time might be over before anything is sent, and
	 * that is another outcome. */
	ask(local, "http://127.0.0.1:PORT/a");
	assert_int_equal(answer.outcome, FETCH_ANSWERED);
	request.timeout_ms = 250;
	ask(request, "http://127.0.0.1:PORT/hold");
	assert_int_equal(answer.outcome, FETCH_TIMEOUT);
	assert_true(fetch_outcome_is_unknown(answer.outcome));
}

static void test_a_broken_answer_is_lost(void **state)
{
	(void)state;
	ask(local, "http://127.0.0.1:PORT/hang");
	assert_int_equal(answer.outcome, FETCH_LOST);
	assert_int_equal(requests, 1);
}

/* A server that answers the first request of its life and hangs up on all others without a word. */
static void *answer_once(void *user)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	int listener = *(int *)user;
	char bytes[4096];

	for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; close(fd)) {
		while (recv(fd, bytes, sizeof(bytes), 0) > 0 && ++requests == 1) {
			wire_send(fd, text);
		}
	}
	return NULL;
}

static void test_a_request_is_not_sent_again_when_a_kept_connection_breaks(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	struct fetch_request request = local;
	pthread_t thread;

	(void)state;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 8), 0);
	getsockname(listener, (struct sockaddr *)&address, &size);
	pthread_create(&thread, NULL, answer_once, &listener);
	unsigned port = other.port;
	other.port = ntohs(address.sin_port);
	request.method = "POST";

	ask(request, "http://127.0.0.1:PORT/a");
	assert_int_equal(answer.outcome, FETCH_ANSWERED);
	ask(request, "http://127.0.0.1:PORT/a");
	assert_int_equal(answer.outcome, FETCH_LOST);
	assert_int_equal(requests, 2);

	other.port = port;
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
}

static void test_an_answer_that_is_too_large_is_lost(void **state)
{
	struct fetch_request request = local;

	(void)state;
	ask(local, "http://127.0.0.1:PORT/big");
	assert_int_equal(answer.outcome, FETCH_LOST);
	assert_non_null(strstr(answer.message, "larger"));
	request.response_bytes = 4 << 20;
	ask(request, "http://127.0.0.1:PORT/big");
	assert_int_equal(answer.outcome, FETCH_ANSWERED);
	assert_int_equal(answer.body_size, 3 << 20);
}

static void test_stopping_ends_every_request_once(void **state)
{
	struct answer answers[2] = { { 0 } };
	struct fetch_request request = local;
	char url[64];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/hold", other.port);
	request.url = url;
	request.method = "GET";
	fetch_start(fetch, &request, on_done, &answers[0]);
	request.url = "nonsense:";
	fetch_start(fetch, &request, on_done, &answers[1]);
	struct fetch *mine = fetch;
	fetch = NULL;
	fetch_free(mine);
	assert_int_equal(answers[0].calls, 1);
	assert_int_equal(answers[0].outcome, FETCH_STOPPED);
	assert_int_equal(answers[1].calls, 1);
}

/* ---- TLS, unix sockets ---- */

static struct tls *tls;

static int setup_tls(void **state)
{
	const struct tls_options files = { CERTIFICATE, KEY };
	struct server_options options = { .on_request = on_request };
	struct error err = { 0 };

	(void)state;
	certificate_write(CERTIFICATE, KEY, "DNS:localhost", 1);
	tls = tls_new(&files, &err);
	assert_non_null(tls);
	options.tls = tls;
	return setup_with(&options);
}

static int teardown_tls(void **state)
{
	teardown(state);
	tls_free(tls);
	return 0;
}

static void test_certificates_are_verified_with_name_and_authority(void **state)
{
	struct fetch_request request = { .allow_private = true, .connect_ms = 30000 };

	(void)state;
	ask(request, "https://localhost:PORT/a");
	assert_int_equal(answer.outcome, FETCH_TLS);
	request.ca_file = CERTIFICATE;
	ask(request, "https://127.0.0.1:PORT/a"); /* the certificate names localhost only */
	assert_int_equal(answer.outcome, FETCH_TLS);
	assert_int_equal(requests, 0);
	ask(request, "https://localhost:PORT/a");
	assert_int_equal(answer.outcome, FETCH_ANSWERED);
	assert_int_equal(requests, 1);
	request.ca_file = "/no/such/file";
	ask(request, "https://localhost:PORT/a");
	assert_int_equal(answer.outcome, FETCH_TLS);
}

static int setup_unix(void **state)
{
	const struct server_options options = { .address = "unix:" SOCKET,
		.on_request = on_request };

	(void)state;
	return setup_with(&options);
}

static void test_a_unix_socket_stands_for_the_host(void **state)
{
	struct fetch_request request = { .allow_http = true, .unix_socket = SOCKET };

	(void)state;
	ask(request, "http://admin/PORT");
	assert_int_equal(answer.outcome, FETCH_ANSWERED);
	assert_non_null(strstr(seen, "\nHost: admin\n"));
	request.unix_socket = NULL;
	ask(request, "http://127.0.0.1:1/PORT");
	assert_int_equal(answer.outcome, FETCH_REFUSED);
}

static void test_retry_after_is_seconds_or_a_date(void **state)
{
	const int64_t now_us = INT64_C(1790000000) * 1000000;

	(void)state;
	assert_int_equal(fetch_retry_after_s("0", now_us), 0);
	assert_int_equal(fetch_retry_after_s("120", now_us), 120);
	assert_int_equal(fetch_retry_after_s("99999999999999999999", now_us), 86400);
	assert_int_equal(fetch_retry_after_s("Mon, 21 Sep 2026 14:13:30 GMT", now_us), 10);
	assert_int_equal(fetch_retry_after_s("Mon, 21 Sep 2020 14:13:30 GMT", now_us), 0);
	assert_true(fetch_retry_after_s("", now_us) < 0);
	assert_true(fetch_retry_after_s("-5", now_us) < 0);
	assert_true(fetch_retry_after_s("soon", now_us) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_answer_has_status_headers_and_body),
		TEST(test_a_request_is_sent_as_asked),
		TEST(test_methods_without_a_body_say_what_they_must),
		TEST(test_a_redirect_is_an_answer),
		TEST(test_many_requests_at_once_are_each_answered_once),
		TEST(test_a_port_where_nobody_listens_is_unreachable),
		TEST(test_no_answer_in_time_is_a_timeout),
		TEST(test_a_broken_answer_is_lost),
		TEST(test_a_request_is_not_sent_again_when_a_kept_connection_breaks),
		TEST(test_an_answer_that_is_too_large_is_lost),
		TEST(test_stopping_ends_every_request_once),
		cmocka_unit_test_setup_teardown(
			test_certificates_are_verified_with_name_and_authority, setup_tls,
			teardown_tls),
		cmocka_unit_test_setup_teardown(
			test_a_unix_socket_stands_for_the_host, setup_unix, teardown),
		cmocka_unit_test(test_retry_after_is_seconds_or_a_date),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
