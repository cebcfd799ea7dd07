/* Sets and arrays. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_sets_are_combined(void **state)
{
	static const struct call_case cases[] = {
		{ "and", "[{\"$set\": [1, 2]}, {\"$set\": [2, 3]}]", "{\"$set\":[2]}" },
		{ "and", "[[1], {\"$set\": [1]}]", "error: operand 1 must be set but got array" },
		{ "or", "[{\"$set\": [1, 2]}, {\"$set\": [2, 3]}]", "{\"$set\":[1,2,3]}" },
		{ "or", "[{\"$set\": []}, {\"$set\": [1]}]", "{\"$set\":[1]}" },
		{ "set_diff", "[{\"$set\": [1, 2]}, {\"$set\": [2, 3]}]", "{\"$set\":[1]}" },
		{ "union", "[{\"$set\": [{\"$set\": [1]}, {\"$set\": [2, 1]}]}]",
			"{\"$set\":[1,2]}" },
		{ "union", "[{\"$set\": []}]", "{\"$set\":[]}" },
		{ "union", "[{\"$set\": [1]}]", "error: operand 1 must be set but got number" },
		{ "intersection", "[{\"$set\": [{\"$set\": [1, 2]}, {\"$set\": [2, 3]}]}]",
			"{\"$set\":[2]}" },
		{ "intersection", "[{\"$set\": []}]", "{\"$set\":[]}" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_arrays_are_taken_apart_and_put_together(void **state)
{
	static const struct call_case cases[] = {
		{ "array.concat", "[[1], [2]]", "[1,2]" },
		{ "array.concat", "[[], {\"$set\": []}]",
			"error: operand 2 must be array but got set" },
		{ "array.flatten", "[[1, [2, [3]], []]]", "[1,2,[3]]" },
		{ "array.reverse", "[[1, 2, 3]]", "[3,2,1]" },
		{ "array.slice", "[[1, 2, 3, 4], 1, 3]", "[2,3]" },
		{ "array.slice", "[[1, 2, 3], -5, 99]", "[1,2,3]" },
		{ "array.slice", "[[1, 2, 3], 2, 1]", "[]" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets_are_combined),
		cmocka_unit_test(test_arrays_are_taken_apart_and_put_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
