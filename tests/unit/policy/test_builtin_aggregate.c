/* count, sum, order, membership, ranges. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_totals_are_exact_until_a_fraction_comes(void **state)
{
	static const struct call_case cases[] = {
		{ "sum", "[[1, 2.5, 3]]", "6.5" },
		{ "sum", "[[9223372036854775807, 9223372036854775807]]", "18446744073709551614" },
		{ "sum", "[[]]", "0" },
		{ "sum", "[[\"a\"]]",
			"error: operand 1 must be array of numbers but got array containing "
			"string" },
		{ "product", "[[0.1, 3, 7]]", "2.1000000000000005" },
		{ "product", "[{\"$set\": [2, 3]}]", "6" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_order_is_that_of_all_types_and_nothing_is_undefined(void **state)
{
	static const struct call_case cases[] = {
		{ "max", "[[1, \"a\", [2]]]", "[2]" },
		{ "max", "[[]]", "undefined" },
		{ "min", "[{\"$set\": [3, 1]}]", "1" },
		{ "sort", "[[3, \"a\", null, 1]]", "[null,1,3,\"a\"]" },
		{ "sort", "[{\"$set\": [2, 1]}]", "[1,2]" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_a_text_counts_its_characters(void **state)
{
	static const struct call_case cases[] = {
		{ "count", "[\"a\\u00f1b\"]", "3" },
		{ "count", "[{\"a\": 1}]", "1" },
		{ "count", "[1]",
			"error: operand 1 must be one of {string, array, object, set} but got "
			"number" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_any_and_all_take_true_only(void **state)
{
	static const struct call_case cases[] = {
		{ "any", "[[false, true]]", "true" },
		{ "any", "[{\"$set\": []}]", "false" },
		{ "all", "[[true, true]]", "true" },
		{ "all", "[[true, 1]]", "false" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_membership_looks_at_values(void **state)
{
	static const struct call_case cases[] = {
		{ "internal.member_2", "[1, [3, 1]]", "true" },
		{ "internal.member_2", "[\"x\", {\"a\": \"x\"}]", "true" },
		{ "internal.member_2", "[\"a\", {\"a\": \"x\"}]", "false" },
		{ "internal.member_2", "[1, \"1\"]", "false" },
		{ "internal.member_3", "[0, \"a\", [\"a\"]]", "true" },
		{ "internal.member_3", "[\"a\", \"a\", {\"$set\": [\"a\"]}]", "true" },
		{ "internal.member_3", "[\"k\", 1, {\"k\": 1}]", "true" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_ranges_go_both_ways(void **state)
{
	static const struct call_case cases[] = {
		{ "numbers.range", "[3, 1]", "[3,2,1]" },
		{ "numbers.range", "[18446744073709551615, 18446744073709551617]",
			"[18446744073709551615,18446744073709551616,18446744073709551617]" },
		{ "numbers.range", "[0.5, 2]",
			"error: operand 1 must be integer number but got floating-point number" },
		{ "numbers.range_step", "[0, 10, 4]", "[0,4,8]" },
		{ "numbers.range_step", "[0, 10, 0]",
			"error: numbers.range_step: step must be a positive integer" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_integers_are_written_in_four_bases(void **state)
{
	static const struct call_case cases[] = {
		{ "format_int", "[255, 16]", "\"ff\"" },
		{ "format_int", "[-15.9, 16]", "\"-f\"" },
		{ "format_int", "[18446744073709551617, 2]",
			"\"10000000000000000000000000000000000000000000000000000000000000001\"" },
		{ "format_int", "[10, 7]", "error: operand 2 must be one of {2, 8, 10, 16}" },
		{ "format_int", "[1, \"a\"]", "error: operand 2 must be number but got string" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_totals_are_exact_until_a_fraction_comes),
		cmocka_unit_test(test_order_is_that_of_all_types_and_nothing_is_undefined),
		cmocka_unit_test(test_a_text_counts_its_characters),
		cmocka_unit_test(test_any_and_all_take_true_only),
		cmocka_unit_test(test_membership_looks_at_values),
		cmocka_unit_test(test_ranges_go_both_ways),
		cmocka_unit_test(test_integers_are_written_in_four_bases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
