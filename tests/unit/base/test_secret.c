#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void test_a_secret_is_a_copy(void **state)
{
	char text[] = "token-123 and more";
	struct secret *secret = secret_new(text, 9);
	(void)state;

	secret_wipe(text, sizeof(text));

	assert_string_equal(secret_reveal(secret), "token-123");
	secret_free(secret);
	secret_free(NULL);
}

static void test_equals_wants_every_byte(void **state)
{
	struct secret *secret = secret_new("abc\0d", 5);
	(void)state;

	assert_true(secret_equals(secret, "abc\0d", 5));
	assert_false(secret_equals(secret, "abc\0e", 5));
	assert_false(secret_equals(secret, "abc", 3));
	assert_false(secret_equals(secret, "abc\0dx", 6));
	assert_false(secret_equals(secret, "abc\0d", 6)); /* with the NUL behind it */
	secret_free(secret);
}

static void test_an_empty_secret_equals_an_empty_text_only(void **state)
{
	struct secret *secret = secret_new("", 0);
	(void)state;

	assert_true(secret_equals(secret, "", 0));
	assert_false(secret_equals(secret, "a", 1));
	secret_free(secret);
}

static void test_wipe_leaves_zeros(void **state)
{
	char text[] = "password";
	static const char zeros[sizeof(text)];
	(void)state;

	secret_wipe(text, sizeof(text));

	assert_memory_equal(text, zeros, sizeof(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_secret_is_a_copy),
		cmocka_unit_test(test_equals_wants_every_byte),
		cmocka_unit_test(test_an_empty_secret_equals_an_empty_text_only),
		cmocka_unit_test(test_wipe_leaves_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
