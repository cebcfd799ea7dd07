#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/secret.h"
#include "config/config.h"
#include "config/keys.h"
#include "config/scalar.h"

static void test_times_need_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} cases[] = {
		{ "0", 0 },
		{ "250ms", 250 },
		{ "10s", 10000 },
		{ "10 s", 10000 },
		{ "15m", 900000 },
		{ "2h", 7200000 },
		{ "10", -1 },
		{ "", -1 },
		{ "s", -1 },
		{ "-1s", -1 },
		{ "1.5s", -1 },
		{ "1d", -1 },
		{ "10ss", -1 },
		{ "99999999999999999999s", -1 },
		{ "9223372036854775807h", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = -1;
		assert_int_equal(config_parse_time(cases[i].text, &ms), cases[i].ms >= 0);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void test_sizes_are_bytes_or_have_a_binary_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = {
		{ "512", 512 },
		{ "64KiB", 65536 },
		{ "16MiB", 16777216 },
		{ "2GiB", 2147483648 },
		{ "1MB", -1 },
		{ "1 mib", -1 },
		{ "0x10", -1 },
		{ "9223372036854775807GiB", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t bytes = -1;
		assert_int_equal(config_parse_bytes(cases[i].text, &bytes), cases[i].bytes >= 0);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

static void test_addresses_are_host_and_port(void **state)
{
	static const struct {
		const char *text;
		const char *host; /* NULL: refused */
		uint16_t port;
	} cases[] = {
		{ "127.0.0.1:8443", "127.0.0.1", 8443 },
		{ "[::1]:80", "::1", 80 },
		{ "localhost:0", "localhost", 0 },
		{ "example.com:65535", "example.com", 65535 },
		{ "example.com:65536", NULL, 0 },
		{ "example.com", NULL, 0 },
		{ "::1:80", NULL, 0 },
		{ "[localhost]:80", NULL, 0 },
		{ "[::1]", NULL, 0 },
		{ ":80", NULL, 0 },
		{ "a b:80", NULL, 0 },
		{ "a:+80", NULL, 0 },
		{ "a:", NULL, 0 },
		{ "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char host[32];
		uint16_t port = 0;
		bool ok = config_parse_address(cases[i].text, host, sizeof(host), &port);
		assert_int_equal(ok, cases[i].host != NULL);
		if (ok) {
			assert_string_equal(host, cases[i].host);
			assert_int_equal(port, cases[i].port);
		}
	}
}

static void test_loopback_is_127_and_colon_colon_one(void **state)
{
	(void)state;
	assert_true(config_is_loopback("127.0.0.1"));
	assert_true(config_is_loopback("127.255.0.9"));
	assert_true(config_is_loopback("::1"));
	assert_true(config_is_loopback("localhost"));
	assert_false(config_is_loopback("0.0.0.0"));
	assert_false(config_is_loopback("128.0.0.1"));
	assert_false(config_is_loopback("::"));
	assert_false(config_is_loopback("localhost.example.com"));
}

static void test_digests_are_64_hex_digits(void **state)
{
	uint8_t digest[32];
	static const char good[] =
		"00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

	(void)state;
	assert_true(config_parse_digest(good, digest));
	assert_int_equal(digest[1], 0x11);
	assert_int_equal(digest[31], 0xff);
	assert_false(config_parse_digest(good + 1, digest));
	assert_false(config_parse_digest("", digest));
	assert_false(config_parse_digest(
		"0011223344556677889gaabbccddeeff00112233445566778899aabbccddeeff", digest));
}

/* Sets a row's field from text and gives back whether it was taken. */
static bool takes(const char *path, const char *text, void *field, struct error *err)
{
	struct arena *arena = arena_new();
	bool ok = config_scalar_set(config_key_find(path), arena, "/etc/x", text, field, err);

	arena_free(arena);
	return ok;
}

static void test_urls_are_bases_without_user_query_or_fragment(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "https://wiki.example.com/scim/v2", true },
		{ "https://wiki.example.com", true },
		{ "http://127.0.0.1:80/", true },
		{ "ftp://wiki.example.com", false },
		{ "https://", false },
		{ "https:///x", false },
		{ "wiki.example.com", false },
		{ "https://user:pass@wiki.example.com/", false },
		{ "https://wiki.example.com/a@b", true },
		{ "https://wiki.example.com/?x=1", false },
		{ "https://wiki.example.com/#x", false },
		{ "https://wiki example.com/", false },
		{ "https://wiki.example.com/\r\nX: y", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *field;
		assert_int_equal(takes("apps[].url", cases[i].text, &field, NULL), cases[i].good);
	}
}

static void test_slashes_at_the_end_of_a_url_are_cut(void **state)
{
	struct arena *arena = arena_new();
	const char *url = NULL;

	(void)state;
	assert_true(config_scalar_set(
		config_key_find("apps[].url"), arena, "", "https://a/b//", &url, NULL));
	assert_string_equal(url, "https://a/b");
	arena_free(arena);
}

static void test_names_are_lower_case_and_start_with_a_letter_or_digit(void **state)
{
	const char *field;

	(void)state;
	assert_true(takes("apps[].name", "wiki-2.eu_west", &field, NULL));
	assert_false(takes("apps[].name", "Wiki", &field, NULL));
	assert_false(takes("apps[].name", "-wiki", &field, NULL));
	assert_false(takes("apps[].name", "wi ki", &field, NULL));
	assert_false(takes("apps[].name", "", &field, NULL));
	assert_false(takes("apps[].name",
		"a123456789012345678901234567890123456789012345678901234567890123", &field, NULL));
}

static void test_paths_are_resolved_against_the_folder(void **state)
{
	struct arena *arena = arena_new();
	const char *path = NULL;
	struct config_store store = { 0 };

	(void)state;
	assert_true(config_scalar_set(
		config_key_find("listen.tls.key"), arena, "/etc/x", "tls/key.pem", &path, NULL));
	assert_string_equal(path, "/etc/x/tls/key.pem");
	assert_true(config_scalar_set(
		config_key_find("listen.tls.key"), arena, "/etc/x", "/a/key.pem", &path, NULL));
	assert_string_equal(path, "/a/key.pem");
	assert_true(config_scalar_set(
		config_key_find("store"), arena, "/etc/x", "sqlite:data.db", &store, NULL));
	assert_string_equal(store.path, "/etc/x/data.db");
	assert_string_equal(store.url, "sqlite:data.db");
	arena_free(arena);
}

static void test_secrets_hold_only_what_a_header_may_carry(void **state)
{
	struct secret *secret = NULL;

	(void)state;
	assert_true(takes("apps[].token", "abc.DEF-~", &secret, NULL));
	assert_true(secret_equals(secret, "abc.DEF-~", 9));
	assert_false(takes("apps[].token", "two words", &secret, NULL));
	assert_false(takes("apps[].token", "line\nbreak", &secret, NULL));
	assert_false(takes("apps[].token", "\xc3\xbc", &secret, NULL));
	assert_true(secret_equals(secret, "abc.DEF-~", 9));
	secret_free(secret);
}

static void test_numbers_name_their_range(void **state)
{
	struct error err = { 0 };
	int64_t number = 7;

	(void)state;
	assert_false(takes("listen.workers", "257", &number, &err));
	assert_string_equal(err.text, "257 is out of range: 0 to 256");
	assert_int_equal(number, 7);
	assert_int_equal(err.code, ERROR_CONFIG);
}

static void test_words_suggest_the_nearest(void **state)
{
	struct error err = { 0 };
	const char *word = NULL;

	(void)state;
	assert_false(takes("sources[].dialect", "otka", &word, &err));
	assert_string_equal(err.text,
		"'otka' is none of: standard entra okta google ping onelogin jumpcloud keycloak "
		"sailpoint workday; did you mean 'okta'?");
	assert_null(word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_need_a_unit),
		cmocka_unit_test(test_sizes_are_bytes_or_have_a_binary_unit),
		cmocka_unit_test(test_addresses_are_host_and_port),
		cmocka_unit_test(test_loopback_is_127_and_colon_colon_one),
		cmocka_unit_test(test_digests_are_64_hex_digits),
		cmocka_unit_test(test_urls_are_bases_without_user_query_or_fragment),
		cmocka_unit_test(test_slashes_at_the_end_of_a_url_are_cut),
		cmocka_unit_test(test_names_are_lower_case_and_start_with_a_letter_or_digit),
		cmocka_unit_test(test_paths_are_resolved_against_the_folder),
		cmocka_unit_test(test_secrets_hold_only_what_a_header_may_carry),
		cmocka_unit_test(test_numbers_name_their_range),
		cmocka_unit_test(test_words_suggest_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
