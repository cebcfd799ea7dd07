#include "base/value.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct value *number(const char *text)
{
	const struct value *value = NULL;

	if (!value_of_number(arena, text, strlen(text), &value)) {
		fail_msg("refused: %s", text);
	}
	return value;
}

static const char *shown(const struct value *value)
{
	size_t size;
	const char *text = value_number_text(arena, value, &size);

	assert_int_equal(size, strlen(text));
	assert_string_equal(text, value_preview(arena, value, 10000));
	return text;
}

static void test_numbers_have_one_normal_form(void **state)
{
	static const char *const rows[][2] = {
		{ "0", "0" },
		{ "-0", "0" },
		{ "0.000e99999999999", "0" },
		{ "1.0", "1" },
		{ "10e-1", "1" },
		{ "0.1E+1", "1" },
		{ "-1500e-2", "-15" },
		{ "1e3", "1000" },
		{ "1.50", "1.5" },
		{ "-0.5", "-0.5" },
		{ "123.456", "123.456" },
		{ "0.000001", "0.000001" },
		{ "0.0000001", "1e-7" },
		{ "0.00000123", "0.00000123" },
		{ "0.000000123", "1.23e-7" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "9223372036854775808", "9223372036854775808" },
		{ "-9223372036854775808", "-9223372036854775808" },
		{ "-9223372036854775809", "-9223372036854775809" },
		{ "92233720368547758070e-1", "9223372036854775807" },
		{ "999999999999999999", "999999999999999999" },
		{ "9999999999999999999", "9999999999999999999" },
		{ "-9999999999999999999", "-9999999999999999999" },
		{ "-1000000000000000000", "-1000000000000000000" },
		{ "100000000000000000000", "100000000000000000000" },
		{ "1e21", "1000000000000000000000" },
		{ "1e22", "1e+22" },
		{ "12.5e400", "1.25e+401" },
		{ "1e-4096", "1e-4096" },
		{ "1e4096", "1e+4096" },
		{ "0.1", "0.1" },
		{ "3.141592653589793238462643383279502884",
			"3.141592653589793238462643383279502884" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct value *value = number(rows[i][0]);

		assert_string_equal(shown(value), rows[i][1]);
		/* and the normal form is a number of the same value */
		assert_true(value_equals(value, number(rows[i][1])));
		assert_true(value_hash(value) == value_hash(number(rows[i][1])));
	}
}

static void test_what_json_does_not_allow_is_refused(void **state)
{
	static const char *const wrong[] = { "", "-", "+1", "01", "-01", "00", "1.", ".5", "1.e5",
		"1e", "1e+", "1e-", "1ee5", "0x10", "1 ", " 1", "1a", "NaN", "Infinity",
		"-Infinity", "1_000", "1,5", "--1", "1.2.3", "1e5.5", "\xd9\xa1" };
	const struct value *value = NULL;
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (value_of_number(arena, wrong[i], strlen(wrong[i]), &value)) {
			fail_msg("accepted: %s", wrong[i]);
		}
	}
	assert_false(value_of_number(arena, "1\0", 2, &value));
	assert_null(value);
}

static void test_numbers_out_of_range_are_refused(void **state)
{
	static const char *const wrong[] = { "1e4097", "10e4096", "1e-4097", "0.1e-4096",
		"1e99999999999999999999", "1e-99999999999999999999", "-1e4097" };
	const struct value *value = NULL;
	char digits[4200];
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (value_of_number(arena, wrong[i], strlen(wrong[i]), &value)) {
			fail_msg("accepted: %s", wrong[i]);
		}
	}
	memset(digits, '7', sizeof(digits));
	assert_true(value_of_number(arena, digits, 4096, &value));
	assert_memory_equal(shown(value), digits, 4096);
	assert_false(value_of_number(arena, digits, 4097, &value));
	memset(digits + 1, '0', sizeof(digits) - 1); /* zeros are no digits that count */
	assert_true(value_of_number(arena, digits, 4097, &value));
	assert_string_equal(shown(value), "7e+4096");
}

