#include "base/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t key[SEAL_KEY_BYTES] =
	"sixty-four bytes that are a key in tests, and nowhere else";
#define TEXT "some text"

static void test_what_was_sealed_comes_back(void **state)
{
	uint8_t sealed[sizeof(TEXT) + SEAL_EXTRA_BYTES];
	uint8_t text[sizeof(TEXT)];

	(void)state;
	seal_close(key, "me", 2, TEXT, sizeof(TEXT), sealed);

	assert_true(seal_open(key, "me", 2, sealed, sizeof(sealed), text));
	assert_string_equal((char *)text, TEXT);
	assert_null(memmem(sealed, sizeof(sealed), "some", 4));
}

static void test_any_changed_bit_is_noticed(void **state)
{
	uint8_t sealed[sizeof(TEXT) + SEAL_EXTRA_BYTES];
	uint8_t text[sizeof(TEXT)];

	(void)state;
	seal_close(key, "me", 2, TEXT, sizeof(TEXT), sealed);
	for (size_t i = 0; i < 8 * sizeof(sealed); i++) {
		sealed[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(seal_open(key, "me", 2, sealed, sizeof(sealed), text));
		sealed[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void test_another_key_context_or_size_does_not_open_it(void **state)
{
	uint8_t sealed[sizeof(TEXT) + SEAL_EXTRA_BYTES];
	uint8_t text[sizeof(TEXT)];
	uint8_t other[SEAL_KEY_BYTES];

	(void)state;
	memcpy(other, key, sizeof(other));
	other[63] ^= 1;
	seal_close(key, "me", 2, TEXT, sizeof(TEXT), sealed);

	assert_false(seal_open(other, "me", 2, sealed, sizeof(sealed), text));
	assert_false(seal_open(key, "you", 3, sealed, sizeof(sealed), text));
	for (size_t size = 0; size < sizeof(sealed); size++) {
		assert_false(seal_open(key, "me", 2, sealed, size, text));
	}
}

static void test_equal_texts_give_equal_seals(void **state)
{
	uint8_t one[1 + SEAL_EXTRA_BYTES];
	uint8_t two[1 + SEAL_EXTRA_BYTES];

	(void)state;
	seal_close(key, "me", 2, "x", 1, one);
	seal_close(key, "me", 2, "x", 1, two);

	assert_memory_equal(one, two, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_sealed_comes_back),
		cmocka_unit_test(test_any_changed_bit_is_noticed),
		cmocka_unit_test(test_another_key_context_or_size_does_not_open_it),
		cmocka_unit_test(test_equal_texts_give_equal_seals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
