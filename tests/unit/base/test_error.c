#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void test_set_fills_code_and_sentence_and_returns_false(void **state)
{
	struct error err = { 0 };
	(void)state;

	bool result = error_set(&err, ERROR_PATH, "no attribute '%s'", "emial");

	assert_false(result);
	assert_int_equal(err.code, ERROR_PATH);
	assert_string_equal(err.text, "no attribute 'emial'");
}

static void test_wrap_keeps_the_code_and_adds_the_place(void **state)
{
	struct error err = { 0 };
	(void)state;

	error_set(&err, ERROR_PATH, "no attribute '%s'", "emial");
	bool result = error_wrap(&err, "operation %d", 2);

	assert_false(result);
	assert_int_equal(err.code, ERROR_PATH);
	assert_string_equal(err.text, "operation 2: no attribute 'emial'");
}

static void test_nobody_may_want_to_know(void **state)
{
	(void)state;

	assert_false(error_set(NULL, ERROR_PATH, "x"));
	assert_false(error_wrap(NULL, "x"));
}

static void test_the_old_text_may_be_part_of_the_new_one(void **state)
{
	struct error err = { 0 };
	(void)state;

	error_set(&err, ERROR_IO, "disk full");
	error_set(&err, ERROR_STORE, "cannot commit: %s", err.text);

	assert_int_equal(err.code, ERROR_STORE);
	assert_string_equal(err.text, "cannot commit: disk full");
}

/* A text of `before` letters and then three-byte characters, longer than fits. */
static void fill(char *text, size_t bytes, size_t before)
{
	size_t at = before;

	memset(text, 'a', before);
	for (; at + 3 < bytes; at += 3) {
		memcpy(text + at, "\xe2\x82\xac", 3);
	}
	text[at] = '\0';
}

static void test_a_long_sentence_is_cut_at_a_character(void **state)
{
	struct error err = { 0 };
	char text[2 * ERROR_TEXT_BYTES];
	(void)state;

	for (size_t before = 0; before < 3; before++) {
		fill(text, sizeof(text), before);
		error_set(&err, ERROR_VALUE, "%s", text);

		size_t size = strlen(err.text);
		assert_in_range(size, ERROR_TEXT_BYTES - 3, ERROR_TEXT_BYTES - 1);
		assert_int_equal((size - before) % 3, 0);
		assert_memory_equal(err.text, text, size);
	}
}

static void test_a_long_context_is_cut_at_a_character(void **state)
{
	struct error err = { 0 };
	char text[3 * ERROR_TEXT_BYTES];
	(void)state;

	for (size_t before = 0; before < 3; before++) {
		fill(text, sizeof(text), before);
		error_set(&err, ERROR_VALUE, "reason");
		error_wrap(&err, "%s", text);

		size_t size = strlen(err.text);
		assert_in_range(size, ERROR_TEXT_BYTES - 3, ERROR_TEXT_BYTES - 1);
		assert_int_equal((size - before) % 3, 0);
	}
}

static void test_every_code_has_a_name_of_its_own(void **state)
{
	(void)state;

	for (int a = 0; a < ERROR_COUNT; a++) {
		assert_true(strlen(error_name((enum error_code)a)) > 0);
		for (int b = 0; b < a; b++) {
			assert_string_not_equal(
				error_name((enum error_code)a), error_name((enum error_code)b));
		}
	}
	assert_string_equal(error_name(ERROR_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_fills_code_and_sentence_and_returns_false),
		cmocka_unit_test(test_wrap_keeps_the_code_and_adds_the_place),
		cmocka_unit_test(test_nobody_may_want_to_know),
		cmocka_unit_test(test_the_old_text_may_be_part_of_the_new_one),
		cmocka_unit_test(test_a_long_sentence_is_cut_at_a_character),
		cmocka_unit_test(test_a_long_context_is_cut_at_a_character),
		cmocka_unit_test(test_every_code_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