static void test_integers_of_int64_are_integers_however_written(void **state)
{
	int64_t integer = 0;
	(void)state;

	assert_true(value_int(number("9223372036854775807"), &integer));
	assert_true(integer == INT64_MAX);
	assert_true(value_int(number("-9223372036854775808"), &integer));
	assert_true(integer == INT64_MIN);
	assert_true(value_int(number("922337203685477580.7e1"), &integer));
	assert_true(integer == INT64_MAX);
	assert_true(value_int(number("25e2"), &integer));
	assert_int_equal(integer, 2500);
	assert_false(value_int(number("9223372036854775808"), &integer));
	assert_false(value_int(number("-9223372036854775809"), &integer));
	assert_false(value_int(number("0.5"), &integer));
	assert_false(value_int(number("1e19"), &integer));
}

/* Each smaller than the next. */
static const char *const ladder[] = { "-1e4096", "-1e100", "-9223372036854775809.5",
	"-9223372036854775809", "-9223372036854775808.5", "-9223372036854775808", "-1000000",
	"-10.01", "-10", "-9.999999999999999999999", "-1", "-0.1", "-0.01", "-1e-4096", "0",
	"1e-4096", "0.00999999999999999999999999999", "0.01", "0.1",
	"0.1000000000000000055511151231257827", "0.2", "0.99999999999999999999", "1",
	"1.0000000000000000000000000000001", "9", "9.5", "10", "10.01", "1000000",
	"9007199254740992", "9007199254740993", "9007199254740993.5", "9223372036854775806.5",
	"9223372036854775807", "9223372036854775807.25", "9223372036854775808", "1e19",
	"10000000000000000000.5", "1e100", "1.01e100", "1e4096" };

static void test_the_order_is_exact(void **state)
{
	size_t count = sizeof(ladder) / sizeof(ladder[0]);
	(void)state;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			const struct value *a = number(ladder[i]);
			const struct value *b = number(ladder[j]);
			int order = value_compare(a, b);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(value_equals(a, b), i == j);
			assert_int_equal(value_hash(a) == value_hash(b), i == j);
		}
	}
}

static void test_doubles_have_the_shortest_text_that_reads_back(void **state)
{
	static const struct {
		double number;
		const char *text;
	} rows[] = {
		{ 0.0, "0" },
		{ -0.0, "0" },
		{ 0.1, "0.1" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1e23, "1e+23" },
		{ 5e-324, "5e-324" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ -2.5, "-2.5" },
		{ 1e15, "1000000000000000" },
		{ 9007199254740993.0, "9007199254740992" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct value *value = value_of_double(arena, rows[i].number);

		assert_string_equal(shown(value), rows[i].text);
		assert_true(value_double(value) == rows[i].number);
	}
}

static void test_any_double_comes_back(void **state)
{
	uint64_t bits = 88172645463325252u;
	(void)state;

	for (int i = 0; i < 20000; i++) {
		double in;

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		memcpy(&in, &bits, sizeof(in));
		if (isfinite(in)) {
			double out = value_double(value_of_double(arena, in));

			assert_true(in == out);
		}
	}
}

static void test_the_nearest_double_may_be_infinite(void **state)
{
	(void)state;

	assert_true(isinf(value_double(number("1e400"))));
	assert_true(value_double(number("-1e400")) < 0);
	assert_true(value_double(number("1e-400")) == 0);
	assert_true(value_double(number("123456789012345678901234567890")) ==
		    123456789012345678901234567890.0);
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(test_numbers_have_one_normal_form),
		WITH_ARENA(test_what_json_does_not_allow_is_refused),
		WITH_ARENA(test_numbers_out_of_range_are_refused),
		WITH_ARENA(test_integers_of_int64_are_integers_however_written),
		WITH_ARENA(test_the_order_is_exact),
		WITH_ARENA(test_doubles_have_the_shortest_text_that_reads_back),
		WITH_ARENA(test_any_double_comes_back),
		WITH_ARENA(test_the_nearest_double_may_be_infinite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
