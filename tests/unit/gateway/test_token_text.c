#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/buf.h"
#include "base/encode.h"
#include "gateway/token_text.h"

static void test_new_tokens_are_of_the_form_and_differ(void **state)
{
	char a[TOKEN_BYTES];
	char b[TOKEN_BYTES];
	char id[TOKEN_ID_BYTES];

	(void)state;
	token_text_new(a);
	token_text_new(b);

	assert_int_equal(strlen(a), TOKEN_BYTES - 1);
	assert_true(token_text_check(a, strlen(a), id));
	assert_memory_equal(a + 9, id, 8);
	assert_string_not_equal(a, b);
}

/* Made with Python: zlib.crc32(b"scimward_0011aabb_" + b"0" * 64). */
static void test_checksum_is_crc32_as_zlib_computes_it(void **state)
{
	static const char token[] =
		"scimward_0011aabb_00000000000000000000000000000000000000000000000000"
		"00000000000000_c6df31de";

	(void)state;
	assert_true(token_text_check(token, strlen(token), NULL));
}

static void test_any_change_of_one_character_is_noticed(void **state)
{
	char token[TOKEN_BYTES];

	(void)state;
	token_text_new(token);
	for (size_t i = 0; i < strlen(token); i++) {
		char before = token[i];
		token[i] = before == '0' ? '1' : '0';
		assert_false(token_text_check(token, strlen(token), NULL));
		token[i] = before;
	}
	assert_true(token_text_check(token, strlen(token), NULL));
	assert_false(token_text_check(token, strlen(token) - 1, NULL));
	assert_false(token_text_check("", 0, NULL));
}

static void test_digest_is_sha256_of_the_whole_text(void **state)
{
	uint8_t digest[32];
	struct buf hex = { 0 };

	(void)state;
	token_text_digest("test", 4, digest);
	encode_hex(&hex, digest, sizeof(digest));

	assert_string_equal(
		buf_text(&hex), "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
	buf_fini(&hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_tokens_are_of_the_form_and_differ),
		cmocka_unit_test(test_checksum_is_crc32_as_zlib_computes_it),
		cmocka_unit_test(test_any_change_of_one_character_is_noticed),
		cmocka_unit_test(test_digest_is_sha256_of_the_whole_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
