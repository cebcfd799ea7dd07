/* Comparison, types, casts. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_values_are_ordered_across_types(void **state)
{
	static const struct call_case cases[] = {
		{ "equal", "[1, 1.0]", "true" },
		{ "neq", "[\"a\", \"a\"]", "false" },
		{ "lt", "[null, false]", "true" },
		{ "lt", "[true, 0]", "true" },
		{ "lt", "[1, \"a\"]", "true" },
		{ "lt", "[\"a\", []]", "true" },
		{ "lt", "[[], {}]", "true" },
		{ "lt", "[{}, {\"$set\": []}]", "true" },
		{ "lte", "[0.1, 0.10]", "true" },
		{ "gt", "[12345678901234567890, 12345678901234567889]", "true" },
		{ "gte", "[{\"$set\": [1]}, {\"$set\": [1]}]", "true" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_types_are_told_apart(void **state)
{
	static const struct call_case cases[] = {
		{ "is_array", "[[]]", "true" },
		{ "is_boolean", "[1]", "false" },
		{ "is_null", "[null]", "true" },
		{ "is_number", "[1.5]", "true" },
		{ "is_object", "[{\"$set\": []}]", "false" },
		{ "is_set", "[{\"$set\": []}]", "true" },
		{ "is_string", "[\"a\"]", "true" },
		{ "type_name", "[{\"$set\": []}]", "\"set\"" },
		{ "type_name", "[false]", "\"boolean\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_casts_take_what_they_are_named_for(void **state)
{
	static const struct call_case cases[] = {
		{ "cast_array", "[{\"$set\": [2, 1]}]", "[1,2]" },
		{ "cast_set", "[[1, 1]]", "{\"$set\":[1]}" },
		{ "cast_boolean", "[1]", "error: operand 1 must be boolean but got number" },
		{ "cast_string", "[\"a\"]", "\"a\"" },
		{ "cast_null", "[null]", "null" },
		{ "cast_object", "[{}]", "{}" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_numbers_are_read_as_go_reads_them(void **state)
{
	static const struct call_case cases[] = {
		{ "to_number", "[\"12.50\"]", "12.5" },
		{ "to_number", "[\" 1\"]",
			"error: strconv.ParseFloat: parsing \" 1\": invalid syntax" },
		{ "to_number", "[\"1e400\"]",
			"error: strconv.ParseFloat: parsing \"1e400\": invalid syntax" },
		{ "to_number", "[\"0x10\"]",
			"error: strconv.ParseFloat: parsing \"0x10\": invalid syntax" },
		{ "to_number", "[\"NaN\"]",
			"error: operand 1 must be valid number string but got string" },
		{ "to_number", "[true]", "1" },
		{ "to_number", "[null]", "0" },
		{ "to_number", "[[]]",
			"error: operand 1 must be one of {null, boolean, number, string} but got "
			"array" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_are_ordered_across_types),
		cmocka_unit_test(test_types_are_told_apart),
		cmocka_unit_test(test_casts_take_what_they_are_named_for),
		cmocka_unit_test(test_numbers_are_read_as_go_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
