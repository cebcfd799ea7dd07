#include "config/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/error.h"

static void test_a_unix_socket_is_written_in_two_ways(void **state)
{
	(void)state;

	assert_string_equal(config_unix_socket("unix:/run/opa.sock"), "/run/opa.sock");
	assert_string_equal(config_unix_socket("unix:///run/opa.sock"), "/run/opa.sock");
	assert_null(config_unix_socket("http://unix:/run/opa.sock"));
	assert_null(config_unix_socket("/run/opa.sock"));
}

static void test_a_unix_socket_is_absolute_and_not_too_long(void **state)
{
	char text[200] = "unix:/";
	struct error err = { 0 };

	(void)state;
	assert_true(config_check_unix_socket("unix:/s", &err));
	assert_false(config_check_unix_socket("unix:", &err));
	assert_false(config_check_unix_socket("unix:/", &err));
	assert_false(config_check_unix_socket("unix:s", &err));
	assert_false(config_check_unix_socket("unix://host/s", &err));
	memset(text + 6, 's', 106);
	assert_true(config_check_unix_socket(text, &err));
	text[6 + 106] = 's';
	assert_false(config_check_unix_socket(text, &err));
}

static void test_plain_http_is_for_loopback_as_it_is_written(void **state)
{
	static const struct {
		const char *endpoint;
		bool is_beyond;
	} rows[] = {
		{ "https://opa.example.com", false },
		{ "unix:/run/opa.sock", false },
		{ "http://127.0.0.1", false },
		{ "http://127.9.9.9:8181/base", false },
		{ "http://localhost:8181", false },
		{ "http://[::1]", false },
		{ "http://[::1]:8181/base", false },
		{ "http://localhost.example.com", true },
		{ "http://127.0.0.1.example.com", true },
		{ "http://127.0.0.1example.com:80", true },
		{ "http://2130706433", true },
		{ "http://0.0.0.0", true },
		{ "http://10.0.0.1", true },
		{ "http://[::ffff:127.0.0.1]", true },
		{ "http://[fd00::1]:8181", true },
		{ "http://opa:8181", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			config_is_plain_beyond_loopback(rows[i].endpoint), rows[i].is_beyond);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_unix_socket_is_written_in_two_ways),
		cmocka_unit_test(test_a_unix_socket_is_absolute_and_not_too_long),
		cmocka_unit_test(test_plain_http_is_for_loopback_as_it_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
