/* object.* What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_get_follows_a_path_or_gives_the_default(void **state)
{
	static const struct call_case cases[] = {
		{ "object.get", "[{\"a\": 1}, \"a\", 0]", "1" },
		{ "object.get", "[{\"a\": {\"b\": [5, 6]}}, [\"a\", \"b\", 1], 0]", "6" },
		{ "object.get", "[{\"a\": 1}, [\"a\", \"x\"], \"d\"]", "\"d\"" },
		{ "object.get", "[{\"a\": null}, \"a\", 0]", "null" },
		{ "object.get", "[{\"a\": 1}, [], 0]", "{\"a\":1}" },
		{ "object.get", "[[1], 0, 0]", "error: operand 1 must be object but got array" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_keys_choose_members(void **state)
{
	static const struct call_case cases[] = {
		{ "object.keys", "[{\"b\": 1, \"a\": 2}]", "{\"$set\":[\"a\",\"b\"]}" },
		{ "object.remove", "[{\"a\": 1, \"b\": 2}, [\"a\", \"z\"]]", "{\"b\":2}" },
		{ "object.remove", "[{\"a\": 1, \"b\": 2}, {\"b\": 0}]", "{\"a\":1}" },
		{ "object.filter", "[{\"a\": 1, \"b\": 2}, {\"$set\": [\"a\"]}]", "{\"a\":1}" },
		{ "object.filter", "[{\"a\": 1}, \"a\"]",
			"error: operand 2 must be one of {array, object, set} but got string" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_unions_merge_objects_and_replace_all_else(void **state)
{
	static const struct call_case cases[] = {
		{ "object.union", "[{\"a\": {\"b\": 1}}, {\"a\": {\"c\": 2}}]",
			"{\"a\":{\"b\":1,\"c\":2}}" },
		{ "object.union", "[{\"a\": {\"b\": 1}}, {\"a\": 2}]", "{\"a\":2}" },
		{ "object.union_n", "[[{\"a\": {\"b\": 1}}, {\"a\": 4}, {\"a\": {\"c\": 3}}]]",
			"{\"a\":{\"c\":3}}" },
		{ "object.union_n", "[[]]", "{}" },
		{ "object.union_n", "[[1]]",
			"error: operand 1 must be array of objects but got array containing "
			"number" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_subsets_are_looked_for_all_the_way_down(void **state)
{
	static const struct call_case cases[] = {
		{ "object.subset", "[{\"a\": {\"b\": 1, \"c\": 2}}, {\"a\": {\"b\": 1}}]", "true" },
		{ "object.subset", "[{\"a\": [1, 2, 3]}, {\"a\": [2, 3]}]", "true" },
		{ "object.subset", "[{\"$set\": [1, 2]}, {\"$set\": [2]}]", "true" },
		{ "object.subset", "[[1, 2, 3], [1, 3]]", "false" },
		{ "object.subset", "[[1, 2, 3], {\"$set\": [3, 1]}]", "true" },
		{ "object.subset", "[[], {\"$set\": []}]", "false" },
		{ "object.subset", "[{\"a\": 1}, [1]]",
			"error: both arguments object.subset must be of the same type or array and "
			"set" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_follows_a_path_or_gives_the_default),
		cmocka_unit_test(test_keys_choose_members),
		cmocka_unit_test(test_unions_merge_objects_and_replace_all_else),
		cmocka_unit_test(test_subsets_are_looked_for_all_the_way_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
