/* Where requests of io/fetch may go, and what they may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/secret.h"
#include "tests/support/fetch_stage.h"

/* ---- where requests may go ---- */

static void test_private_addresses_are_refused_in_every_spelling(void **state)
{
	static const char *const urls[] = { "https://127.0.0.1:PORT/", "https://localhost:PORT/",
		"https://2130706433:PORT/", "https://0x7f.1:PORT/", "https://127.1:PORT/",
		"https://0177.0.0.1:PORT/", "https://[::1]:PORT/",
		"https://[::ffff:127.0.0.1]:PORT/", "https://0:PORT/",
		"https://169.254.169.254:PORT/" };

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		ask((struct fetch_request){ 0 }, urls[i]);
		if (answer.outcome != FETCH_REFUSED) {
			fail_msg("%s: %s: %s", urls[i], fetch_outcome_name(answer.outcome),
				answer.message);
		}
	}
	assert_int_equal(requests, 0);
}

static void test_a_kept_connection_is_no_way_around_the_guard(void **state)
{
	struct fetch_request strict = local;

	(void)state;
	ask(local, "http://127.0.0.1:PORT/a");
	assert_int_equal(answer.outcome, FETCH_ANSWERED);
	strict.allow_private = false;
	ask(strict, "http://127.0.0.1:PORT/a");
	assert_int_equal(answer.outcome, FETCH_REFUSED);
	assert_int_equal(requests, 1);
	ask(local, "http://127.0.0.1:PORT/a");
	assert_int_equal(answer.outcome, FETCH_ANSWERED);
}

static void test_a_network_may_be_allowed_alone(void **state)
{
	struct fetch_network network;
	struct error err = { 0 };
	struct fetch_request request = {
		.allow_http = true, .networks = &network, .network_count = 1
	};

	(void)state;
	assert_true(fetch_network_parse("127.0.0.0/31", &network, &err));
	ask(request, "http://127.0.0.1:PORT/a");
	assert_int_equal(answer.outcome, FETCH_ANSWERED);
	ask(request, "http://127.0.0.2:PORT/a");
	assert_int_equal(answer.outcome, FETCH_REFUSED);
}

static void test_urls_that_are_not_plain_https_are_refused(void **state)
{
	static const char *const urls[] = { "http://127.0.0.1:PORT/", "ftp://127.0.0.1:PORT/",
		"file:///etc/passwd", "gopher://127.0.0.1:PORT/", "https://u:p@127.0.0.1:PORT/",
		"PORT", "", "https://", "https://a b/", "https://a/\r\nX: y" };
	struct fetch_request request = { .allow_private = true };

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		ask(request, urls[i]);
		if (answer.outcome != FETCH_REFUSED && answer.outcome != FETCH_UNREACHABLE) {
			fail_msg("%s: %s", urls[i], fetch_outcome_name(answer.outcome));
		}
	}
	assert_int_equal(requests, 0);
}

static void test_headers_that_would_split_the_request_are_refused(void **state)
{
	static const struct fetch_header headers[] = { { "X", "a\r\nY: b" }, { "X", "a\nb" },
		{ "X\r\nY", "a" }, { "X: a\r\nY", "b" }, { "X Y", "a" }, { "", "a" } };
	struct secret *bearer = secret_new("a\r\nX: b", 7);
	struct fetch_request request = local;

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		request.headers = &headers[i];
		request.header_count = 1;
		ask(request, "http://127.0.0.1:PORT/a");
		assert_int_equal(answer.outcome, FETCH_REFUSED);
	}
	request.header_count = 0;
	request.bearer = bearer;
	ask(request, "http://127.0.0.1:PORT/a");
	assert_int_equal(answer.outcome, FETCH_REFUSED);
	assert_null(strstr(answer.message, "X: b"));
	secret_free(bearer);
	request = local;
	request.method = "GET /x HTTP/1.1\r\nX: y\r\n\r\nGET";
	ask(request, "http://127.0.0.1:PORT/a");
	assert_int_equal(answer.outcome, FETCH_REFUSED);
	assert_int_equal(requests, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_private_addresses_are_refused_in_every_spelling),
		TEST(test_a_kept_connection_is_no_way_around_the_guard),
		TEST(test_a_network_may_be_allowed_alone),
		TEST(test_urls_that_are_not_plain_https_are_refused),
		TEST(test_headers_that_would_split_the_request_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
